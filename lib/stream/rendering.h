/*
 * rendering.h - an event on its way to its streams: rendered when the first one
 * needs it, and once for all that are told the same.
 */
#ifndef TT_RENDERING_H
#define TT_RENDERING_H

#include <stdbool.h>

struct tt_event;
struct tt_fanout;
struct tt_frame;
struct tt_stream;
struct tt_vocabulary;

struct tt_rendering {
	const struct tt_event		*ev;
	const struct tt_vocabulary	*vocabulary;	/* of what follows */
	const char			*name;		/* NULL: not shown */
	bool				 replaceable;
	struct tt_frame			*frame;		/* the shared one */
};

#define TT_RENDERING(ev)	{ (ev), NULL, NULL, false, NULL }

/* Name and data in that stream's words; false if it is not shown there. */
bool		 tt_rendering_show(struct tt_fanout *, struct tt_rendering *,
		    const struct tt_stream *);

/*
 * A frame with this id, of what was rendered.  NULL on no memory; to be
 * unref'd, or kept in d->frame for all that follow.
 */
struct tt_frame	*tt_rendering_frame(struct tt_fanout *, struct tt_rendering *,
		    const char *id);

/* Queue it; a newer one takes the place of an older, if it may replace it. */
void		 tt_rendering_queue(struct tt_fanout *,
		    const struct tt_rendering *, struct tt_stream *,
		    struct tt_frame *, bool replace);

/* The rendering is over. */
void		 tt_rendering_done(struct tt_rendering *);

#endif /* !TT_RENDERING_H */

/*
 * views.h - streams that show whole accounts: what passes there, live and
 * after a break.
 *
 * A view that is live has had all that the hub has read, so it needs no place
 * of its own, and the id of an event is the hub's position: rendered once for
 * all.  One that is behind has a position, and is given pages of the log.
 */
#ifndef TT_VIEWS_H
#define TT_VIEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job/position.h"
#include "stream/stream.h"

#define TT_VIEW_TYPE_SZ	33	/* a type of job, with its NUL */

struct tt_buf;
struct tt_event;
struct tt_fanout;
struct tt_view_ask;
struct tt_views;

/* A stream's; the account is its watch's job. */
struct tt_view {
	struct tt_watch		 watch;
	char			 type[TT_VIEW_TYPE_SZ];	/* "": any */
	bool			 fresh;	/* to begin where the hub is */
	bool			 resync;	/* and to be told so */
	int64_t			*public;	/* until it is entered */
	size_t			 npublic;
	int64_t			 had;	/* of the page under way, up to this */
	struct tt_position	 at;	/* while it is behind */
};

/* NULL on no memory. */
struct tt_views	*tt_views_new(struct tt_fanout *);
void		 tt_views_free(struct tt_views *);

/* Where the hub is: see tt_feed_position().  Once, before anything else. */
void		 tt_views_here(struct tt_views *, const struct tt_position *);

/* The id of what comes last, as it stands; nothing if the hub is nowhere. */
void		 tt_views_id(const struct tt_views *, struct tt_buf *);

/* The stream's view; false on no memory. */
bool		 tt_views_add(struct tt_views *, struct tt_stream *);
void		 tt_views_remove(struct tt_views *, struct tt_stream *);

/* An event, live. */
void		 tt_views_event(struct tt_views *, const struct tt_event *);

/*
 * The hub goes back to before a crash: one that is live is behind from now on,
 * with what it has had.
 */
void		 tt_views_stay(struct tt_views *, struct tt_stream *);

/* Is it to be given something that can be asked for now? */
bool		 tt_view_wants(const struct tt_views *, const struct tt_view *);

/* What struct tt_feed_calls asks for. */
bool		 tt_views_ask(struct tt_views *, struct tt_view_ask *);
void		 tt_views_missed(struct tt_views *, const struct tt_event *);
void		 tt_views_looked(struct tt_views *, int64_t event_id);
void		 tt_views_caught_up(struct tt_views *, bool all);

/* The accounts that are viewed, max at most; -1: more, or not known. */
int		 tt_views_accounts(const struct tt_views *, int64_t *accounts,
		    int max);

/*
 * The accounts that the public may see, in order: they are asked for; then
 * begin, each of them, end.  Where one is missing that was there before, the
 * public's streams end.  See accounts.h.
 */
void		 tt_views_public_asked(struct tt_views *);
void		 tt_views_public_begin(struct tt_views *);
void		 tt_views_public_add(struct tt_views *, int64_t account);
void		 tt_views_public_end(struct tt_views *);

#endif /* !TT_VIEWS_H */

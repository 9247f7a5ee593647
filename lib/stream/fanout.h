/*
 * fanout.h - one event to all the streams that watch its job.
 *
 * Also the way back: streams that are new, resumed or slow are given what they
 * missed from the log.  Nothing here waits or writes: streams that have got
 * something are put on the dirty list, for the hub to flush.
 */
#ifndef TT_FANOUT_H
#define TT_FANOUT_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "job/feed.h"
#include "stream/stream.h"

struct tt_conf;
struct tt_event;
struct tt_frame;
struct tt_stream;
struct tt_views;
struct tt_watch;
struct tt_watchers;

struct tt_fanout {
	const struct tt_conf		*conf;
	struct tt_watchers		*watchers;	/* of jobs */
	struct tt_views			*views;		/* of whole accounts */
	STAILQ_HEAD(tt_dirty, tt_stream) dirty;
	TAILQ_HEAD(tt_behind, tt_stream) behind;	/* turn by turn */
	struct tt_feed_stats		 stats;

	/* The catch-up under way: who asked, and how much came. */
	struct tt_watch			*asked[TT_FEED_ASKS];
	int				 got[TT_FEED_ASKS];
	int				 nasks;

	struct tt_buf			 data, text;	/* for rendering */
};

bool	 tt_fanout_init(struct tt_fanout *, const struct tt_conf *);
void	 tt_fanout_done(struct tt_fanout *);

/* A new stream, behind until it has caught up; false on no memory. */
bool	 tt_fanout_add(struct tt_fanout *, struct tt_stream *, uint64_t life);
void	 tt_fanout_remove(struct tt_fanout *, struct tt_stream *);

/* What struct tt_feed_calls asks for; see also views.h. */
void	 tt_fanout_event(struct tt_fanout *, const struct tt_event *);
int	 tt_fanout_asks(struct tt_fanout *, struct tt_ask *);
void	 tt_fanout_missed(struct tt_fanout *, int ask,
	    const struct tt_event *);
void	 tt_fanout_caught_up(struct tt_fanout *, bool ok);

/* Is there a stream that is behind, and has room for what it missed? */
bool	 tt_fanout_wants(const struct tt_fanout *);

/* A frame of text for this stream alone. */
void	 tt_fanout_tell(struct tt_fanout *, struct tt_stream *,
	    const struct tt_buf *);

/* For those who deliver: the same with a frame; NULL kills the stream. */
void	 tt_fanout_queue(struct tt_fanout *, struct tt_stream *,
	    struct tt_frame *);
void	 tt_fanout_state(struct tt_fanout *, struct tt_stream *,
	    enum tt_stream_state);

/* It had its turn: those who are behind as well come first now. */
void	 tt_fanout_next(struct tt_fanout *, struct tt_stream *);

/* Has the stream room for what it missed? */
bool	 tt_fanout_room(const struct tt_fanout *, const struct tt_stream *);

/* The stream is gone; it is buried when the dirty ones are flushed. */
void	 tt_fanout_kill(struct tt_fanout *, struct tt_stream *);

/* The stream has something to flush. */
void	 tt_fanout_dirty(struct tt_fanout *, struct tt_stream *);

/* No more for this stream: what is queued is still sent. */
void	 tt_fanout_end(struct tt_fanout *, struct tt_stream *);

#endif /* !TT_FANOUT_H */

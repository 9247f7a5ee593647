/*
 * feed_state.h - what feed.c, which orders what is done, and feed_result.c,
 * which takes what comes of it, share.  For them alone.
 */
#ifndef TT_FEED_STATE_H
#define TT_FEED_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "job/command.h"
#include "job/doorbell.h"
#include "job/feed.h"
#include "job/position.h"
#include "pg/args.h"

#define TT_FEED_BEAT_MS	2000	/* between signs of life */

struct pg_result;
struct tt_recall;
struct tt_session;

struct tt_feed {
	const struct tt_conf		*conf;
	const char			*program;
	const struct tt_feed_calls	*calls;
	void				*arg;
	const struct tt_feed_stats	*stats;
	struct tt_session		*session;
	bool				 wanted;	/* on */
	bool				 listening, opened;
	enum tt_command			 command;	/* under way */
	bool				 said;		/* what TT_SLEEP says */
	bool				 more;		/* rows left to take */
	int64_t				 due_ms;	/* while idle */

	struct tt_position		 at;
	struct tt_doorbell		 bell;
	struct tt_recall		*recall;
	bool				 catching_up, had_turn, had_lease;
	int64_t				 gather_ms;	/* no catch-up until */
	size_t				 nmissed;	/* events of this one */
	bool				 went_back;	/* to before a crash */
	char				 cluster[64];
	int64_t				 generation, floor;
	int64_t				 drawn;	/* for at.low: see there */
	int64_t				 low;	/* that, when the read began */
	int64_t				 listener_id;
	uint64_t			 batch, life;
	int64_t				 life_us;  /* the last read before it */
	bool				 doubt;		/* see _doubt() */
	int64_t				 open_ms;	/* registered */
	int64_t				 read_ms;	/* last complete read */
	int64_t				 beat_ms;
	int				 beat_streams;
	uint64_t			 wakes, reconnects;

	struct tt_ask			 asks[TT_FEED_ASKS];
	int				 nasks;
	struct tt_view_ask		 view;
	bool				 view_more;	/* than its page */
	struct tt_args			 args;
};


/*
 * A result of the command under way; to be cleared by the caller.  False: our
 * row is gone (taken for dead, or a crash), or it makes no sense.
 */
bool	 tt_feed_result(struct tt_feed *, const struct pg_result *,
	    int64_t now);

/* A read is complete: its snapshot is where the next one begins. */
void	 tt_feed_read_done(struct tt_feed *, int64_t now);

#endif /* !TT_FEED_STATE_H */

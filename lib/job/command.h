/*
 * command.h - what a feed says to the database: its statements, and their
 * arguments.
 */
#ifndef TT_COMMAND_H
#define TT_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "job/feed.h"

struct tt_args;
struct tt_position;
struct tt_query;
struct tt_snapshot;

enum tt_command {
	TT_NONE, TT_LISTEN, TT_OPEN, TT_READ, TT_CATCH_UP, TT_VIEW, TT_LEASE,
	TT_SLEEP, TT_BEAT, TT_CLOSE, TT_COMMAND__MAX
};

/* Columns of TT_OPEN's one row, and of TT_BEAT's. */
enum {
	TT_OPEN_LISTENER, TT_OPEN_GENERATION, TT_OPEN_CLUSTER,
	TT_OPEN_TIMELINE, TT_OPEN_FLOOR, TT_OPEN_SNAPSHOT, TT_OPEN_US,
	TT_OPEN_DRAWN
};
enum { TT_BEAT_KNOWN, TT_BEAT_TICK_DUE, TT_BEAT_DEAD, TT_BEAT_PUBLIC,
	TT_BEAT_DRAWN };

const struct tt_query	*tt_command_query(enum tt_command);

/*
 * The arguments, in order; where it says so, the caller adds more: the leases
 * (three arrays) after TT_OPEN's and TT_LEASE's, the jobs and accounts after
 * TT_READ's, the keys after TT_BEAT's.  previous is this hub's listener of
 * before, or 0.
 */
void	 tt_command_open(struct tt_args *, const char *program,
	    bool listening, int64_t previous);
void	 tt_command_read(struct tt_args *, const struct tt_position *,
	    int64_t floor);
void	 tt_command_catch_up(struct tt_args *, const struct tt_snapshot *,
	    int64_t floor, const struct tt_ask *, int nasks);
void	 tt_command_view(struct tt_args *, const struct tt_view_ask *,
	    int64_t floor);
void	 tt_command_beat(struct tt_args *, int64_t listener,
	    const struct tt_feed_stats *, uint64_t wakes, uint64_t reconnects);

#endif /* !TT_COMMAND_H */

/*
 * streams.h - all the open streams of a hub, and what the feed says to them.
 *
 * Everything that a stream is entered in is kept here: the watchers of its
 * jobs, the clocks, the holders of leases.
 */
#ifndef TT_STREAMS_H
#define TT_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "job/feed.h"
#include "stream/clocks.h"
#include "stream/fanout.h"

struct tt_conf;
struct tt_handover;
struct tt_holders;
struct tt_stream;

struct tt_streams {
	const struct tt_conf	*conf;
	struct tt_fanout	 fanout;
	struct tt_clocks	 clocks;
	struct tt_holders	*holders;
	struct tt_handover	*handover;	/* who waits for the feed */
};

/* What a feed calls, with a struct tt_streams as its argument. */
extern const struct tt_feed_calls	 tt_streams_calls;

/* False on no memory; to be undone all the same. */
bool	 tt_streams_init(struct tt_streams *, const struct tt_conf *,
	    struct tt_handover *);
void	 tt_streams_done(struct tt_streams *);

/* Enter a new stream, with its lease; false, and not entered, on no memory. */
bool	 tt_streams_add(struct tt_streams *, struct tt_stream *,
	    uint64_t life);
void	 tt_streams_remove(struct tt_streams *, struct tt_stream *);
bool	 tt_streams_empty(const struct tt_streams *);

/* Tell all when to come back, and end them. */
void	 tt_streams_goodbye(struct tt_streams *);

#endif /* !TT_STREAMS_H */

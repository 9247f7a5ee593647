/*
 * clocks.h - what time does to streams: keep-alives, ages, tickets,
 * clients that have waited long enough.
 *
 * Lists in order of time, so that a look costs what there is to do, and one
 * timer serves all streams.
 */
#ifndef TT_CLOCKS_H
#define TT_CLOCKS_H

#include <sys/queue.h>

#include <stdint.h>

struct tt_conf;
struct tt_fanout;
struct tt_stream;

TAILQ_HEAD(tt_stream_list, tt_stream);

struct tt_clocks {
	const struct tt_conf	*conf;
	struct tt_fanout	*fanout;	/* tells and ends streams */
	struct tt_stream_list	 all;		/* by age */
	struct tt_stream_list	 quiet;		/* by last write */
	struct tt_stream_list	 due;		/* by what is due, if any is */
	struct tt_stream_list	 beat;		/* by the next beat, if any */
};

void	 tt_clocks_init(struct tt_clocks *, const struct tt_conf *,
	    struct tt_fanout *);
void	 tt_clocks_add(struct tt_clocks *, struct tt_stream *);
void	 tt_clocks_remove(struct tt_clocks *, struct tt_stream *);

/* Bytes of it were taken. */
void	 tt_clocks_wrote(struct tt_clocks *, struct tt_stream *, int64_t now);

/* Say and end what is due. */
void	 tt_clocks_look(struct tt_clocks *, int64_t now);

#endif /* !TT_CLOCKS_H */

/*
 * handover.h - what passes between the accepting threads and the loop.
 *
 * The threads hand over streams, and leases that no stream came of; the loop
 * tells them under which number the database knows the hub, without which no
 * lease can be taken.
 */
#ifndef TT_HANDOVER_H
#define TT_HANDOVER_H

#include <sys/queue.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "job/lease.h"

struct tt_stream;

/* A lease on its way back. */
struct tt_returned {
	STAILQ_ENTRY(tt_returned) next;
	struct tt_lease		 lease;
};

STAILQ_HEAD(tt_arrivals, tt_stream);
STAILQ_HEAD(tt_returns, tt_returned);

struct tt_handover {
	struct ev_loop		*loop;
	ev_async		 bell;		/* its callback is the loop's */
	pthread_mutex_t		 mutex;
	pthread_cond_t		 told;
	struct tt_arrivals	 arrivals;
	struct tt_returns	 returns;
	int64_t			 listener;	/* 0: none, or not yet */
	unsigned		 failures;	/* to become known */
	int			 waiting;	/* threads, to be known */
	int64_t			 doubted;	/* a listener; or 0 */
	bool			 failing;	/* the last try did */
	bool			 over;
	atomic_int		 nstreams;	/* arrivals too */
};

/* The callback is called in the loop when something was handed over. */
bool	 tt_handover_init(struct tt_handover *, struct ev_loop *,
	    void (*)(struct ev_loop *, ev_async *, int), void *arg);
/* Leases that were not taken are forgotten; arrivals must have been. */
void	 tt_handover_done(struct tt_handover *);

/*
 * For the accepting threads.  tt_handover_listener() waits, for up to so many
 * milliseconds, until the hub is known by another number than stale, and
 * returns it; 0 if that does not come about, and at once while the feed fails:
 * whoever waits then keeps a thread from those who could be served.
 */
int64_t	 tt_handover_listener(struct tt_handover *, int64_t stale, int ms);
void	 tt_handover_stream(struct tt_handover *, struct tt_stream *);
void	 tt_handover_lease(struct tt_handover *, const struct tt_lease *);
void	 tt_handover_doubt(struct tt_handover *, int64_t listener);

/*
 * For the loop.  tt_handover_take() moves what has arrived into the two lists
 * and says whether somebody waits for a number; the returned leases are to be
 * freed.
 */
bool	 tt_handover_take(struct tt_handover *, struct tt_arrivals *,
	    struct tt_returns *);
int64_t	 tt_handover_doubted(struct tt_handover *);	/* since last asked */
void	 tt_handover_tell(struct tt_handover *, int64_t listener);
void	 tt_handover_failed(struct tt_handover *);
void	 tt_handover_over(struct tt_handover *);

#endif /* !TT_HANDOVER_H */

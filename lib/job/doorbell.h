/*
 * doorbell.h - when a hub reads, and when it may sleep until it is rung.
 *
 * A state machine without any I/O: it is told what was read and when, and
 * says what to do next.  Writers ring only for a hub that has said that it is
 * asleep; DESIGN 5 has the protocol, and why no event is lost by it.
 */
#ifndef TT_DOORBELL_H
#define TT_DOORBELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tt_snapshot;

enum tt_watchfulness {
	TT_AWAKE,		/* reads every few milliseconds */
	TT_DOZING,		/* has said asleep, reads until it is safe */
	TT_ASLEEP		/* blocks; woken by the bell or by the floor */
};

enum tt_deed {
	TT_DO_NOTHING,		/* until tt_doorbell_due() */
	TT_DO_READ,
	TT_DO_SAY_ASLEEP,	/* write asleep = true, and commit; twice */
	TT_DO_SAY_AWAKE
};

struct tt_doorbell {
	enum tt_watchfulness	 state;
	bool			 listens;	/* false: TELLTALE_FEED=poll */
	bool			 said_asleep;	/* what the row holds */
	bool			 said_again;
	bool			 barrier_set;
	uint64_t		 barrier;
	int			 interval_ms;	/* until the next read */
	int64_t			 read_ms;	/* when the last one ended */
	int64_t			 event_ms;	/* when one last had an event */
	int			 rung;		/* reads due for a ring */
	int64_t			 rung_ms;	/* when that was, asleep */
};

/* Awake, with a read due at once. */
void		 tt_doorbell_init(struct tt_doorbell *, bool listens,
		    int64_t now_ms);

enum tt_deed	 tt_doorbell_next(const struct tt_doorbell *, int64_t now_ms);
int64_t		 tt_doorbell_due(const struct tt_doorbell *);

/* What came of it. */
void		 tt_doorbell_said(struct tt_doorbell *, bool asleep);
void		 tt_doorbell_read(struct tt_doorbell *,
		    const struct tt_snapshot *, size_t nevents, int64_t now_ms);

/* A notification came. */
void		 tt_doorbell_ring(struct tt_doorbell *, int64_t now_ms);

#endif /* !TT_DOORBELL_H */

/*
 * position.h - how far a reader of the log is: DESIGN 5's snapshot cursor.
 */
#ifndef TT_POSITION_H
#define TT_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job/snapshot.h"

/*
 * All that `last` sees has been read.  While a read is under way, upto is the
 * snapshot that it reads to, and of what that sees the events up to `after`
 * have been read: so a read that breaks off is gone on with.
 */
struct tt_position {
	struct tt_snapshot	 last, upto;
	int64_t			 after;
	int64_t			 oldest_us;	/* nothing due is older */
	int64_t			 last_us, upto_us;	/* when taken */
	size_t			 nevents;	/* in this read so far */
};

bool	 tt_position_set(const struct tt_position *);
bool	 tt_position_reading(const struct tt_position *);

/* Begin at this snapshot, or forget it all. */
bool	 tt_position_begin(struct tt_position *, const char *snapshot);
void	 tt_position_forget(struct tt_position *);

/* A read began, to this snapshot taken then; false if it is not one. */
bool	 tt_position_upto(struct tt_position *, const char *snapshot,
	    int64_t us);

/* The read is complete: upto is the new last. */
void	 tt_position_done(struct tt_position *);

#endif /* !TT_POSITION_H */

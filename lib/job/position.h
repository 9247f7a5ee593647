/*
 * position.h - how far a reader of the log is: DESIGN 5's snapshot cursor.
 */
#ifndef TT_POSITION_H
#define TT_POSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "job/snapshot.h"

struct tt_buf;

#define TT_POSITION_SZ	1024	/* longest text of one, with its NUL */

/*
 * All that `last` sees has been read.  While a read is under way, upto is the
 * snapshot that it reads to, and of what that sees the events up to `after`
 * have been read: so a read that breaks off is gone on with.
 *
 * Snapshots mean something within a generation of the log only.  Where it is
 * another life of the same cluster, what `last` sees and was written later than
 * last_us is of a transaction whose number was given out again.
 *
 * low is an event id that had been drawn when a transaction below the xmax of
 * `last` began: whoever is not below that xmax writes higher ones.  -1 where
 * none is known yet.
 */
struct tt_position {
	int64_t			 generation;
	struct tt_snapshot	 last, upto;
	int64_t			 low, after;
	int64_t			 oldest_us;	/* nothing due is older */
	int64_t			 last_us, upto_us;	/* when taken */
	size_t			 nevents;	/* in this read so far */
};

bool	 tt_position_set(const struct tt_position *);
bool	 tt_position_reading(const struct tt_position *);

/* Begin at this snapshot taken then, or forget it all. */
bool	 tt_position_begin(struct tt_position *, const char *snapshot,
	    int64_t us);
void	 tt_position_forget(struct tt_position *);

/* A read began, to this snapshot taken then; false if it is not one. */
bool	 tt_position_upto(struct tt_position *, const char *snapshot,
	    int64_t us);

/* The read is complete: upto is the new last. */
void	 tt_position_done(struct tt_position *);

/* False on no memory: then `to` is forgotten. */
bool	 tt_position_copy(struct tt_position *to, const struct tt_position *);
bool	 tt_position_equal(const struct tt_position *,
	    const struct tt_position *);

/*
 * A position as the text of an event's id: of what upto sees (if a read is
 * under way) the events up to `after` have been read.  TT_POSITION_SZ - 1 bytes
 * of A-Za-z0-9_- at most: with too many open transactions it says less than was
 * read, never more.
 */
void	 tt_position_text(const struct tt_position *, int64_t after,
	    struct tt_buf *);

/*
 * A position out of such a text, which comes from a client: all of it is
 * checked.  False, and the position forgotten, if it is none.
 */
bool	 tt_position_read(struct tt_position *, const char *text);

#endif /* !TT_POSITION_H */

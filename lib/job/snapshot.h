/*
 * snapshot.h - PostgreSQL's pg_snapshot, as far as a reader of the log needs.
 */
#ifndef TT_SNAPSHOT_H
#define TT_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/rc.h"

/*
 * Transactions below xmin have ended; those at or above xmax had not begun;
 * between them the listed ones were open.  xip is sorted and owned.
 */
struct tt_snapshot {
	uint64_t	 xmin, xmax;
	uint64_t	*xip;
	size_t		 nxip, cap;
};

#define TT_SNAPSHOT_INIT	{ 0, 0, NULL, 0, 0 }

/*
 * Read "10:20:10,14,15".  The struct is reused; on failure (TT_BADREQ, or
 * TT_INTERNAL on no memory) it is left empty.
 */
enum tt_rc	 tt_snapshot_parse(struct tt_snapshot *, const char *,
		    struct tt_err *) TT_MUSTUSE;
enum tt_rc	 tt_snapshot_copy(struct tt_snapshot *,
		    const struct tt_snapshot *, struct tt_err *) TT_MUSTUSE;
void		 tt_snapshot_free(struct tt_snapshot *);

/* Append its text, as PostgreSQL writes it. */
void		 tt_snapshot_text(const struct tt_snapshot *, struct tt_buf *);

/* Had this transaction ended when the snapshot was taken? */
bool		 tt_snapshot_sees(const struct tt_snapshot *, uint64_t xid);

bool		 tt_snapshot_equal(const struct tt_snapshot *,
		    const struct tt_snapshot *);

/* Does it see all that the other one sees? */
bool		 tt_snapshot_covers(const struct tt_snapshot *,
		    const struct tt_snapshot *other);

/* One more open transaction, higher than those before; false on no memory. */
bool		 tt_snapshot_add(struct tt_snapshot *, uint64_t xid);

/* Has anything been read into it? */
bool		 tt_snapshot_set(const struct tt_snapshot *);

#endif /* !TT_SNAPSHOT_H */

/*
 * view.h - what a stream of a whole queue needs to know to begin.
 */
#ifndef TT_VIEW_H
#define TT_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rc.h"

struct tt_caller;
struct tt_db;
struct tt_lease;
struct tt_position;

/* Whose jobs it shows: one account's; or, account 0, those of all these. */
struct tt_seen {
	int64_t		 account;
	int64_t		*accounts;	/* for _free() */
	size_t		 n;
	bool		 resumable;	/* from the position asked for */
};

/*
 * May the caller see it, and whose jobs are they?  type: the only one wanted,
 * or NULL.  at: where the client was, or a position that is not set.
 *
 * lease->listener says for which hub a place among the account's open streams
 * is taken, or 0 if none is wanted; the rest of it is filled.  The public takes
 * none.  TT_LIMITED if there is none; TT_OK with lease->listener 0, and nothing
 * seen, if SQL does not know that hub (any longer).  TT_BADREQ for a type that
 * is not in telltale.job_type; TT_UNAUTHORIZED also of the public, where no
 * account shows itself.  On TT_OK what is seen is to be freed; otherwise it is
 * empty.
 */
enum tt_rc	 tt_seen_open(struct tt_db *, struct tt_caller *,
		    const char *type, const struct tt_position *at,
		    struct tt_lease *, struct tt_seen *, struct tt_err *)
		    TT_MUSTUSE;
void		 tt_seen_free(struct tt_seen *);

#endif /* !TT_VIEW_H */

/*
 * grant.h - what a ticket of a key may do, as SQL judges.
 */
#ifndef TT_GRANT_H
#define TT_GRANT_H

#include "base/rc.h"

struct tt_caller;
struct tt_db;

#define TT_GRANT_SZ	256	/* room for all scopes in one text */

/*
 * The scopes asked for ("job:read queue:read"; NULL: all of the read scopes
 * that the key has) into granted, in the same form.  TT_UNAUTHORIZED,
 * TT_TERMINATED, TT_FORBIDDEN as SQL judges.
 */
enum tt_rc	 tt_grant_get(struct tt_db *, struct tt_caller *,
		    const char *scopes, char granted[TT_GRANT_SZ],
		    struct tt_err *) TT_MUSTUSE;

#endif /* !TT_GRANT_H */

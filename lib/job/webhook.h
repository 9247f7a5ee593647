/*
 * webhook.h - where an account is told that its jobs ended.
 */
#ifndef TT_WEBHOOK_H
#define TT_WEBHOOK_H

#include <stdbool.h>

#include "base/rc.h"

struct tt_caller;
struct tt_db;

/*
 * From now on there, signed with that secret (see tt_submit_secret(); the one
 * before signs besides for a day).  *replaced: there was a place before.  As
 * SQL judges: TT_UNAUTHORIZED, TT_FORBIDDEN, TT_TERMINATED, TT_BADREQ.
 */
enum tt_rc	 tt_webhook_set(struct tt_db *, struct tt_caller *,
		    const char *url, const char *secret, bool *replaced,
		    struct tt_err *) TT_MUSTUSE;

/* Nowhere any more; TT_OK also if it was so before. */
enum tt_rc	 tt_webhook_delete(struct tt_db *, struct tt_caller *,
		    struct tt_err *) TT_MUSTUSE;

#endif /* !TT_WEBHOOK_H */

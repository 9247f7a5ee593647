/*
 * retry.h - a job that ended badly is tried again.
 */
#ifndef TT_RETRY_H
#define TT_RETRY_H

#include "base/rc.h"

struct tt_caller;
struct tt_db;

/*
 * Queue the job of that public id again, if it failed or was cancelled and the
 * caller may.  TT_CONFLICT if it is neither, TT_NOTFOUND; TT_UNAUTHORIZED,
 * TT_FORBIDDEN, TT_TERMINATED as SQL judges.
 */
enum tt_rc	 tt_retry(struct tt_db *, struct tt_caller *,
		    const char *job_id, struct tt_err *) TT_MUSTUSE;

#endif /* !TT_RETRY_H */

/*
 * cancel.h - nobody wants a job any more.
 */
#ifndef TT_CANCEL_H
#define TT_CANCEL_H

#include "base/rc.h"

struct tt_caller;
struct tt_db;

/*
 * Cancel the job of that public id, if the caller may.  TT_OK also if it was
 * cancelled before; a worker that has it learns of it when it next reports.
 * TT_CONFLICT if it has ended otherwise, TT_NOTFOUND; TT_UNAUTHORIZED,
 * TT_FORBIDDEN, TT_TERMINATED as SQL judges.
 */
enum tt_rc	 tt_cancel(struct tt_db *, struct tt_caller *,
		    const char *job_id, struct tt_err *) TT_MUSTUSE;

#endif /* !TT_CANCEL_H */

/*
 * remove.h - a job is taken away.
 */
#ifndef TT_REMOVE_H
#define TT_REMOVE_H

#include "base/rc.h"

struct tt_caller;
struct tt_db;

/*
 * Take the job of that public id away, whatever its status, if the caller may;
 * a worker that has it learns of it when it next reports.  TT_NOTFOUND;
 * TT_UNAUTHORIZED, TT_FORBIDDEN, TT_TERMINATED as SQL judges.
 */
enum tt_rc	 tt_remove(struct tt_db *, struct tt_caller *,
		    const char *job_id, struct tt_err *) TT_MUSTUSE;

#endif /* !TT_REMOVE_H */

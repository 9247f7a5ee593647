/*
 * cancel.c - see cancel.h.
 */
#include "job/caller.h"
#include "job/cancel.h"
#include "pg/db.h"

enum tt_rc
tt_cancel(struct tt_db *db, struct tt_caller *caller, const char *job_id,
    struct tt_err *err)
{
	static const struct tt_query	 query = {
		"cancel", "select verdict, rate_per_minute, unused "
		"from telltale.web_cancel($1, $2, $3)", 3
	};
	const char			*args[] = {
		tt_caller_arg(caller), caller->scope, job_id
	};
	struct tt_err			 verdict;
	PGresult			*res;

	/* What conflicts here is no idempotency key. */
	tt_err_clear(&verdict);
	if (tt_db_call(db, &query, args, &res, err) == TT_OK &&
	    tt_caller_verdict(caller, res, 0, &verdict) == TT_CONFLICT)
		(void)tt_err_tell(err, TT_CONFLICT, "The job has ended");
	else if (err->rc == TT_OK)
		*err = verdict;
	PQclear(res);
	return err->rc;
}

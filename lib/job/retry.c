/*
 * retry.c - see retry.h.
 */
#include "job/caller.h"
#include "job/job.h"
#include "job/retry.h"
#include "pg/db.h"

/*
 * A connection broke, and the statement was made once more: was it done the
 * first time?
 */
static bool
done_before(const struct tt_db *db, const PGresult *res)
{
	enum tt_status	 status = tt_job_status_read(tt_db_text(res, 0,
			    PQfnumber(res, "status")));

	return tt_db_in_doubt(db) &&
	    (status == TT_QUEUED || status == TT_PROCESSING);
}

enum tt_rc
tt_retry(struct tt_db *db, struct tt_caller *caller, const char *job_id,
    struct tt_err *err)
{
	static const struct tt_query	 query = {
		"retry", "select * from telltale.web_queue_retry($1, $2, $3)",
		3
	};
	const char			*args[] = {
		tt_caller_arg(caller), caller->scope, job_id
	};
	struct tt_err			 verdict;
	PGresult			*res;

	tt_err_clear(&verdict);
	if (tt_db_call(db, &query, args, &res, err) != TT_OK)
		return err->rc;
	if (tt_caller_verdict(caller, res, 0, &verdict) != TT_CONFLICT)
		*err = verdict;
	else if (!done_before(db, res))
		(void)tt_err_tell(err, TT_CONFLICT, "The job is %s",
		    tt_db_text(res, 0, PQfnumber(res, "status")));
	PQclear(res);
	return err->rc;
}

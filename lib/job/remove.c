/*
 * remove.c - see remove.h.
 */
#include "job/caller.h"
#include "job/remove.h"
#include "pg/db.h"

enum tt_rc
tt_remove(struct tt_db *db, struct tt_caller *caller, const char *job_id,
    struct tt_err *err)
{
	static const struct tt_query	 query = {
		"remove", "select * from telltale.web_queue_remove($1, $2, $3)",
		3
	};
	const char			*args[] = {
		tt_caller_arg(caller), caller->scope, job_id
	};
	PGresult			*res;

	/*
	 * Where a connection broke, and the statement was made once more, the
	 * first may have done it: gone is gone.
	 */
	if (tt_db_call(db, &query, args, &res, err) == TT_OK &&
	    tt_caller_verdict(caller, res, 0, err) == TT_NOTFOUND &&
	    tt_db_in_doubt(db))
		tt_err_clear(err);
	PQclear(res);
	return err->rc;
}

/*
 * jobs.c - see jobs.h.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "job/caller.h"
#include "job/jobs.h"
#include "pg/db.h"

#define NUMBER_SZ	16

enum tt_rc
tt_jobs_list(struct tt_db *db, struct tt_caller *caller,
    const struct tt_jobs_query *q, struct tt_list *list, struct tt_err *err)
{
	static const struct tt_query	 query = {
		"queue_list", "select * from telltale.web_queue_list($1, $2, "
		"$3, $4, $5, $6)", 6
	};
	char				 limit[NUMBER_SZ], offset[NUMBER_SZ];
	const char			*args[] = {
		tt_caller_arg(caller), caller->scope, limit, offset, q->type,
		q->status == TT_STATUS__MAX ? NULL :
		tt_job_status_word(q->status)
	};

	list->res = NULL;
	assert(q->limit >= 1 && q->limit <= TT_LIST_MAX);
	(void)snprintf(limit, sizeof(limit), "%d", q->limit);
	(void)snprintf(offset, sizeof(offset), "%d", q->offset);
	if (tt_db_call(db, &query, args, &list->res, err) != TT_OK ||
	    tt_list_read(list, q->limit, q->type, caller, err) != TT_OK)
		tt_list_free(list);
	assert((err->rc == TT_OK) == (list->res != NULL));
	return err->rc;
}

/* The one row of a function that shows a job. */
static TT_MUSTUSE enum tt_rc
get(struct tt_db *db, struct tt_caller *caller, const struct tt_query *query,
    const char *what, struct tt_job_row *row, struct tt_err *err)
{
	const char	*args[] = {
		tt_caller_arg(caller), caller->scope, what
	};

	(void)memset(row, 0, sizeof(*row));
	if (tt_db_call(db, query, args, &row->res, err) == TT_OK &&
	    tt_caller_verdict(caller, row->res, 0, err) == TT_OK)
		tt_job_from_result(&row->job, row->res, 0);
	else
		tt_job_row_free(row);
	assert((err->rc == TT_OK) == (row->res != NULL));
	return err->rc;
}

enum tt_rc
tt_jobs_get(struct tt_db *db, struct tt_caller *caller, const char *job_id,
    struct tt_job_row *row, struct tt_err *err)
{
	static const struct tt_query	 query = {
		"queue_job", "select * from telltale.web_queue_job($1, $2, $3)",
		3
	};

	return get(db, caller, &query, job_id, row, err);
}

enum tt_rc
tt_jobs_about(struct tt_db *db, struct tt_caller *caller,
    const char *file_path, struct tt_job_row *row, struct tt_err *err)
{
	static const struct tt_query	 query = {
		"video_status", "select * from telltale.web_video_status($1, "
		"$2, $3)", 3
	};

	return get(db, caller, &query, file_path, row, err);
}

enum tt_rc
tt_jobs_count(struct tt_db *db, struct tt_caller *caller,
    struct tt_jobs_count *count, struct tt_err *err)
{
	static const struct tt_query	 query = {
		"queue_stats", "select * from telltale.web_queue_stats($1, $2)",
		2
	};
	const char			*args[] = {
		tt_caller_arg(caller), caller->scope
	};
	PGresult			*res;
	int				 i;

	(void)memset(count, 0, sizeof(*count));
	if (tt_db_call(db, &query, args, &res, err) == TT_OK &&
	    tt_caller_verdict(caller, res, 0, err) == TT_OK)
		for (i = 0; i < TT_STATUS__MAX; i++)
			count->of[i] = tt_db_int(res, 0, PQfnumber(res,
			    tt_job_status_word((enum tt_status)i)));
	PQclear(res);
	return err->rc;
}

/*
 * job.c - see job.h.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "job/caller.h"
#include "job/job.h"
#include "pg/db.h"

static const char	 id_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789_-";

static const char *const status_words[TT_STATUS__MAX] = {
	[TT_QUEUED]	= "queued",
	[TT_PROCESSING]	= "processing",
	[TT_COMPLETED]	= "completed",
	[TT_FAILED]	= "failed",
	[TT_CANCELLED]	= "cancelled",
};

bool
tt_job_id_ok(const char *s)
{
	size_t	 n = strlen(s);

	return n > 0 && n <= TT_JOB_ID_MAX && strspn(s, id_chars) == n;
}

const char *
tt_job_status_word(enum tt_status status)
{
	return status < TT_STATUS__MAX ? status_words[status] : "unknown";
}

enum tt_status
tt_job_status_read(const char *word)
{
	int	 i;

	for (i = 0; i < TT_STATUS__MAX; i++)
		if (word != NULL && strcmp(word, status_words[i]) == 0)
			break;
	return (enum tt_status)i;
}

static const char *
text(const PGresult *res, int row, const char *name)
{
	int	 col = PQfnumber(res, name);

	return col == -1 ? NULL : tt_db_textn(res, row, col);
}

static int64_t
number(const PGresult *res, int row, const char *name)
{
	int	 col = PQfnumber(res, name);

	return col == -1 ? 0 : tt_db_int(res, row, col);
}

void
tt_job_from_result(struct tt_job *job, const PGresult *res, int row)
{
	job->job_id = text(res, row, "job_id");
	job->type = text(res, row, "type");
	job->status = tt_job_status_read(text(res, row, "status"));
	job->progress = text(res, row, "progress");
	job->detail = text(res, row, "detail");
	job->decision = text(res, row, "decision");
	job->categories = text(res, row, "categories");
	job->reason = text(res, row, "reason");
	job->error_code = text(res, row, "error_code");
	job->error = text(res, row, "error");
	job->callback_id = text(res, row, "callback_id");
	job->frames_completed = text(res, row, "frames_completed");
	job->frame_count = text(res, row, "frame_count");
	job->result = text(res, row, "result");
	job->file_path = text(res, row, "file_path");
	job->payload = text(res, row, "payload");
	job->created_us = number(res, row, "created_us");
	job->started_us = number(res, row, "started_us");
	job->completed_us = number(res, row, "completed_us");
	job->id = number(res, row, "id");
	job->attempt = (int)number(res, row, "attempt");
	job->max_attempts = (int)number(res, row, "max_attempts");
	job->priority = (int)number(res, row, "priority");
}

void
tt_job_row_free(struct tt_job_row *row)
{
	PQclear(row->res);
	(void)memset(row, 0, sizeof(*row));
}

enum tt_rc
tt_job_get(struct tt_db *db, struct tt_caller *caller, const char *job_id,
    struct tt_job_row *row, struct tt_err *err)
{
	static const struct tt_query	 query = {
		"job", "select * from telltale.web_job($1, $2, $3)", 3
	};
	const char			*args[] = {
		tt_caller_arg(caller), caller->scope, job_id
	};

	(void)memset(row, 0, sizeof(*row));
	if (tt_db_call(db, &query, args, &row->res, err) == TT_OK &&
	    tt_caller_verdict(caller, row->res, 0, err) == TT_OK)
		tt_job_from_result(&row->job, row->res, 0);
	else
		tt_job_row_free(row);

	/* The log says which; the client knows. */
	if (err->rc == TT_NOTFOUND) {
		tt_err_clear(err);
		(void)tt_err_set(err, TT_NOTFOUND, "no job %s", job_id);
	}
	assert((err->rc == TT_OK) == (row->res != NULL));
	return err->rc;
}

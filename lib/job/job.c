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

static const char *const column_names[TT_COLUMN__MAX] = {
	[TT_ID]		= "id",
	[TT_JOB_ID]	= "job_id",
	[TT_TYPE]	= "type",
	[TT_STATUS]	= "status",
	[TT_PROGRESS]	= "progress",
	[TT_DETAIL]	= "detail",
	[TT_FRAMES_COMPLETED] = "frames_completed",
	[TT_FRAME_COUNT] = "frame_count",
	[TT_DECISION]	= "decision",
	[TT_CATEGORIES]	= "categories",
	[TT_REASON]	= "reason",
	[TT_ERROR_CODE]	= "error_code",
	[TT_RESULT]	= "result",
	[TT_ATTEMPT]	= "attempt",
	[TT_CREATED_US]	= "created_us",
	[TT_STARTED_US]	= "started_us",
	[TT_COMPLETED_US] = "completed_us",
	[TT_CALLBACK_ID] = "callback_id",
	[TT_ERROR]	= "error",
	[TT_FILE_PATH]	= "file_path",
	[TT_PAYLOAD]	= "payload",
	[TT_MAX_ATTEMPTS] = "max_attempts",
	[TT_PRIORITY]	= "priority",
};

/*
 * PQfnumber() copies the name that it is asked for.  The columns come nearly in
 * the order of the names: each is sought from where the one before was found.
 */
void
tt_job_columns(struct tt_job_columns *c, const PGresult *res)
{
	int	 col, tried, i = 0;

	for (tried = 0; tried < TT_COLUMN__MAX; tried++)
		c->at[tried] = -1;
	for (col = 0; col < PQnfields(res); col++)
		for (tried = 0; tried < TT_COLUMN__MAX; tried++) {
			i = (i + 1) % TT_COLUMN__MAX;
			if (strcmp(PQfname(res, col), column_names[i]) == 0) {
				c->at[i] = col;
				break;
			}
		}
}

static const char *
text(const PGresult *res, int row, int col)
{
	return col == -1 ? NULL : tt_db_textn(res, row, col);
}

static int64_t
number(const PGresult *res, int row, int col)
{
	return col == -1 ? 0 : tt_db_int(res, row, col);
}

void
tt_job_from_row(struct tt_job *job, const PGresult *res,
    const struct tt_job_columns *c, int row)
{
	const int	*at = c->at;

	job->job_id = text(res, row, at[TT_JOB_ID]);
	job->type = text(res, row, at[TT_TYPE]);
	job->status = tt_job_status_read(text(res, row, at[TT_STATUS]));
	job->progress = text(res, row, at[TT_PROGRESS]);
	job->detail = text(res, row, at[TT_DETAIL]);
	job->decision = text(res, row, at[TT_DECISION]);
	job->categories = text(res, row, at[TT_CATEGORIES]);
	job->reason = text(res, row, at[TT_REASON]);
	job->error_code = text(res, row, at[TT_ERROR_CODE]);
	job->error = text(res, row, at[TT_ERROR]);
	job->callback_id = text(res, row, at[TT_CALLBACK_ID]);
	job->frames_completed = text(res, row, at[TT_FRAMES_COMPLETED]);
	job->frame_count = text(res, row, at[TT_FRAME_COUNT]);
	job->result = text(res, row, at[TT_RESULT]);
	job->file_path = text(res, row, at[TT_FILE_PATH]);
	job->payload = text(res, row, at[TT_PAYLOAD]);
	job->created_us = number(res, row, at[TT_CREATED_US]);
	job->started_us = number(res, row, at[TT_STARTED_US]);
	job->completed_us = number(res, row, at[TT_COMPLETED_US]);
	job->id = number(res, row, at[TT_ID]);
	job->attempt = (int)number(res, row, at[TT_ATTEMPT]);
	job->max_attempts = (int)number(res, row, at[TT_MAX_ATTEMPTS]);
	job->priority = (int)number(res, row, at[TT_PRIORITY]);
}

void
tt_job_from_result(struct tt_job *job, const PGresult *res, int row)
{
	struct tt_job_columns	 columns;

	tt_job_columns(&columns, res);
	tt_job_from_row(job, res, &columns, row);
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

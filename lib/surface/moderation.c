/*
 * moderation.c - see moderation.h.
 */
#include <string.h>

#include "base/json.h"
#include "job/list.h"
#include "surface/moderation.h"
#include "surface/refusal.h"
#include "web/reply.h"
#include "web/request.h"

static const char *const words[TT_RC__MAX] = {
	[TT_OK]		= "INTERNAL_ERROR",
	[TT_BADREQ]	= "INVALID_REQUEST",
	[TT_UNAUTHORIZED] = "UNAUTHORIZED",
	[TT_FORBIDDEN]	= "FORBIDDEN",
	[TT_TERMINATED]	= "ACCOUNT_TERMINATED",
	[TT_NOTFOUND]	= "JOB_NOT_FOUND",
	[TT_NOPATH]	= "NOT_FOUND",
	[TT_METHOD]	= "METHOD_NOT_ALLOWED",
	[TT_NOTACCEPTABLE] = "NOT_ACCEPTABLE",
	[TT_CONFLICT]	= "CONFLICT",
	[TT_GONE]	= "GONE",
	[TT_TOOLARGE]	= "PAYLOAD_TOO_LARGE",
	[TT_MEDIATYPE]	= "UNSUPPORTED_MEDIA",
	[TT_LIMITED]	= "RATE_LIMITED",
	[TT_UNAVAIL]	= "SERVICE_UNAVAILABLE",
	[TT_INTERNAL]	= "INTERNAL_ERROR",
	[TT_LATE]	= "TIMEOUT",
};

const char *
tt_moderation_status(enum tt_status status)
{
	return tt_job_status_word(status == TT_CANCELLED ? TT_FAILED : status);
}

const char *
tt_moderation_error_code(const struct tt_job *job)
{
	return job->status == TT_CANCELLED ? "CANCELLED" : job->error_code;
}

enum tt_rc
tt_moderation_job_id(const char *id, struct tt_err *err)
{
	if (!tt_job_id_ok(id))
		return tt_err_tell(err, TT_BADREQ,
		    "A job id is 1 to %d of A-Z a-z 0-9 _ -", TT_JOB_ID_MAX);
	return TT_OK;
}

static void
put_time(struct tt_json *j, const char *key, int64_t us)
{
	tt_json_key(j, key);
	if (us == 0)
		tt_json_null(j);
	else
		tt_json_time(j, us);
}

/* What an item of the list and the answer about one job have in common. */
static void
put_job(struct tt_json *j, const struct tt_job *job)
{
	tt_json_key(j, "job_id");
	tt_json_string(j, job->job_id);
	tt_json_key(j, "type");
	tt_json_string(j, job->type);
	tt_json_key(j, "status");
	tt_json_string(j, tt_moderation_status(job->status));
	tt_json_key(j, "is_prohibited");
	tt_json_raw(j, job->decision == NULL ? "null" :
	    job->decision[0] == 'r' ? "true" : "false");
	tt_json_key(j, "decision");
	tt_json_string(j, job->decision);
	tt_json_add_raw(j, "progress", job->progress);
	tt_json_add_string(j, "detail", job->detail);
	tt_json_add_raw(j, "categories", job->categories);
	tt_json_add_string(j, "reason", job->reason);
	tt_json_add_string(j, "error_code", tt_moderation_error_code(job));
	put_time(j, "created_at", job->created_us);
	put_time(j, "started_at", job->started_us);
	put_time(j, "completed_at", job->completed_us);
}

void
tt_moderation_job(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_job *job)
{
	struct tt_json	 j;

	tt_reply_begin(reply, 200, TT_JSON_TYPE);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	put_job(&j, job);
	tt_json_key(&j, "attempt");
	tt_json_int(&j, job->attempt);
	tt_json_add_raw(&j, "frames_completed", job->frames_completed);
	tt_json_add_raw(&j, "frame_count", job->frame_count);
	tt_json_add_raw(&j, "result", job->result);
	tt_json_close(&j, '}');
	tt_reply_etag(reply, req);
}

void
tt_moderation_cancelled(struct tt_reply *reply, const char *job_id)
{
	struct tt_job	 job = { .status = TT_CANCELLED };
	struct tt_json	 j;

	tt_reply_begin(reply, 200, TT_JSON_TYPE);
	tt_reply_header(reply, "Cache-Control", "no-store");
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "job_id", job_id);
	tt_json_add_string(&j, "status", tt_moderation_status(job.status));
	tt_json_add_string(&j, "error_code", tt_moderation_error_code(&job));
	tt_json_close(&j, '}');
}

static void
put_jobs(struct tt_json *j, const struct tt_list *list)
{
	int	 i;

	tt_json_key(j, "jobs");
	tt_json_open(j, '[');
	for (i = 0; i < list->njobs; i++) {
		tt_json_open(j, '{');
		put_job(j, &list->job[i]);
		tt_json_close(j, '}');
	}
	tt_json_close(j, ']');
}

/* The same question with this cursor, as a reference without a path. */
static void
put_link(struct tt_reply *reply, const struct tt_request *req,
    const char *cursor)
{
	struct tt_buf	 link = TT_BUF_INIT;
	int		 i;

	tt_buf_puts(&link, "<?");
	for (i = 0; i < req->nparams; i++) {
		if (strcmp(req->param[i].name, "cursor") == 0 ||
		    strcmp(req->param[i].name, "offset") == 0)
			continue;
		tt_request_encode(&link, req->param[i].name);
		tt_buf_putc(&link, '=');
		tt_request_encode(&link, req->param[i].value);
		tt_buf_putc(&link, '&');
	}
	tt_buf_printf(&link, "cursor=%s>; rel=\"next\"", cursor);
	if (!tt_buf_broken(&link))
		tt_reply_header(reply, "Link", tt_buf_text(&link));
	tt_buf_free(&link);
}

void
tt_moderation_list(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_list_query *q, const struct tt_list *list)
{
	char		 text[TT_LIST_CURSOR_SZ];
	const char	*cursor = NULL;
	struct tt_json	 j;

	tt_reply_begin(reply, 200, TT_JSON_TYPE);
	if (list->more) {
		cursor = tt_list_cursor(&list->job[list->njobs - 1], text);
		put_link(reply, req, cursor);
	}
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	put_jobs(&j, list);
	tt_json_key(&j, "total");
	tt_json_int(&j, list->total);
	tt_json_key(&j, "limit");
	tt_json_int(&j, q->limit);
	tt_json_key(&j, "offset");
	tt_json_int(&j, q->offset);
	tt_json_key(&j, "next_cursor");
	tt_json_string(&j, cursor);
	tt_json_close(&j, '}');
	tt_reply_etag(reply, req);
}

void
tt_moderation_error(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_err *err)
{
	struct tt_json	 j;

	tt_refusal_begin(reply, req, err);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	tt_json_key(&j, "error");
	tt_json_string(&j, words[err->rc]);
	tt_json_key(&j, "message");
	tt_json_string(&j, tt_refusal_text(err));
	tt_json_key(&j, "statusCode");
	tt_json_int(&j, tt_refusal_status(err->rc));
	tt_json_close(&j, '}');
}

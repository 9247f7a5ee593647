/*
 * moderation.c - see moderation.h.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "gate/rate.h"
#include "job/list.h"
#include "surface/moderation.h"
#include "web/reply.h"
#include "web/request.h"

#define JSON_TYPE	"application/json; charset=utf-8"
#define RETRY_AFTER_S	5	/* where nobody knows better */

/* The one place that maps our codes to this surface's status and word. */
static const struct face {
	int		 status;
	const char	*word;
	const char	*text;		/* where the error's own is not told */
} faces[TT_RC__MAX] = {
	[TT_OK]		= { 500, "INTERNAL_ERROR", "Internal error" },
	[TT_BADREQ]	= { 400, "INVALID_REQUEST", "Invalid request" },
	[TT_UNAUTHORIZED] = { 401, "UNAUTHORIZED", "Invalid API key" },
	[TT_FORBIDDEN]	= { 403, "FORBIDDEN", "Forbidden" },
	[TT_TERMINATED]	= { 403, "ACCOUNT_TERMINATED",
			    "This account is terminated" },
	[TT_NOTFOUND]	= { 404, "JOB_NOT_FOUND", "Job not found" },
	[TT_NOPATH]	= { 404, "NOT_FOUND", "No such path" },
	[TT_METHOD]	= { 405, "METHOD_NOT_ALLOWED", "Method not allowed" },
	[TT_NOTACCEPTABLE] = { 406, "NOT_ACCEPTABLE", "Not acceptable" },
	[TT_CONFLICT]	= { 409, "CONFLICT", "Conflict" },
	[TT_TOOLARGE]	= { 413, "PAYLOAD_TOO_LARGE", "Payload too large" },
	[TT_MEDIATYPE]	= { 415, "UNSUPPORTED_MEDIA",
			    "Unsupported media type" },
	[TT_LIMITED]	= { 429, "RATE_LIMITED", "Rate limit exceeded" },
	[TT_UNAVAIL]	= { 503, "SERVICE_UNAVAILABLE",
			    "The service is unavailable for the moment" },
	[TT_INTERNAL]	= { 500, "INTERNAL_ERROR", "Internal error" },
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

	tt_reply_begin(reply, 200, JSON_TYPE);
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

	tt_reply_begin(reply, 200, JSON_TYPE);
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

static void
put_number(struct tt_reply *reply, const char *name, int64_t n,
    void (*put)(struct tt_reply *, const char *, const char *))
{
	char	 text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, n);
	put(reply, name, text);
}

void
tt_moderation_rate(struct tt_reply *reply, const struct tt_rate *rate)
{
	if (rate->limit == 0)
		return;
	put_number(reply, "X-RateLimit-Limit", rate->limit, tt_reply_always);
	put_number(reply, "X-RateLimit-Remaining", rate->remaining,
	    tt_reply_always);
	put_number(reply, "X-RateLimit-Reset", (rate->reset_ms + 999) / 1000,
	    tt_reply_always);
}

/* Headers without which the status would say too little. */
static void
put_error_headers(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_err *err)
{
	enum tt_rc	 rc = err->rc;

	tt_reply_header(reply, "Cache-Control", "no-store");
	if (rc == TT_UNAUTHORIZED)
		tt_reply_header(reply, "WWW-Authenticate", "Bearer");
	if (rc == TT_METHOD && req->allow != NULL)
		tt_reply_header(reply, "Allow", req->allow);
	if (rc == TT_UNAVAIL || rc == TT_LIMITED)
		put_number(reply, "Retry-After", err->retry_s != 0 ?
		    err->retry_s : RETRY_AFTER_S, tt_reply_header);
}

static void
log_error(const struct tt_err *err, int status)
{
	const char	*gap = err->sqlstate[0] == '\0' ? "" : " ";

	if (status == 500)
		tt_error("500: %s%s%s", err->msg, gap, err->sqlstate);
	else if (status == 503)
		tt_warn("503: %s%s%s", err->msg, gap, err->sqlstate);
	else
		tt_info("%d: %s%s%s", status, err->msg, gap, err->sqlstate);
}

void
tt_moderation_error(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_err *err)
{
	const struct face	*face = &faces[err->rc];
	struct tt_json		 j;

	assert(err->rc > TT_OK && err->rc < TT_RC__MAX);
	log_error(err, face->status);
	tt_reply_begin(reply, face->status, JSON_TYPE);
	put_error_headers(reply, req, err);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	tt_json_key(&j, "error");
	tt_json_string(&j, face->word);
	tt_json_key(&j, "message");
	tt_json_string(&j, err->told && err->rc != TT_INTERNAL &&
	    err->rc != TT_UNAVAIL ? err->msg : face->text);
	tt_json_key(&j, "statusCode");
	tt_json_int(&j, face->status);
	tt_json_close(&j, '}');
}

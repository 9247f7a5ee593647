/*
 * queue_rest.c - the answers of queue.fcgi: see queue_rest.h.
 */
#include <stdlib.h>

#include "base/json.h"
#include "job/jobs.h"
#include "surface/queue.h"
#include "surface/queue_rest.h"
#include "surface/refusal.h"
#include "web/reply.h"

/* An answer that is one object: 200, and its beginning. */
static void
begin(struct tt_reply *reply, struct tt_json *j)
{
	tt_reply_begin(reply, 200, TT_JSON_TYPE);
	tt_json_init(j, &reply->body);
	tt_json_open(j, '{');
}

static void
put_string(struct tt_json *j, const char *key, const char *value)
{
	tt_json_key(j, key);
	tt_json_string(j, value);
}

static void
put_int(struct tt_json *j, const char *key, int64_t n)
{
	tt_json_key(j, key);
	tt_json_int(j, n);
}

/* Times of rows are milliseconds since the epoch. */
static void
put_ms(struct tt_json *j, const char *key, int64_t us)
{
	tt_json_key(j, key);
	if (us == 0)
		tt_json_null(j);
	else
		tt_json_int(j, us / 1000);
}

/* Whole per cent: 100 is only what is done. */
static int64_t
percent(const struct tt_job *job)
{
	return job->progress == NULL ? 0 : strtol(job->progress, NULL, 10);
}

/* One that waits again has not started: what there is, is of before. */
static int64_t
started_us(const struct tt_job *job)
{
	return job->status == TT_QUEUED ? 0 : job->started_us;
}

/*
 * How often it was tried again, and may be.  One that waits after an attempt
 * has its next counted, as it is what it waits for; so there are never more
 * than there may be.
 */
static int
retries(const struct tt_job *job)
{
	return job->status == TT_QUEUED || job->attempt == 0 ? job->attempt :
	    job->attempt - 1;
}

static void
put_row(struct tt_json *j, const struct tt_job *job)
{
	tt_json_open(j, '{');
	put_string(j, "id", job->job_id);
	put_string(j, "file_path", job->file_path);
	put_string(j, "params_json", job->payload);
	put_string(j, "cache_path", NULL);
	put_string(j, "status", tt_queue_status(job->status));
	put_int(j, "priority", job->priority);
	put_int(j, "progress", percent(job));
	put_string(j, "error", job->error);
	put_int(j, "retry_count", retries(job));
	put_int(j, "max_retries", job->max_attempts - 1);
	put_ms(j, "created_at", job->created_us);
	put_ms(j, "started_at", started_us(job));
	put_ms(j, "completed_at", job->completed_us);
	tt_json_close(j, '}');
}

void
tt_queue_jobs(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_jobs_query *q, const struct tt_list *list)
{
	struct tt_json	 j;
	int		 i;

	begin(reply, &j);
	tt_json_key(&j, "jobs");
	tt_json_open(&j, '[');
	for (i = 0; i < list->njobs; i++)
		put_row(&j, &list->job[i]);
	tt_json_close(&j, ']');
	put_int(&j, "limit", q->limit);
	put_int(&j, "offset", q->offset);
	put_int(&j, "count", list->njobs);
	put_int(&j, "total", list->total);
	tt_json_close(&j, '}');
	tt_reply_etag(reply, req);
}

void
tt_queue_job(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_job *job)
{
	struct tt_json	 j;

	tt_reply_begin(reply, 200, TT_JSON_TYPE);
	tt_json_init(&j, &reply->body);
	put_row(&j, job);
	tt_reply_etag(reply, req);
}

/* Cancelled ones count in the total, and have no key. */
void
tt_queue_stats(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_jobs_count *count)
{
	struct tt_json	 j;
	int64_t		 total = 0;
	int		 i;

	for (i = 0; i < TT_STATUS__MAX; i++)
		total += count->of[i];
	begin(reply, &j);
	put_int(&j, "total", total);
	put_int(&j, "pending", count->of[TT_QUEUED]);
	put_int(&j, "processing", count->of[TT_PROCESSING]);
	put_int(&j, "completed", count->of[TT_COMPLETED]);
	put_int(&j, "error", count->of[TT_FAILED]);
	tt_json_close(&j, '}');
	tt_reply_etag(reply, req);
}

/* Times of a status are ISO 8601; what there is not is left out. */
void
tt_queue_video(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_job *job)
{
	struct tt_json	 j;

	begin(reply, &j);
	put_string(&j, "status", tt_queue_status(job->status));
	put_int(&j, "progress", percent(job));
	tt_json_add_string(&j, "error", job->error);
	if (started_us(job) != 0) {
		tt_json_key(&j, "startedAt");
		tt_json_time(&j, started_us(job));
	}
	if (job->completed_us != 0) {
		tt_json_key(&j, "completedAt");
		tt_json_time(&j, job->completed_us);
	}
	tt_json_close(&j, '}');
	tt_reply_etag(reply, req);
}

void
tt_queue_no_video(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_err *err)
{
	struct tt_json	 j;

	tt_refusal_begin(reply, req, err);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	put_string(&j, "status", "not_found");
	put_string(&j, "message", "No processing job found for this video");
	tt_json_close(&j, '}');
}

void
tt_queue_done(struct tt_reply *reply, const char *message)
{
	struct tt_json	 j;

	begin(reply, &j);
	tt_reply_header(reply, "Cache-Control", "no-store");
	tt_json_key(&j, "success");
	tt_json_bool(&j, true);
	put_string(&j, "message", message);
	tt_json_close(&j, '}');
}

void
tt_queue_failed(struct tt_reply *reply, const struct tt_request *req,
    const char *message, const struct tt_err *err)
{
	struct tt_err	 bad;
	struct tt_json	 j;

	tt_err_clear(&bad);
	(void)!tt_err_set(&bad, TT_BADREQ, "%s: %s", message, err->msg);
	tt_refusal_begin(reply, req, &bad);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	put_string(&j, "error", message);
	tt_json_close(&j, '}');
}

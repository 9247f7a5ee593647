/*
 * compliance_stream.c - what happens to a check, as its streams say it; see
 * compliance.h.
 */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "job/event.h"
#include "job/job.h"
#include "surface/compliance.h"
#include "surface/refusal.h"
#include "surface/vocabulary.h"
#include "web/reply.h"

/* As the worker wrote its numbers, not as the machine keeps them. */
#define UNREADABLE "The report cannot be told: ask for the job"
#define DUMPED	(JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

/* How a kind is called; one without a name is not shown. */
static const char *const names[TT_KIND__MAX] = {
	[TT_JOB_CREATED]	= "job.started",
	[TT_STAGE_STARTED]	= "agent.started",
	[TT_STAGE_COMPLETED]	= "agent.completed",
	[TT_SCORE_COMPUTED]	= "score.computed",
	[TT_JOB_COMPLETED]	= "complete",
	[TT_JOB_FAILED]		= "error",
	[TT_JOB_CANCELLED]	= "error",
	[TT_JOB_DELETED]	= "error",
};

/* An end that is no success: its code and text where the event has none. */
static const struct end {
	enum tt_kind	 kind;
	int		 status;
	const char	*code, *text;
} ends[] = {
	{ TT_JOB_FAILED, 500, "pipeline_error", "Compliance pipeline error" },
	{ TT_JOB_CANCELLED, 409, "cancelled", "The check was cancelled" },
	{ TT_JOB_DELETED, 410, "deleted", "The check was deleted" },
};

static const struct end *
end_of(enum tt_kind kind)
{
	const struct end	*e = ends;

	while (e->kind != kind)
		e++;
	return e;
}

/* A member of the event's data as it is, under another name. */
static void
put_member(struct tt_json *j, const char *key, const json_t *data,
    const char *member)
{
	const json_t	*v = json_object_get(data, member);
	char		*text;

	if (v == NULL ||
	    (text = json_dumps(v, DUMPED)) == NULL)
		return;
	tt_json_key(j, key);
	tt_json_raw(j, text);
	free(text);
}

static const char *
text_of(const json_t *data, const char *member, const char *otherwise)
{
	const char	*s = json_string_value(json_object_get(data, member));

	return s == NULL ? otherwise : s;
}

static void
put_event(struct tt_json *j, const struct tt_event *ev, const json_t *data)
{
	const struct end	*e;

	switch (ev->kind) {
	case TT_STAGE_COMPLETED:
		put_member(j, "agentId", data, "stage");
		put_member(j, "checks", data, "checks");
		break;
	case TT_STAGE_STARTED:
		put_member(j, "agentId", data, "stage");
		break;
	case TT_SCORE_COMPUTED:
		put_member(j, "score", data, "score");
		put_member(j, "decision", data, "decision");
		break;
	case TT_JOB_COMPLETED:
		put_member(j, "data", data, "result");
		break;
	case TT_JOB_FAILED:
	case TT_JOB_CANCELLED:
	case TT_JOB_DELETED:
		e = end_of(ev->kind);
		tt_json_add_string(j, "message", text_of(data, "error",
		    e->text));
		tt_json_add_string(j, "code", text_of(data, "error_code",
		    e->code));
		break;
	default:
		break;
	}
}

/* PostgreSQL keeps numbers that jansson does not read. */
static void
put_unreadable(struct tt_json *j)
{
	tt_json_add_string(j, "message", UNREADABLE);
	tt_json_add_string(j, "code", "unreadable");
}

static json_t *
data_of(const struct tt_event *ev)
{
	json_t	*data = json_loads(ev->data, 0, NULL);

	if (data == NULL)
		tt_error("event %lld: no JSON", (long long)ev->event_id);
	return data;
}

static const char *
show(const struct tt_event *ev, struct tt_buf *b, bool *replaceable)
{
	json_t		*data;
	struct tt_json	 j;

	*replaceable = false;
	if (names[ev->kind] == NULL)
		return NULL;
	data = data_of(ev);
	if (data == NULL && !tt_kind_ends_job(ev->kind))
		return NULL;
	tt_json_init(&j, b);
	tt_json_open(&j, '{');
	if (data != NULL)
		put_event(&j, ev, data);
	else
		put_unreadable(&j);
	tt_json_key(&j, "timestamp");
	tt_json_time(&j, ev->at_us);
	tt_json_close(&j, '}');
	json_decref(data);
	return data == NULL ? "error" : names[ev->kind];
}

static void
keepalive(struct tt_buf *b, const char *id)
{
	(void)id;
	tt_buf_puts(b, ": keepalive\n\n");
}

/* The report itself, or why there is none. */
static int
answer(const struct tt_event *ev, struct tt_buf *b)
{
	const struct end	*e;
	json_t			*data = data_of(ev);
	char			*text = NULL;
	struct tt_json		 j;
	int			 status = 200;

	tt_json_init(&j, b);
	if (data == NULL) {
		status = 500;
		tt_compliance_failed(&j, ev->job_id, status, UNREADABLE,
		    "unreadable");
	} else if (ev->kind == TT_JOB_COMPLETED) {
		text = json_dumps(json_object_get(data, "result"), DUMPED);
		tt_json_raw(&j, text);
	} else {
		e = end_of(ev->kind);
		status = e->status;
		tt_compliance_failed(&j, ev->job_id, status,
		    text_of(data, "error", e->text),
		    text_of(data, "error_code", e->code));
	}
	free(text);
	json_decref(data);
	return status;
}

/*
 * The last event of a job, out of its row, as its log told it; the data is the
 * event's text.  False if the job goes on.
 */
static bool
last_event(struct tt_event *ev, struct tt_buf *data, const struct tt_job *job)
{
	static const enum tt_kind	 kinds[TT_STATUS__MAX] = {
		[TT_COMPLETED]	= TT_JOB_COMPLETED,
		[TT_FAILED]	= TT_JOB_FAILED,
		[TT_CANCELLED]	= TT_JOB_CANCELLED,
	};
	struct tt_json			 j;

	(void)memset(ev, 0, sizeof(*ev));
	ev->kind = kinds[job->status];
	if (!tt_kind_ends_job(ev->kind))
		return false;
	tt_json_init(&j, data);
	tt_json_open(&j, '{');
	if (ev->kind == TT_JOB_COMPLETED) {
		tt_json_key(&j, "result");
		tt_json_raw(&j, job->result);
	} else if (ev->kind == TT_JOB_FAILED) {
		tt_json_add_string(&j, "error", job->error);
		tt_json_add_string(&j, "error_code", job->error_code);
	}
	tt_json_close(&j, '}');
	ev->at_us = job->completed_us;
	ev->job_id = job->job_id;
	ev->data = tt_buf_text(data);
	return true;
}

const char *
tt_compliance_end(struct tt_buf *b, const struct tt_job *job)
{
	struct tt_buf	 data = TT_BUF_INIT;
	struct tt_event	 ev;
	const char	*name = NULL;
	bool		 replaceable;

	if (last_event(&ev, &data, job))
		name = show(&ev, b, &replaceable);
	tt_buf_free(&data);
	return name;
}

void
tt_compliance_ended(struct tt_reply *reply, const struct tt_job *job)
{
	struct tt_buf	 data = TT_BUF_INIT;
	struct tt_event	 ev;

	if (last_event(&ev, &data, job)) {
		tt_reply_begin(reply, 200, TT_JSON_TYPE);
		tt_reply_header(reply, "Cache-Control", "no-store");
		tt_reply_header(reply, "X-Job-Id", job->job_id);
		reply->status = answer(&ev, &reply->body);
	} else
		tt_compliance_late(reply, job->job_id);
	tt_buf_free(&data);
}

const struct tt_vocabulary	 tt_compliance_stream = {
	.show		= show,
	.keepalive	= keepalive,
};

const struct tt_vocabulary	 tt_compliance_report = {
	.show		= show,
	.keepalive	= keepalive,
	.answer		= answer,
};

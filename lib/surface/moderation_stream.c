/*
 * moderation_stream.c - see moderation_stream.h.
 */
#include <stddef.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"
#include "job/event.h"
#include "job/progress.h"
#include "surface/moderation.h"
#include "surface/moderation_stream.h"

/* How a kind is shown; one without a status is not. */
static const struct {
	const char	*status;
	const char	*error_code;	/* where the event carries none */
} faces[TT_KIND__MAX] = {
	[TT_JOB_STARTED]	= { "processing", NULL },
	[TT_JOB_PROGRESS]	= { "processing", NULL },
	[TT_JOB_REQUEUED]	= { "queued", NULL },
	[TT_JOB_COMPLETED]	= { "completed", NULL },
	[TT_JOB_FAILED]		= { "failed", NULL },
	[TT_JOB_CANCELLED]	= { "failed", "CANCELLED" },
	[TT_JOB_DELETED]	= { "failed", "DELETED" },
};

void
tt_moderation_state(struct tt_buf *b, const struct tt_progress_job *p)
{
	struct tt_json	 j;

	tt_json_init(&j, b);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "job_id", p->job.job_id);
	tt_json_add_string(&j, "status", tt_moderation_status(p->job.status));
	tt_json_add_raw(&j, "progress", p->job.progress);
	tt_json_add_string(&j, "detail", p->job.detail);
	tt_json_add_raw(&j, "frames_completed", p->job.frames_completed);
	tt_json_add_raw(&j, "frame_count", p->job.frame_count);
	tt_json_add_string(&j, "error_code", tt_moderation_error_code(&p->job));
	tt_json_close(&j, '}');
}

static void
put_integer(struct tt_json *j, const char *key, const json_t *data)
{
	const json_t	*v = json_object_get(data, key);

	if (!json_is_integer(v))
		return;
	tt_json_key(j, key);
	tt_json_int(j, json_integer_value(v));
}

/* Per cent with one decimal, and none where it is nought. */
static void
put_progress(struct tt_json *j, const json_t *data)
{
	long	 tenths = (long)(json_number_value(json_object_get(data,
		    "progress")) * 10. + .5);

	tt_json_key(j, "progress");
	tt_json_tenths(j, tenths);
}

static const char *
show(const struct tt_event *ev, struct tt_buf *b, bool *replaceable)
{
	const char	*code;
	json_t		*data;
	struct tt_json	 j;

	if (faces[ev->kind].status == NULL)
		return NULL;
	if ((data = json_loads(ev->data, 0, NULL)) == NULL) {
		tt_error("event %lld: no JSON", (long long)ev->event_id);
		return NULL;
	}
	code = faces[ev->kind].error_code;
	if (code == NULL && tt_kind_ends_job(ev->kind))
		code = json_string_value(json_object_get(data, "error_code"));

	tt_json_init(&j, b);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "job_id", ev->job_id);
	tt_json_add_string(&j, "status", faces[ev->kind].status);
	put_progress(&j, data);
	tt_json_add_string(&j, "detail",
	    json_string_value(json_object_get(data, "detail")));
	put_integer(&j, "frames_completed", data);
	put_integer(&j, "frame_count", data);
	tt_json_add_string(&j, "error_code", code);
	tt_json_close(&j, '}');
	json_decref(data);

	*replaceable = ev->kind == TT_JOB_PROGRESS;
	return "progress";
}

static void
keepalive(struct tt_buf *b, const char *id)
{
	(void)id;
	tt_buf_puts(b, ": keepalive\n\n");
}

const struct tt_vocabulary	 tt_moderation_vocabulary = {
	.show		= show,
	.keepalive	= keepalive,
};

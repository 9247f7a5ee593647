/*
 * moderation_stream.c - see moderation_stream.h.
 */
#include <stddef.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/member.h"
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

static const char *
show(const struct tt_event *ev, struct tt_buf *b, bool *replaceable)
{
	enum { PROGRESS, DETAIL, FRAMES, FRAME_COUNT, ERROR_CODE, N };
	struct tt_member	 m[N] = {
		{ .name = "progress" }, { .name = "detail" },
		{ .name = "frames_completed" }, { .name = "frame_count" },
		{ .name = "error_code" }
	};
	struct tt_json		 j;

	*replaceable = ev->kind == TT_JOB_PROGRESS;
	if (faces[ev->kind].status == NULL)
		return NULL;
	tt_members_find(ev->data, m, N);
	tt_json_init(&j, b);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "job_id", ev->job_id);
	tt_json_add_string(&j, "status", faces[ev->kind].status);
	tt_member_put(&j, &m[PROGRESS]);
	tt_member_add(&j, &m[DETAIL]);
	tt_member_add(&j, &m[FRAMES]);
	tt_member_add(&j, &m[FRAME_COUNT]);
	if (faces[ev->kind].error_code != NULL)
		tt_json_add_string(&j, "error_code",
		    faces[ev->kind].error_code);
	else if (tt_kind_ends_job(ev->kind))
		tt_member_add(&j, &m[ERROR_CODE]);
	tt_json_close(&j, '}');
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

/*
 * updates_stream.c - what happens, as /api/updates says it; see updates.h.
 *
 * All events are of one name; what happened is the opcode in their data.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/member.h"
#include "job/event.h"
#include "surface/updates.h"
#include "surface/vocabulary.h"

#define NAME	"update"
#define WORD_SZ	16

/* A value that is a short word; NULL if it is none. */
static const char *
word(const struct tt_member *m, char out[WORD_SZ])
{
	if (m->text == NULL || *m->text != '"' || m->sz - 2 >= WORD_SZ)
		return NULL;
	(void)snprintf(out, WORD_SZ, "%.*s", (int)m->sz - 2, m->text + 1);
	return out;
}

/* TT_STATUS__MAX: the event's data says it. */
static void
put_item(struct tt_json *j, const struct tt_event *ev, enum tt_status status)
{
	enum { FILE_PATH, ACTION, STATUS, ERROR, N };
	struct tt_member	 m[N] = {
		{ .name = "file_path" }, { .name = "action" },
		{ .name = "status" }, { .name = "error" }
	};
	char			 text[WORD_SZ];

	tt_members_find(ev->data, m, N);
	tt_json_add_string(j, "id", ev->job_id);
	tt_member_put(j, &m[FILE_PATH]);
	tt_json_add_string(j, "action",
	    tt_updates_action(word(&m[ACTION], text), ev->type));
	if (status == TT_STATUS__MAX)
		status = tt_job_status_read(word(&m[STATUS], text));
	tt_json_add_string(j, "status", tt_updates_status(status));
	if (ev->kind == TT_JOB_FAILED)
		tt_member_put(j, &m[ERROR]);
}

static void
put_progress(struct tt_json *j, const struct tt_event *ev,
    enum tt_status status)
{
	struct tt_member	 m[] = {
		{ .name = "progress" }, { .name = "detail" }
	};

	tt_members_find(ev->data, m, 2);
	tt_json_add_string(j, "id", ev->job_id);
	tt_json_add_string(j, "status", tt_updates_status(status));
	tt_member_put(j, &m[0]);
	tt_member_put(j, &m[1]);
}

/* Whoever paused or resumed the queue. */
static void
put_source(struct tt_json *j, const struct tt_event *ev, enum tt_status status)
{
	struct tt_member	 source = { .name = "source" };

	(void)status;
	tt_members_find(ev->data, &source, 1);
	tt_member_put(j, &source);
}

static void
put_nothing(struct tt_json *j, const struct tt_event *ev,
    enum tt_status status)
{
	(void)j;
	(void)ev;
	(void)status;
}

/* How a kind is called, and what is said of it; one without is not shown. */
static const struct {
	const char	*opcode;
	void		(*put)(struct tt_json *, const struct tt_event *,
			    enum tt_status);
	enum tt_status	 status;
} faces[TT_KIND__MAX] = {
	[TT_JOB_CREATED] = { "queue_item_added", put_item, TT_QUEUED },
	[TT_JOB_STARTED] = { "queue_item_processing", put_item,
	    TT_PROCESSING },
	[TT_JOB_PROGRESS] = { "status_update", put_progress, TT_PROCESSING },
	[TT_JOB_REQUEUED] = { "queue_item_updated", put_item, TT_QUEUED },
	[TT_JOB_COMPLETED] = { "queue_item_completed", put_item,
	    TT_COMPLETED },
	[TT_JOB_FAILED] = { "queue_item_failed", put_item, TT_FAILED },
	[TT_JOB_CANCELLED] = { "queue_item_removed", put_item, TT_CANCELLED },
	[TT_JOB_DELETED] = { "queue_item_removed", put_item, TT_STATUS__MAX },
	[TT_QUEUE_PAUSED] = { "queue_paused", put_source, 0 },
	[TT_QUEUE_RESUMED] = { "queue_resumed", put_source, 0 },
	[TT_SCHEDULER_PAUSED] = { "scheduler_paused", put_nothing, 0 },
	[TT_SCHEDULER_RESUMED] = { "scheduler_resumed", put_nothing, 0 },
};

/* What an application says itself, in its own words. */
static const char *
show_notice(const struct tt_event *ev, struct tt_buf *b)
{
	struct tt_member	 m[] = { { .name = "opcode" },
				    { .name = "data" } };
	struct tt_json		 j;

	tt_members_find(ev->data, m, 2);
	if (m[0].text == NULL)
		return NULL;
	tt_json_init(&j, b);
	tt_json_open(&j, '{');
	tt_member_put(&j, &m[0]);
	tt_member_put(&j, &m[1]);
	tt_json_close(&j, '}');
	return NAME;
}

static const char *
show(const struct tt_event *ev, struct tt_buf *b, bool *replaceable)
{
	struct tt_json	 j;

	*replaceable = ev->kind == TT_JOB_PROGRESS;
	if (ev->kind == TT_NOTICE)
		return show_notice(ev, b);
	if (faces[ev->kind].opcode == NULL)
		return NULL;
	tt_json_init(&j, b);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "opcode", faces[ev->kind].opcode);
	tt_json_key(&j, "data");
	tt_json_open(&j, '{');
	faces[ev->kind].put(&j, ev, faces[ev->kind].status);
	tt_json_close(&j, '}');
	tt_json_close(&j, '}');
	return NAME;
}

/* An id stands in a block of its own: with no data it is no event. */
static void
keepalive(struct tt_buf *b, const char *id)
{
	if (id != NULL)
		tt_buf_printf(b, "id: %s\n\n", id);
	tt_buf_puts(b, ": keepalive\n\n");
}

static const char *
goodbye(struct tt_buf *data)
{
	tt_buf_puts(data, "{\"opcode\":\"shutting_down\",\"data\":{}}");
	return NAME;
}

const struct tt_vocabulary	 tt_updates_vocabulary = {
	.show		= show,
	.keepalive	= keepalive,
	.goodbye	= goodbye,
};

/*
 * queue_stream.c - what happens to the jobs of a queue, as /queue/events says
 * it; see queue.h.
 */
#include <string.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/member.h"
#include "job/event.h"
#include "surface/queue.h"
#include "surface/vocabulary.h"

#define BEAT_S		30
#define CLIENT_SZ	12	/* random characters of a client's id */

/* How a kind is shown; one without a name is not. */
static const struct {
	const char	*name;
	const char	*status;	/* NULL: neither it nor the file */
	const char	*also[2];	/* members of the event's data */
} faces[TT_KIND__MAX] = {
	[TT_JOB_CREATED] = { "job:created", "pending", { "priority", NULL } },
	[TT_JOB_STARTED] = { "job:started", "running", { NULL, NULL } },
	[TT_JOB_PROGRESS] = { "job:progress", NULL, { "progress", NULL } },
	[TT_JOB_REQUEUED] = { "job:created", "pending",
	    { "priority", "attempt" } },
	[TT_JOB_COMPLETED] = { "job:completed", "completed", { NULL, NULL } },
	[TT_JOB_FAILED] = { "job:error", "error", { "error", NULL } },
	[TT_JOB_CANCELLED] = { "job:cancelled", "cancelled", { NULL, NULL } },
	[TT_JOB_DELETED] = { "job:deleted", "deleted", { NULL, NULL } },
};

/* A whole number: what is behind the point is cut off. */
static void
cut_point(struct tt_member *m)
{
	size_t	 n;

	if (m->text == NULL)
		return;
	n = strspn(m->text, "0123456789");
	if (n > 0 && n < m->sz && m->text[n] == '.')
		m->sz = n;
}

static const char *
show(const struct tt_event *ev, struct tt_buf *b, bool *replaceable)
{
	struct tt_member	 m[] = {
		{ .name = "file_path" },
		{ .name = faces[ev->kind].also[0] },
		{ .name = faces[ev->kind].also[1] }
	};
	struct tt_json		 j;
	size_t			 i, n;

	*replaceable = ev->kind == TT_JOB_PROGRESS;
	if (faces[ev->kind].name == NULL)
		return NULL;
	for (n = 1; n < sizeof(m) / sizeof(m[0]) && m[n].name != NULL; n++)
		;
	tt_members_find(ev->data, m, n);

	tt_json_init(&j, b);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "jobId", ev->job_id);
	if (faces[ev->kind].status != NULL) {
		tt_json_key(&j, "filePath");
		tt_json_copy(&j, m[0].text, m[0].sz);
		tt_json_add_string(&j, "status", faces[ev->kind].status);
	} else
		cut_point(&m[1]);
	for (i = 1; i < n; i++)
		tt_member_put(&j, &m[i]);
	tt_json_close(&j, '}');
	return faces[ev->kind].name;
}

static void
keepalive(struct tt_buf *b, const char *id)
{
	struct tt_json	 j;

	if (id != NULL)
		tt_buf_printf(b, "id: %s\n", id);
	tt_buf_puts(b, "event: heartbeat\ndata: ");
	tt_json_init(&j, b);
	tt_json_open(&j, '{');
	tt_json_key(&j, "timestamp");
	tt_json_time(&j, tt_clock_now_us());
	tt_json_close(&j, '}');
	tt_buf_puts(b, "\n\n");
}

static const char *
hello(struct tt_buf *data)
{
	static const char	 chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "0123456789";
	char			 id[CLIENT_SZ + 1];
	int			 i;

	for (i = 0; i < CLIENT_SZ; i++)
		id[i] = chars[randombytes_uniform(sizeof(chars) - 1)];
	id[CLIENT_SZ] = '\0';
	tt_buf_printf(data, "{\"clientId\":\"client_%s\"}", id);
	return "connected";
}

const struct tt_vocabulary	 tt_queue_vocabulary = {
	.show		= show,
	.hello		= hello,
	.keepalive	= keepalive,
	.beat_s		= BEAT_S,
};

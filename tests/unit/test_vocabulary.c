/*
 * test_vocabulary.c - what each surface says of each kind of event.
 *
 * One row a kind, one cell a surface; and what hostile texts come out as.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/clock.h"
#include "job/event.h"
#include "surface/compliance.h"
#include "surface/moderation_stream.h"
#include "surface/queue.h"
#include "surface/updates.h"
#include "surface/vocabulary.h"

enum surface { MODERATION, QUEUE, COMPLIANCE, UPDATES, SURFACE__MAX };

static const struct tt_vocabulary *const vocabularies[SURFACE__MAX] = {
	[MODERATION]	= &tt_moderation_vocabulary,
	[QUEUE]		= &tt_queue_vocabulary,
	[COMPLIANCE]	= &tt_compliance_stream,
	[UPDATES]	= &tt_updates_vocabulary,
};

#define AT		"\"timestamp\":\"2026-05-01T03:04:06.683Z\"}"
#define JOB		"{\"job_id\":\"j-1\",\"status\":"
#define CLIP(status)	"{\"jobId\":\"j-1\",\"filePath\":\"videos/clip.mp4\"," \
			"\"status\":\"" status "\""
#define ITEM(opcode, status) "update {\"opcode\":\"" opcode "\",\"data\":" \
			"{\"id\":\"j-1\",\"file_path\":\"videos/clip.mp4\"," \
			"\"action\":\"move\",\"status\":\"" status "\""

/* The data as the functions of SQL write it; a cell is a name and data. */
static const struct {
	enum tt_kind	 kind;
	const char	*data;
	const char	*says[SURFACE__MAX];	/* NULL: not shown */
} rows[] = {
	{ TT_JOB_CREATED, "{\"action\": \"move\", \"attempt\": 0, "
	    "\"priority\": 1, \"progress\": 0, "
	    "\"file_path\": \"videos/clip.mp4\"}", {
	    [QUEUE] = "job:created " CLIP("pending") ",\"priority\":1}",
	    [COMPLIANCE] = "job.started {" AT,
	    [UPDATES] = ITEM("queue_item_added", "waiting") "}}" } },
	{ TT_JOB_STARTED, "{\"action\": \"move\", \"attempt\": 1, "
	    "\"priority\": 1, \"progress\": 0, "
	    "\"file_path\": \"videos/clip.mp4\"}", {
	    [MODERATION] = "progress " JOB "\"processing\",\"progress\":0}",
	    [QUEUE] = "job:started " CLIP("running") "}",
	    [UPDATES] = ITEM("queue_item_processing", "processing") "}}" } },
	{ TT_JOB_PROGRESS, "{\"detail\": \"frames\", \"attempt\": 1, "
	    "\"progress\": 47.5, \"frame_count\": 45, "
	    "\"frames_completed\": 21}", {
	    [MODERATION] = "progress " JOB "\"processing\",\"progress\":47.5,"
	    "\"detail\":\"frames\",\"frames_completed\":21,"
	    "\"frame_count\":45}",
	    [QUEUE] = "job:progress {\"jobId\":\"j-1\",\"progress\":47}",
	    [UPDATES] = "update {\"opcode\":\"status_update\",\"data\":"
	    "{\"id\":\"j-1\",\"status\":\"processing\",\"progress\":47.5,"
	    "\"detail\":\"frames\"}}" } },
	{ TT_JOB_REQUEUED, "{\"error\": \"no luck\", \"action\": \"move\", "
	    "\"attempt\": 1, \"priority\": -5, \"progress\": 0, "
	    "\"file_path\": \"videos/clip.mp4\", \"error_code\": \"E1\"}", {
	    [MODERATION] = "progress " JOB "\"queued\",\"progress\":0}",
	    [QUEUE] = "job:created " CLIP("pending")
	    ",\"priority\":-5,\"attempt\":1}",
	    [UPDATES] = ITEM("queue_item_updated", "waiting") "}}" } },
	{ TT_JOB_COMPLETED, "{\"action\": \"move\", \"reason\": \"r\", "
	    "\"result\": {\"score\": 10}, \"attempt\": 1, "
	    "\"progress\": 100, \"file_path\": \"videos/clip.mp4\"}", {
	    [MODERATION] = "progress " JOB "\"completed\",\"progress\":100}",
	    [QUEUE] = "job:completed " CLIP("completed") "}",
	    [COMPLIANCE] = "complete {\"data\":{\"score\":10}," AT,
	    [UPDATES] = ITEM("queue_item_completed", "completed") "}}" } },
	{ TT_JOB_FAILED, "{\"error\": \"exited with code 1\", "
	    "\"action\": \"move\", \"attempt\": 3, \"progress\": 60, "
	    "\"file_path\": \"videos/clip.mp4\", \"error_code\": \"E1\"}", {
	    [MODERATION] = "progress " JOB "\"failed\",\"progress\":60,"
	    "\"error_code\":\"E1\"}",
	    [QUEUE] = "job:error " CLIP("error")
	    ",\"error\":\"exited with code 1\"}",
	    [COMPLIANCE] = "error {\"message\":\"exited with code 1\","
	    "\"code\":\"E1\"," AT,
	    [UPDATES] = ITEM("queue_item_failed", "failed")
	    ",\"error\":\"exited with code 1\"}}" } },
	{ TT_JOB_CANCELLED, "{\"action\": \"move\", \"attempt\": 1, "
	    "\"progress\": 12.5, \"file_path\": \"videos/clip.mp4\"}", {
	    [MODERATION] = "progress " JOB "\"failed\",\"progress\":12.5,"
	    "\"error_code\":\"CANCELLED\"}",
	    [QUEUE] = "job:cancelled " CLIP("cancelled") "}",
	    [COMPLIANCE] = "error {\"message\":\"The check was cancelled\","
	    "\"code\":\"cancelled\"," AT,
	    [UPDATES] = ITEM("queue_item_removed", "failed") "}}" } },
	{ TT_JOB_DELETED, "{\"action\": \"move\", \"status\": \"completed\", "
	    "\"attempt\": 1, \"progress\": 100, "
	    "\"file_path\": \"videos/clip.mp4\"}", {
	    [MODERATION] = "progress " JOB "\"failed\",\"progress\":100,"
	    "\"error_code\":\"DELETED\"}",
	    [QUEUE] = "job:deleted " CLIP("deleted") "}",
	    [COMPLIANCE] = "error {\"message\":\"The check was deleted\","
	    "\"code\":\"deleted\"," AT,
	    [UPDATES] = ITEM("queue_item_removed", "completed") "}}" } },
	{ TT_STAGE_STARTED, "{\"stage\": \"ai-laws\", \"attempt\": 1, "
	    "\"progress\": 0}", {
	    [COMPLIANCE] = "agent.started {\"agentId\":\"ai-laws\"," AT } },
	{ TT_STAGE_COMPLETED, "{\"stage\": \"ai-laws\", \"checks\": [], "
	    "\"attempt\": 1, \"progress\": 0}", {
	    [COMPLIANCE] = "agent.completed {\"agentId\":\"ai-laws\","
	    "\"checks\":[]," AT } },
	{ TT_SCORE_COMPUTED, "{\"score\": 97.5, \"attempt\": 1, "
	    "\"decision\": \"PUBLISH\", \"progress\": 0}", {
	    [COMPLIANCE] = "score.computed {\"score\":97.5,"
	    "\"decision\":\"PUBLISH\"," AT } },
	{ TT_QUEUE_PAUSED, "{\"source\": \"manual\"}", {
	    [UPDATES] = "update {\"opcode\":\"queue_paused\","
	    "\"data\":{\"source\":\"manual\"}}" } },
	{ TT_QUEUE_RESUMED, "{\"source\": \"manual\"}", {
	    [UPDATES] = "update {\"opcode\":\"queue_resumed\","
	    "\"data\":{\"source\":\"manual\"}}" } },
	{ TT_SCHEDULER_PAUSED, "{}", {
	    [UPDATES] = "update {\"opcode\":\"scheduler_paused\","
	    "\"data\":{}}" } },
	{ TT_SCHEDULER_RESUMED, "{}", {
	    [UPDATES] = "update {\"opcode\":\"scheduler_resumed\","
	    "\"data\":{}}" } },
	{ TT_NOTICE, "{\"data\": {\"path\": \"/a\", \"filename\": \"a\"}, "
	    "\"opcode\": \"file_parsing\"}", {
	    [UPDATES] = "update {\"opcode\":\"file_parsing\",\"data\":"
	    "{\"path\": \"/a\", \"filename\": \"a\"}}" } },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* What a surface says of it: "name data"; NULL for nothing. */
static const char *
said(enum surface surface, enum tt_kind kind, const char *data,
    struct tt_buf *b, bool *replaceable)
{
	struct tt_event	 ev = {
		.kind = kind, .data = data, .at_us = 1777604646683000
	};
	struct tt_buf	 text = TT_BUF_INIT;
	const char	*name;

	if (kind <= TT_SCORE_COMPUTED) {
		ev.job = ev.seq = 1;
		ev.job_id = "j-1";
		ev.type = "index";
	}
	tt_buf_clear(b);
	name = vocabularies[surface]->show(&ev, &text, replaceable);
	if (name != NULL)
		tt_buf_printf(b, "%s %s", name, tt_buf_text(&text));
	tt_buf_free(&text);
	return name == NULL ? NULL : tt_buf_text(b);
}

static void
each_kind_is_shown_as_each_surface_says(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;
	const char	*got, *want;
	size_t		 i;
	int		 s;
	bool		 replaceable;

	(void)state;
	assert_int_equal(COUNT(rows), TT_KIND__MAX);
	for (i = 0; i < COUNT(rows); i++)
		for (s = 0; s < SURFACE__MAX; s++) {
			assert_int_equal(rows[i].kind, i);
			want = rows[i].says[s];
			got = said((enum surface)s, rows[i].kind, rows[i].data,
			    &b, &replaceable);
			if ((got == NULL) != (want == NULL) ||
			    (got != NULL && strcmp(got, want) != 0))
				fail_msg("%s, surface %d: %s",
				    tt_kind_word(rows[i].kind), s,
				    got == NULL ? "nothing" : got);
			if (got != NULL)
				assert_int_equal(replaceable,
				    rows[i].kind == TT_JOB_PROGRESS);
		}
	tt_buf_free(&b);
}

static void
what_an_event_lacks_is_null_or_the_type(void **state)
{
	static const struct {
		enum surface	 surface;
		enum tt_kind	 kind;
		const char	*data, *says;
	} cases[] = {
		{ QUEUE, TT_JOB_CREATED, "{\"priority\": 1}",
		    "job:created {\"jobId\":\"j-1\",\"filePath\":null,"
		    "\"status\":\"pending\",\"priority\":1}" },
		{ UPDATES, TT_JOB_CREATED, "{}",
		    "update {\"opcode\":\"queue_item_added\",\"data\":"
		    "{\"id\":\"j-1\",\"file_path\":null,\"action\":\"index\","
		    "\"status\":\"waiting\"}}" },
		{ UPDATES, TT_JOB_PROGRESS, "{\"progress\": 0.5}",
		    "update {\"opcode\":\"status_update\",\"data\":"
		    "{\"id\":\"j-1\",\"status\":\"processing\","
		    "\"progress\":0.5,\"detail\":null}}" },
		{ UPDATES, TT_NOTICE, "{\"opcode\": \"info\"}",
		    "update {\"opcode\":\"info\",\"data\":null}" },
		{ UPDATES, TT_NOTICE, "{\"data\": {}}", NULL },
	};
	struct tt_buf	 b = TT_BUF_INIT;
	const char	*got;
	size_t		 i;
	bool		 replaceable;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		got = said(cases[i].surface, cases[i].kind, cases[i].data, &b,
		    &replaceable);
		if (cases[i].says == NULL)
			assert_null(got);
		else
			assert_string_equal(got, cases[i].says);
	}
	tt_buf_free(&b);
}

/* A whole number, of what progress() may have kept. */
static void
a_queue_floors_progress(void **state)
{
	static const struct {
		const char	*kept, *said;
	} cases[] = {
		{ "0", "0" }, { "0.1", "0" }, { "0.9", "0" }, { "1", "1" },
		{ "47.5", "47" }, { "99.9", "99" }, { "100", "100" },
	};
	struct tt_buf	 b = TT_BUF_INIT;
	char		 data[64], want[64];
	size_t		 i;
	bool		 replaceable;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		(void)snprintf(data, sizeof(data),
		    "{\"attempt\": 1, \"progress\": %s}", cases[i].kept);
		(void)snprintf(want, sizeof(want), "job:progress "
		    "{\"jobId\":\"j-1\",\"progress\":%s}", cases[i].said);
		assert_string_equal(said(QUEUE, TT_JOB_PROGRESS, data, &b,
		    &replaceable), want);
	}
	tt_buf_free(&b);
}

static void
a_removed_item_has_the_status_that_it_had(void **state)
{
	static const struct {
		const char	*was, *is;
	} cases[] = {
		{ "queued", "waiting" }, { "processing", "processing" },
		{ "completed", "completed" }, { "failed", "failed" },
		{ "cancelled", "failed" },
		{ "a word that is too long", "unknown" },
		{ "", "unknown" },
	};
	struct tt_buf	 b = TT_BUF_INIT;
	char		 data[64], want[64];
	size_t		 i;
	bool		 replaceable;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		(void)snprintf(data, sizeof(data), "{\"status\": \"%s\"}",
		    cases[i].was);
		(void)snprintf(want, sizeof(want), "\"status\":\"%s\"}}",
		    cases[i].is);
		assert_non_null(strstr(said(UPDATES, TT_JOB_DELETED, data, &b,
		    &replaceable), want));
	}
	tt_buf_free(&b);
}

/* As jsonb_out() writes them: the quote, the backslash and controls escaped. */
static const char *const hostile[] = {
	"\"</script><!--&'\"",
	"\"a\\nevent: job:completed\\ndata: {}\\n\\nid: 7\\r\\n\"",
	"\"\\\"},{\\\"opcode\\\":\\\"queue_paused\\\\\"",
	"\"\\u0001\\b\\f\\t\\u001f \x7f\"",
	"\"\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf\xf0\x9f\x92\xa9\"",
	"\"\xff\xc0\xaf\"",
	"\"file_path\"",
	"\"{\\\"a\\\": [\"",
};

/* Another's parser reads one line of JSON, and the same text in it. */
static void
is_harmless(const char *got, const char *member, const char *text)
{
	json_t		*v, *said_v, *want;
	const char	*data = strchr(got, ' ') + 1;

	assert_int_equal(strcspn(data, "\r\n<>&"), strlen(data));
	assert_non_null(v = json_loads(data, JSON_REJECT_DUPLICATES, NULL));
	if ((said_v = json_object_get(v, "data")) == NULL)
		said_v = v;
	said_v = json_object_get(said_v, member);
	assert_non_null(said_v);
	if ((want = json_loads(text, JSON_DECODE_ANY, NULL)) != NULL)
		assert_string_equal(json_string_value(said_v),
		    json_string_value(want));
	json_decref(want);
	json_decref(v);
}

static void
hostile_texts_stay_texts(void **state)
{
	static const struct {
		enum surface	 surface;
		enum tt_kind	 kind;
		const char	*from, *to;
	} places[] = {
		{ QUEUE, TT_JOB_CREATED, "file_path", "filePath" },
		{ QUEUE, TT_JOB_FAILED, "error", "error" },
		{ QUEUE, TT_JOB_DELETED, "file_path", "filePath" },
		{ UPDATES, TT_JOB_STARTED, "file_path", "file_path" },
		{ UPDATES, TT_JOB_FAILED, "error", "error" },
		{ UPDATES, TT_JOB_PROGRESS, "detail", "detail" },
		{ UPDATES, TT_QUEUE_PAUSED, "source", "source" },
		{ MODERATION, TT_JOB_PROGRESS, "detail", "detail" },
	};
	struct tt_buf	 b = TT_BUF_INIT;
	char		 data[256];
	size_t		 i, k;
	bool		 replaceable;

	(void)state;
	for (i = 0; i < COUNT(places); i++)
		for (k = 0; k < COUNT(hostile); k++) {
			(void)snprintf(data, sizeof(data), "{\"x\": %s, "
			    "\"%s\": %s, \"attempt\": 1, \"progress\": 1}",
			    hostile[k], places[i].from, hostile[k]);
			is_harmless(said(places[i].surface, places[i].kind,
			    data, &b, &replaceable), places[i].to, hostile[k]);
		}
	for (k = 0; k < COUNT(hostile); k++) {
		(void)snprintf(data, sizeof(data), "{\"data\": {\"path\": %s, "
		    "\"opcode\": 1}, \"opcode\": \"file_parsed\"}",
		    hostile[k]);
		is_harmless(said(UPDATES, TT_NOTICE, data, &b, &replaceable),
		    "path", hostile[k]);
	}
	tt_buf_free(&b);
}

#define HUGE_N	"12345678901234567890"

/* Numbers that no machine keeps; and what another's parser would not read. */
static void
numbers_of_any_size_survive(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;
	bool		 replaceable;

	(void)state;
	assert_string_equal(said(UPDATES, TT_NOTICE, "{\"data\": {\"n\": "
	    HUGE_N ", \"e\": [1e400, -0.10]}, \"opcode\": \"info\"}", &b,
	    &replaceable), "update {\"opcode\":\"info\",\"data\":{\"n\": "
	    HUGE_N ", \"e\": [1e400, -0.10]}}");
	assert_string_equal(said(QUEUE, TT_JOB_COMPLETED, "{\"result\": "
	    "{\"n\": 1e400, \"file_path\": 7}, \"attempt\": 1, "
	    "\"file_path\": \"/a\"}", &b, &replaceable), "job:completed "
	    "{\"jobId\":\"j-1\",\"filePath\":\"/a\","
	    "\"status\":\"completed\"}");
	assert_string_equal(said(MODERATION, TT_JOB_COMPLETED, "{\"result\": "
	    HUGE_N ", \"progress\": 100}", &b, &replaceable),
	    "progress " JOB "\"completed\",\"progress\":100}");
	tt_buf_free(&b);
}

static void
a_quiet_stream_is_kept_open(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;
	char		 iso[TT_CLOCK_ISO_SZ];
	int64_t		 before, after, at;
	int		 s;

	(void)state;
	for (s = 0; s < SURFACE__MAX; s++) {
		assert_int_equal(vocabularies[s]->beat_s,
		    s == QUEUE ? 30 : 0);
		if (s == QUEUE)
			continue;
		tt_buf_clear(&b);
		vocabularies[s]->keepalive(&b, NULL);
		assert_string_equal(tt_buf_text(&b), ": keepalive\n\n");
	}
	tt_buf_clear(&b);
	tt_updates_vocabulary.keepalive(&b, "g.1.x");
	assert_string_equal(tt_buf_text(&b), "id: g.1.x\n\n: keepalive\n\n");

	tt_buf_clear(&b);
	before = tt_clock_now_us() / 1000;
	tt_queue_vocabulary.keepalive(&b, "g.1.x");
	after = tt_clock_now_us() / 1000;
	assert_int_equal(sscanf(tt_buf_text(&b), "id: g.1.x\nevent: heartbeat\n"
	    "data: {\"timestamp\":\"%40[0-9TZ:.-]\"}\n\n", iso), 1);
	assert_int_equal(tt_clock_parse(iso, &at), TT_OK);
	assert_true(at / 1000 >= before && at / 1000 <= after);
	assert_int_equal(strlen(iso), strlen("2024-03-15T10:30:00.000Z"));

	tt_buf_clear(&b);
	tt_queue_vocabulary.keepalive(&b, NULL);
	assert_ptr_equal(strstr(tt_buf_text(&b),
	    "event: heartbeat\ndata: {\"timestamp\":\"2"), tt_buf_text(&b));
	assert_string_equal(tt_buf_text(&b) + b.sz - 5, "Z\"}\n\n");
	tt_buf_free(&b);
}

static void
only_updates_says_goodbye(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;
	int		 s;

	(void)state;
	for (s = 0; s < SURFACE__MAX; s++)
		if (s != UPDATES)
			assert_null(vocabularies[s]->goodbye);
	assert_string_equal(tt_updates_vocabulary.goodbye(&b), "update");
	assert_string_equal(tt_buf_text(&b),
	    "{\"opcode\":\"shutting_down\",\"data\":{}}");
	tt_buf_free(&b);
}

#define CLIENTS	2000

/* Each character in each place, over many clients; no two of one id. */
static void
each_client_has_an_id_of_its_own(void **state)
{
	static char	 ids[CLIENTS][13];
	unsigned	 seen[12][36] = { { 0 } };
	struct tt_buf	 b = TT_BUF_INIT;
	char		 c;
	int		 i, k;

	(void)state;
	for (i = 0; i < CLIENTS; i++) {
		tt_buf_clear(&b);
		assert_string_equal(tt_queue_vocabulary.hello(&b),
		    "connected");
		assert_int_equal(sscanf(tt_buf_text(&b), "{\"clientId\":"
		    "\"client_%12[a-z0-9]\"}", ids[i]), 1);
		assert_int_equal(b.sz, strlen("{\"clientId\":\"client_\"}") +
		    12);
		for (k = 0; k < 12; k++) {
			c = ids[i][k];
			seen[k][c >= 'a' ? c - 'a' : c - '0' + 26]++;
		}
		for (k = 0; k < i; k++)
			assert_string_not_equal(ids[i], ids[k]);
	}
	for (i = 0; i < 12; i++)
		for (k = 0; k < 36; k++)
			assert_true(seen[i][k] > 0);
	tt_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(each_kind_is_shown_as_each_surface_says),
		cmocka_unit_test(what_an_event_lacks_is_null_or_the_type),
		cmocka_unit_test(a_queue_floors_progress),
		cmocka_unit_test(a_removed_item_has_the_status_that_it_had),
		cmocka_unit_test(hostile_texts_stay_texts),
		cmocka_unit_test(numbers_of_any_size_survive),
		cmocka_unit_test(a_quiet_stream_is_kept_open),
		cmocka_unit_test(only_updates_says_goodbye),
		cmocka_unit_test(each_client_has_an_id_of_its_own),
	};

	return cmocka_run_group_tests_name("vocabulary", tests, NULL, NULL);
}

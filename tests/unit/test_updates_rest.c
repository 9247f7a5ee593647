/*
 * The answers of /api/queue: what a vendor's client reads of them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "job/control.h"
#include "job/items.h"
#include "surface/updates_rest.h"
#include "web/reply.h"
#include "web/request.h"

static const struct tt_request	 get = { .method = "GET" };

/* What SQL says of an item, by the names of its columns. */
enum {
	TOTAL, JOB_ID, TYPE, STATUS, FILE_PATH, ACTION, DEST_PATH, RETRIES,
	ENQUEUED, DUE, COLUMN__MAX
};

static char	 names[COLUMN__MAX][16] = {
	[TOTAL] = "total", [JOB_ID] = "job_id", [TYPE] = "type",
	[STATUS] = "status", [FILE_PATH] = "file_path", [ACTION] = "action",
	[DEST_PATH] = "dest_path", [RETRIES] = "retries",
	[ENQUEUED] = "enqueued_us", [DUE] = "due_us"
};

static void
set(PGresult *res, int row, int column, const char *text)
{
	char	 copy[64];

	(void)snprintf(copy, sizeof(copy), "%s", text == NULL ? "" : text);
	assert_true(PQsetvalue(res, row, column, copy,
	    text == NULL ? -1 : (int)strlen(copy)));
}

/* A page of one item, after its head. */
static void
set_page(struct tt_items *items, const char *const item[COLUMN__MAX])
{
	PGresAttDesc	 columns[COLUMN__MAX] = { { 0 } };
	int		 i;

	items->res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	assert_non_null(items->res);
	for (i = 0; i < COLUMN__MAX; i++)
		columns[i].name = names[i];
	assert_true(PQsetResultAttrs(items->res, COLUMN__MAX, columns));
	for (i = 0; i < COLUMN__MAX; i++)
		set(items->res, 0, i, NULL);
	for (i = 0; i < COLUMN__MAX; i++)
		set(items->res, 1, i, item[i]);
	items->n = 1;
	items->total = 9000000000;
}

static const struct {
	const char	*item[COLUMN__MAX];
	const char	*text;
} items_shown[] = {
	{ { NULL, "j-1", "move", "queued", NULL, NULL, NULL, "0",
	    "1795283412000005", NULL },
	    "{\"id\":\"j-1\",\"file_path\":null,\"action\":\"move\","
	    "\"status\":\"waiting\",\"enqueued_at\":1795283412.000005,"
	    "\"cooldown_expires_at\":null,\"dest_path\":null,"
	    "\"retry_count\":0}" },
	{ { NULL, "j-1", "index", "queued", "/a", "delete", "/b", "2",
	    "1000000", "4102444800120000" },
	    "{\"id\":\"j-1\",\"file_path\":\"/a\",\"action\":\"delete\","
	    "\"status\":\"cooling_down\",\"enqueued_at\":1.000000,"
	    "\"cooldown_expires_at\":4102444800.120000,"
	    "\"dest_path\":\"/b\",\"retry_count\":2}" },
	{ { NULL, "j-1", "video", "processing", "/<\"\n\xff", NULL, "\\", "0",
	    "999999", NULL },
	    "{\"id\":\"j-1\","
	    "\"file_path\":\"/\\u003c\\\"\\n\xef\xbf\xbd\","
	    "\"action\":\"video\",\"status\":\"processing\","
	    "\"enqueued_at\":0.999999,\"cooldown_expires_at\":null,"
	    "\"dest_path\":\"\\\\\",\"retry_count\":0}" },
};

static void
an_item_has_eight_members(void **state)
{
	const struct tt_items_query	 q = { 1000, 2147483647 };
	struct tt_reply			 reply = { 0 };
	struct tt_items			 items = { 0 };
	char				 want[512];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(items_shown) / sizeof(items_shown[0]); i++) {
		set_page(&items, items_shown[i].item);
		tt_updates_items(&reply, &get, &q, &items);
		assert_int_equal(reply.status, 200);
		(void)snprintf(want, sizeof(want), "{\"items\":[%s],"
		    "\"total_count\":9000000000,\"offset\":2147483647,"
		    "\"limit\":1000}", items_shown[i].text);
		assert_string_equal(tt_buf_text(&reply.body), want);
		tt_items_free(&items);
	}
	tt_reply_free(&reply);
}

/* The vendor's true is: to run, whatever the schedule wants. */
static void
an_override_says_whether_the_queue_is_to_run(void **state)
{
	static const struct {
		bool		 by_hand, hand_paused;
		const char	*text;
	} cases[] = {
		{ false, false, "\"user_override\":null," },
		{ true, false, "\"user_override\":true," },
		{ true, true, "\"user_override\":false," },
	};
	struct tt_reply		 reply = { 0 };
	struct tt_control	 c = { .failing_rules = "[\"a\"]" };
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c.by_hand = cases[i].by_hand;
		c.hand_paused = cases[i].hand_paused;
		tt_updates_control(&reply, &get, &c);
		assert_non_null(strstr(tt_buf_text(&reply.body),
		    cases[i].text));
	}
	tt_reply_free(&reply);
}

static void
what_waits_has_both_names(void **state)
{
	struct tt_reply		 reply = { 0 };
	struct tt_control	 c = {
		.paused = true, .server_paused = true,
		.failing_rules = "[\"a\"]", .processing = 1,
		.waiting = 9000000000, .cooling_down = 20
	};

	(void)state;
	tt_updates_control(&reply, &get, &c);
	assert_string_equal(tt_buf_text(&reply.body), "{\"paused\":true,"
	    "\"manually_paused\":false,\"scheduler_paused\":false,"
	    "\"server_paused\":true,\"user_override\":null,"
	    "\"failing_rules\":[\"a\"],\"total_items\":9000000021,"
	    "\"cooling_down\":20,\"waiting\":9000000000,"
	    "\"ready\":9000000000,\"processing\":1}");
	tt_reply_free(&reply);
}

static const struct {
	const char	*query;
	int		 limit, offset;		/* limit -1: refused */
} queries[] = {
	{ "", 100, 0 }, { "limit=1", 1, 0 }, { "limit=1000", 1000, 0 },
	{ "offset=2147483647", 100, 2147483647 },
	{ "offset=7&limit=2", 2, 7 }, { "limit=0", -1, 0 },
	{ "limit=1001", -1, 0 }, { "offset=-1", -1, 0 },
	{ "offset=2147483648", -1, 0 }, { "page=2", -1, 0 },
	{ "limit=1&limit=1", -1, 0 },
};

static void
a_page_is_bounded(void **state)
{
	struct tt_request	 req = { 0 };
	struct tt_items_query	 q;
	struct tt_err		 err;
	char			 uri[64];
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		tt_err_clear(&err);
		(void)snprintf(uri, sizeof(uri), "/api/queue/items?%s",
		    queries[i].query);
		assert_int_equal(tt_request_parse(&req, uri, "", &err), TT_OK);
		if (tt_updates_query(&req, &q, &err) != TT_OK) {
			assert_int_equal(err.rc, TT_BADREQ);
			assert_int_equal(queries[i].limit, -1);
			continue;
		}
		assert_int_equal(q.limit, queries[i].limit);
		assert_int_equal(q.offset, queries[i].offset);
	}
	tt_request_free(&req);
}

/* A write is never answered by 304, nor kept. */
static void
only_what_is_read_has_a_tag(void **state)
{
	struct tt_reply	 reply = { 0 };

	(void)state;
	tt_updates_document(&reply, &get, "{\"a\": 1}");
	assert_string_equal(tt_buf_text(&reply.body), "{\"a\": 1}");
	assert_non_null(strstr(tt_buf_text(&reply.head), "ETag: "));
	tt_updates_written(&reply, "{\"a\": 1}");
	assert_string_equal(tt_buf_text(&reply.body), "{\"a\": 1}");
	assert_null(strstr(tt_buf_text(&reply.head), "ETag: "));
	assert_non_null(strstr(tt_buf_text(&reply.head), "no-store"));
	tt_updates_done(&reply, "Queue paused");
	assert_string_equal(tt_buf_text(&reply.body),
	    "{\"success\":true,\"message\":\"Queue paused\"}");
	tt_reply_free(&reply);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(an_item_has_eight_members),
		cmocka_unit_test(an_override_says_whether_the_queue_is_to_run),
		cmocka_unit_test(what_waits_has_both_names),
		cmocka_unit_test(a_page_is_bounded),
		cmocka_unit_test(only_what_is_read_has_a_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

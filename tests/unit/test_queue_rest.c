/*
 * test_queue_rest.c - what queue.fcgi is asked, and the shapes of its answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "job/jobs.h"
#include "surface/queue_rest.h"
#include "web/reply.h"
#include "web/request.h"

static const struct {
	const char	*query;
	const char	*named;		/* what the error names; NULL: ok */
} queries[] = {
	{ "", NULL },
	{ "limit=1", NULL },
	{ "limit=100", NULL },
	{ "limit=0", "limit must be a whole number from 1 to 100" },
	{ "limit=101", "limit" },
	{ "limit=-1", "limit" },
	{ "limit=1.5", "limit" },
	{ "limit=", "limit" },
	{ "offset=0", NULL },
	{ "offset=2147483647", NULL },
	{ "offset=2147483648", "offset" },
	{ "offset=-1", "offset" },
	{ "offset=x", "offset" },
	{ "status=pending", NULL },
	{ "status=running", NULL },
	{ "status=completed", NULL },
	{ "status=error", NULL },
	{ "status=cancelled", NULL },
	{ "status=", "status must be one of pending, running, completed, "
	    "error, cancelled" },
	{ "status=processing", "status" },
	{ "status=queued", "status" },
	{ "status=failed", "status" },
	{ "status=pending,error", "status" },
	{ "status=Pending", "status" },
	{ "type=video", NULL },
	{ "type=%27", NULL },		/* SQL knows what it is a type of */
	{ "type=", "type" },
	{ "search=x", "Unknown parameter: search" },
	{ "cursor=x", "cursor" },
	{ "Limit=1", "Limit" },
	{ "limit=1&limit=1", "limit" },
	{ "limit=1&offset=2&status=error&type=video", NULL },
};

static void
queries_are_checked_and_the_culprit_named(void **state)
{
	struct tt_jobs_query	 q;
	struct tt_request	 req = { .method = "GET" };
	struct tt_err		 err;
	enum tt_rc		 rc;
	char			 uri[256];
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		tt_err_clear(&err);
		(void)snprintf(uri, sizeof(uri), "/queue/jobs?%s",
		    queries[i].query);
		assert_int_equal(tt_request_parse(&req, uri, "", &err), TT_OK);
		rc = tt_queue_query(&req, &q, &err);
		if (queries[i].named == NULL) {
			if (rc != TT_OK)
				fail_msg("%s: %s", uri, err.msg);
		} else if (rc != TT_BADREQ || !err.told ||
		    strstr(err.msg, queries[i].named) == NULL)
			fail_msg("%s: %d, %s", uri, rc, err.msg);
	}
	tt_request_free(&req);
}

static void
a_query_is_read_as_it_was_meant(void **state)
{
	struct tt_jobs_query	 q;
	struct tt_request	 req = { .method = "GET" };
	struct tt_err		 err;

	(void)state;
	tt_err_clear(&err);
	assert_int_equal(tt_request_parse(&req, "/", "", &err), TT_OK);
	assert_int_equal(tt_queue_query(&req, &q, &err), TT_OK);
	assert_int_equal(q.limit, 50);
	assert_int_equal(q.offset, 0);
	assert_int_equal(q.status, TT_STATUS__MAX);
	assert_null(q.type);

	assert_int_equal(tt_request_parse(&req, "/?limit=7&offset=3&"
	    "status=error&type=vid%65o", "", &err), TT_OK);
	assert_int_equal(tt_queue_query(&req, &q, &err), TT_OK);
	assert_int_equal(q.limit, 7);
	assert_int_equal(q.offset, 3);
	assert_int_equal(q.status, TT_FAILED);
	assert_string_equal(q.type, "video");
	tt_request_free(&req);
}

/* n times é, and an end. */
static const char *
accents(char *buf, int n, const char *end)
{
	int	 i;

	for (i = 0; i < n; i++)
		(void)memcpy(buf + 2 * i, "\xc3\xa9", 2);
	(void)memcpy(buf + 2 * n, end, strlen(end) + 1);
	return buf;
}

static void
what_is_in_the_path_is_checked(void **state)
{
	char		 buf[2 * 4096 + 2];
	struct tt_err	 err;

	(void)state;
	tt_err_clear(&err);
	assert_int_equal(tt_queue_job_id("a_B-9", &err), TT_OK);
	assert_int_equal(tt_queue_job_id("a b", &err), TT_BADREQ);
	assert_true(err.told);

	tt_err_clear(&err);
	assert_int_equal(tt_queue_file("a b/\n'", &err), TT_OK);
	assert_int_equal(tt_queue_file(accents(buf, 4096, ""), &err), TT_OK);
	assert_int_equal(tt_queue_file(accents(buf, 4096, "x"), &err),
	    TT_BADREQ);
	assert_non_null(strstr(err.msg, "4096"));
}

static const struct {
	enum tt_status	 status;
	int		 attempt, max_attempts;
	int		 retries;
} tries[] = {
	{ TT_QUEUED, 0, 3, 0 },
	{ TT_QUEUED, 1, 3, 1 },		/* its second is what it waits for */
	{ TT_QUEUED, 2, 3, 2 },
	{ TT_PROCESSING, 1, 3, 0 },
	{ TT_PROCESSING, 3, 3, 2 },
	{ TT_COMPLETED, 1, 1, 0 },
	{ TT_FAILED, 3, 3, 2 },
	{ TT_CANCELLED, 0, 3, 0 },
	{ TT_CANCELLED, 1, 3, 0 },
};

static const char *
row(struct tt_reply *reply, const struct tt_job *job)
{
	struct tt_request	 req = { .method = "GET" };

	tt_reply_reset(reply);
	tt_queue_job(reply, &req, job);
	assert_int_equal(reply->status, 200);
	return tt_buf_text(&reply->body);
}

static void
retries_are_never_more_than_there_may_be(void **state)
{
	struct tt_job	 job = { .job_id = "a" };
	struct tt_reply	 reply = { 0 };
	char		 want[64];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		job.status = tries[i].status;
		job.attempt = tries[i].attempt;
		job.max_attempts = tries[i].max_attempts;
		assert_true(tries[i].retries < tries[i].max_attempts);
		(void)snprintf(want, sizeof(want), "\"retry_count\":%d,"
		    "\"max_retries\":%d,", tries[i].retries,
		    tries[i].max_attempts - 1);
		if (strstr(row(&reply, &job), want) == NULL)
			fail_msg("%d: %s", (int)i, tt_buf_text(&reply.body));
	}
	tt_reply_free(&reply);
}

static void
a_row_has_its_thirteen_fields(void **state)
{
	struct tt_job	 job = {
		.job_id = "a-1", .status = TT_QUEUED, .max_attempts = 3,
		.priority = -2, .progress = "0", .payload = "{}",
		.created_us = 1772604646683999
	};
	struct tt_reply	 reply = { 0 };

	(void)state;
	assert_string_equal(row(&reply, &job), "{\"id\":\"a-1\","
	    "\"file_path\":null,\"params_json\":\"{}\",\"cache_path\":null,"
	    "\"status\":\"pending\",\"priority\":-2,\"progress\":0,"
	    "\"error\":null,\"retry_count\":0,\"max_retries\":2,"
	    "\"created_at\":1772604646683,\"started_at\":null,"
	    "\"completed_at\":null}");

	job.status = TT_FAILED;
	job.attempt = 3;
	job.progress = "99.9";
	job.file_path = "a/\"b\"\n.mp4";
	job.payload = "{\"a\": \"</script>\"}";
	job.error = "it \"broke\"";
	job.started_us = 1772604646684000;
	job.completed_us = 1772604647000001;
	assert_string_equal(row(&reply, &job), "{\"id\":\"a-1\","
	    "\"file_path\":\"a/\\\"b\\\"\\n.mp4\","
	    "\"params_json\":\"{\\\"a\\\": \\\"\\u003c/script\\u003e\\\"}\","
	    "\"cache_path\":null,\"status\":\"error\",\"priority\":-2,"
	    "\"progress\":99,\"error\":\"it \\\"broke\\\"\","
	    "\"retry_count\":2,\"max_retries\":2,\"created_at\":1772604646683,"
	    "\"started_at\":1772604646684,\"completed_at\":1772604647000}");
	tt_reply_free(&reply);
}

static void
a_list_has_its_page_and_its_numbers(void **state)
{
	static const struct tt_jobs_query	 q = {
		.limit = 2, .offset = 4
	};
	static struct tt_list			 list;	/* large */
	struct tt_request			 req = { .method = "GET" };
	struct tt_reply				 reply = { 0 };

	(void)state;
	tt_reply_reset(&reply);
	tt_queue_jobs(&reply, &req, &q, &list);
	assert_string_equal(tt_buf_text(&reply.body), "{\"jobs\":[],"
	    "\"limit\":2,\"offset\":4,\"count\":0,\"total\":0}");

	list.njobs = 1;
	list.total = 5;
	list.job[0].job_id = "a";
	tt_reply_reset(&reply);
	tt_queue_jobs(&reply, &req, &q, &list);
	assert_non_null(strstr(tt_buf_text(&reply.body),
	    "{\"jobs\":[{\"id\":\"a\","));
	assert_non_null(strstr(tt_buf_text(&reply.body),
	    "}],\"limit\":2,\"offset\":4,\"count\":1,\"total\":5}"));
	assert_non_null(strstr(tt_buf_text(&reply.head), "ETag: "));
	tt_reply_free(&reply);
}

static void
cancelled_ones_are_counted_in_the_total(void **state)
{
	static const struct tt_jobs_count	 count = { .of = {
		[TT_QUEUED] = 2, [TT_PROCESSING] = 1, [TT_COMPLETED] = 148,
		[TT_FAILED] = 3, [TT_CANCELLED] = 7
	} };
	struct tt_request			 req = { .method = "GET" };
	struct tt_reply				 reply = { 0 };

	(void)state;
	tt_reply_reset(&reply);
	tt_queue_stats(&reply, &req, &count);
	assert_string_equal(tt_buf_text(&reply.body), "{\"total\":161,"
	    "\"pending\":2,\"processing\":1,\"completed\":148,\"error\":3}");
	tt_reply_free(&reply);
}

static void
a_status_leaves_out_what_there_is_not(void **state)
{
	struct tt_job		 job = {
		.status = TT_PROCESSING, .progress = "62.5"
	};
	struct tt_request	 req = { .method = "GET" };
	struct tt_reply		 reply = { 0 };

	(void)state;
	tt_reply_reset(&reply);
	tt_queue_video(&reply, &req, &job);
	assert_string_equal(tt_buf_text(&reply.body),
	    "{\"status\":\"running\",\"progress\":62}");

	job.status = TT_FAILED;
	job.error = "broke";
	job.started_us = 1772604646683123;
	job.completed_us = 1772604647000000;
	tt_reply_reset(&reply);
	tt_queue_video(&reply, &req, &job);
	assert_string_equal(tt_buf_text(&reply.body), "{\"status\":\"error\","
	    "\"progress\":62,\"error\":\"broke\","
	    "\"startedAt\":\"2026-03-04T06:10:46.683Z\","
	    "\"completedAt\":\"2026-03-04T06:10:47.000Z\"}");
	tt_reply_free(&reply);
}

static void
what_was_not_done_is_400_and_says_no_more(void **state)
{
	struct tt_request	 req = { .method = "POST" };
	struct tt_reply		 reply = { 0 };
	struct tt_err		 err;

	(void)state;
	tt_err_clear(&err);
	(void)!tt_err_tell(&err, TT_NOTFOUND, "Job not found");
	tt_reply_reset(&reply);
	tt_queue_failed(&reply, &req, "Failed to retry job", &err);
	assert_int_equal(reply.status, 400);
	assert_string_equal(tt_buf_text(&reply.body),
	    "{\"error\":\"Failed to retry job\"}");

	tt_reply_reset(&reply);
	tt_queue_no_video(&reply, &req, &err);
	assert_int_equal(reply.status, 404);
	assert_string_equal(tt_buf_text(&reply.body),
	    "{\"status\":\"not_found\","
	    "\"message\":\"No processing job found for this video\"}");

	tt_reply_reset(&reply);
	tt_queue_done(&reply, "Job cancelled");
	assert_int_equal(reply.status, 200);
	assert_string_equal(tt_buf_text(&reply.body),
	    "{\"success\":true,\"message\":\"Job cancelled\"}");
	tt_reply_free(&reply);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(queries_are_checked_and_the_culprit_named),
		cmocka_unit_test(a_query_is_read_as_it_was_meant),
		cmocka_unit_test(what_is_in_the_path_is_checked),
		cmocka_unit_test(retries_are_never_more_than_there_may_be),
		cmocka_unit_test(a_row_has_its_thirteen_fields),
		cmocka_unit_test(a_list_has_its_page_and_its_numbers),
		cmocka_unit_test(cancelled_ones_are_counted_in_the_total),
		cmocka_unit_test(a_status_leaves_out_what_there_is_not),
		cmocka_unit_test(what_was_not_done_is_400_and_says_no_more),
	};

	/* The errors that are rendered are logged as well. */
	tt_log_open("test_queue_rest", TT_LOG_ERROR, false);
	return cmocka_run_group_tests_name("queue_rest", tests, NULL, NULL);
}

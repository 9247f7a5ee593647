/*
 * The vocabulary of /api/v1: errors, shapes, and what the list may be asked.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/log.h"
#include "job/list.h"
#include "surface/moderation.h"
#include "web/reply.h"
#include "web/request.h"

static const struct {
	enum tt_rc	 rc;
	int		 status;
	const char	*word;
	const char	*header;	/* one that it must have, or NULL */
} errors[] = {
	{ TT_BADREQ, 400, "INVALID_REQUEST", NULL },
	{ TT_UNAUTHORIZED, 401, "UNAUTHORIZED", "WWW-Authenticate: Bearer" },
	{ TT_FORBIDDEN, 403, "FORBIDDEN", NULL },
	{ TT_TERMINATED, 403, "ACCOUNT_TERMINATED", NULL },
	{ TT_NOTFOUND, 404, "JOB_NOT_FOUND", NULL },
	{ TT_NOPATH, 404, "NOT_FOUND", NULL },
	{ TT_METHOD, 405, "METHOD_NOT_ALLOWED", "Allow: GET, HEAD" },
	{ TT_NOTACCEPTABLE, 406, "NOT_ACCEPTABLE", NULL },
	{ TT_CONFLICT, 409, "CONFLICT", NULL },
	{ TT_GONE, 410, "GONE", NULL },
	{ TT_TOOLARGE, 413, "PAYLOAD_TOO_LARGE", NULL },
	{ TT_MEDIATYPE, 415, "UNSUPPORTED_MEDIA", NULL },
	{ TT_LIMITED, 429, "RATE_LIMITED", "Retry-After: " },
	{ TT_UNAVAIL, 503, "SERVICE_UNAVAILABLE", "Retry-After: " },
	{ TT_INTERNAL, 500, "INTERNAL_ERROR", NULL },
	{ TT_LATE, 504, "TIMEOUT", NULL },
};

/* The answer to this error, as another's parser reads it. */
static json_t *
answer(struct tt_reply *reply, enum tt_rc rc, bool told)
{
	struct tt_request	 req = { .method = "POST" };
	struct tt_err		 err;
	json_t			*v;

	tt_err_clear(&err);
	if (rc == TT_METHOD)
		(void)!tt_request_method(&req, "GET, HEAD", &err);
	else if (told)
		(void)!tt_err_tell(&err, rc, "a \"told\" text");
	else
		(void)!tt_err_set(&err, rc, "relation secret_table");
	tt_reply_reset(reply);
	tt_moderation_error(reply, &req, &err);
	v = json_loadb(tt_buf_text(&reply->body), reply->body.sz, 0, NULL);
	assert_non_null(v);
	assert_int_equal(json_object_size(v), 3);
	return v;
}

static void
each_code_has_its_status_and_word(void **state)
{
	struct tt_reply	 reply = { 0 };
	json_t		*v;
	size_t		 i;

	(void)state;
	assert_int_equal(sizeof(errors) / sizeof(errors[0]), TT_RC__MAX - 1);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		v = answer(&reply, errors[i].rc, false);
		assert_int_equal(reply.status, errors[i].status);
		assert_int_equal(json_integer_value(json_object_get(v,
		    "statusCode")), errors[i].status);
		assert_string_equal(json_string_value(json_object_get(v,
		    "error")), errors[i].word);
		assert_non_null(strstr(reply.head.data,
		    "Content-Type: application/json"));
		assert_non_null(strstr(reply.head.data,
		    "Cache-Control: no-store"));
		if (errors[i].header != NULL)
			assert_non_null(strstr(reply.head.data,
			    errors[i].header));
		json_decref(v);
	}
	tt_reply_free(&reply);
}

static void
a_client_reads_only_what_it_was_told(void **state)
{
	struct tt_reply	 reply = { 0 };
	const char	*text;
	json_t		*v;
	size_t		 i;
	int		 told;

	(void)state;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		for (told = 0; told < 2; told++) {
			v = answer(&reply, errors[i].rc, told == 1);
			text = json_string_value(json_object_get(v, "message"));
			assert_null(strstr(text, "secret"));
			assert_true(text[0] != '\0');
			if (errors[i].rc == TT_UNAVAIL ||
			    errors[i].rc == TT_INTERNAL)
				assert_null(strstr(text, "told"));
			else if (told == 1 && errors[i].rc != TT_METHOD)
				assert_string_equal(text, "a \"told\" text");
			json_decref(v);
		}
	tt_reply_free(&reply);
}

static const struct tt_job bare = {
	.job_id = "j-1", .type = "image", .status = TT_QUEUED, .progress = "0",
	.created_us = 1777604646683000,
};

static void
a_bare_job_has_its_nulls(void **state)
{
	struct tt_request	 req = { .method = "GET" };
	struct tt_reply		 reply = { 0 };

	(void)state;
	tt_moderation_job(&reply, &req, &bare);
	assert_int_equal(reply.status, 200);
	assert_string_equal(tt_buf_text(&reply.body), "{\"job_id\":\"j-1\","
	    "\"type\":\"image\",\"status\":\"queued\",\"is_prohibited\":null,"
	    "\"decision\":null,\"progress\":0,"
	    "\"created_at\":\"2026-05-01T03:04:06.683Z\",\"started_at\":null,"
	    "\"completed_at\":null,\"attempt\":0}");
	tt_reply_free(&reply);
}

static void
a_full_job_has_everything(void **state)
{
	static const struct tt_job	 job = {
		.job_id = "j-2", .type = "video", .status = TT_COMPLETED,
		.progress = "47.5", .detail = "<b>", .decision = "reject",
		.categories = "{\"nsfw\": true}", .reason = "r\n",
		.error_code = "E", .frames_completed = "27",
		.frame_count = "45", .result = "[1, 2]",
		.created_us = 1, .started_us = 1000, .completed_us = 999999,
		.attempt = 3,
	};
	struct tt_request		 req = { .method = "GET" };
	struct tt_reply			 reply = { 0 };

	(void)state;
	tt_moderation_job(&reply, &req, &job);
	assert_string_equal(tt_buf_text(&reply.body), "{\"job_id\":\"j-2\","
	    "\"type\":\"video\",\"status\":\"completed\","
	    "\"is_prohibited\":true,\"decision\":\"reject\",\"progress\":47.5,"
	    "\"detail\":\"\\u003cb\\u003e\",\"categories\":{\"nsfw\": true},"
	    "\"reason\":\"r\\n\",\"error_code\":\"E\","
	    "\"created_at\":\"1970-01-01T00:00:00.000Z\","
	    "\"started_at\":\"1970-01-01T00:00:00.001Z\","
	    "\"completed_at\":\"1970-01-01T00:00:00.999Z\",\"attempt\":3,"
	    "\"frames_completed\":27,\"frame_count\":45,\"result\":[1, 2]}");
	tt_reply_free(&reply);
}

static void
five_statuses_have_four_words(void **state)
{
	static const char *const	 words[TT_STATUS__MAX] = {
		"queued", "processing", "completed", "failed", "failed"
	};
	struct tt_job			 job = bare;
	int				 i;

	(void)state;
	job.error_code = "E";
	for (i = 0; i < TT_STATUS__MAX; i++) {
		job.status = (enum tt_status)i;
		assert_string_equal(tt_moderation_status(job.status),
		    words[i]);
		assert_string_equal(tt_moderation_error_code(&job),
		    i == TT_CANCELLED ? "CANCELLED" : "E");
	}
}

/* The same answer twice: the second time the client has it already. */
static void
an_unchanged_answer_is_304(void **state)
{
	char			 match[128];
	char			*env[] = { match, NULL };
	FCGX_Request		 fcgi = { .envp = env };
	struct tt_request	 req = { .method = "GET", .fcgi = &fcgi };
	struct tt_reply		 reply = { 0 };
	struct tt_job		 job = bare;
	const char		*etag;

	(void)state;
	(void)snprintf(match, sizeof(match), "X=");
	tt_moderation_job(&reply, &req, &job);
	assert_int_equal(reply.status, 200);
	etag = strstr(reply.head.data, "ETag: W/\"");
	assert_non_null(etag);
	(void)snprintf(match, sizeof(match), "HTTP_IF_NONE_MATCH=%.36s",
	    etag + 6);

	tt_moderation_job(&reply, &req, &job);
	assert_int_equal(reply.status, 304);
	job.progress = "1";
	tt_moderation_job(&reply, &req, &job);
	assert_int_equal(reply.status, 200);
	tt_reply_free(&reply);
}

static void
a_page_says_how_to_go_on(void **state)
{
	struct tt_list_query	 q = { .limit = 1, .offset = 7 };
	struct tt_list		*list;
	struct tt_request	 req = { .method = "GET" };
	struct tt_reply		 reply = { 0 };
	struct tt_err		 err;
	char			 cursor[TT_LIST_CURSOR_SZ], want[256];

	(void)state;
	tt_err_clear(&err);
	assert_int_equal(tt_request_parse(&req, "/api/v1/jobs?limit=1&search="
	    "%3E%22%26x&offset=7", "", &err), TT_OK);
	list = test_calloc(1, sizeof(*list));
	list->job[0] = bare;
	list->job[0].id = 42;
	list->njobs = 1;
	list->total = 9000000000;
	tt_moderation_list(&reply, &req, &q, list);
	assert_null(strstr(reply.head.data, "Link:"));
	assert_non_null(strstr(reply.body.data, "],\"total\":9000000000,"
	    "\"limit\":1,\"offset\":7,\"next_cursor\":null}"));

	list->more = true;
	tt_moderation_list(&reply, &req, &q, list);
	(void)tt_list_cursor(&list->job[0], cursor);
	(void)snprintf(want, sizeof(want), "Link: <?limit=1&search=%%3E%%22"
	    "%%26x&cursor=%s>; rel=\"next\"\r\n", cursor);
	assert_non_null(strstr(reply.head.data, want));
	(void)snprintf(want, sizeof(want), "\"next_cursor\":\"%s\"}", cursor);
	assert_non_null(strstr(reply.body.data, want));

	test_free(list);
	tt_reply_free(&reply);
	tt_request_free(&req);
}

#define DIGITS32 "01234567890123456789012345678901"
#define DIGITS64 DIGITS32 DIGITS32

/* Which words of the query are refused, and what the refusal names. */
static const struct {
	const char	*query;
	const char	*named;		/* NULL: accepted */
} queries[] = {
	{ "", NULL },
	{ "limit=1", NULL },
	{ "limit=100", NULL },
	{ "limit=050", NULL },
	{ "limit=0", "limit" },
	{ "limit=101", "limit" },
	{ "limit=", "limit" },
	{ "limit=-1", "limit" },
	{ "limit=%2B1", "limit" },
	{ "limit=1.0", "limit" },
	{ "limit=1e1", "limit" },
	{ "limit=0x10", "limit" },
	{ "limit=%201", "limit" },
	{ "limit=99999999999999999999", "limit" },
	{ "offset=0", NULL },
	{ "offset=2147483647", NULL },
	{ "offset=2147483648", "offset" },
	{ "offset=4294967296", "offset" },
	{ "offset=9999999999", "offset" },
	{ "offset=-1", "offset" },
	{ "offset=", "offset" },
	{ "offset=a", "offset" },
	{ "type=image", NULL },
	{ "type=", "type" },
	{ "decision=pass", NULL },
	{ "decision=reject", NULL },
	{ "decision=", "decision" },
	{ "decision=Pass", "decision" },
	{ "decision=pass,reject", "decision" },
	{ "status=queued", NULL },
	{ "status=queued,processing,completed,failed", NULL },
	{ "status=queued,queued", NULL },
	{ "status=", "status" },
	{ "status", "status" },
	{ "status=,", "status" },
	{ "status=queued,", "status" },
	{ "status=,queued", "status" },
	{ "status=queued,,failed", "status" },
	{ "status=queued, failed", "status" },
	{ "status=Queued", "status" },
	{ "status=queue", "status" },
	{ "status=queuedx", "status" },
	{ "status=cancelled", "status" },
	{ "status=pending", "status" },
	{ "search=", NULL },
	{ "search=" DIGITS64, NULL },
	{ "search=" DIGITS64 "x", "search" },
	{ "search=%25_%5C'", NULL },
	{ "from=2026-05-01", NULL },
	{ "from=2026-05-01T00:00:00%2B02:00", NULL },
	{ "from=2026-05-01T00:00:00Z&to=2026-04-01", NULL },
	{ "from=2026-05-01T00:00:00+02:00", "from" },
	{ "from=2026-05-01T00:00:00", "from" },
	{ "from=yesterday", "from" },
	{ "from=", "from" },
	{ "to=2026-02-29", "to" },
	{ "to=1777604646", "to" },
	{ "cursor=AQAGYMcu5cudAAAAAAAAAAM", NULL },
	{ "cursor=AQAGYMcu5cudAAAAAAAAAAM&offset=0", "cursor" },
	{ "cursor=", "cursor" },
	{ "cursor=x", "cursor" },
	{ "page=2", "page" },
	{ "limit=1&limit=1", "limit" },
};

static void
queries_are_checked_and_the_culprit_named(void **state)
{
	struct tt_list_query	 q;
	struct tt_request	 req = { .method = "GET" };
	struct tt_err		 err;
	enum tt_rc		 rc;
	char			 uri[256];
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		tt_err_clear(&err);
		(void)snprintf(uri, sizeof(uri), "/api/v1/jobs?%s",
		    queries[i].query);
		assert_int_equal(tt_request_parse(&req, uri, "", &err), TT_OK);
		rc = tt_moderation_query(&req, &q, &err);
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
	struct tt_list_query	 q;
	struct tt_request	 req = { .method = "GET" };
	struct tt_err		 err;

	(void)state;
	tt_err_clear(&err);
	assert_int_equal(tt_request_parse(&req, "/", "", &err), TT_OK);
	assert_int_equal(tt_moderation_query(&req, &q, &err), TT_OK);
	assert_int_equal(q.limit, 50);
	assert_int_equal(q.offset, 0);
	assert_false(q.has_cursor || q.by_status || q.has_from || q.has_to);
	assert_null(q.type);
	assert_null(q.decision);
	assert_null(q.search);

	assert_int_equal(tt_request_parse(&req, "/?status=failed,processing&"
	    "from=1970-01-02&to=1970-01-01T00:00:00.000001Z&search=%25_&"
	    "offset=3&limit=7&decision=pass&type=video", "", &err), TT_OK);
	assert_int_equal(tt_moderation_query(&req, &q, &err), TT_OK);
	assert_true(q.by_status && q.has_from && q.has_to);
	assert_true(q.status[TT_FAILED] && q.status[TT_CANCELLED] &&
	    q.status[TT_PROCESSING]);
	assert_false(q.status[TT_QUEUED] || q.status[TT_COMPLETED]);
	assert_int_equal(q.from_us, 86400000000);
	assert_int_equal(q.to_us, 1);
	assert_string_equal(q.search, "%_");
	assert_string_equal(q.decision, "pass");
	assert_string_equal(q.type, "video");
	assert_int_equal(q.offset, 3);
	assert_int_equal(q.limit, 7);
	tt_request_free(&req);
}

static void
job_ids_are_checked(void **state)
{
	static const char *const	 bad[] = {
		"", "a b", "a.b", "a/b", "a'", "\xc3\xa9", "a%", "a\n",
		DIGITS64 "x",
	};
	struct tt_err			 err;
	size_t				 i;

	(void)state;
	tt_err_clear(&err);
	assert_int_equal(tt_moderation_job_id("a1b2c3d4", &err), TT_OK);
	assert_int_equal(tt_moderation_job_id(DIGITS64, &err), TT_OK);
	assert_int_equal(tt_moderation_job_id("A_z-9", &err), TT_OK);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tt_err_clear(&err);
		assert_int_equal(tt_moderation_job_id(bad[i], &err), TT_BADREQ);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(each_code_has_its_status_and_word),
		cmocka_unit_test(a_client_reads_only_what_it_was_told),
		cmocka_unit_test(a_bare_job_has_its_nulls),
		cmocka_unit_test(a_full_job_has_everything),
		cmocka_unit_test(five_statuses_have_four_words),
		cmocka_unit_test(an_unchanged_answer_is_304),
		cmocka_unit_test(a_page_says_how_to_go_on),
		cmocka_unit_test(queries_are_checked_and_the_culprit_named),
		cmocka_unit_test(a_query_is_read_as_it_was_meant),
		cmocka_unit_test(job_ids_are_checked),
	};

	/* The errors that are rendered are logged as well. */
	tt_log_open("test_moderation", TT_LOG_ERROR, false);
	return cmocka_run_group_tests_name("moderation", tests, NULL, NULL);
}

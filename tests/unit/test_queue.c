/*
 * test_queue.c - the words, errors and rates of /queue.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/log.h"
#include "gate/rate.h"
#include "surface/queue.h"
#include "surface/refusal.h"
#include "web/reply.h"
#include "web/request.h"

static void
five_statuses_have_five_words(void **state)
{
	static const char *const	 words[TT_STATUS__MAX] = {
		[TT_QUEUED] = "pending", [TT_PROCESSING] = "running",
		[TT_COMPLETED] = "completed", [TT_FAILED] = "error",
		[TT_CANCELLED] = "cancelled"
	};
	static const char *const	 none[] = {
		NULL, "", "queued", "processing", "failed", "Pending",
		"pending ", "pendin", "pending,error", "unknown"
	};
	size_t				 i;

	(void)state;
	for (i = 0; i < TT_STATUS__MAX; i++) {
		assert_string_equal(tt_queue_status((enum tt_status)i),
		    words[i]);
		assert_int_equal(tt_queue_status_read(words[i]), i);
	}
	assert_string_equal(tt_queue_status(TT_STATUS__MAX), "unknown");
	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		assert_int_equal(tt_queue_status_read(none[i]),
		    TT_STATUS__MAX);
}

/* What is answered to this error, after the head. */
static const char *
answer(struct tt_reply *reply, enum tt_rc rc, const char *told, int retry_s)
{
	struct tt_request	 req = { .method = "GET", .allow = "GET" };
	struct tt_err		 err;

	tt_err_clear(&err);
	if (told == NULL)
		(void)!tt_err_set(&err, rc, "relation secret_table");
	else
		(void)!tt_err_tell(&err, rc, "%s", told);
	err.retry_s = retry_s;
	tt_reply_reset(reply);
	tt_queue_error(reply, &req, &err);
	assert_int_equal(reply->status, tt_refusal_status(rc));
	return tt_buf_text(&reply->body);
}

static void
an_error_has_a_label_and_a_message(void **state)
{
	struct tt_reply	 reply = { 0 };
	json_t		*v;
	int		 i;

	(void)state;
	assert_string_equal(answer(&reply, TT_BADREQ, "limit: \"<\"", 0),
	    "{\"error\":\"Bad Request\",\"message\":"
	    "\"limit: \\\"\\u003c\\\"\"}");
	assert_string_equal(answer(&reply, TT_LIMITED, "Rate limit exceeded",
	    7), "{\"error\":\"Too Many Requests\","
	    "\"message\":\"Rate limit exceeded\",\"retryAfter\":7}");
	assert_non_null(strstr(tt_buf_text(&reply.head), "Retry-After: 7\r\n"));
	assert_string_equal(answer(&reply, TT_UNAUTHORIZED, NULL, 0),
	    "{\"error\":\"Unauthorized\",\"message\":\"Invalid API key\"}");
	assert_non_null(strstr(tt_buf_text(&reply.head),
	    "WWW-Authenticate: Bearer\r\n"));

	for (i = TT_OK + 1; i < TT_RC__MAX; i++) {
		v = json_loads(answer(&reply, (enum tt_rc)i, NULL, 0), 0, NULL);
		assert_int_equal(json_object_size(v), i == TT_LIMITED ? 3 : 2);
		assert_string_equal(json_string_value(json_object_get(v,
		    "error")), tt_refusal_phrase((enum tt_rc)i));
		assert_null(strstr(tt_buf_text(&reply.body), "secret"));
		json_decref(v);
	}
	tt_reply_free(&reply);
}

static int64_t
header(const struct tt_reply *reply, const char *name)
{
	const char	*p = strstr(tt_buf_text(&reply->head), name);

	return p == NULL ? -1 : strtoll(p + strlen(name), NULL, 10);
}

static void
the_reset_of_the_rate_is_a_time(void **state)
{
	static const struct tt_rate	 rate = {
		.limit = 100, .remaining = 42, .reset_ms = 34001
	}, none = { 0 };
	struct tt_reply			 reply = { 0 };
	int64_t				 before, after, reset;

	(void)state;
	tt_reply_reset(&reply);
	tt_queue_rate(&reply, &none);
	assert_string_equal(tt_buf_text(&reply.head), "");
	before = tt_clock_now_us() / 1000;
	tt_queue_rate(&reply, &rate);
	after = tt_clock_now_us() / 1000;

	/* It stays, whatever is answered. */
	tt_reply_begin(&reply, 404, TT_JSON_TYPE);
	assert_int_equal(header(&reply, "X-RateLimit-Limit: "), 100);
	assert_int_equal(header(&reply, "X-RateLimit-Remaining: "), 42);
	reset = header(&reply, "X-RateLimit-Reset: ");
	assert_true(reset * 1000 >= before + 34001);
	assert_true(reset * 1000 < after + 34001 + 1000);
	tt_reply_free(&reply);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(five_statuses_have_five_words),
		cmocka_unit_test(an_error_has_a_label_and_a_message),
		cmocka_unit_test(the_reset_of_the_rate_is_a_time),
	};

	/* The errors that are rendered are logged as well. */
	tt_log_open("test_queue", TT_LOG_ERROR, false);
	return cmocka_run_group_tests_name("queue", tests, NULL, NULL);
}

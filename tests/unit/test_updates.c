/*
 * test_updates.c - the words and errors of /api/updates and /api/queue.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "surface/refusal.h"
#include "surface/updates.h"
#include "web/reply.h"
#include "web/request.h"

static void
five_statuses_have_four_words(void **state)
{
	(void)state;
	assert_string_equal(tt_updates_status(TT_QUEUED), "waiting");
	assert_string_equal(tt_updates_status(TT_PROCESSING), "processing");
	assert_string_equal(tt_updates_status(TT_COMPLETED), "completed");
	assert_string_equal(tt_updates_status(TT_FAILED), "failed");
	assert_string_equal(tt_updates_status(TT_CANCELLED), "failed");
	assert_string_equal(tt_updates_status(TT_STATUS__MAX), "unknown");
}

static void
what_a_job_does_is_its_action_or_its_type(void **state)
{
	(void)state;
	assert_string_equal(tt_updates_action("move", "index"), "move");
	assert_string_equal(tt_updates_action(NULL, "video"), "video");
}

static void
an_error_says_no_and_why(void **state)
{
	struct tt_request	 req = { .method = "POST", .allow = "GET" };
	struct tt_reply		 reply = { 0 };
	struct tt_err		 err;
	int			 i;

	(void)state;
	for (i = TT_OK + 1; i < TT_RC__MAX; i++) {
		tt_err_clear(&err);
		(void)!tt_err_set(&err, (enum tt_rc)i, "relation secret_table");
		tt_reply_reset(&reply);
		tt_updates_error(&reply, &req, &err);
		assert_int_equal(reply.status,
		    tt_refusal_status((enum tt_rc)i));
		assert_memory_equal(tt_buf_text(&reply.body),
		    "{\"success\":false,\"message\":\"", 28);
		assert_null(strstr(tt_buf_text(&reply.body), "secret"));
	}
	tt_err_clear(&err);
	(void)!tt_err_tell(&err, TT_NOTFOUND, "Item \"<x>\" not found");
	tt_reply_reset(&reply);
	tt_updates_error(&reply, &req, &err);
	assert_string_equal(tt_buf_text(&reply.body), "{\"success\":false,"
	    "\"message\":\"Item \\\"\\u003cx\\u003e\\\" not found\"}");
	tt_reply_free(&reply);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(five_statuses_have_four_words),
		cmocka_unit_test(what_a_job_does_is_its_action_or_its_type),
		cmocka_unit_test(an_error_says_no_and_why),
	};

	/* The errors that are rendered are logged as well. */
	tt_log_open("test_updates", TT_LOG_ERROR, false);
	return cmocka_run_group_tests_name("updates", tests, NULL, NULL);
}

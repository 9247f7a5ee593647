/*
 * The page cursor, both ways and under attack; and what the list asks SQL.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

/* For set_arguments(). */
#include "job/list.c"

static const struct {
	int64_t	 us, id;
} places[] = {
	{ 0, 0 }, { 1, 2 }, { 1777604646683123, 42 },
	{ 253402300799999999, INT64_MAX },
};

static void
a_cursor_comes_back_as_it_went(void **state)
{
	struct tt_list_query	 q;
	struct tt_job		 job;
	struct tt_err		 err;
	char			 text[TT_LIST_CURSOR_SZ];
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		(void)memset(&q, 0, sizeof(q));
		(void)memset(&job, 0, sizeof(job));
		tt_err_clear(&err);
		job.created_us = places[i].us;
		job.id = places[i].id;
		assert_int_equal(tt_list_cursor_read(tt_list_cursor(&job,
		    text), &q, &err), TT_OK);
		assert_true(q.has_cursor);
		assert_true(q.cursor_us == places[i].us);
		assert_true(q.cursor_id == places[i].id);
	}
}

static void
refused(const char *text)
{
	struct tt_list_query	 q;
	struct tt_err		 err;

	(void)memset(&q, 0, sizeof(q));
	tt_err_clear(&err);
	if (tt_list_cursor_read(text, &q, &err) != TT_BADREQ || !err.told ||
	    q.has_cursor)
		fail_msg("accepted: %s", text);
}

/* 17 bytes of our choice, as a cursor. */
static void
refused_raw(unsigned char version, int64_t us, int64_t id)
{
	unsigned char	 raw[17];
	char		 text[64];
	int		 i;

	raw[0] = version;
	for (i = 0; i < 8; i++) {
		raw[1 + i] = (unsigned char)((uint64_t)us >> (56 - 8 * i));
		raw[9 + i] = (unsigned char)((uint64_t)id >> (56 - 8 * i));
	}
	refused(sodium_bin2base64(text, sizeof(text), raw, sizeof(raw),
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING));
}

static void
a_forged_cursor_is_refused(void **state)
{
	static const char *const	 texts[] = {
		"", "A", "x", "next", "AQAGYMcu5cudAAAAAAAAAA",
		"AQAGYMcu5cudAAAAAAAAAAMA", "AQAGYMcu5cudAAAAAAAAAAM=",
		"AQAGYMcu5cudAAAAAAAAAA+", "AQAGYMcu5cudAAAAAAAAAA/",
		"AQAGYMcu5cudAAAAAAAAAAN", " AQAGYMcu5cudAAAAAAAAAAM",
		"AQAGYMcu5cudAAAAAAAAAAM ", "AQAGYMcu5cudAAAAAAAAAA'",
		"\xc3\xa9", "1777604646683123:42",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refused(texts[i]);
	refused_raw(0, 1, 1);
	refused_raw(2, 1, 1);
	refused_raw(1, -1, 1);
	refused_raw(1, 1, -1);
	refused_raw(1, 253402300800000000, 1);
	refused_raw(1, INT64_MAX, 1);
	refused_raw(1, INT64_MIN, INT64_MIN);
}

static const struct tt_caller	 caller = {
	.key = "\\xab", .scope = "job:read"
};

static void
what_is_not_asked_is_null(void **state)
{
	struct tt_list_query	 q;
	struct arguments	 a;
	int			 i;

	(void)state;
	(void)memset(&q, 0, sizeof(q));
	q.limit = 50;
	set_arguments(&a, &caller, &q);
	assert_string_equal(a.arg[KEY], "\\xab");
	assert_string_equal(a.arg[SCOPE], "job:read");
	assert_string_equal(a.arg[LIMIT], "51");
	assert_string_equal(a.arg[OFFSET], "0");
	for (i = CURSOR_US; i < ARG__MAX; i++)
		assert_null(a.arg[i]);
}

static void
what_is_asked_has_its_place(void **state)
{
	static const struct tt_list_query	 q = {
		.limit = 100, .offset = 2147483647, .has_cursor = true,
		.cursor_us = 253402300799999999, .cursor_id = INT64_MAX,
		.type = "video", .decision = "pass", .by_status = true,
		.status = { true, true, true, true, true }, .search = "a%",
		.has_from = true, .has_to = true,
		.from_us = -62135596800000000, .to_us = 0,
	};
	static const char *const		 want[ARG__MAX] = {
		"\\xab", "job:read", "101", "2147483647", "253402300799999999",
		"9223372036854775807", "video", "pass",
		"{queued,processing,completed,failed,cancelled}", "a%",
		"-62135596800000000", "0",
	};
	struct arguments			 a;
	int					 i;

	(void)state;
	set_arguments(&a, &caller, &q);
	for (i = 0; i < ARG__MAX; i++)
		assert_string_equal(a.arg[i], want[i]);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_cursor_comes_back_as_it_went),
		cmocka_unit_test(a_forged_cursor_is_refused),
		cmocka_unit_test(what_is_not_asked_is_null),
		cmocka_unit_test(what_is_asked_has_its_place),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}

/*
 * PostgreSQL's pg_snapshot, read, written and asked.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "job/snapshot.h"

static void
it_is_written_as_it_was_read(void **state)
{
	static const char *const	 texts[] = {
		"1:1:", "3:3:", "10:20:", "10:20:10", "10:20:10,14,15",
		"10:20:10,11,12,13,14,15,16,17,18,19",
		("18446744073709551614:18446744073709551615:"
		"18446744073709551614"),
	};
	struct tt_snapshot	 s = TT_SNAPSHOT_INIT;
	struct tt_buf		 b = TT_BUF_INIT;
	struct tt_err		 err;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		tt_err_clear(&err);
		assert_int_equal(tt_snapshot_parse(&s, texts[i], &err), TT_OK);
		assert_true(tt_snapshot_set(&s));
		tt_buf_clear(&b);
		tt_snapshot_text(&s, &b);
		assert_string_equal(tt_buf_text(&b), texts[i]);
	}
	tt_buf_free(&b);
	tt_snapshot_free(&s);
	assert_false(tt_snapshot_set(&s));
}

static void
what_is_no_snapshot_is_refused(void **state)
{
	static const char *const	 texts[] = {
		"", ":", "::", "10", "10:", "10:20", "10:20,", ":20:", "10::",
		"0:0:", "0:5:", "20:10:", "10:20:9", "10:20:20", "10:20:21",
		"10:20:12,12", "10:20:14,12", "10:20:12,", "10:20:,12",
		"10:20:12 ", " 10:20:", "10:20: 12", "-1:20:", "10:-20:",
		"+10:20:", "0x10:20:", "10:20:1e1", "10:20:12;13",
		"18446744073709551616:18446744073709551617:",
		"10:99999999999999999999999:", "1,2:3:", "10:20:12:13",
	};
	struct tt_snapshot	 s = TT_SNAPSHOT_INIT;
	struct tt_err		 err;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		tt_err_clear(&err);
		assert_int_equal(tt_snapshot_parse(&s, "5:9:6,7", &err), TT_OK);
		if (tt_snapshot_parse(&s, texts[i], &err) != TT_BADREQ)
			fail_msg("accepted: %s", texts[i]);
		assert_false(tt_snapshot_set(&s));
		assert_int_equal(s.nxip, 0);
	}
	tt_snapshot_free(&s);
}

static void
it_sees_what_had_ended(void **state)
{
	static const struct {
		const char	*text;
		uint64_t	 xid;
		bool		 sees;
	} cases[] = {
		{ "10:20:10,14,15", 1, true },
		{ "10:20:10,14,15", 9, true },
		{ "10:20:10,14,15", 10, false },
		{ "10:20:10,14,15", 11, true },
		{ "10:20:10,14,15", 13, true },
		{ "10:20:10,14,15", 14, false },
		{ "10:20:10,14,15", 15, false },
		{ "10:20:10,14,15", 16, true },
		{ "10:20:10,14,15", 19, true },
		{ "10:20:10,14,15", 20, false },
		{ "10:20:10,14,15", UINT64_MAX, false },
		{ "10:20:", 15, true },
		{ "10:10:", 9, true },
		{ "10:10:", 10, false },
	};
	struct tt_snapshot	 s = TT_SNAPSHOT_INIT;
	struct tt_err		 err;
	size_t			 i;

	(void)state;
	tt_err_clear(&err);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(tt_snapshot_parse(&s, cases[i].text, &err),
		    TT_OK);
		if (tt_snapshot_sees(&s, cases[i].xid) != cases[i].sees)
			fail_msg("%s, %ju", cases[i].text,
			    (uintmax_t)cases[i].xid);
	}
	tt_snapshot_free(&s);
}

/* As many open transactions as the largest server has. */
static void
many_open_transactions_are_found(void **state)
{
	struct tt_snapshot	 s = TT_SNAPSHOT_INIT, t = TT_SNAPSHOT_INIT;
	struct tt_buf		 b = TT_BUF_INIT;
	struct tt_err		 err;
	uint64_t		 i;

	(void)state;
	tt_buf_puts(&b, "1000:21000:");
	for (i = 1000; i < 21000; i += 2)
		tt_buf_printf(&b, "%s%ju", i == 1000 ? "" : ",", (uintmax_t)i);
	tt_err_clear(&err);
	assert_int_equal(tt_snapshot_parse(&s, tt_buf_text(&b), &err), TT_OK);
	assert_int_equal(s.nxip, 10000);
	assert_int_equal(tt_snapshot_copy(&t, &s, &err), TT_OK);
	tt_snapshot_free(&s);
	for (i = 1000; i < 21000; i++)
		assert_int_equal(tt_snapshot_sees(&t, i), i % 2);

	/* A smaller one in its memory. */
	assert_int_equal(tt_snapshot_parse(&t, "7:9:8", &err), TT_OK);
	assert_int_equal(tt_snapshot_copy(&s, &t, &err), TT_OK);
	assert_int_equal(s.xmin, 7);
	assert_int_equal(s.xmax, 9);
	assert_int_equal(s.nxip, 1);
	tt_snapshot_free(&s);
	tt_snapshot_free(&t);
	tt_buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(it_is_written_as_it_was_read),
		cmocka_unit_test(what_is_no_snapshot_is_refused),
		cmocka_unit_test(it_sees_what_had_ended),
		cmocka_unit_test(many_open_transactions_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A place in the log, and its text: what a client brings back.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sodium.h>

#include "base/buf.h"
#include "job/position.h"

static struct tt_position	 p, q;
static struct tt_buf		 text;

static int
begin(void **state)
{
	(void)state;
	memset(&p, 0, sizeof(p));
	memset(&q, 0, sizeof(q));
	return sodium_init() < 0 ? -1 : 0;
}

static int
end(void **state)
{
	(void)state;
	tt_position_forget(&p);
	tt_position_forget(&q);
	tt_buf_free(&text);
	return 0;
}

/* There and back again. */
static const char *
written(int64_t after)
{
	tt_buf_clear(&text);
	tt_position_text(&p, after, &text);
	assert_true(text.sz < TT_POSITION_SZ);
	assert_int_equal(strspn(tt_buf_text(&text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_"), text.sz);
	return tt_buf_text(&text);
}

static void
a_position_between_reads_comes_back(void **state)
{
	(void)state;
	assert_true(tt_position_begin(&p, "10:20:10,14,19",
	    INT64_C(1700000000123456)));
	p.generation = 3;
	p.low = 4711;

	assert_true(tt_position_read(&q, written(99)));
	assert_true(tt_snapshot_equal(&p.last, &q.last));
	assert_false(tt_position_reading(&q));
	assert_int_equal(q.generation, 3);
	assert_int_equal(q.low, 4711);
	assert_int_equal(q.last_us, INT64_C(1700000000124000));
}

static void
a_position_within_a_read_comes_back(void **state)
{
	(void)state;
	assert_true(tt_position_begin(&p, "10:20:10,14", 1000000));
	assert_true(tt_position_upto(&p, "14:30:14,22,29", 1250000));
	p.generation = 1;
	p.low = 7;

	assert_true(tt_position_read(&q, written(42)));
	assert_int_equal(q.low, 7);
	assert_true(tt_snapshot_equal(&p.last, &q.last));
	assert_true(tt_snapshot_equal(&p.upto, &q.upto));
	assert_int_equal(q.after, 42);
	assert_int_equal(q.last_us, 1000000);
	assert_int_equal(q.upto_us, 1250000);
}

static void
numbers_of_any_size_come_back(void **state)
{
	(void)state;
	assert_true(tt_position_begin(&p, "9223372036854775800:"
	    "9223372036854775807:9223372036854775806", 0));
	p.generation = INT64_MAX;
	p.low = INT64_MAX;

	assert_true(tt_position_read(&q, written(0)));
	assert_true(tt_snapshot_equal(&p.last, &q.last));
	assert_int_equal(q.generation, INT64_MAX);
	assert_int_equal(q.low, INT64_MAX);
}

/* So many open ones that no id can name them: then it says less. */
static void
too_many_open_ones_leave_what_is_sure(void **state)
{
	uint64_t	 xid;

	(void)state;
	assert_true(tt_position_begin(&p, "1000:2000000:", 5000));
	for (xid = 1000; xid < 1900000; xid += 1000)
		assert_true(tt_snapshot_add(&p.last, xid));
	p.generation = 2;
	p.low = 77;

	assert_true(tt_position_read(&q, written(5)));
	assert_int_equal(q.last.xmin, 1000);
	assert_int_equal(q.last.xmax, 1000);
	assert_int_equal(q.last.nxip, 0);
	assert_int_equal(q.low, 0);
	assert_int_equal(q.generation, 2);
	assert_int_equal(q.last_us, 5000);
	assert_false(tt_position_reading(&q));
}

static void
as_many_as_fit_are_named(void **state)
{
	uint64_t	 xid;

	(void)state;
	assert_true(tt_position_begin(&p, "1000:9000:", 0));
	for (xid = 1000; xid < 1500; xid++)
		assert_true(tt_snapshot_add(&p.last, xid));
	assert_true(tt_position_read(&q, written(5)));
	assert_int_equal(q.last.nxip, 500);
	assert_true(tt_snapshot_equal(&p.last, &q.last));
}

/* No text but the one that is written, and no byte of it changed. */
static void
what_is_no_position_is_refused(void **state)
{
	static const char *const	 bad[] = {
		"", "A", "AQ", "0", "17", "12-3", "AQEA====", "AQEB AQ", "\x80",
		"AQEBAQAAAA", "AgEBCgoAAAA", "AQEBCgoBFAAA"
	};
	char	 longest[TT_POSITION_SZ * 2];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (tt_position_read(&q, bad[i]))
			assert_string_equal(bad[i], "refused");
		assert_false(tt_position_set(&q));
	}
	memset(longest, 'A', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	assert_false(tt_position_read(&q, longest));
}

static void
a_cut_or_longer_text_is_refused(void **state)
{
	char	 cut[TT_POSITION_SZ + 8];
	size_t	 n, sz;

	(void)state;
	assert_true(tt_position_begin(&p, "10:20:10,14,19", 1000000));
	(void)written(0);
	sz = text.sz;
	for (n = 0; n < sz; n++) {
		memcpy(cut, tt_buf_text(&text), n);
		cut[n] = '\0';
		assert_false(tt_position_read(&q, cut));
	}
	(void)snprintf(cut, sizeof(cut), "%sAAAA", tt_buf_text(&text));
	assert_false(tt_position_read(&q, cut));
}

static void
copies_are_equal_until_one_changes(void **state)
{
	(void)state;
	assert_true(tt_position_begin(&p, "10:20:10,14", 1000000));
	assert_true(tt_position_copy(&q, &p));
	assert_true(tt_position_equal(&p, &q));
	q.last.xip[1] = 15;
	assert_false(tt_position_equal(&p, &q));
	assert_true(tt_position_copy(&q, &p));
	q.low = 1;
	assert_false(tt_position_equal(&p, &q));
}

static void
what_is_read_is_where_the_next_read_begins(void **state)
{
	(void)state;
	assert_true(tt_position_begin(&p, "10:20:", 1000000));
	assert_int_equal(p.low, -1);
	assert_true(tt_position_upto(&p, "20:30:25", 2000000));
	p.after = 12;
	tt_position_done(&p);
	assert_false(tt_position_reading(&p));
	assert_int_equal(p.last.xmin, 20);
	assert_int_equal(p.last.nxip, 1);
	assert_int_equal(p.after, 0);
	assert_int_equal(p.last_us, 2000000);

	/* Who knows of no id yet says the lowest. */
	assert_true(tt_position_read(&q, written(0)));
	assert_int_equal(q.low, 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_position_between_reads_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_position_within_a_read_comes_back, begin, end),
		cmocka_unit_test_setup_teardown(
		    numbers_of_any_size_come_back, begin, end),
		cmocka_unit_test_setup_teardown(
		    too_many_open_ones_leave_what_is_sure, begin, end),
		cmocka_unit_test_setup_teardown(
		    as_many_as_fit_are_named, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_is_no_position_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_cut_or_longer_text_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(
		    copies_are_equal_until_one_changes, begin, end),
		cmocka_unit_test_setup_teardown(
		    what_is_read_is_where_the_next_read_begins, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

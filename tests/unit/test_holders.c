/*
 * test_holders.c - what is held, and what the database knows of it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <setjmp.h>

#include <cmocka.h>

#include "job/lease.h"
#include "pg/args.h"
#include "stream/holders.h"
#include "stream/stream.h"

#define HUB	7

static const struct tt_lease	 lease = {
	.listener = HUB, .taken = true, .account = 1, .key = 10,
	.class = "watch"
};

/* What would be told, as "{accounts} {classes} {numbers}". */
static void
expect_put(struct tt_holders *hs, bool all, const char *accounts,
    const char *classes, const char *numbers)
{
	struct tt_args		 a = { 0 };
	const char *const	*values;

	tt_holders_put(hs, &a, all);
	values = tt_args_values(&a);
	assert_non_null(values);
	assert_string_equal(values[0], accounts);
	assert_string_equal(values[1], classes);
	assert_string_equal(values[2], numbers);
	tt_args_free(&a);
}

static struct tt_holders *
begin(struct tt_stream **streams, int n)
{
	struct tt_holders	*hs = tt_holders_new();

	assert_non_null(hs);
	while (--n >= 0)
		assert_non_null(streams[n] = calloc(1, sizeof(**streams)));
	tt_holders_listener(hs, HUB);
	return hs;
}

static void
end(struct tt_holders *hs, struct tt_stream **streams, int n)
{
	while (--n >= 0)
		free(streams[n]);
	tt_holders_free(hs);
}

static void
what_was_taken_is_known(void **state)
{
	struct tt_stream	*st[2];
	struct tt_holders	*hs = begin(st, 2);

	(void)state;
	assert_true(tt_holders_hold(hs, st[0], &lease));
	assert_true(tt_holders_hold(hs, st[1], &lease));
	assert_false(tt_holders_changed(hs));

	tt_holders_release(hs, st[0]);
	assert_true(tt_holders_changed(hs));
	expect_put(hs, false, "{1}", "{watch}", "{-1}");
	assert_false(tt_holders_changed(hs));
	tt_holders_told(hs);

	/* One that ends while another's end is being told is told next. */
	tt_holders_release(hs, st[1]);
	expect_put(hs, false, "{1}", "{watch}", "{-1}");
	tt_holders_told(hs);
	assert_false(tt_holders_changed(hs));
	expect_put(hs, true, "{}", "{}", "{}");
	end(hs, st, 2);
}

static void
an_end_during_the_telling_is_not_forgotten(void **state)
{
	struct tt_stream	*st[3];
	struct tt_holders	*hs = begin(st, 3);
	int			 i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_true(tt_holders_hold(hs, st[i], &lease));
	tt_holders_release(hs, st[0]);
	expect_put(hs, false, "{1}", "{watch}", "{-1}");
	tt_holders_release(hs, st[1]);
	assert_true(tt_holders_changed(hs));
	tt_holders_told(hs);
	assert_true(tt_holders_changed(hs));
	expect_put(hs, false, "{1}", "{watch}", "{-1}");
	tt_holders_told(hs);
	assert_false(tt_holders_changed(hs));
	tt_holders_release(hs, st[2]);
	end(hs, st, 3);
}

static void
a_lease_without_a_stream_is_given_back(void **state)
{
	struct tt_stream	*st[1];
	struct tt_holders	*hs = begin(st, 1);
	struct tt_lease		 older = lease;

	(void)state;
	tt_holders_give_back(hs, &lease);
	assert_true(tt_holders_changed(hs));
	expect_put(hs, false, "{1}", "{watch}", "{-1}");
	tt_holders_told(hs);

	older.listener = HUB - 1;
	tt_holders_give_back(hs, &older);
	assert_false(tt_holders_changed(hs));
	end(hs, st, 1);
}

static void
a_new_listener_is_told_all_of_it(void **state)
{
	struct tt_stream	*st[3];
	struct tt_holders	*hs = begin(st, 3);
	struct tt_lease		 stream = lease;

	(void)state;
	stream.class = "stream";
	assert_true(tt_holders_hold(hs, st[0], &lease));
	assert_true(tt_holders_hold(hs, st[1], &lease));

	/* The session is lost; one comes in the old one's name meanwhile. */
	tt_holders_anew(hs);
	expect_put(hs, true, "{1}", "{watch}", "{2}");
	assert_true(tt_holders_hold(hs, st[2], &stream));
	tt_holders_told(hs);
	tt_holders_listener(hs, HUB + 1);
	assert_true(tt_holders_changed(hs));
	expect_put(hs, false, "{1}", "{stream}", "{1}");
	tt_holders_told(hs);
	assert_false(tt_holders_changed(hs));

	tt_holders_release(hs, st[0]);
	tt_holders_release(hs, st[1]);
	tt_holders_release(hs, st[2]);
	end(hs, st, 3);
}

static void
keys_and_their_streams_are_found(void **state)
{
	struct tt_stream	*st[5];
	struct tt_holders	*hs = begin(st, 5);
	struct tt_lease		 other = lease, nobody = lease, both = lease;
	struct tt_args		 a = { 0 };

	(void)state;
	other.key = lease.key + 1024;		/* of the same bucket */
	nobody.key = 0;
	both.class = "stream";
	assert_true(tt_holders_hold(hs, st[0], &lease));
	assert_true(tt_holders_hold(hs, st[1], &other));
	assert_true(tt_holders_hold(hs, st[2], &nobody));
	tt_holders_keys(hs, &a);
	assert_string_equal(tt_args_values(&a)[0], "{1034,10}");
	assert_ptr_equal(tt_holders_next(hs, lease.key, NULL), st[0]);
	assert_null(tt_holders_next(hs, lease.key, st[0]));
	assert_ptr_equal(tt_holders_next(hs, other.key, NULL), st[1]);
	assert_null(tt_holders_next(hs, 11, NULL));

	/* Of all classes. */
	assert_true(tt_holders_hold(hs, st[3], &both));
	assert_true(tt_holders_hold(hs, st[4], &both));
	assert_ptr_equal(tt_holders_next(hs, lease.key, NULL), st[4]);
	assert_ptr_equal(tt_holders_next(hs, lease.key, st[4]), st[3]);
	assert_ptr_equal(tt_holders_next(hs, lease.key, st[3]), st[0]);
	assert_null(tt_holders_next(hs, lease.key, st[0]));
	tt_holders_release(hs, st[3]);
	tt_holders_release(hs, st[4]);

	tt_holders_release(hs, st[0]);
	assert_null(tt_holders_next(hs, lease.key, NULL));
	tt_holders_release(hs, st[1]);
	tt_holders_release(hs, st[2]);
	tt_args_free(&a);
	end(hs, st, 5);
}

static void
the_public_is_counted_by_account(void **state)
{
	struct tt_stream	*st[2];
	struct tt_holders	*hs = begin(st, 2);
	struct tt_lease		 one = lease, two = lease;

	(void)state;
	one.key = two.key = 0;
	two.account = 2;
	assert_true(tt_holders_hold(hs, st[0], &one));
	assert_true(tt_holders_hold(hs, st[1], &two));
	tt_holders_release(hs, st[1]);
	expect_put(hs, false, "{2}", "{watch}", "{-1}");
	tt_holders_told(hs);
	tt_holders_release(hs, st[0]);
	end(hs, st, 2);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_was_taken_is_known),
		cmocka_unit_test(an_end_during_the_telling_is_not_forgotten),
		cmocka_unit_test(a_lease_without_a_stream_is_given_back),
		cmocka_unit_test(a_new_listener_is_told_all_of_it),
		cmocka_unit_test(keys_and_their_streams_are_found),
		cmocka_unit_test(the_public_is_counted_by_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

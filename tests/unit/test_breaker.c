/*
 * After a failure, fail at once for a while.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "pg/breaker.h"

#define PROBE_MS	1000
#define THREADS		8

static int
close_it(void **state)
{
	(void)state;
	tt_breaker_report(true, 1);
	return 0;
}

static void
while_all_is_well_everybody_passes(void **state)
{
	int64_t	 now;

	(void)state;
	for (now = 1; now < 5000; now += 7) {
		assert_true(tt_breaker_pass(now));
		tt_breaker_report(true, now);
	}
}

static void
after_a_failure_one_a_second_passes(void **state)
{
	int64_t	 now;
	int	 passed = 0;

	(void)state;
	tt_breaker_report(false, 10000);
	for (now = 10000; now < 10000 + PROBE_MS; now++)
		assert_false(tt_breaker_pass(now));
	for (; now < 15500; now++)
		if (tt_breaker_pass(now)) {
			passed++;
			tt_breaker_report(false, now);
		}
	assert_int_equal(passed, 5);
}

/* A probe takes as long as the timeout: nobody waits for its answer. */
static void
a_probe_under_way_lets_nobody_else_through(void **state)
{
	(void)state;
	tt_breaker_report(false, 10000);
	assert_true(tt_breaker_pass(11000));
	assert_false(tt_breaker_pass(11000));
	assert_false(tt_breaker_pass(11999));
	assert_true(tt_breaker_pass(12000));
}

static void
a_success_lets_all_through_again(void **state)
{
	(void)state;
	tt_breaker_report(false, 10000);
	assert_true(tt_breaker_pass(11000));
	tt_breaker_report(true, 11001);
	assert_true(tt_breaker_pass(11002));
	assert_true(tt_breaker_pass(11002));
	tt_breaker_report(false, 11003);
	assert_false(tt_breaker_pass(11004));
}

static atomic_int	 passes;

static void *
try_it(void *arg)
{
	int64_t	 now;

	(void)arg;
	for (now = 20000; now < 30000; now++)
		if (tt_breaker_pass(now))
			atomic_fetch_add(&passes, 1);
	return NULL;
}

/* Their clocks differ, so one may pass a little early, never two at once. */
static void
threads_share_the_one_probe(void **state)
{
	pthread_t	 threads[THREADS];
	int		 i;

	(void)state;
	tt_breaker_report(false, 20000);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, try_it,
		    NULL), 0);
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	assert_in_range(passes, 1, 9);
}

int
main(void)
{
#define TEST(name)	cmocka_unit_test_setup(name, close_it)
	static const struct CMUnitTest	 tests[] = {
		TEST(while_all_is_well_everybody_passes),
		TEST(after_a_failure_one_a_second_passes),
		TEST(a_probe_under_way_lets_nobody_else_through),
		TEST(a_success_lets_all_through_again),
		TEST(threads_share_the_one_probe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

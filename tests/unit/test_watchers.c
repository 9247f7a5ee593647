/*
 * Who watches which job, against a plain array.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stream/stream.h"
#include "stream/watchers.h"

#define MANY	5000

/* How many watches the job has, all of them its own. */
static int
count(const struct tt_watchers *w, int64_t job)
{
	const struct tt_watch	*watch;
	int			 n = 0;

	for (watch = tt_watchers_find(w, job); watch != NULL;
	    watch = LIST_NEXT(watch, same_job)) {
		assert_true(watch->job == job);
		n++;
	}
	return n;
}

static void
nobody_watches_at_first(void **state)
{
	struct tt_watchers	*w = tt_watchers_new();
	int64_t			 jobs[1];

	(void)state;
	assert_null(tt_watchers_find(w, 0));
	assert_null(tt_watchers_find(w, 42));
	assert_int_equal(tt_watchers_jobs(w, jobs, 1), 0);
	assert_int_equal(tt_watchers_jobs(w, jobs, 0), 0);
	tt_watchers_free(w);
	tt_watchers_free(NULL);
}

static void
several_may_watch_one_job(void **state)
{
	static const int64_t	 odd[] = { 1, INT64_MAX, INT64_MIN, -1, 0 };
	struct tt_watchers	*w = tt_watchers_new();
	struct tt_watch		 watch[5][3];
	int64_t			 jobs[5];
	int			 i, k;

	(void)state;
	memset(watch, 0, sizeof(watch));
	for (i = 0; i < 5; i++)
		for (k = 0; k < 3; k++) {
			watch[i][k].job = odd[i];
			assert_true(tt_watchers_add(w, &watch[i][k]));
		}
	assert_int_equal(tt_watchers_jobs(w, jobs, 5), 5);
	assert_int_equal(tt_watchers_jobs(w, jobs, 4), -1);
	for (k = 0; k < 3; k++)
		for (i = 0; i < 5; i++) {
			assert_int_equal(count(w, odd[i]), 3 - k);
			tt_watchers_remove(w, &watch[i][(k + 1) % 3]);
			assert_int_equal(count(w, odd[i]), 2 - k);
		}
	assert_int_equal(tt_watchers_jobs(w, jobs, 5), 0);
	tt_watchers_free(w);
}

/* The table grows under them, and is emptied in another order. */
static void
thousands_of_jobs_are_told_apart(void **state)
{
	struct tt_watchers	*w = tt_watchers_new();
	struct tt_watch		*watch = calloc(MANY, sizeof(*watch));
	int64_t			 jobs[TT_SINK_FEW];
	int			 i, k;

	(void)state;
	for (i = 0; i < MANY; i++) {
		watch[i].job = (int64_t)i / 2 * 64;
		assert_true(tt_watchers_add(w, &watch[i]));
	}
	assert_int_equal(tt_watchers_jobs(w, jobs, TT_SINK_FEW), -1);
	for (i = 0; i < MANY / 2; i++)
		assert_int_equal(count(w, (int64_t)i * 64), 2);
	assert_int_equal(count(w, 65), 0);

	for (i = 0, k = 0; i < MANY; i++, k = (k + 1237) % MANY) {
		assert_int_not_equal(count(w, watch[k].job), 0);
		tt_watchers_remove(w, &watch[k]);
	}
	for (i = 0; i < MANY / 2; i++)
		assert_int_equal(count(w, (int64_t)i * 64), 0);
	assert_int_equal(tt_watchers_jobs(w, jobs, 1), 0);
	tt_watchers_free(w);
	free(watch);
}

/* The hub goes down with its streams still in it. */
static void
freeing_the_table_leaves_the_watches_alone(void **state)
{
	struct tt_watchers	*w = tt_watchers_new();
	struct tt_watch		 watch[200];
	int			 i;

	(void)state;
	memset(watch, 0, sizeof(watch));
	for (i = 0; i < 200; i++) {
		watch[i].job = i;
		assert_true(tt_watchers_add(w, &watch[i]));
	}
	tt_watchers_free(w);
	assert_int_equal(watch[199].job, 199);
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(nobody_watches_at_first),
		cmocka_unit_test(several_may_watch_one_job),
		cmocka_unit_test(thousands_of_jobs_are_told_apart),
		cmocka_unit_test(freeing_the_table_leaves_the_watches_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

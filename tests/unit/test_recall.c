/*
 * What the feed remembers for the hour after a crash.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "job/event.h"
#include "job/recall.h"
#include "job/snapshot.h"

#define RING	65536	/* recall.c's EVENTS */

/* Snapshots are told apart by their xmax, which is their time here. */
static void
take_snapshot(struct tt_recall *r, int64_t now_ms)
{
	struct tt_snapshot	 s = { (uint64_t)now_ms, (uint64_t)now_ms,
				    NULL, 0, 0 };

	tt_recall_snapshot(r, &s, now_ms);
}

static struct tt_event
event(int64_t id, uint64_t xid, int64_t at_us)
{
	struct tt_event	 ev;

	memset(&ev, 0, sizeof(ev));
	ev.event_id = id;
	ev.xid = xid;
	ev.at_us = at_us;
	return ev;
}

static void
hand_on(struct tt_recall *r, int64_t id, int64_t now_ms)
{
	struct tt_event	 ev = event(id, (uint64_t)id, id);

	tt_recall_event(r, &ev, now_ms);
}

static bool
knows(const struct tt_recall *r, int64_t id)
{
	struct tt_event	 ev = event(id, (uint64_t)id, id);

	return tt_recall_knows(r, &ev);
}

/* The time of the snapshot that a rewind picks; -1 for none. */
static int64_t
rewound(struct tt_recall *r)
{
	struct tt_snapshot	 s = TT_SNAPSHOT_INIT;
	int64_t			 when = -1;

	if (tt_recall_rewind(r, &s))
		when = (int64_t)s.xmax;
	tt_snapshot_free(&s);
	return when;
}

static void
without_a_snapshot_there_is_no_way_back(void **state)
{
	struct tt_recall	*r = tt_recall_new();

	(void)state;
	assert_int_equal(rewound(r), -1);
	hand_on(r, 1, 1000);
	assert_int_equal(rewound(r), -1);
	assert_false(knows(r, 1));
	tt_recall_free(r);
	tt_recall_free(NULL);
}

static void
the_way_back_is_ten_seconds_before_the_last_read(void **state)
{
	static const struct {
		int64_t	 from, every, to, picked;
	} cases[] = {
		{ 1000, 1000, 1000, 1000 },	/* one only */
		{ 1000, 1000, 5000, 1000 },	/* none so old: the oldest */
		{ 1000, 1000, 11000, 1000 },
		{ 1000, 1000, 12999, 2000 },
		{ 1000, 1000, 60000, 50000 },	/* more than are kept */
		{ 1000, 12, 60000, 49384 },	/* about one a second */
		{ 1000, 7000, 50000, 36000 },	/* less than one a second */
	};
	struct tt_recall	*r;
	size_t			 i;
	int64_t			 t;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r = tt_recall_new();
		for (t = cases[i].from; t <= cases[i].to; t += cases[i].every)
			take_snapshot(r, t);
		assert_in_range(rewound(r), cases[i].picked - 500,
		    cases[i].picked + 500);
		tt_recall_free(r);
	}
}

/*
 * What counts is how long before the crash a snapshot was taken, and not how
 * long the recovery took after it.
 */
static void
a_long_recovery_makes_no_snapshot_older(void **state)
{
	struct tt_recall	*r = tt_recall_new();
	int64_t			 t;

	(void)state;
	for (t = 0; t <= 20000; t += 1000)
		take_snapshot(r, t + 1);
	hand_on(r, 1, 15000);

	assert_int_equal(rewound(r), 10001);
	assert_true(knows(r, 1));
	tt_recall_free(r);
}

/* The hub is back after half a minute, and the server crashes once more. */
static void
a_second_crash_finds_what_was_handed_on_before_the_first(void **state)
{
	struct tt_recall	*r = tt_recall_new();
	int64_t			 t;

	(void)state;
	for (t = 1; t <= 20001; t += 1000) {
		take_snapshot(r, t);
		hand_on(r, t, t + 1);
	}
	assert_int_equal(rewound(r), 10001);

	hand_on(r, 70000, 70000);
	take_snapshot(r, 70000);
	hand_on(r, 71000, 71000);
	take_snapshot(r, 71000);
	assert_int_equal(rewound(r), 10001);
	assert_true(knows(r, 10001));
	assert_true(knows(r, 20001));
	assert_true(knows(r, 71000));
	assert_false(knows(r, 72000));
	tt_recall_free(r);
}

/* Those from just before a crash may call transactions seen that were not. */
static void
what_is_newer_than_the_way_back_is_forgotten(void **state)
{
	struct tt_recall	*r = tt_recall_new();
	int64_t			 t;

	(void)state;
	for (t = 1; t <= 20001; t += 1000)
		take_snapshot(r, t);
	assert_int_equal(rewound(r), 10001);

	/* 20001 is the one that would be ten seconds before the last. */
	for (t = 28001; t <= 31001; t += 1000)
		take_snapshot(r, t);
	assert_int_equal(rewound(r), 10001);
	tt_recall_free(r);
}

static void
an_event_is_known_by_id_transaction_and_time(void **state)
{
	struct tt_recall	*r = tt_recall_new();
	struct tt_event		 ev = event(7, 70, 700);
	struct tt_event		 others[] = {
		event(8, 70, 700), event(7, 71, 700), event(7, 70, 701),
		event(6, 70, 700), event(7, 69, 700), event(7, 70, 699),
	};
	size_t			 i;

	(void)state;
	take_snapshot(r, 1000);
	tt_recall_event(r, &ev, 1000);
	assert_false(tt_recall_knows(r, &ev));	/* nothing went back yet */
	assert_int_equal(rewound(r), 1000);
	assert_true(tt_recall_knows(r, &ev));
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(tt_recall_knows(r, &others[i]));
	tt_recall_free(r);
}

static void
the_ring_grows_and_keeps_its_order(void **state)
{
	struct tt_recall	*r = tt_recall_new();
	int64_t			 i;

	(void)state;
	take_snapshot(r, 1);
	for (i = 1; i <= 5000; i++)
		hand_on(r, 5001 - i, i);
	assert_int_equal(rewound(r), 1);
	for (i = 1; i <= 5000; i++)
		assert_true(knows(r, i));
	assert_false(knows(r, 5001));
	tt_recall_free(r);
}

/* Before the oldest event remembered it is not known what was handed on. */
static void
a_full_ring_limits_the_way_back(void **state)
{
	struct tt_recall	*r = tt_recall_new();
	int64_t			 i;

	(void)state;
	take_snapshot(r, 1000);
	for (i = 0; i < RING; i++)
		hand_on(r, i, 1500);
	take_snapshot(r, 2000);
	for (i = 0; i < 10; i++)
		hand_on(r, RING + i, 2500);
	take_snapshot(r, 3000);
	assert_int_equal(rewound(r), 2000);
	assert_true(knows(r, RING));
	assert_false(knows(r, 5));

	for (i = 0; i < RING; i++)
		hand_on(r, 100000 + i, 3500);
	assert_int_equal(rewound(r), -1);
	tt_recall_free(r);
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(without_a_snapshot_there_is_no_way_back),
		cmocka_unit_test(
		    the_way_back_is_ten_seconds_before_the_last_read),
		cmocka_unit_test(a_long_recovery_makes_no_snapshot_older),
		cmocka_unit_test(
		    a_second_crash_finds_what_was_handed_on_before_the_first),
		cmocka_unit_test(
		    what_is_newer_than_the_way_back_is_forgotten),
		cmocka_unit_test(an_event_is_known_by_id_transaction_and_time),
		cmocka_unit_test(the_ring_grows_and_keeps_its_order),
		cmocka_unit_test(a_full_ring_limits_the_way_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

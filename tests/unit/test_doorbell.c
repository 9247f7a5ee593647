/*
 * When a hub reads, and when it may sleep until it is rung.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "job/doorbell.h"
#include "job/snapshot.h"

#define READ_MS		12
#define QUIET_MS	60
#define SLOWEST_MS	250
#define FLOOR_MS	1000
#define SELDOM_MS	40

/* A doorbell, and the time. */
static struct tt_doorbell	 d;
static int64_t			 now;

static int
begin_listening(void **state)
{
	(void)state;
	now = 5000;
	tt_doorbell_init(&d, true, now);
	return 0;
}

static int
begin_polling(void **state)
{
	(void)state;
	now = 5000;
	tt_doorbell_init(&d, false, now);
	return 0;
}

/* A read that begins and ends now. */
static void
read_now(uint64_t xmin, uint64_t xmax, size_t nevents)
{
	struct tt_snapshot	 s = { xmin, xmax, NULL, 0, 0 };

	assert_int_equal(tt_doorbell_next(&d, now), TT_DO_READ);
	tt_doorbell_read(&d, &s, nevents, now);
}

/* Wait until it wants to read again; nothing may come before. */
static void
wait_for_read(int64_t ms)
{
	assert_int_equal(tt_doorbell_due(&d) - now, ms);
	assert_int_not_equal(tt_doorbell_next(&d, now + ms - 1), TT_DO_READ);
	now += ms;
	assert_int_equal(tt_doorbell_next(&d, now), TT_DO_READ);
}

static void
say(enum tt_deed deed)
{
	assert_int_equal(tt_doorbell_next(&d, now), deed);
	tt_doorbell_said(&d, deed == TT_DO_SAY_ASLEEP);
}

/* Awake and without events, up to where it wants to say asleep. */
static void
doze(void)
{
	int64_t	 quiet_since = d.event_ms;

	now = tt_doorbell_due(&d) > now ? tt_doorbell_due(&d) : now;
	while (d.state == TT_AWAKE) {
		read_now(100, 100, 0);
		assert_int_equal(tt_doorbell_due(&d) - now, READ_MS);
		if (d.state == TT_AWAKE)
			now += READ_MS;
	}
	assert_int_equal(d.state, TT_DOZING);
	assert_in_range(now - quiet_since, QUIET_MS, QUIET_MS + READ_MS);
}

static void
sleep_at(uint64_t xid)
{
	doze();
	say(TT_DO_SAY_ASLEEP);
	say(TT_DO_SAY_ASLEEP);
	read_now(xid, xid, 0);
	assert_int_equal(d.state, TT_ASLEEP);
}

/* A second ring soon after the first is what wakes. */
static void
wake_up(void)
{
	tt_doorbell_ring(&d, now);
	assert_int_equal(d.state, TT_ASLEEP);
	read_now(100, 101, 1);
	now += SELDOM_MS - 1;
	tt_doorbell_ring(&d, now);
	assert_int_equal(d.state, TT_AWAKE);
}

static void
the_first_read_is_due_at_once(void **state)
{
	(void)state;
	assert_int_equal(d.state, TT_AWAKE);
	assert_int_equal(tt_doorbell_due(&d), now);
	assert_int_equal(tt_doorbell_next(&d, now), TT_DO_READ);
}

static void
while_events_come_it_reads_and_says_nothing(void **state)
{
	int	 i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		read_now(100, 200, 1);
		assert_int_equal(tt_doorbell_next(&d, now), TT_DO_NOTHING);
		wait_for_read(READ_MS);
	}
	assert_int_equal(d.state, TT_AWAKE);
}

/* Also when a read takes long: time counts from its end. */
static void
after_60_ms_without_an_event_it_says_asleep_twice(void **state)
{
	(void)state;
	read_now(100, 100, 7);
	doze();
	say(TT_DO_SAY_ASLEEP);
	assert_int_equal(d.state, TT_DOZING);
	say(TT_DO_SAY_ASLEEP);
	assert_int_equal(tt_doorbell_next(&d, now), TT_DO_READ);
}

static void
it_sleeps_at_once_if_nothing_was_open(void **state)
{
	(void)state;
	sleep_at(100);
	assert_int_equal(tt_doorbell_next(&d, now), TT_DO_NOTHING);
	wait_for_read(FLOOR_MS);
}

/* A read that was under way, or due, between the words gives no barrier. */
static void
a_read_before_the_second_word_does_not_count(void **state)
{
	(void)state;
	doze();
	now += READ_MS;
	read_now(100, 100, 0);
	assert_int_equal(d.state, TT_DOZING);
	say(TT_DO_SAY_ASLEEP);
	now += READ_MS;
	read_now(101, 101, 0);
	assert_int_equal(d.state, TT_DOZING);
	say(TT_DO_SAY_ASLEEP);
	read_now(102, 102, 0);
	assert_int_equal(d.state, TT_ASLEEP);
}

/* What rang during the read that it falls asleep by, that may not have seen. */
static void
a_ring_as_it_falls_asleep_is_a_read(void **state)
{
	(void)state;
	doze();
	say(TT_DO_SAY_ASLEEP);
	say(TT_DO_SAY_ASLEEP);
	tt_doorbell_ring(&d, now);
	read_now(100, 100, 0);
	assert_int_equal(d.state, TT_ASLEEP);
	wait_for_read(READ_MS);
	read_now(100, 101, 1);
	assert_int_equal(d.state, TT_ASLEEP);
}

/* Whoever was open at the barrier may have looked before the word. */
static void
it_sleeps_when_all_have_ended_that_may_have_looked(void **state)
{
	static const struct {
		uint64_t	 xmin, xmax;
		int		 after;
	} reads[] = {
		{ 100, 110, 24 }, { 100, 110, 48 }, { 100, 140, 96 },
		{ 105, 140, 192 }, { 109, 150, 250 }, { 109, 150, 250 },
	};
	size_t	 i;

	(void)state;
	doze();
	say(TT_DO_SAY_ASLEEP);
	say(TT_DO_SAY_ASLEEP);
	read_now(100, 110, 0);
	for (i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
		assert_int_equal(d.state, TT_DOZING);
		wait_for_read(i == 0 ? READ_MS : reads[i - 1].after);
		read_now(reads[i].xmin, reads[i].xmax, 0);
		assert_int_equal(tt_doorbell_next(&d, now), TT_DO_NOTHING);
	}
	wait_for_read(SLOWEST_MS);
	read_now(110, 150, 0);
	assert_int_equal(d.state, TT_ASLEEP);
}

/* The event may be one of those that nobody rang for. */
static void
an_event_before_it_sleeps_keeps_it_awake(void **state)
{
	(void)state;
	doze();
	say(TT_DO_SAY_ASLEEP);
	say(TT_DO_SAY_ASLEEP);
	read_now(100, 110, 0);
	wait_for_read(READ_MS);
	read_now(110, 120, 1);
	assert_int_equal(d.state, TT_AWAKE);
	assert_int_equal(d.event_ms, now);
	say(TT_DO_SAY_AWAKE);
	assert_int_equal(tt_doorbell_next(&d, now), TT_DO_NOTHING);
	wait_for_read(READ_MS);

	/* The next sleep has a barrier of its own. */
	sleep_at(200);
}

static void
an_old_barrier_does_not_serve_the_next_sleep(void **state)
{
	(void)state;
	sleep_at(100);
	wake_up();
	read_now(100, 101, 1);
	say(TT_DO_SAY_AWAKE);
	doze();
	say(TT_DO_SAY_ASLEEP);
	say(TT_DO_SAY_ASLEEP);
	read_now(150, 160, 0);
	assert_int_equal(d.state, TT_DOZING);
	wait_for_read(READ_MS);
	read_now(159, 170, 0);
	assert_int_equal(d.state, TT_DOZING);
}

static void
rung_out_of_sleep_it_reads_first_and_says_so_then(void **state)
{
	(void)state;
	sleep_at(100);
	now += 77;
	wake_up();
	read_now(101, 101, 3);
	say(TT_DO_SAY_AWAKE);
	assert_int_equal(d.state, TT_AWAKE);
	wait_for_read(READ_MS);
}

/* It has said asleep, and each of those who write now rings. */
static void
rung_seldom_it_reads_twice_and_sleeps_on(void **state)
{
	int	 i;

	(void)state;
	sleep_at(100);
	for (i = 0; i < 100; i++) {
		now += SELDOM_MS;
		tt_doorbell_ring(&d, now);
		read_now(101, 101, (size_t)(i % 3));
		assert_int_equal(tt_doorbell_next(&d, now), TT_DO_NOTHING);
		wait_for_read(READ_MS);
		read_now(101, 101, 0);
		assert_int_equal(d.state, TT_ASLEEP);
		assert_int_equal(tt_doorbell_due(&d) - now, FLOOR_MS);
	}
	wait_for_read(FLOOR_MS);
}

/* A read that was under way when it was rung may not see what it was for. */
static void
rung_during_a_read_it_reads_once_more(void **state)
{
	struct tt_snapshot	 s = { 101, 101, NULL, 0, 0 };

	(void)state;
	sleep_at(100);
	now += FLOOR_MS;
	assert_int_equal(tt_doorbell_next(&d, now), TT_DO_READ);
	tt_doorbell_ring(&d, now);
	tt_doorbell_read(&d, &s, 0, now);
	wait_for_read(READ_MS);
	read_now(101, 102, 1);
	assert_int_equal(d.state, TT_ASLEEP);
	wait_for_read(FLOOR_MS);
}

/*
 * A hub that was rung for others is awake all the same, and says so: else every
 * commit would ring for it.
 */
static void
rung_for_others_it_stays_awake_for_a_while(void **state)
{
	(void)state;
	sleep_at(100);
	now += 500;
	wake_up();
	read_now(101, 101, 0);
	say(TT_DO_SAY_AWAKE);
	assert_int_equal(d.state, TT_AWAKE);
	d.event_ms = now;	/* what doze() counts from */
	doze();
}

static void
rung_while_dozing_it_reads_soon(void **state)
{
	int	 i;

	(void)state;
	doze();
	say(TT_DO_SAY_ASLEEP);
	say(TT_DO_SAY_ASLEEP);
	for (i = 0; i < 10; i++) {
		read_now(100, 110, 0);
		now = tt_doorbell_due(&d);
	}
	read_now(100, 110, 0);
	tt_doorbell_ring(&d, now);
	wait_for_read(READ_MS);
	read_now(100, 111, 0);
	assert_int_equal(d.state, TT_DOZING);
}

/* However often it is rung, what it has to say is not put off. */
static void
rung_before_it_has_said_asleep_it_says_it(void **state)
{
	(void)state;
	doze();
	tt_doorbell_ring(&d, now);
	say(TT_DO_SAY_ASLEEP);
	now = tt_doorbell_due(&d);
	tt_doorbell_ring(&d, now);
	read_now(100, 110, 0);
	tt_doorbell_ring(&d, now);
	say(TT_DO_SAY_ASLEEP);
	read_now(110, 110, 0);
	assert_int_equal(d.state, TT_ASLEEP);
}

/* The floor: an event that nobody rang for. */
static void
asleep_it_reads_once_a_second(void **state)
{
	int	 i;

	(void)state;
	sleep_at(100);
	for (i = 0; i < 100; i++) {
		wait_for_read(FLOOR_MS);
		read_now(100, 100, 0);
		assert_int_equal(d.state, TT_ASLEEP);
		assert_int_equal(tt_doorbell_next(&d, now), TT_DO_NOTHING);
	}
	wait_for_read(FLOOR_MS);
	read_now(101, 101, 1);
	assert_int_equal(d.state, TT_AWAKE);
	say(TT_DO_SAY_AWAKE);
}

static void
polling_it_never_says_a_word(void **state)
{
	static const int	 after[] = { 24, 48, 96, 192, 250, 250, 250 };
	size_t			 i;

	(void)state;
	read_now(100, 100, 1);
	for (now += READ_MS; now - d.event_ms < QUIET_MS; now += READ_MS) {
		read_now(100, 100, 0);
		assert_int_equal(tt_doorbell_due(&d) - now, READ_MS);
	}
	for (i = 0; i < sizeof(after) / sizeof(after[0]); i++) {
		read_now(100, 100, 0);
		assert_int_equal(d.state, TT_AWAKE);
		assert_int_equal(tt_doorbell_next(&d, now), TT_DO_NOTHING);
		wait_for_read(after[i]);
	}
	read_now(101, 101, 1);
	wait_for_read(READ_MS);
}

int
main(void)
{
#define LISTENING(test)	cmocka_unit_test_setup(test, begin_listening)
#define POLLING(test)	cmocka_unit_test_setup(test, begin_polling)
	static const struct CMUnitTest	 tests[] = {
		LISTENING(the_first_read_is_due_at_once),
		LISTENING(while_events_come_it_reads_and_says_nothing),
		LISTENING(after_60_ms_without_an_event_it_says_asleep_twice),
		LISTENING(it_sleeps_at_once_if_nothing_was_open),
		LISTENING(a_read_before_the_second_word_does_not_count),
		LISTENING(a_ring_as_it_falls_asleep_is_a_read),
		LISTENING(it_sleeps_when_all_have_ended_that_may_have_looked),
		LISTENING(an_event_before_it_sleeps_keeps_it_awake),
		LISTENING(an_old_barrier_does_not_serve_the_next_sleep),
		LISTENING(rung_out_of_sleep_it_reads_first_and_says_so_then),
		LISTENING(rung_seldom_it_reads_twice_and_sleeps_on),
		LISTENING(rung_during_a_read_it_reads_once_more),
		LISTENING(rung_for_others_it_stays_awake_for_a_while),
		LISTENING(rung_while_dozing_it_reads_soon),
		LISTENING(rung_before_it_has_said_asleep_it_says_it),
		LISTENING(asleep_it_reads_once_a_second),
		POLLING(polling_it_never_says_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

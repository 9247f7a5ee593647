/*
 * Rates: exact by a clock that the tests set; and a file that nothing spoils:
 * not a kill, not a reboot, not what somebody wrote there.
 */
#define _GNU_SOURCE	/* as rate.c has it */

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* The time that decisions see, while it is not 0. */
static int64_t	 clock_ns;

static int
test_clock(clockid_t id, struct timespec *ts)
{
	if (clock_ns == 0)
		return clock_gettime(id, ts);
	ts->tv_sec = clock_ns / 1000000000;
	ts->tv_nsec = clock_ns % 1000000000;
	return 0;
}

#define clock_gettime	test_clock
#include "gate/rate.c"
#undef clock_gettime

#define START_NS	(1000 * NS_PER_S + 1)
#define MINUTE_NS	(60 * NS_PER_S)
#define COUNT(a)		(sizeof(a) / sizeof((a)[0]))

static char	 folder[] = "/tmp/test-rate.XXXXXX";
static char	 path[sizeof(folder) + 8], log_path[sizeof(folder) + 8];
static int	 log_fd, stderr_fd;

static const unsigned char	 ada[TT_RATE_ID_SZ] = "ada's hash, of 32 bytes";
static const unsigned char	 bob[TT_RATE_ID_SZ] = "bob's";

static int
setup(void **state)
{
	clock_ns = START_NS;
	(void)unlink(path);
	if (ftruncate(log_fd, 0) == -1 || dup2(log_fd, STDERR_FILENO) == -1)
		return -1;
	*state = tt_rates_open(path);
	return *state == NULL || ((struct tt_rates *)*state)->table == NULL;
}

static int
teardown(void **state)
{
	clock_ns = 0;
	tt_rates_close(*state);
	(void)dup2(stderr_fd, STDERR_FILENO);
	return unlink(path);
}

/* How many of so many at once are let pass. */
static int64_t
burst(struct tt_rates *rates, const unsigned char *id, int limit, int64_t n)
{
	struct tt_rate	 rate;
	int64_t		 passed = 0;

	for (; n > 0; n--)
		passed += tt_rate_take(rates, id, limit, &rate);
	return passed;
}

/* --- the count ---------------------------------------------------- */

static void
sixty_at_once_then_one_a_second(void **state)
{
	int	 i;

	assert_int_equal(burst(*state, ada, 60, 100), 60);
	for (i = 0; i < 100; i++) {
		clock_ns += NS_PER_S - 1;
		assert_int_equal(burst(*state, ada, 60, 2), 0);
		clock_ns++;
		assert_int_equal(burst(*state, ada, 60, 2), 1);
	}
	clock_ns += 30 * NS_PER_S;
	assert_int_equal(burst(*state, ada, 60, 100), 30);
	clock_ns += 3600 * NS_PER_S;
	assert_int_equal(burst(*state, ada, 60, 100), 60);
}

static const int	 limits[] = {
	2, 3, 7, 11, 59, 60, 61, 97, 1000, 65537, 99999, 100000
};

/* After any time, whoever never stops asking has had his due, and no more. */
static void
no_rate_drifts(void **state)
{
	int64_t	 passed, due;
	size_t	 i;
	int	 j, limit;

	srandom(1);
	for (i = 0; i < COUNT(limits); i++) {
		limit = limits[i];
		clock_ns = START_NS;
		(void)unlink(path);
		tt_rates_close(*state);
		assert_non_null(*state = tt_rates_open(path));
		passed = burst(*state, ada, limit, limit + 1);
		for (j = 0; j < 300; j++) {
			clock_ns += random() * 100 % (MINUTE_NS / limit);
			passed += burst(*state, ada, limit, 4);
			due = limit + (clock_ns - START_NS) * limit / MINUTE_NS;
			assert_in_range(passed, due - (j < 299), due);
		}
	}
}

/* The same over days, where a ns of rounding would show. */
static void
the_next_comes_when_it_is_due(void **state)
{
	static const int	 odd[] = { 1, 7, 11, 59, 100000 };
	int64_t			 i;
	size_t			 j;

	for (j = 0; j < COUNT(odd); j++) {
		unsigned char	 id[TT_RATE_ID_SZ] = { 0 };
		const int	 limit = odd[j];

		id[0] = (unsigned char)j;
		clock_ns = START_NS;
		assert_int_equal(burst(*state, id, limit, limit + 1), limit);
		for (i = 1; i < 20000; i++) {
			clock_ns = START_NS + (i * MINUTE_NS - 1) / limit;
			assert_int_equal(burst(*state, id, limit, 1), 0);
			clock_ns += 2 + (i + limit) / 16;
			assert_int_equal(burst(*state, id, limit, 2), 1);
		}
	}
}

static void
the_greatest_limit_does_not_overflow(void **state)
{
	struct tt_rate	 rate;

	assert_true(tt_rate_take(*state, ada, INT32_MAX, &rate));
	assert_int_equal(rate.limit, LIMIT_MAX);
	assert_int_equal(rate.remaining, LIMIT_MAX - 1);
	clock_ns += 999;
	assert_true(tt_rate_take(*state, ada, LIMIT_MAX, &rate));
	assert_int_equal(rate.remaining, LIMIT_MAX - 2);
	assert_true(tt_rate_take(*state, bob, -5, &rate));
	assert_int_equal(rate.limit, 1);
	assert_false(tt_rate_take(*state, bob, 0, &rate));
	assert_int_equal(rate.retry_ms, 60000);
}

static void
one_is_told_how_he_stands(void **state)
{
	struct tt_rate	 rate;

	tt_rate_look(*state, ada, 60, &rate);
	assert_int_equal(rate.limit, 60);
	assert_int_equal(rate.remaining, 60);
	assert_int_equal(rate.reset_ms, 0);
	assert_int_equal(rate.retry_ms, 0);

	assert_true(tt_rate_take(*state, ada, 60, &rate));
	assert_int_equal(rate.remaining, 59);
	assert_int_equal(rate.reset_ms, 1000);
	assert_int_equal(rate.retry_ms, 0);

	clock_ns += 1;
	tt_rate_look(*state, ada, 60, &rate);
	assert_int_equal(rate.remaining, 59);
	assert_int_equal(rate.reset_ms, 1000);

	assert_int_equal(burst(*state, ada, 60, 58), 58);
	assert_true(tt_rate_take(*state, ada, 60, &rate));
	assert_int_equal(rate.remaining, 0);
	assert_int_equal(rate.retry_ms, 1000);
	assert_false(tt_rate_take(*state, ada, 60, &rate));
	assert_int_equal(rate.remaining, 0);
	assert_int_equal(rate.reset_ms, 60000);
	assert_int_equal(rate.retry_ms, 1000);

	/* He who waits as he was told is let pass. */
	clock_ns += rate.retry_ms * 1000000;
	tt_rate_look(*state, ada, 60, &rate);
	assert_int_equal(rate.remaining, 1);
	assert_int_equal(rate.retry_ms, 0);
	assert_true(tt_rate_take(*state, ada, 60, &rate));
}

static void
a_look_costs_nothing(void **state)
{
	struct tt_rate	 rate;
	int		 i;

	for (i = 0; i < 200; i++)
		tt_rate_look(*state, ada, 60, &rate);
	assert_int_equal(burst(*state, ada, 60, 100), 60);
}

static void
each_has_his_own_count(void **state)
{
	assert_int_equal(burst(*state, ada, 60, 100), 60);
	assert_int_equal(burst(*state, bob, 60, 100), 60);
}

static void
what_is_given_back_can_be_had_again(void **state)
{
	struct tt_rate	 rate;

	assert_int_equal(burst(*state, ada, 7, 100), 7);
	tt_rate_give_back(*state, ada, 7);
	tt_rate_give_back(*state, ada, 7);
	assert_int_equal(burst(*state, ada, 7, 100), 2);

	/* No more than all of it, and not to one who has asked for nothing. */
	for (int i = 0; i < 20; i++)
		tt_rate_give_back(*state, ada, 7);
	tt_rate_give_back(*state, bob, 7);
	tt_rate_look(*state, ada, 7, &rate);
	assert_int_equal(rate.remaining, 7);
	assert_int_equal(burst(*state, ada, 7, 100), 7);
	assert_int_equal(burst(*state, bob, 7, 100), 7);

	/* He whom nobody counted has nothing to get back. */
	tt_rate_give_back(*state, ada, 0);
	assert_int_equal(burst(*state, ada, 7, 100), 0);
}

/* What is used of a minute stays used, at whatever rate it comes back. */
static void
another_limit_goes_on_from_where_one_stands(void **state)
{
	assert_int_equal(burst(*state, ada, 60, 30), 30);
	assert_int_equal(burst(*state, ada, 600, 1000), 300);
	assert_int_equal(burst(*state, ada, 60, 10), 0);
	clock_ns += NS_PER_S;
	assert_int_equal(burst(*state, ada, 6, 10), 0);
	assert_int_equal(burst(*state, ada, 600, 100), 10);
	clock_ns += 10 * NS_PER_S;
	assert_int_equal(burst(*state, ada, 6, 10), 1);
	clock_ns += MINUTE_NS;
	assert_int_equal(burst(*state, ada, 6, 10), 6);
}

/* --- the slots ---------------------------------------------------- */

static struct place
place_of(struct tt_rates *rates, const unsigned char *id)
{
	struct place	 p;

	assert_true(locate(rates, id, &p));
	return p;
}

static struct tt_rate_slot *
slot_of(struct tt_rates *rates, const unsigned char *id)
{
	const struct place	 p = place_of(rates, id);

	return find(&p);
}

static void
times_that_cannot_be_heal(void **state)
{
	const int64_t	 times[] = {
		now_ticks() + 2 * MINUTE + 1, INT64_MAX, -1, INT64_MIN
	};
	size_t		 i;

	for (i = 0; i < COUNT(times); i++) {
		(void)burst(*state, ada, 60, 1);
		slot_of(*state, ada)->until = times[i];
		assert_int_equal(burst(*state, ada, 60, 100), 60);
		clock_ns += MINUTE_NS;
	}

	/* The clock of another boot: all of it was far ahead. */
	assert_int_equal(burst(*state, ada, 60, 100), 60);
	clock_ns = NS_PER_S;
	assert_int_equal(burst(*state, ada, 60, 100), 60);
}

/* The next who is in the same set as ada. */
static void
neighbour(struct tt_rates *rates, uint32_t *last, unsigned char *id)
{
	(void)memset(id, 0, TT_RATE_ID_SZ);
	do {
		++*last;
		(void)memcpy(id, last, sizeof(*last));
	} while (place_of(rates, id).set != place_of(rates, ada).set);
}

static void
of_a_full_set_the_one_free_soonest_goes(void **state)
{
	unsigned char	 id[TT_RATE_SLOTS][TT_RATE_ID_SZ];
	uint32_t	 last = 0;
	int		 i;

	assert_int_equal(burst(*state, ada, 60, 60), 60);
	tt_rate_set_limit(*state, ada, 60);
	for (i = 0; i < TT_RATE_SLOTS; i++) {
		neighbour(*state, &last, id[i]);
		assert_int_equal(burst(*state, id[i], 60, i + 10), i + 10);
	}

	/* The first of them had asked least, and is forgotten. */
	assert_null(slot_of(*state, id[0]));
	for (i = 1; i < TT_RATE_SLOTS; i++)
		assert_non_null(slot_of(*state, id[i]));
	assert_int_equal(burst(*state, ada, 60, 60), 0);
	assert_int_equal(tt_rate_limit(*state, ada), 60);

	/* Whose time cannot be goes first of all. */
	slot_of(*state, id[4])->until = INT64_MAX;
	assert_int_equal(burst(*state, id[0], 60, 100), 60);
	assert_null(slot_of(*state, id[4]));
	assert_int_equal(burst(*state, id[7], 60, 100), 60 - 17);
}

/* He had seen his count, and before he changed it, it was another's. */
static void
what_is_counted_in_a_lost_slot_is_not_the_next_ones(void **state)
{
	const struct place	 p = place_of(*state, ada);
	unsigned char		 id[TT_RATE_ID_SZ];
	uint32_t		 last = 0;
	struct state		 s;
	int			 i;

	assert_int_equal(burst(*state, ada, 60, 1), 1);
	observe(&p, &s);
	assert_non_null(s.slot);
	for (i = 0; i < TT_RATE_SLOTS; i++) {
		neighbour(*state, &last, id);
		assert_int_equal(burst(*state, id, 60, 2), 2);
	}
	assert_null(slot_of(*state, ada));
	assert_false(atomic_compare_exchange_strong(&s.slot->until, &s.until,
	    s.now));
}

static void
a_limit_is_remembered(void **state)
{
	struct tt_rates	*other;

	assert_int_equal(tt_rate_limit(*state, ada), 0);
	tt_rate_set_limit(*state, ada, 0);
	assert_null(slot_of(*state, ada));
	tt_rate_set_limit(*state, ada, 120);
	assert_int_equal(tt_rate_limit(*state, ada), 120);
	assert_int_equal(tt_rate_limit(*state, bob), 0);
	assert_int_equal(burst(*state, ada, 120, 200), 120);

	clock_ns += 3600 * NS_PER_S;
	assert_non_null(other = tt_rates_open(path));
	assert_int_equal(tt_rate_limit(other, ada), 120);
	tt_rate_set_limit(other, ada, 240);
	assert_int_equal(tt_rate_limit(*state, ada), 240);
	tt_rate_set_limit(*state, ada, 0);
	assert_int_equal(tt_rate_limit(other, ada), 0);
	tt_rates_close(other);
}

static void
the_file_names_nobody(void **state)
{
	const struct tt_rates	*rates = *state;

	(void)burst(*state, ada, 60, 10);
	assert_null(memmem(rates->table, sizeof(*rates->table), ada, 8));
}

/* --- the locks ---------------------------------------------------- */

/* A process that takes ada's lock, and does no more of its own will. */
static pid_t
holder(struct tt_rates *rates)
{
	const struct place	 p = place_of(rates, ada);
	int			 ready[2];
	char			 c;
	pid_t			 pid;

	assert_int_equal(pipe(ready), 0);
	assert_int_not_equal(pid = fork(), -1);
	if (pid == 0) {
		if (lock_or_wait(p.mutex) != 0 || write(ready[1], "", 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(ready[1]);
	assert_int_equal(read(ready[0], &c, 1), 1);
	(void)close(ready[0]);
	return pid;
}

static void
end(pid_t pid)
{
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* How many lines were logged, all with that text; they are gone after that. */
static int
logged(const char *text)
{
	char	 line[512];
	FILE	*f;
	int	 n = 0;

	assert_non_null(f = fopen(log_path, "r"));
	while (fgets(line, sizeof(line), f) != NULL) {
		if (strstr(line, text) == NULL) {
			(void)dup2(stderr_fd, STDERR_FILENO);
			fail_msg("logged: %s", line);
		}
		n++;
	}
	(void)fclose(f);
	assert_int_equal(ftruncate(log_fd, 0), 0);
	return n;
}

static void
who_is_killed_with_the_lock_leaves_it(void **state)
{
	unsigned char	 id[TT_RATE_ID_SZ];
	uint32_t	 last = 0;
	int		 i;

	assert_int_equal(burst(*state, ada, 60, 20), 20);
	for (i = 0; i < 5; i++) {
		end(holder(*state));
		neighbour(*state, &last, id);
		assert_int_equal(burst(*state, id, 60, 100), 60);
		assert_int_equal(burst(*state, ada, 60, 8), 8);
	}
	assert_int_equal(burst(*state, ada, 60, 4), 0);
	assert_int_equal(logged(""), 0);
}

static void
who_holds_the_lock_for_ever_stops_nobody(void **state)
{
	unsigned char	 id[TT_RATE_ID_SZ];
	struct tt_rate	 rate;
	uint32_t	 last = 0;
	pid_t		 pid;

	/* Nor are those let pass who have a slot. */
	assert_int_equal(burst(*state, ada, 60, 59), 59);
	tt_rate_set_limit(*state, ada, 60);
	pid = holder(*state);
	assert_int_equal(burst(*state, ada, 60, 10), 1);
	tt_rate_give_back(*state, ada, 60);
	assert_int_equal(burst(*state, ada, 60, 10), 1);
	assert_int_equal(tt_rate_limit(*state, ada), 60);

	/* Who is new is, and waits by the real clock. */
	neighbour(*state, &last, id);
	clock_ns = 0;
	assert_true(tt_rate_take(*state, id, 60, &rate));
	assert_int_equal(rate.limit, 0);
	assert_true(tt_rate_take(*state, id, 60, &rate));
	tt_rate_give_back(*state, id, 60);
	tt_rate_set_limit(*state, id, 60);
	assert_int_equal(tt_rate_limit(*state, id), 0);
	tt_rate_look(*state, id, 60, &rate);
	assert_int_equal(rate.remaining, 60);
	assert_int_equal(logged("was not counted"), 1);
	end(pid);
	assert_true(tt_rate_take(*state, id, 60, &rate));
	assert_int_equal(rate.remaining, 59);
}

static void *
hammer(void *rates)
{
	return (void *)(intptr_t)burst(rates, ada, 60, 20000);
}

/* By the real clock, which who waits for a lock needs. */
static void
threads_share_one_count(void **state)
{
	pthread_t	 thread[4];
	void		*passed;
	int64_t		 began, n = 0;
	size_t		 i;

	clock_ns = 0;
	began = now_ticks();
	for (i = 0; i < COUNT(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, hammer,
		    *state), 0);
	for (i = 0; i < COUNT(thread); i++) {
		assert_int_equal(pthread_join(thread[i], &passed), 0);
		n += (intptr_t)passed;
	}
	if (logged("was not counted") == 0)
		assert_in_range(n, 60, 60 + (now_ticks() - began) / cost(60));
}

/* --- the file ---------------------------------------------------- */

static void
without_a_file_nobody_counts(void **state)
{
	struct tt_rates	*rates;
	struct tt_rate	 rate;
	int		 i;

	(void)state;
	assert_non_null(rates = tt_rates_open(""));
	for (i = 0; i < 10; i++) {
		assert_true(tt_rate_take(rates, ada, 1, &rate));
		assert_int_equal(rate.limit, 0);
	}
	tt_rate_set_limit(rates, ada, 10);
	assert_int_equal(tt_rate_limit(rates, ada), 0);
	tt_rates_close(rates);

	tt_rates_close(NULL);
	assert_true(tt_rate_take(NULL, ada, 1, &rate));
	assert_int_equal(logged(""), 0);
}

/* Change the file, open it again, and ask: how many of a hundred pass? */
static int64_t
after(struct tt_rates *rates, size_t at, const void *bytes, size_t sz)
{
	struct tt_rates	*other;
	int64_t		 passed;

	(void)memcpy((char *)rates->table + at, bytes, sz);
	assert_non_null(other = tt_rates_open(path));
	passed = burst(other, ada, 60, 100);
	tt_rates_close(other);
	return passed;
}

#define AT(field)	offsetof(struct tt_rate_table, field)

static void
a_file_of_another_boot_is_made_anew(void **state)
{
	struct tt_rates	*rates = *state;

	if (rates->table->head.boot[0] == '\0')
		skip();
	assert_int_equal(burst(rates, ada, 60, 100), 60);
	assert_int_equal(after(rates, 0, "", 0), 0);

	/* Its locks were held when the power failed. */
	(void)memset(rates->table->lock, 0x7f, sizeof(rates->table->lock));
	assert_int_equal(after(rates, AT(head.boot), "another", 7), 60);
	assert_int_equal(after(rates, 0, "", 0), 0);

	/* Whatever its layout and length were. */
	assert_int_equal(truncate(path, sizeof(*rates->table) + 5), 0);
	rates->table->head.layout = 77;
	assert_int_equal(after(rates, AT(head.boot), "another", 7), 60);
	assert_int_equal(logged(""), 0);
}

static void
where_the_boot_has_no_name_the_file_is_kept(void **state)
{
	assert_int_equal(burst(*state, ada, 60, 100), 60);
	assert_int_equal(after(*state, AT(head.boot), "", 1), 0);
}

static void
what_was_left_half_made_is_made(void **state)
{
	static const char	 nothing[sizeof(struct tt_rate_table)];

	assert_int_equal(burst(*state, ada, 60, 100), 60);
	assert_int_equal(after(*state, 0, "telltale making", 16), 60);
	assert_int_equal(after(*state, 0, nothing, sizeof(nothing)), 60);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(after(*state, 0, "", 0), 60);
	assert_int_equal(logged(""), 0);
}

static void
a_file_of_another_layout_is_left_alone(void **state)
{
	struct tt_rates	*rates = *state;

	assert_int_equal(after(rates, AT(head.layout), "\x63", 1), 100);
	assert_int_equal(logged("another version"), 1);
	assert_int_equal(rates->table->head.layout, 0x63);
	rates->table->head.layout = 1;
	assert_int_equal(after(rates, AT(head.mutex_sz), "\x01", 1), 100);
	assert_int_equal(logged("another version"), 1);
}

/* It begins as a file of zeros would, and is somebody's. */
static void
a_file_that_is_not_all_zeros_is_not_ours(void **state)
{
	struct tt_rates	*rates = *state;
	char		 magic[] = "telltale rates";

	assert_int_equal(burst(rates, ada, 60, 10), 10);
	assert_memory_equal(rates->table->head.magic, magic, sizeof(magic));
	assert_int_equal(after(rates, 0, "", 1), 100);
	assert_int_equal(logged("holds something else"), 1);
	(void)memcpy(rates->table->head.magic, magic, sizeof(magic));
	assert_int_equal(burst(rates, ada, 60, 100), 50);
}

static int
group_setup(void **state)
{
	(void)state;
	if (mkdtemp(folder) == NULL || sodium_init() == -1)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/rates", folder);
	(void)snprintf(log_path, sizeof(log_path), "%s/log", folder);
	stderr_fd = dup(STDERR_FILENO);
	log_fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
	    S_IRUSR | S_IWUSR);
	return stderr_fd == -1 || log_fd == -1;
}

static int
group_teardown(void **state)
{
	(void)state;
	return unlink(log_path) == -1 || rmdir(folder) == -1;
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(sixty_at_once_then_one_a_second),
		TEST(no_rate_drifts),
		TEST(the_next_comes_when_it_is_due),
		TEST(the_greatest_limit_does_not_overflow),
		TEST(one_is_told_how_he_stands),
		TEST(a_look_costs_nothing),
		TEST(each_has_his_own_count),
		TEST(what_is_given_back_can_be_had_again),
		TEST(another_limit_goes_on_from_where_one_stands),
		TEST(times_that_cannot_be_heal),
		TEST(of_a_full_set_the_one_free_soonest_goes),
		TEST(what_is_counted_in_a_lost_slot_is_not_the_next_ones),
		TEST(a_limit_is_remembered),
		TEST(the_file_names_nobody),
		TEST(who_is_killed_with_the_lock_leaves_it),
		TEST(who_holds_the_lock_for_ever_stops_nobody),
		TEST(threads_share_one_count),
		TEST(without_a_file_nobody_counts),
		TEST(a_file_of_another_boot_is_made_anew),
		TEST(where_the_boot_has_no_name_the_file_is_kept),
		TEST(what_was_left_half_made_is_made),
		TEST(a_file_of_another_layout_is_left_alone),
		TEST(a_file_that_is_not_all_zeros_is_not_ours),
	};

	return cmocka_run_group_tests_name("rate", tests, group_setup,
	    group_teardown);
}

/*
 * rate.c - see rate.h.
 *
 * A count is a time: until_ns, when all that was asked for would be paid, at
 * so many a minute.  It may lie a minute ahead at most.  The arithmetic is
 * exact: in shares of 1/limit ns, of which a request costs a minute's worth
 * of ns, and of which there is room for limit times as many.
 */
#define _GNU_SOURCE	/* pthread_mutex_clocklock() */

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "base/log.h"
#include "gate/rate.h"
#include "gate/rate_file.h"

#define NS_PER_MS	1000000LL
#define NS_PER_S	1000000000LL
#define MINUTE		(60 * NS_PER_S)
#define LIMIT_MAX	60000000	/* times two minutes: fits 64 bits */
#define WAIT_NS		(20 * NS_PER_MS)

/*
 * A wait must not grow because somebody sets the clock, where that can be had:
 * glibc has it since 2.30, gcc's ThreadSanitizer does not know it.
 */
#if __GLIBC__ * 100 + __GLIBC_MINOR__ >= 230 && !defined(__SANITIZE_THREAD__)
#define WAIT_CLOCK	CLOCK_MONOTONIC
#define lock_until(m, t) pthread_mutex_clocklock(m, CLOCK_MONOTONIC, t)
#else
#define WAIT_CLOCK	CLOCK_REALTIME
#define lock_until(m, t) pthread_mutex_timedlock(m, t)
#endif

struct tt_rates {
	struct tt_rate_table	*table;		/* NULL: nobody counts */
	atomic_flag		 complained;
};

/* Somebody's set, while its lock is ours. */
struct hold {
	uint64_t		 tag[2];
	struct tt_rate_slot	*set;
	pthread_mutex_t		*mutex;
	int64_t			 now_ns;
};

struct tt_rates *
tt_rates_open(const char *path)
{
	struct tt_rates	*rates = calloc(1, sizeof(*rates));

	if (rates == NULL)
		return NULL;
	atomic_flag_clear(&rates->complained);
	if (*path != '\0')
		rates->table = tt_rate_table_map(path);
	return rates;
}

void
tt_rates_close(struct tt_rates *rates)
{
	if (rates == NULL)
		return;
	tt_rate_table_unmap(rates->table);
	free(rates);
}

static int64_t
now_ns(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

/* It is held for some dozens of ns, unless its holder was stopped. */
static int
lock_or_wait(pthread_mutex_t *mutex)
{
	struct timespec	 ts;
	int		 rc;

	if ((rc = pthread_mutex_trylock(mutex)) != EBUSY)
		return rc;
	(void)clock_gettime(WAIT_CLOCK, &ts);
	ts.tv_nsec += WAIT_NS;
	ts.tv_sec += ts.tv_nsec / NS_PER_S;
	ts.tv_nsec %= NS_PER_S;
	return lock_until(mutex, &ts);
}

/* Lock his set; false if nobody counts, or not now. */
static bool
hold(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ],
    struct hold *h)
{
	size_t	 i;
	int	 rc;

	if (rates == NULL || rates->table == NULL)
		return false;
	(void)crypto_shorthash_siphashx24((unsigned char *)h->tag, id,
	    TT_RATE_ID_SZ, rates->table->head.key);
	i = h->tag[0] % TT_RATE_SETS;
	h->set = rates->table->set[i];
	h->mutex = &rates->table->lock[i % TT_RATE_LOCKS].mutex;

	/* Who was killed with it left the set as good as he found it. */
	if ((rc = lock_or_wait(h->mutex)) == EOWNERDEAD)
		rc = pthread_mutex_consistent(h->mutex);
	if (rc != 0) {
		if (!atomic_flag_test_and_set(&rates->complained))
			tt_warn("the rate file's lock: %s: a request was not "
			    "counted", strerror(rc));
		return false;
	}
	/* Not before: times must go up in the order of the lock. */
	h->now_ns = now_ns();
	return true;
}

static void
release(struct hold *h)
{
	(void)pthread_mutex_unlock(h->mutex);
}

static struct tt_rate_slot *
find(struct hold *h)
{
	int	 i;

	for (i = 0; i < TT_RATE_SLOTS; i++)
		if (h->set[i].tag[0] == h->tag[0] &&
		    h->set[i].tag[1] == h->tag[1])
			return &h->set[i];
	return NULL;
}

/* A time that nobody can have written is none. */
static bool
plausible(const struct hold *h, const struct tt_rate_slot *slot)
{
	return slot->until_ns <= h->now_ns ||
	    slot->until_ns - h->now_ns <= 2 * MINUTE;
}

/* The slot that is free, or will be soonest: who asked least is forgotten. */
static struct tt_rate_slot *
claim(struct hold *h)
{
	struct tt_rate_slot	*slot = &h->set[0];
	int			 i;

	for (i = 1; i < TT_RATE_SLOTS && plausible(h, slot); i++)
		if (!plausible(h, &h->set[i]) ||
		    h->set[i].until_ns < slot->until_ns)
			slot = &h->set[i];

	/* Who is killed in here must not leave one's count to another. */
	slot->until_ns = h->now_ns;
	slot->fraction = 0;
	slot->limit = 0;
	atomic_signal_fence(memory_order_seq_cst);
	slot->tag[0] = h->tag[0];
	slot->tag[1] = h->tag[1];
	atomic_signal_fence(memory_order_seq_cst);
	return slot;
}

static struct tt_rate_slot *
find_or_claim(struct hold *h)
{
	struct tt_rate_slot	*slot = find(h);

	return slot != NULL ? slot : claim(h);
}

static int
bounded(int per_minute)
{
	if (per_minute < 1)
		return 1;
	return per_minute > LIMIT_MAX ? LIMIT_MAX : per_minute;
}

/* What is used up, in shares of 1/limit ns. */
static int64_t
used(const struct hold *h, const struct tt_rate_slot *slot, int limit)
{
	if (slot == NULL || slot->until_ns < h->now_ns || !plausible(h, slot))
		return 0;
	return (slot->until_ns - h->now_ns) * limit + slot->fraction;
}

static void
set_used(const struct hold *h, struct tt_rate_slot *slot, int limit, int64_t n)
{
	slot->until_ns = h->now_ns + n / limit;
	slot->fraction = (uint32_t)(n % limit);
}

/* How long such shares take to come back, no less. */
static int64_t
ms_of(int64_t n, int limit)
{
	return n <= 0 ? 0 : (n - 1) / (limit * NS_PER_MS) + 1;
}

static void
tell(struct tt_rate *rate, int limit, int64_t n)
{
	int64_t	 room = limit * MINUTE - n;

	rate->limit = limit;
	rate->remaining = room > 0 ? (int)(room / MINUTE) : 0;
	rate->reset_ms = ms_of(n, limit);
	rate->retry_ms = ms_of(MINUTE - room, limit);
}

bool
tt_rate_take(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ],
    int per_minute, struct tt_rate *rate)
{
	struct tt_rate_slot	*slot;
	struct hold		 h;
	int64_t			 n;
	int			 limit = bounded(per_minute);
	bool			 good;

	(void)memset(rate, 0, sizeof(*rate));
	if (!hold(rates, id, &h))
		return true;
	slot = find_or_claim(&h);
	n = used(&h, slot, limit);
	if ((good = n + MINUTE <= limit * MINUTE)) {
		n += MINUTE;
		set_used(&h, slot, limit, n);
	}
	release(&h);
	tell(rate, limit, n);
	return good;
}

void
tt_rate_give_back(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ],
    int per_minute)
{
	struct tt_rate_slot	*slot;
	struct hold		 h;
	int64_t			 n;

	if (per_minute < 1 || !hold(rates, id, &h))
		return;
	if ((slot = find(&h)) != NULL) {
		n = used(&h, slot, bounded(per_minute)) - MINUTE;
		set_used(&h, slot, bounded(per_minute), n > 0 ? n : 0);
	}
	release(&h);
}

void
tt_rate_look(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ],
    int per_minute, struct tt_rate *rate)
{
	struct hold	 h;
	int64_t		 n;

	(void)memset(rate, 0, sizeof(*rate));
	if (!hold(rates, id, &h))
		return;
	n = used(&h, find(&h), bounded(per_minute));
	release(&h);
	tell(rate, bounded(per_minute), n);
}

int
tt_rate_limit(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ])
{
	struct tt_rate_slot	*slot;
	struct hold		 h;
	int			 limit;

	if (!hold(rates, id, &h))
		return 0;
	limit = (slot = find(&h)) == NULL ? 0 : slot->limit;
	release(&h);
	return limit;
}

void
tt_rate_set_limit(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ],
    int per_minute)
{
	struct tt_rate_slot	*slot;
	struct hold		 h;

	if (!hold(rates, id, &h))
		return;
	slot = per_minute > 0 ? find_or_claim(&h) : find(&h);
	if (slot != NULL)
		slot->limit = per_minute > 0 ? per_minute : 0;
	release(&h);
}

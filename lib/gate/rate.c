/*
 * rate.c - see rate.h.
 *
 * A count is a time: when all that was asked for would be paid, at so many a
 * minute.  It is in ticks of 1/16 ns, so that what a request costs, rounded up,
 * does not drift; and it is changed by a compare-and-swap, so there is no
 * moment to be stopped or killed in.  Only he who is new takes a slot under the
 * lock of his set, lest he be given two.
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

#define NS_PER_S	1000000000LL
#define TICKS_PER_NS	16LL		/* 63 bits of them are 18 years */
#define TICKS_PER_MS	(1000000 * TICKS_PER_NS)
#define MINUTE		(60 * NS_PER_S * TICKS_PER_NS)
#define LIMIT_MAX	60000000
#define WAIT_NS		20000000L

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

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "what processes share is atomic");

struct tt_rates {
	struct tt_rate_table	*table;		/* NULL: nobody counts */
	atomic_flag		 complained;
};

/* Somebody's place in the table. */
struct place {
	uint64_t		 tag;
	struct tt_rate_slot	*set;
	pthread_mutex_t		*mutex;
};

/* What his slot said at one moment. */
struct state {
	struct tt_rate_slot	*slot;		/* NULL: he has none */
	int64_t			 until, now;	/* ticks; read in this order */
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
now_ticks(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (ts.tv_sec * NS_PER_S + ts.tv_nsec) * TICKS_PER_NS;
}

/* False if nobody counts. */
static bool
locate(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ],
    struct place *p)
{
	size_t	 i;

	if (rates == NULL || rates->table == NULL)
		return false;
	(void)crypto_shorthash((unsigned char *)&p->tag, id, TT_RATE_ID_SZ,
	    rates->table->head.key);
	i = p->tag % TT_RATE_SETS;
	p->set = rates->table->set[i];
	p->mutex = &rates->table->lock[i % TT_RATE_LOCKS].mutex;
	return true;
}

static struct tt_rate_slot *
find(const struct place *p)
{
	int	 i;

	for (i = 0; i < TT_RATE_SLOTS; i++)
		if (atomic_load(&p->set[i].tag) == p->tag)
			return &p->set[i];
	return NULL;
}

/*
 * The time is read after the count, so no count is more than a minute ahead of
 * it; and the tag again after that, so the count is his.
 */
static void
observe(const struct place *p, struct state *s)
{
	s->until = 0;
	while ((s->slot = find(p)) != NULL) {
		s->until = atomic_load(&s->slot->until);
		if (atomic_load(&s->slot->tag) == p->tag)
			break;
	}
	s->now = now_ticks();
}

/* --- who is new ---------------------------------------------------- */

/* It is held for some dozens of ns, unless its holder was stopped. */
static int
lock_or_wait(pthread_mutex_t *mutex)
{
	struct timespec	 ts;
	int		 rc;

	if ((rc = pthread_mutex_trylock(mutex)) == EBUSY) {
		(void)clock_gettime(WAIT_CLOCK, &ts);
		ts.tv_nsec += WAIT_NS;
		ts.tv_sec += ts.tv_nsec / NS_PER_S;
		ts.tv_nsec %= NS_PER_S;
		rc = lock_until(mutex, &ts);
	}
	/* Who was killed with it left the set as good as he found it. */
	return rc == EOWNERDEAD ? pthread_mutex_consistent(mutex) : rc;
}

/* When the slot is free, as far as can be: none is taken for so long. */
static int64_t
free_at(struct tt_rate_slot *slot, int64_t now)
{
	int64_t	 until = atomic_load(&slot->until);

	return until > now && until - now > 2 * MINUTE ? 0 : until;
}

/*
 * Take the slot that is free, or will be soonest: who asked least is forgotten.
 * Who is counting there finds at his compare-and-swap that it is lost.
 */
static void
take_slot(const struct place *p)
{
	int64_t			 now = now_ticks();
	struct tt_rate_slot	*slot = &p->set[0];
	int			 i;

	for (i = 1; i < TT_RATE_SLOTS; i++)
		if (free_at(&p->set[i], now) < free_at(slot, now))
			slot = &p->set[i];
	atomic_store(&slot->tag, 0);
	atomic_store(&slot->until, now);
	atomic_store(&slot->limit, 0);
	atomic_store(&slot->tag, p->tag);
}

/* Let him have a slot; false if nobody can tell. */
static bool
enter(struct tt_rates *rates, const struct place *p)
{
	int	 rc;

	if ((rc = lock_or_wait(p->mutex)) != 0) {
		if (!atomic_flag_test_and_set(&rates->complained))
			tt_warn("the rate file's lock: %s: a request was not "
			    "counted", strerror(rc));
		return false;
	}
	if (find(p) == NULL)
		take_slot(p);
	(void)pthread_mutex_unlock(p->mutex);
	return true;
}

/* --- the count ---------------------------------------------------- */

static int
bounded(int per_minute)
{
	if (per_minute < 1)
		return 1;
	return per_minute > LIMIT_MAX ? LIMIT_MAX : per_minute;
}

/* What a request costs.  There is room for limit of them. */
static int64_t
cost(int limit)
{
	return (MINUTE + limit - 1) / limit;
}

/* A time that nobody can have written is none. */
static int64_t
used(const struct state *s)
{
	if (s->until <= s->now || s->until - s->now > 2 * MINUTE)
		return 0;
	return s->until - s->now;
}

/* How long so many ticks are, no less. */
static int64_t
ms_of(int64_t ticks)
{
	return ticks <= 0 ? 0 : (ticks - 1) / TICKS_PER_MS + 1;
}

static void
tell(struct tt_rate *rate, int limit, int64_t n)
{
	int64_t	 room = limit * cost(limit) - n;

	rate->limit = limit;
	rate->remaining = room > 0 ? (int)(room / cost(limit)) : 0;
	rate->reset_ms = ms_of(n);
	rate->retry_ms = ms_of(cost(limit) - room);
}

bool
tt_rate_take(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ],
    int per_minute, struct tt_rate *rate)
{
	int		 limit = bounded(per_minute);
	struct place	 p;
	struct state	 s;
	int64_t		 n;
	bool		 good;

	(void)memset(rate, 0, sizeof(*rate));
	if (!locate(rates, id, &p))
		return true;
	do {
		for (observe(&p, &s); s.slot == NULL; observe(&p, &s))
			if (!enter(rates, &p))
				return true;
		n = used(&s);
		good = n + cost(limit) <= limit * cost(limit);
		if (good)
			n += cost(limit);
	} while (good && !atomic_compare_exchange_weak(&s.slot->until,
	    &s.until, s.now + n));
	tell(rate, limit, n);
	return good;
}

void
tt_rate_give_back(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ],
    int per_minute)
{
	struct place	 p;
	struct state	 s;
	int64_t		 n;

	if (per_minute < 1 || !locate(rates, id, &p))
		return;
	do {
		observe(&p, &s);
		if (s.slot == NULL)
			return;
		n = used(&s) - cost(bounded(per_minute));
	} while (!atomic_compare_exchange_weak(&s.slot->until, &s.until,
	    s.now + (n > 0 ? n : 0)));
}

void
tt_rate_look(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ],
    int per_minute, struct tt_rate *rate)
{
	struct place	 p;
	struct state	 s;

	(void)memset(rate, 0, sizeof(*rate));
	if (!locate(rates, id, &p))
		return;
	observe(&p, &s);
	tell(rate, bounded(per_minute), used(&s));
}

/* --- the limit ---------------------------------------------------- */

/* With half of the tag above it, so that it is nobody's but his. */
static uint64_t
limit_of(const struct place *p, int limit)
{
	return (p->tag & ~(uint64_t)UINT32_MAX) | (uint32_t)limit;
}

int
tt_rate_limit(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ])
{
	struct tt_rate_slot	*slot;
	struct place		 p;
	uint64_t		 limit;

	if (!locate(rates, id, &p) || (slot = find(&p)) == NULL)
		return 0;
	limit = atomic_load(&slot->limit);
	return limit == limit_of(&p, (int)(limit & INT32_MAX)) ?
	    (int)(limit & INT32_MAX) : 0;
}

void
tt_rate_set_limit(struct tt_rates *rates, const unsigned char id[TT_RATE_ID_SZ],
    int per_minute)
{
	struct tt_rate_slot	*slot;
	struct place		 p;

	if (!locate(rates, id, &p))
		return;
	slot = find(&p);
	if (slot == NULL && per_minute > 0 && enter(rates, &p))
		slot = find(&p);
	if (slot != NULL)
		atomic_store(&slot->limit,
		    limit_of(&p, per_minute > 0 ? per_minute : 0));
}

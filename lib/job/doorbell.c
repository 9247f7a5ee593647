/*
 * doorbell.c - see doorbell.h.
 */
#include "job/doorbell.h"
#include "job/snapshot.h"

#define READ_MS		12	/* between reads while events come */
#define SLOWEST_MS	250	/* while dozing, or polling in vain */
#define QUIET_MS	60	/* without an event: go to sleep */
#define FLOOR_MS	1000	/* read even when nobody rings */
#define SELDOM_MS	40	/* between rings that it sleeps on after */
#define RUNG_READS	2	/* for each of these */

void
tt_doorbell_init(struct tt_doorbell *d, bool listens, int64_t now_ms)
{
	d->state = TT_AWAKE;
	d->listens = listens;
	d->said_asleep = d->said_again = false;
	d->barrier_set = false;
	d->barrier = 0;
	d->interval_ms = 0;
	d->rung = 0;
	d->rung_ms = now_ms;
	d->read_ms = now_ms;
	d->event_ms = now_ms;
}

int64_t
tt_doorbell_due(const struct tt_doorbell *d)
{
	return d->read_ms + d->interval_ms;
}

/*
 * A read goes before a word: on waking the event that woke us is fetched
 * first, and only then the row is written.
 */
enum tt_deed
tt_doorbell_next(const struct tt_doorbell *d, int64_t now_ms)
{
	if (now_ms >= tt_doorbell_due(d))
		return TT_DO_READ;
	if (d->state == TT_AWAKE && d->said_asleep)
		return TT_DO_SAY_AWAKE;
	if (d->state == TT_DOZING && !d->said_again)
		return TT_DO_SAY_ASLEEP;
	return TT_DO_NOTHING;
}

/*
 * It is said twice.  The transaction of the first word may have got its id
 * before a writer who looked before it was committed; that of the second word
 * is newer than all of those.  A snapshot alone could not tell: its xmax is the
 * newest transaction that has ended, and not the newest that has begun.
 *
 * The first read after the second word gives the barrier: it is due at once.
 */
void
tt_doorbell_said(struct tt_doorbell *d, bool asleep)
{
	d->said_again = asleep && d->said_asleep;
	d->said_asleep = asleep;
	if (d->said_again) {
		d->barrier_set = false;
		d->interval_ms = 0;
	}
}

static int
slower(int interval_ms)
{
	int	 next = interval_ms < READ_MS ? READ_MS : interval_ms * 2;

	return next > SLOWEST_MS ? SLOWEST_MS : next;
}

static void
wake(struct tt_doorbell *d)
{
	d->state = TT_AWAKE;
	d->interval_ms = READ_MS;
	d->rung = 0;
}

/*
 * Awake until it has been quiet for a while; then the row is to say asleep.
 * In the first read after that, all transactions that may have looked at the
 * row before it said so are below the xmax, because the second word's is: once
 * a read's xmin has reached it they have ended, and this read has shown their
 * events.
 */
void
tt_doorbell_read(struct tt_doorbell *d, const struct tt_snapshot *s,
    size_t nevents, int64_t now_ms)
{
	d->read_ms = now_ms;
	if (d->state == TT_ASLEEP && d->rung > 0) {
		d->rung--;
		d->interval_ms = d->rung > 0 ? READ_MS : FLOOR_MS;
		return;
	}
	if (nevents > 0) {
		d->event_ms = now_ms;
		wake(d);
		return;
	}

	switch (d->state) {
	case TT_AWAKE:
		if (now_ms - d->event_ms < QUIET_MS)
			d->interval_ms = READ_MS;
		else if (d->listens) {
			d->interval_ms = READ_MS;
			d->state = TT_DOZING;
		} else
			d->interval_ms = slower(d->interval_ms);
		break;
	case TT_DOZING:
		if (!d->said_again) {
			d->interval_ms = READ_MS;
			break;
		}
		if (!d->barrier_set) {
			d->barrier = s->xmax;
			d->barrier_set = true;
		}
		d->interval_ms = slower(d->interval_ms);
		if (s->xmin < d->barrier)
			break;
		d->state = TT_ASLEEP;
		d->interval_ms = d->rung > 0 ? READ_MS : FLOOR_MS;
		break;
	case TT_ASLEEP:
		d->interval_ms = FLOOR_MS;
		break;
	}
}

/*
 * Rung seldom, it reads and sleeps on: a ring for each event costs less than
 * reading all the time, and an event waits for no read.  It reads twice: one
 * may be under way that does not see what was rung for.
 *
 * Rung again soon, it is awake for as long as after an event, even if what rang
 * was not for it: else every commit would ring, and every ring be a read.  Who
 * is awake reads soon enough.
 */
static void
ring_sleeper(struct tt_doorbell *d, int64_t now_ms)
{
	d->interval_ms = 0;
	d->rung = RUNG_READS;
	if (now_ms - d->rung_ms < SELDOM_MS) {
		d->state = TT_AWAKE;
		d->event_ms = now_ms;
		d->rung = 0;
	}
	d->rung_ms = now_ms;
}

void
tt_doorbell_ring(struct tt_doorbell *d, int64_t now_ms)
{
	switch (d->state) {
	case TT_AWAKE:
		break;
	case TT_DOZING:
		/* The read under way may be the one that it falls asleep by. */
		d->rung = RUNG_READS;
		if (d->interval_ms > READ_MS)
			d->interval_ms = READ_MS;
		break;
	case TT_ASLEEP:
		ring_sleeper(d, now_ms);
		break;
	}
}

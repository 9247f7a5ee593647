/*
 * handover.c - see handover.h.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stream/handover.h"
#include "stream/stream.h"

/* Before any thread: a hand-over may come before the loop runs. */
bool
tt_handover_init(struct tt_handover *h, struct ev_loop *loop,
    void (*call)(struct ev_loop *, ev_async *, int), void *arg)
{
	pthread_condattr_t	 attr;

	memset(h, 0, sizeof(*h));
	STAILQ_INIT(&h->arrivals);
	STAILQ_INIT(&h->returns);
	if (pthread_condattr_init(&attr) != 0 ||
	    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) != 0 ||
	    pthread_cond_init(&h->told, &attr) != 0 ||
	    pthread_mutex_init(&h->mutex, NULL) != 0)
		return false;
	(void)pthread_condattr_destroy(&attr);

	h->loop = loop;
	ev_async_init(&h->bell, call);
	h->bell.data = arg;
	ev_async_start(loop, &h->bell);
	return true;
}

static void
free_returns(struct tt_returns *list)
{
	struct tt_returned	*r;

	while ((r = STAILQ_FIRST(list)) != NULL) {
		STAILQ_REMOVE_HEAD(list, next);
		free(r);
	}
}

void
tt_handover_done(struct tt_handover *h)
{
	if (h->loop == NULL)
		return;
	free_returns(&h->returns);
	(void)pthread_cond_destroy(&h->told);
	(void)pthread_mutex_destroy(&h->mutex);
}

static void
after_ms(struct timespec *ts, int ms)
{
	(void)clock_gettime(CLOCK_MONOTONIC, ts);
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000L;
	if (ts->tv_nsec >= 1000000000L) {
		ts->tv_sec++;
		ts->tv_nsec -= 1000000000L;
	}
}

int64_t
tt_handover_listener(struct tt_handover *h, int64_t stale, int ms)
{
	struct timespec	 deadline;
	unsigned	 failures;
	int64_t		 listener;

	after_ms(&deadline, ms);
	(void)pthread_mutex_lock(&h->mutex);
	failures = h->failures;
	h->waiting++;
	if (h->failing && (h->listener == 0 || h->listener == stale)) {
		ev_async_send(h->loop, &h->bell);	/* it is to try again */
		h->waiting--;
		(void)pthread_mutex_unlock(&h->mutex);
		return 0;
	}
	while ((h->listener == 0 || h->listener == stale) && !h->over &&
	    h->failures == failures) {
		ev_async_send(h->loop, &h->bell);
		if (pthread_cond_timedwait(&h->told, &h->mutex, &deadline) != 0)
			break;
	}
	h->waiting--;
	listener = h->listener == stale || h->over ? 0 : h->listener;
	(void)pthread_mutex_unlock(&h->mutex);
	return listener;
}

void
tt_handover_stream(struct tt_handover *h, struct tt_stream *st)
{
	(void)atomic_fetch_add(&h->nstreams, 1);
	(void)pthread_mutex_lock(&h->mutex);
	STAILQ_INSERT_TAIL(&h->arrivals, st, dirty);
	(void)pthread_mutex_unlock(&h->mutex);
	ev_async_send(h->loop, &h->bell);
}

void
tt_handover_doubt(struct tt_handover *h, int64_t listener)
{
	(void)pthread_mutex_lock(&h->mutex);
	h->doubted = listener;
	(void)pthread_mutex_unlock(&h->mutex);
	ev_async_send(h->loop, &h->bell);
}

int64_t
tt_handover_doubted(struct tt_handover *h)
{
	int64_t	 listener;

	(void)pthread_mutex_lock(&h->mutex);
	listener = h->doubted;
	h->doubted = 0;
	(void)pthread_mutex_unlock(&h->mutex);
	return listener;
}

void
tt_handover_lease(struct tt_handover *h, const struct tt_lease *lease)
{
	struct tt_returned	*r;

	if (lease->listener == 0)
		return;
	if ((r = malloc(sizeof(*r))) == NULL) {
		tt_handover_doubt(h, lease->listener);
		return;
	}
	r->lease = *lease;
	(void)pthread_mutex_lock(&h->mutex);
	STAILQ_INSERT_TAIL(&h->returns, r, next);
	(void)pthread_mutex_unlock(&h->mutex);
	ev_async_send(h->loop, &h->bell);
}

bool
tt_handover_take(struct tt_handover *h, struct tt_arrivals *arrivals,
    struct tt_returns *returns)
{
	bool	 waiting;

	(void)pthread_mutex_lock(&h->mutex);
	STAILQ_CONCAT(arrivals, &h->arrivals);
	STAILQ_CONCAT(returns, &h->returns);
	waiting = h->waiting > 0;
	(void)pthread_mutex_unlock(&h->mutex);
	return waiting;
}

static void
tell(struct tt_handover *h, int64_t listener, bool failed, bool over)
{
	(void)pthread_mutex_lock(&h->mutex);
	h->listener = listener;
	h->failures += failed;
	h->failing = failed || (h->failing && listener == 0);
	h->over = h->over || over;
	(void)pthread_cond_broadcast(&h->told);
	(void)pthread_mutex_unlock(&h->mutex);
}

void
tt_handover_tell(struct tt_handover *h, int64_t listener)
{
	tell(h, listener, false, false);
}

void
tt_handover_failed(struct tt_handover *h)
{
	tell(h, h->listener, true, false);
}

void
tt_handover_over(struct tt_handover *h)
{
	tell(h, 0, false, true);
}

/*
 * hub.c - see hub.h.
 *
 * Everything happens in before_wait(), once per turn of the loop: the feed is
 * stepped, streams that got something are flushed, dead ones are freed.  The
 * watchers' callbacks only take note.
 */
#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <ev.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "job/feed.h"
#include "job/tick.h"
#include "pg/db.h"
#include "stream/clocks.h"
#include "stream/fanout.h"
#include "stream/handover.h"
#include "stream/holders.h"
#include "stream/hub.h"
#include "stream/sse.h"
#include "stream/stream.h"

#define TURN_S		0.5	/* between looks at the clocks of streams */
#define DRAIN_MS	5000	/* to end all streams when told to stop */
#define IDLE_OFF_MS	10000	/* the feed goes off without streams */
#define DB_IDLE_MS	10000	/* connections of the accepting threads */

struct tt_hub {
	const struct tt_conf	*conf;
	struct ev_loop		*loop;
	ev_io			 stop, feed_io;
	ev_timer		 turn, feed_due;
	ev_prepare		 prepare;
	struct tt_handover	 handover;	/* from other threads */

	struct tt_feed		*feed;
	bool			 feed_ready;
	struct tt_fanout	 fanout;
	struct tt_clocks	 clocks;
	struct tt_holders	*holders;
	bool			 once, stopping, on;
	int64_t			 stop_ms, empty_ms;
};

static void	 before_wait(struct ev_loop *, ev_prepare *, int);
static void	 on_arrival(struct ev_loop *, ev_async *, int);
static void	 on_feed(struct ev_loop *, ev_io *, int);
static void	 on_feed_due(struct ev_loop *, ev_timer *, int);
static void	 on_stop(struct ev_loop *, ev_io *, int);
static void	 on_stream(struct ev_loop *, ev_io *, int);
static void	 on_turn(struct ev_loop *, ev_timer *, int);

/*
 * What the feed calls.
 */

static void
feed_event(void *arg, const struct tt_event *ev)
{
	struct tt_hub	*hub = arg;

	tt_fanout_event(&hub->fanout, ev);
}

static int
feed_asks(void *arg, struct tt_ask *asks)
{
	struct tt_hub	*hub = arg;

	return tt_fanout_asks(&hub->fanout, asks);
}

static void
feed_missed(void *arg, int ask, const struct tt_event *ev)
{
	struct tt_hub	*hub = arg;

	tt_fanout_missed(&hub->fanout, ask, ev);
}

static void
feed_caught_up(void *arg, bool ok)
{
	struct tt_hub	*hub = arg;

	tt_fanout_caught_up(&hub->fanout, ok);
}

static int
feed_jobs(void *arg, int64_t jobs[TT_FEED_JOBS])
{
	struct tt_hub	*hub = arg;

	return tt_fanout_jobs(&hub->fanout, jobs, TT_FEED_JOBS);
}

/* The clients come back, and are told how things stand now. */
static void
feed_lost(void *arg)
{
	struct tt_hub		*hub = arg;
	struct tt_stream	*st;

	for (st = TAILQ_FIRST(&hub->clocks.all); st != NULL;
	    st = TAILQ_NEXT(st, all))
		if (st->state != TT_STREAM_DEAD)
			tt_fanout_end(&hub->fanout, st);
}

static void
feed_known(void *arg, int64_t listener)
{
	struct tt_hub	*hub = arg;

	if (listener != 0)
		tt_holders_told(hub->holders);
	tt_holders_listener(hub->holders, listener);
	tt_handover_tell(&hub->handover, listener);
}

static void
feed_unreachable(void *arg)
{
	struct tt_hub	*hub = arg;

	tt_handover_failed(&hub->handover);
}

static bool
feed_leases(void *arg)
{
	struct tt_hub	*hub = arg;

	return tt_holders_changed(hub->holders);
}

static void
feed_put_leases(void *arg, struct tt_args *a, bool all)
{
	struct tt_hub	*hub = arg;

	if (all)
		tt_holders_anew(hub->holders);
	tt_holders_put(hub->holders, a, all);
}

static void
feed_leases_told(void *arg)
{
	struct tt_hub	*hub = arg;

	tt_holders_told(hub->holders);
}

static void
feed_put_keys(void *arg, struct tt_args *a)
{
	struct tt_hub	*hub = arg;

	tt_holders_keys(hub->holders, a);
}

/* Revoked, expired, or its account terminated: its streams are over. */
static void
feed_key_dead(void *arg, int64_t key)
{
	struct tt_hub		*hub = arg;
	struct tt_stream	*st;

	for (st = tt_holders_streams(hub->holders, key); st != NULL;
	    st = LIST_NEXT(st, same_holder))
		if (tt_stream_open(st))
			tt_fanout_end(&hub->fanout, st);
}

static void
feed_tick_due(void *arg)
{
	struct tt_hub	*hub = arg;

	tt_tick_start(hub->conf);
}

static const struct tt_feed_calls	 feed_calls = {
	.event		= feed_event,
	.jobs		= feed_jobs,
	.asks		= feed_asks,
	.missed		= feed_missed,
	.caught_up	= feed_caught_up,
	.lost		= feed_lost,
	.known		= feed_known,
	.unreachable	= feed_unreachable,
	.leases		= feed_leases,
	.put_leases	= feed_put_leases,
	.leases_told	= feed_leases_told,
	.put_keys	= feed_put_keys,
	.key_dead	= feed_key_dead,
	.tick_due	= feed_tick_due,
};

/*
 * Birth and death.
 */

struct tt_hub *
tt_hub_new(const struct tt_conf *conf, const char *program, struct tt_err *err)
{
	struct tt_hub	*hub;

	if ((hub = calloc(1, sizeof(*hub))) == NULL ||
	    !tt_fanout_init(&hub->fanout, conf) ||
	    (hub->holders = tt_holders_new()) == NULL ||
	    (hub->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV)) == NULL ||
	    (hub->feed = tt_feed_new(conf, program, &feed_calls, hub,
	    &hub->fanout.stats)) == NULL ||
	    !tt_handover_init(&hub->handover, hub->loop, on_arrival, hub)) {
		(void)tt_err_set(err, TT_INTERNAL, "cannot make an event loop");
		tt_hub_free(hub);
		return NULL;
	}
	hub->conf = conf;
	tt_clocks_init(&hub->clocks, conf, &hub->fanout);
	return hub;
}

void
tt_hub_free(struct tt_hub *hub)
{
	struct tt_arrivals	 arrivals = STAILQ_HEAD_INITIALIZER(arrivals);
	struct tt_returns	 returns = STAILQ_HEAD_INITIALIZER(returns);
	struct tt_stream	*st;

	if (hub == NULL)
		return;
	if (hub->handover.loop != NULL)
		(void)tt_handover_take(&hub->handover, &arrivals, &returns);
	STAILQ_CONCAT(&hub->handover.returns, &returns);
	while ((st = STAILQ_FIRST(&arrivals)) != NULL) {
		STAILQ_REMOVE_HEAD(&arrivals, dirty);
		tt_stream_free(st);
	}
	tt_handover_done(&hub->handover);
	tt_feed_free(hub->feed);
	tt_fanout_done(&hub->fanout);
	tt_holders_free(hub->holders);
	if (hub->loop != NULL)
		ev_loop_destroy(hub->loop);
	free(hub);
}

bool
tt_hub_full(struct tt_hub *hub)
{
	return atomic_load(&hub->handover.nstreams) >= hub->conf->max_streams;
}

enum tt_rc
tt_hub_listener(struct tt_hub *hub, int64_t stale, int64_t *listener,
    struct tt_err *err)
{
	*listener = tt_handover_listener(&hub->handover, stale,
	    hub->conf->db_timeout_ms);
	return *listener != 0 ? TT_OK :
	    tt_err_set(err, TT_UNAVAIL, "streams: the feed is not open");
}

void
tt_hub_add(struct tt_hub *hub, struct tt_stream *st)
{
	tt_handover_stream(&hub->handover, st);
}

void
tt_hub_give_back(struct tt_hub *hub, const struct tt_lease *lease)
{
	tt_handover_lease(&hub->handover, lease);
}

static void
discard(struct tt_hub *hub, struct tt_stream *st)
{
	tt_stream_free(st);
	(void)atomic_fetch_sub(&hub->handover.nstreams, 1);
}

/* A stream's life here ends: out of all lists, and freed. */
static void
bury(struct tt_hub *hub, struct tt_stream *st)
{
	ev_io_stop(hub->loop, &st->io);
	tt_fanout_remove(&hub->fanout, st);
	tt_clocks_remove(&hub->clocks, st);
	tt_holders_release(hub->holders, st);
	discard(hub, st);
	if (TAILQ_EMPTY(&hub->clocks.all))
		hub->empty_ms = tt_clock_mono_ms();
}

static void
switch_on(struct tt_hub *hub)
{
	hub->on = true;
	tt_feed_on(hub->feed);
}

static void
welcome(struct tt_hub *hub, struct tt_stream *st)
{
	if (!tt_holders_hold(hub->holders, st, &st->lease)) {
		tt_error("out of memory for a stream");
		discard(hub, st);
		return;
	}
	if (!tt_fanout_add(&hub->fanout, st, tt_feed_life(hub->feed))) {
		tt_error("out of memory for a stream");
		tt_holders_release(hub->holders, st);
		discard(hub, st);
		return;
	}
	tt_clocks_add(&hub->clocks, st);
	ev_io_init(&st->io, on_stream, st->sink.fd, EV_READ);
	st->io.data = hub;
	ev_io_start(hub->loop, &st->io);

	switch_on(hub);
	tt_feed_catch_up(hub->feed);
	if (hub->stopping)
		tt_fanout_end(&hub->fanout, st);
}

static void
on_arrival(struct ev_loop *loop, ev_async *w, int revents)
{
	struct tt_hub		*hub = w->data;
	struct tt_arrivals	 arrivals = STAILQ_HEAD_INITIALIZER(arrivals);
	struct tt_returns	 returns = STAILQ_HEAD_INITIALIZER(returns);
	struct tt_stream	*st;
	struct tt_returned	*r;

	(void)loop;
	(void)revents;
	if (tt_handover_take(&hub->handover, &arrivals, &returns) &&
	    !hub->stopping) {
		hub->empty_ms = tt_clock_mono_ms();
		switch_on(hub);
	}
	while ((st = STAILQ_FIRST(&arrivals)) != NULL) {
		STAILQ_REMOVE_HEAD(&arrivals, dirty);
		welcome(hub, st);
	}
	while ((r = STAILQ_FIRST(&returns)) != NULL) {
		STAILQ_REMOVE_HEAD(&returns, next);
		tt_holders_give_back(hub->holders, &r->lease);
		free(r);
	}
}

/*
 * Streams: what their sockets say, and writing to them.
 */

static struct tt_stream *
stream_of(ev_io *w)
{
	return (struct tt_stream *)(void *)((char *)w -
	    offsetof(struct tt_stream, io));
}

static void
on_stream(struct ev_loop *loop, ev_io *w, int revents)
{
	struct tt_hub		*hub = w->data;
	struct tt_stream	*st = stream_of(w);

	(void)loop;
	if ((revents & EV_READ) != 0 &&
	    tt_sink_input(&st->sink) == TT_SINK_GONE)
		tt_fanout_kill(&hub->fanout, st);
	else
		tt_fanout_dirty(&hub->fanout, st);
}

static void
watch_for(struct tt_hub *hub, struct tt_stream *st, int events)
{
	if (!st->sink.deaf)
		events |= EV_READ;
	if ((st->io.events & (EV_READ | EV_WRITE)) == events)
		return;
	ev_io_stop(hub->loop, &st->io);
	ev_io_set(&st->io, st->sink.fd, events);
	if (events != 0)
		ev_io_start(hub->loop, &st->io);
}

static void
flush(struct tt_hub *hub, struct tt_stream *st, int64_t now)
{
	size_t		 wrote;
	enum tt_sink_rc	 rc = tt_sink_flush(&st->sink, &wrote);

	if (wrote > 0)
		tt_clocks_wrote(&hub->clocks, st, now);
	if (rc != TT_SINK_BLOCKED)
		st->blocked_ms = 0;
	else if (wrote > 0 || st->blocked_ms == 0)
		st->blocked_ms = now;
	switch (rc) {
	case TT_SINK_IDLE:
	case TT_SINK_ENDED:
		watch_for(hub, st, 0);
		break;
	case TT_SINK_BLOCKED:
		watch_for(hub, st, EV_WRITE);
		break;
	case TT_SINK_GONE:
		bury(hub, st);
		break;
	}
}

static void
flush_dirty(struct tt_hub *hub, int64_t now)
{
	struct tt_stream	*st;

	while ((st = STAILQ_FIRST(&hub->fanout.dirty)) != NULL) {
		STAILQ_REMOVE_HEAD(&hub->fanout.dirty, dirty);
		st->is_dirty = false;
		if (st->state == TT_STREAM_DEAD)
			bury(hub, st);
		else
			flush(hub, st, now);
	}
}

/*
 * The end.
 */

/* What thousands of streams took is not kept by a program that has none. */
static void
give_back_memory(void)
{
#ifdef __GLIBC__
	(void)malloc_trim(0);
#endif
}

/* Over when all streams have ended, and the feed has said goodbye. */
static void
look_at_end(struct tt_hub *hub, int64_t now)
{
	bool	 empty = TAILQ_EMPTY(&hub->clocks.all);

	if (!hub->stopping && empty && !hub->once && hub->on &&
	    now - hub->empty_ms >= IDLE_OFF_MS) {
		tt_feed_off(hub->feed);
		hub->on = false;
		give_back_memory();
	}
	if (hub->once && empty && hub->fanout.stats.opened > 0)
		hub->stopping = true;
	if (!hub->stopping)
		return;
	if (hub->stop_ms == 0)
		hub->stop_ms = now;
	if (empty)
		tt_feed_off(hub->feed);
	if ((empty && tt_feed_fd(hub->feed) == -1) ||
	    now - hub->stop_ms >= DRAIN_MS)
		ev_break(hub->loop, EVBREAK_ALL);
}

static void
on_turn(struct ev_loop *loop, ev_timer *w, int revents)
{
	struct tt_hub	*hub = w->data;
	int64_t		 now = tt_clock_mono_ms();

	(void)loop;
	(void)revents;
	tt_clocks_look(&hub->clocks, now);
	tt_db_expire(DB_IDLE_MS);
}

/* Told to stop: each stream is told when to come back, and ends. */
static void
on_stop(struct ev_loop *loop, ev_io *w, int revents)
{
	struct tt_hub		*hub = w->data;
	struct tt_stream	*st;
	struct tt_buf		 text = TT_BUF_INIT;

	(void)revents;
	ev_io_stop(loop, w);
	hub->stopping = true;
	tt_handover_over(&hub->handover);
	for (st = TAILQ_FIRST(&hub->clocks.all); st != NULL;
	    st = TAILQ_NEXT(st, all)) {
		if (!tt_stream_open(st))
			continue;
		tt_buf_clear(&text);
		tt_sse_retry(&text, tt_sse_jitter(hub->conf->retry_ms));
		tt_fanout_tell(&hub->fanout, st, &text);
		tt_fanout_end(&hub->fanout, st);
	}
	tt_buf_free(&text);
}

/*
 * The feed, and the turn of the loop.
 */

static void
on_feed(struct ev_loop *loop, ev_io *w, int revents)
{
	struct tt_hub	*hub = w->data;

	(void)loop;
	(void)revents;
	hub->feed_ready = true;
}

static void
on_feed_due(struct ev_loop *loop, ev_timer *w, int revents)
{
	on_feed(loop, w->data, revents);
}

/*
 * While it connects, libpq may close a descriptor and open another of the same
 * number: what the loop knew of the old one is worth nothing then.
 */
static void
watch_feed(struct tt_hub *hub, int64_t now)
{
	int	 fd = tt_feed_fd(hub->feed);
	int	 events = tt_feed_events(hub->feed) == POLLIN ? EV_READ :
		    EV_WRITE;
	int64_t	 due = tt_feed_due(hub->feed);

	if (hub->feed_io.fd != fd || !tt_feed_live(hub->feed, 0) ||
	    (hub->feed_io.events & (EV_READ | EV_WRITE)) != events) {
		ev_io_stop(hub->loop, &hub->feed_io);
		ev_io_set(&hub->feed_io, fd, events);
		if (fd != -1)
			ev_io_start(hub->loop, &hub->feed_io);
	}
	ev_timer_stop(hub->loop, &hub->feed_due);
	if (due == INT64_MAX)
		return;
	ev_timer_set(&hub->feed_due, due <= now ? 0. :
	    (double)(due - now) / 1000., 0.);
	ev_timer_start(hub->loop, &hub->feed_due);
}

static void
before_wait(struct ev_loop *loop, ev_prepare *w, int revents)
{
	struct tt_hub	*hub = w->data;
	int64_t		 now = tt_clock_mono_ms();

	(void)loop;
	(void)revents;
	if (hub->feed_ready || now >= tt_feed_due(hub->feed)) {
		hub->feed_ready = false;
		tt_feed_step(hub->feed, now);
	}
	flush_dirty(hub, now);
	if (tt_fanout_wants(&hub->fanout))
		tt_feed_catch_up(hub->feed);
	look_at_end(hub, now);
	watch_feed(hub, now);
}

void
tt_hub_run(struct tt_hub *hub, int stop_fd, bool once)
{
	hub->once = once;
	hub->empty_ms = tt_clock_mono_ms();

	ev_io_init(&hub->stop, on_stop, stop_fd, EV_READ);
	hub->stop.data = hub;
	ev_io_start(hub->loop, &hub->stop);

	ev_init(&hub->feed_io, on_feed);
	hub->feed_io.fd = -1;
	hub->feed_io.data = hub;
	ev_init(&hub->feed_due, on_feed_due);
	hub->feed_due.data = &hub->feed_io;

	ev_timer_init(&hub->turn, on_turn, TURN_S, TURN_S);
	hub->turn.data = hub;
	ev_timer_start(hub->loop, &hub->turn);
	ev_prepare_init(&hub->prepare, before_wait);
	hub->prepare.data = hub;
	ev_prepare_start(hub->loop, &hub->prepare);

	ev_run(hub->loop, 0);

	while (!TAILQ_EMPTY(&hub->clocks.all))
		bury(hub, TAILQ_FIRST(&hub->clocks.all));
	tt_tick_wait();
}

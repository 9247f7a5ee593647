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
#include "stream/handover.h"
#include "stream/holders.h"
#include "stream/hub.h"
#include "stream/stream.h"
#include "stream/streams.h"
#include "stream/views.h"

#define LEASE_TRIES	3
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
	struct tt_streams	 streams;
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
 * Birth and death.
 */

struct tt_hub *
tt_hub_new(const struct tt_conf *conf, const char *program, struct tt_err *err)
{
	struct tt_hub	*hub;

	if ((hub = calloc(1, sizeof(*hub))) == NULL ||
	    !tt_streams_init(&hub->streams, conf, &hub->handover) ||
	    (hub->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV)) == NULL ||
	    (hub->feed = tt_feed_new(conf, program, &tt_streams_calls,
	    &hub->streams, &hub->streams.fanout.stats)) == NULL ||
	    !tt_handover_init(&hub->handover, hub->loop, on_arrival, hub)) {
		(void)tt_err_set(err, TT_INTERNAL, "cannot make an event loop");
		tt_hub_free(hub);
		return NULL;
	}
	tt_views_here(hub->streams.fanout.views, tt_feed_position(hub->feed));
	hub->conf = conf;
	return hub;
}

void
tt_hub_free(struct tt_hub *hub)
{
	struct tt_arrivals	 arrivals = STAILQ_HEAD_INITIALIZER(arrivals);
	struct tt_returns	 returns = STAILQ_HEAD_INITIALIZER(returns);
	struct tt_stream	*st;
	size_t			 wrote;

	if (hub == NULL)
		return;
	if (hub->handover.loop != NULL)
		(void)tt_handover_take(&hub->handover, &arrivals, &returns);
	STAILQ_CONCAT(&hub->handover.returns, &returns);
	while ((st = STAILQ_FIRST(&arrivals)) != NULL) {
		STAILQ_REMOVE_HEAD(&arrivals, dirty);
		tt_sink_end(&st->sink);
		(void)tt_sink_flush(&st->sink, &wrote);
		tt_stream_free(st);
	}
	tt_handover_done(&hub->handover);
	tt_feed_free(hub->feed);
	tt_streams_done(&hub->streams);
	if (hub->loop != NULL)
		ev_loop_destroy(hub->loop);
	free(hub);
}

int
tt_hub_streams(struct tt_hub *hub)
{
	return atomic_load(&hub->handover.nstreams);
}

enum tt_rc
tt_hub_lease(struct tt_hub *hub, struct tt_db *db, struct tt_lease *lease,
    enum tt_rc (*call)(void *, struct tt_lease *, struct tt_err *), void *arg,
    struct tt_err *err)
{
	int64_t	 listener = 0;
	int	 tries;

	for (tries = 0; tries < LEASE_TRIES; tries++) {
		listener = tt_handover_listener(&hub->handover, listener,
		    hub->conf->db_timeout_ms);
		if (listener == 0)
			return tt_err_set(err, TT_UNAVAIL,
			    "streams: the feed is not open");
		lease->listener = listener;
		(void)!call(arg, lease, err);
		if (tt_db_in_doubt(db))
			tt_handover_doubt(&hub->handover, listener);
		if (err->rc != TT_OK || lease->listener != 0)
			return err->rc;
	}
	return tt_err_set(err, TT_UNAVAIL, "streams: the hub is not known");
}

void
tt_hub_add(struct tt_hub *hub, struct tt_stream *st)
{
	tt_handover_stream(&hub->handover, st);
}

void
tt_hub_give_back(struct tt_hub *hub, const struct tt_lease *lease)
{
	if (lease->taken)
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
	tt_streams_remove(&hub->streams, st);
	discard(hub, st);
	if (tt_streams_empty(&hub->streams))
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
	if (!tt_streams_add(&hub->streams, st, tt_feed_life(hub->feed))) {
		tt_error("out of memory for a stream");
		hub->stopping = hub->stopping || hub->once;
		tt_feed_doubt(hub->feed, st->lease.listener);
		discard(hub, st);
		return;
	}
	ev_io_init(&st->io, on_stream, st->sink.fd, EV_READ);
	st->io.data = hub;
	ev_io_start(hub->loop, &st->io);

	switch_on(hub);
	tt_feed_catch_up(hub->feed);
	if (hub->stopping)
		tt_fanout_end(&hub->streams.fanout, st);
}

static void
on_arrival(struct ev_loop *loop, ev_async *w, int revents)
{
	struct tt_hub		*hub = w->data;
	struct tt_arrivals	 arrivals = STAILQ_HEAD_INITIALIZER(arrivals);
	struct tt_returns	 returns = STAILQ_HEAD_INITIALIZER(returns);
	struct tt_stream	*st;
	struct tt_returned	*r;
	int64_t			 doubted;

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
		tt_holders_give_back(hub->streams.holders, &r->lease);
		free(r);
	}
	if ((doubted = tt_handover_doubted(&hub->handover)) != 0) {
		tt_feed_doubt(hub->feed, doubted);
		hub->feed_ready = true;
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
		tt_fanout_kill(&hub->streams.fanout, st);
	else
		tt_fanout_dirty(&hub->streams.fanout, st);
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
		tt_clocks_wrote(&hub->streams.clocks, st, now);
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

	while ((st = STAILQ_FIRST(&hub->streams.fanout.dirty)) != NULL) {
		STAILQ_REMOVE_HEAD(&hub->streams.fanout.dirty, dirty);
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
	bool	 empty = tt_streams_empty(&hub->streams);

	if (!hub->stopping && empty && !hub->once && hub->on &&
	    now - hub->empty_ms >= IDLE_OFF_MS) {
		tt_feed_off(hub->feed);
		hub->on = false;
		give_back_memory();
	}
	if (hub->once && empty && hub->streams.fanout.stats.opened > 0)
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
	tt_clocks_look(&hub->streams.clocks, now);
	tt_db_expire(DB_IDLE_MS);
}

/* Told to stop: each stream is told when to come back, and ends. */
static void
on_stop(struct ev_loop *loop, ev_io *w, int revents)
{
	struct tt_hub	*hub = w->data;

	(void)revents;
	ev_io_stop(loop, w);
	hub->stopping = true;
	tt_handover_over(&hub->handover);
	tt_streams_goodbye(&hub->streams);
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
	if (tt_fanout_wants(&hub->streams.fanout))
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

	while (!tt_streams_empty(&hub->streams))
		bury(hub, TAILQ_FIRST(&hub->streams.clocks.all));
	tt_tick_wait();
}

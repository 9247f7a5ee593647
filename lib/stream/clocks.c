/*
 * clocks.c - see clocks.h.
 */
#include <sodium.h>

#include "base/buf.h"
#include "base/conf.h"
#include "stream/clocks.h"
#include "stream/fanout.h"
#include "stream/sse.h"
#include "stream/stream.h"
#include "stream/views.h"
#include "surface/vocabulary.h"

#define STALLED_MS	30000	/* no byte taken: the client is gone */
#define TICKET_AHEAD_MS	30000	/* or a fifth of its life */
#define LINGER_MS	5000	/* for the peer to close after the end */

void
tt_clocks_init(struct tt_clocks *c, const struct tt_conf *conf,
    struct tt_fanout *fanout)
{
	c->conf = conf;
	c->fanout = fanout;
	TAILQ_INIT(&c->all);
	TAILQ_INIT(&c->quiet);
	TAILQ_INIT(&c->due);
	TAILQ_INIT(&c->beat);
}

/* How long before its ticket's end a page is told to fetch a new one. */
static int64_t
ahead_ms(const struct tt_clocks *c)
{
	int64_t	 fifth = c->conf->ticket_ttl_s * 1000 / 5;

	return fifth < TICKET_AHEAD_MS ? fifth : TICKET_AHEAD_MS;
}

/* What is due is due equally late, so the place is nearly always the end. */
static void
add_due(struct tt_clocks *c, struct tt_stream *st)
{
	struct tt_stream	*p = TAILQ_LAST(&c->due, tt_stream_list);

	while (p != NULL && p->due_ms > st->due_ms)
		p = TAILQ_PREV(p, tt_stream_list, due);
	if (p == NULL)
		TAILQ_INSERT_HEAD(&c->due, st, due);
	else
		TAILQ_INSERT_AFTER(&c->due, p, st, due);
}

void
tt_clocks_add(struct tt_clocks *c, struct tt_stream *st)
{
	int	 tenth = c->conf->stream_max_age_s / 10;

	if (tenth > 3600)
		tenth = 3600;
	st->jitter_s = (int16_t)randombytes_uniform((uint32_t)tenth + 1);
	TAILQ_INSERT_TAIL(&c->all, st, all);
	TAILQ_INSERT_TAIL(&c->quiet, st, quiet);
	if (st->vocabulary->beat_s != 0) {
		st->beat_ms = st->born_ms + st->vocabulary->beat_s * 1000;
		TAILQ_INSERT_TAIL(&c->beat, st, beat);
	}
	if (st->due_ms == 0)
		return;
	if (st->held == NULL)
		st->due_ms -= ahead_ms(c);
	add_due(c, st);
}

static void
forget_due(struct tt_clocks *c, struct tt_stream *st)
{
	TAILQ_REMOVE(&c->due, st, due);
	st->due_ms = 0;
}

void
tt_clocks_remove(struct tt_clocks *c, struct tt_stream *st)
{
	TAILQ_REMOVE(&c->all, st, all);
	TAILQ_REMOVE(&c->quiet, st, quiet);
	if (st->beat_ms != 0)
		TAILQ_REMOVE(&c->beat, st, beat);
	if (st->due_ms != 0)
		forget_due(c, st);
}

void
tt_clocks_wrote(struct tt_clocks *c, struct tt_stream *st, int64_t now)
{
	st->wrote_ms = now;
	TAILQ_REMOVE(&c->quiet, st, quiet);
	TAILQ_INSERT_TAIL(&c->quiet, st, quiet);
}

/*
 * What keeps it open; and where it has had all there is, the id of that, so
 * that the one a quiet client comes back with does not grow old.
 */
static void
keep_alive(struct tt_clocks *c, struct tt_stream *st)
{
	struct tt_buf	 id = TT_BUF_INIT, text = TT_BUF_INIT;

	if (st->view != NULL && st->state == TT_STREAM_LIVE && st->sink.n == 0)
		tt_views_id(c->fanout->views, &id);
	st->vocabulary->keepalive(&text, id.sz == 0 || tt_buf_broken(&id) ?
	    NULL : tt_buf_text(&id));
	tt_fanout_tell(c->fanout, st, &text);
	tt_buf_free(&id);
	tt_buf_free(&text);
}

/*
 * Whoever has been silent gets a keep-alive, whoever has taken no byte is
 * gone, and one whose end was written is not waited for any longer.
 */
static void
look_at_quiet(struct tt_clocks *c, int64_t now)
{
	int64_t			 keepalive = c->conf->keepalive_s * 1000;
	struct tt_stream	*st;

	for (st = TAILQ_FIRST(&c->quiet); st != NULL;
	    st = TAILQ_NEXT(st, quiet)) {
		if (now - st->wrote_ms < keepalive &&
		    now - st->wrote_ms < LINGER_MS)
			break;
		if (st->sink.ended) {
			if (now - st->wrote_ms >= LINGER_MS)
				tt_fanout_kill(c->fanout, st);
		} else if (st->sink.n > 0) {
			if (st->blocked_ms == 0 ||
			    now - st->blocked_ms < STALLED_MS)
				continue;
			c->fanout->stats.slow_cut++;
			tt_fanout_kill(c->fanout, st);
		} else if (now - st->wrote_ms >= keepalive &&
		    st->beat_ms == 0)
			keep_alive(c, st);
	}
}

/* All that have a beat have the same, so the next is at the head. */
static void
look_at_beat(struct tt_clocks *c, int64_t now)
{
	struct tt_stream	*st;

	while ((st = TAILQ_FIRST(&c->beat)) != NULL && st->beat_ms <= now) {
		TAILQ_REMOVE(&c->beat, st, beat);
		st->beat_ms += st->vocabulary->beat_s * 1000;
		if (st->beat_ms <= now)
			st->beat_ms = now + st->vocabulary->beat_s * 1000;
		TAILQ_INSERT_TAIL(&c->beat, st, beat);
		if (tt_stream_open(st))
			keep_alive(c, st);
	}
}

/* Ages differ by up to a tenth, so that streams do not all end at once. */
static void
look_at_old(struct tt_clocks *c, int64_t now)
{
	int64_t			 max = c->conf->stream_max_age_s;
	struct tt_stream	*st;

	if (max == 0)
		return;
	for (st = TAILQ_FIRST(&c->all); st != NULL; st = TAILQ_NEXT(st, all)) {
		if (now - st->born_ms < max * 900)
			break;
		if (now - st->born_ms >= (max - st->jitter_s) * 1000 &&
		    tt_stream_open(st))
			tt_fanout_end(c->fanout, st);
	}
}

/*
 * The page is to fetch a new ticket while the old one can still be had for
 * it; this stream itself goes on.
 */
static void
tell_ticket(struct tt_clocks *c, struct tt_stream *st)
{
	struct tt_buf	 data = TT_BUF_INIT, text = TT_BUF_INIT;

	tt_buf_printf(&data, "{\"expires_in\":%d}", (int)(ahead_ms(c) / 1000));
	tt_sse_event(&text, NULL, "ticket", tt_buf_text(&data));
	tt_fanout_tell(c->fanout, st, &text);
	tt_buf_free(&data);
	tt_buf_free(&text);
}

static void
look_at_due(struct tt_clocks *c, int64_t now)
{
	struct tt_stream	*st;

	while ((st = TAILQ_FIRST(&c->due)) != NULL && st->due_ms <= now) {
		forget_due(c, st);
		if (!tt_stream_open(st))
			continue;
		if (st->held != NULL)
			tt_fanout_end(c->fanout, st);
		else
			tell_ticket(c, st);
	}
}

void
tt_clocks_look(struct tt_clocks *c, int64_t now)
{
	look_at_quiet(c, now);
	look_at_beat(c, now);
	look_at_old(c, now);
	look_at_due(c, now);
}

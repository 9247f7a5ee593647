/*
 * fanout.c - see fanout.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "base/log.h"
#include "job/event.h"
#include "stream/fanout.h"
#include "stream/held.h"
#include "stream/rendering.h"
#include "stream/stream.h"
#include "stream/views.h"
#include "stream/watchers.h"
#include "surface/vocabulary.h"
#include "web/frame.h"

bool
tt_fanout_init(struct tt_fanout *fo, const struct tt_conf *conf)
{
	memset(fo, 0, sizeof(*fo));
	fo->conf = conf;
	STAILQ_INIT(&fo->dirty);
	TAILQ_INIT(&fo->behind);
	return (fo->watchers = tt_watchers_new()) != NULL &&
	    (fo->views = tt_views_new(fo)) != NULL;
}

void
tt_fanout_done(struct tt_fanout *fo)
{
	tt_watchers_free(fo->watchers);
	tt_views_free(fo->views);
	tt_buf_free(&fo->data);
	tt_buf_free(&fo->text);
}

void
tt_fanout_dirty(struct tt_fanout *fo, struct tt_stream *st)
{
	if (st->is_dirty)
		return;
	st->is_dirty = true;
	STAILQ_INSERT_TAIL(&fo->dirty, st, dirty);
}

/* Out of the list of those behind, whatever comes next. */
void
tt_fanout_state(struct tt_fanout *fo, struct tt_stream *st,
    enum tt_stream_state to)
{
	if (st->state == TT_STREAM_BEHIND)
		TAILQ_REMOVE(&fo->behind, st, behind);
	st->state = (uint8_t)to;
	if (to == TT_STREAM_BEHIND)
		TAILQ_INSERT_TAIL(&fo->behind, st, behind);
	else
		tt_fanout_dirty(fo, st);
}

void
tt_fanout_next(struct tt_fanout *fo, struct tt_stream *st)
{
	if (st->state == TT_STREAM_BEHIND) {
		TAILQ_REMOVE(&fo->behind, st, behind);
		TAILQ_INSERT_TAIL(&fo->behind, st, behind);
	}
}

bool
tt_fanout_add(struct tt_fanout *fo, struct tt_stream *st, uint64_t life)
{
	int	 i;

	for (i = 0; i < st->nwatches; i++) {
		st->watch[i].life = life;
		if (!tt_watchers_add(fo->watchers, &st->watch[i])) {
			while (--i >= 0)
				tt_watchers_remove(fo->watchers, &st->watch[i]);
			return false;
		}
	}
	if (st->view != NULL && !tt_views_add(fo->views, st))
		return false;
	st->state = TT_STREAM_BEHIND;
	TAILQ_INSERT_TAIL(&fo->behind, st, behind);
	tt_fanout_dirty(fo, st);
	fo->stats.streams++;
	fo->stats.opened++;
	return true;
}

/* An ask of a stream that is gone is answered to those that are left. */
static void
forget_ask(struct tt_fanout *fo, struct tt_watch *w)
{
	struct tt_watch	**p;

	if (w->ask == -1)
		return;
	for (p = &fo->asked[w->ask]; *p != NULL; p = &(*p)->next_asked)
		if (*p == w) {
			*p = w->next_asked;
			break;
		}
	w->ask = -1;
}

void
tt_fanout_remove(struct tt_fanout *fo, struct tt_stream *st)
{
	int	 i;

	for (i = 0; i < st->nwatches; i++) {
		forget_ask(fo, &st->watch[i]);
		tt_watchers_remove(fo->watchers, &st->watch[i]);
	}
	if (st->view != NULL)
		tt_views_remove(fo->views, st);
	if (st->state == TT_STREAM_BEHIND)
		TAILQ_REMOVE(&fo->behind, st, behind);
	if (st->is_dirty)
		STAILQ_REMOVE(&fo->dirty, st, tt_stream, dirty);
	st->state = TT_STREAM_DEAD;
	fo->stats.streams--;
}

void
tt_fanout_queue(struct tt_fanout *fo, struct tt_stream *st,
    struct tt_frame *f)
{
	if (f == NULL || !tt_sink_push(&st->sink, f)) {
		tt_error("out of memory for a frame: ending a stream");
		tt_fanout_state(fo, st, TT_STREAM_DEAD);
		return;
	}
	tt_fanout_dirty(fo, st);
}

void
tt_fanout_tell(struct tt_fanout *fo, struct tt_stream *st,
    const struct tt_buf *text)
{
	struct tt_frame	*f;

	if (st->held != NULL)
		return;		/* its answer is not a stream */
	f = tt_buf_broken(text) ? NULL :
	    tt_frame_new(tt_buf_text(text), text->sz);
	tt_fanout_queue(fo, st, f);
	tt_frame_unref(f);
}

void
tt_fanout_kill(struct tt_fanout *fo, struct tt_stream *st)
{
	tt_fanout_state(fo, st, TT_STREAM_DEAD);
}

/* The one answer of a client that waits for it. */
static void
answer(struct tt_fanout *fo, struct tt_stream *st, struct tt_frame *f)
{
	tt_held_free(st->held);
	st->held = NULL;
	tt_fanout_queue(fo, st, f);
	tt_frame_unref(f);
}

void
tt_fanout_end(struct tt_fanout *fo, struct tt_stream *st)
{
	if (st->held != NULL)
		answer(fo, st, tt_held_late(st->held));
	if (st->state == TT_STREAM_DEAD)
		return;
	tt_sink_end(&st->sink);
	tt_fanout_state(fo, st, TT_STREAM_ENDING);
}

/* A frame that has its id, of this stream or, of one job, of all of them. */
static struct tt_frame *
frame_for(struct tt_fanout *fo, struct tt_rendering *d,
    const struct tt_stream *st)
{
	char		 id[24];
	struct tt_buf	 ids = TT_BUF_INIT;
	struct tt_frame	*f;

	if (st->nwatches == 1) {
		(void)snprintf(id, sizeof(id), "%" PRId64, d->ev->seq);
		if (d->frame == NULL)
			d->frame = tt_rendering_frame(fo, d, id);
		return d->frame == NULL ? NULL : tt_frame_ref(d->frame);
	}
	tt_stream_id(st, &ids);
	f = tt_buf_broken(&ids) ? NULL :
	    tt_rendering_frame(fo, d, tt_buf_text(&ids));
	tt_buf_free(&ids);
	return f;
}

/*
 * Is this event the watch's next?  Seqs of another life of the log may begin
 * anew, where a crash took back what had been seen.
 */
static bool
is_news(struct tt_watch *w, const struct tt_event *ev)
{
	if (w->ended)
		return false;
	if (w->life < ev->life) {
		w->life = ev->life;
		if (w->seq >= ev->seq)
			w->seq = ev->seq - 1;
	}
	return ev->seq > w->seq;
}

static void
deliver(struct tt_fanout *fo, struct tt_rendering *d, struct tt_watch *w,
    bool replace)
{
	struct tt_stream	*st = w->stream;
	struct tt_frame		*f;
	int			 status;

	w->seq = d->ev->seq;
	if (st->held != NULL) {
		if (!tt_kind_ends_job(d->ev->kind))
			return;
		tt_buf_clear(&fo->text);
		status = st->vocabulary->answer(d->ev, &fo->text);
		answer(fo, st, tt_held_answer(st->held, status, &fo->text));
		tt_fanout_end(fo, st);
		return;
	}
	if (tt_rendering_show(fo, d, st)) {
		f = frame_for(fo, d, st);
		tt_rendering_queue(fo, d, st, f, replace);
		tt_frame_unref(f);
	}
	if (tt_kind_ends_job(d->ev->kind) && st->state != TT_STREAM_DEAD) {
		w->ended = true;
		if (--st->nleft == 0)
			tt_fanout_end(fo, st);
	}
}

/*
 * An event that does not follow on the last one, or a queue over its limit:
 * the stream is given the rest from the log, as fast as it takes it.
 */
void
tt_fanout_event(struct tt_fanout *fo, const struct tt_event *ev)
{
	struct tt_rendering	 d = TT_RENDERING(ev);
	struct tt_watch		*w, *next;
	struct tt_stream	*st;

	tt_views_event(fo->views, ev);
	for (w = tt_watchers_find(fo->watchers, ev->job); w != NULL; w = next) {
		next = LIST_NEXT(w, same_job);
		st = w->stream;
		if (st->state != TT_STREAM_LIVE || !is_news(w, ev))
			continue;
		if (ev->seq == w->seq + 1)
			deliver(fo, &d, w, true);
		else
			tt_fanout_state(fo, st, TT_STREAM_BEHIND);
		if (st->state == TT_STREAM_LIVE &&
		    st->sink.queued > (size_t)fo->conf->stream_buffer) {
			tt_stream_fall_back(st);
			tt_fanout_state(fo, st, TT_STREAM_BEHIND);
		}
	}
	tt_rendering_done(&d);
}

/*
 * Catching up.
 */

bool
tt_fanout_room(const struct tt_fanout *fo, const struct tt_stream *st)
{
	return st->sink.queued <= (size_t)fo->conf->stream_buffer / 4;
}

bool
tt_fanout_wants(const struct tt_fanout *fo)
{
	const struct tt_stream	*st;

	for (st = TAILQ_FIRST(&fo->behind); st != NULL;
	    st = TAILQ_NEXT(st, behind))
		if (tt_fanout_room(fo, st) && (st->view == NULL ||
		    tt_view_wants(fo->views, st->view)))
			return true;
	return false;
}

/* Streams that wait for the same thing share an ask. */
static void
ask_for(struct tt_fanout *fo, struct tt_ask *asks, struct tt_watch *w)
{
	int	 i;

	for (i = 0; i < fo->nasks; i++)
		if (asks[i].job == w->job && asks[i].seq == w->seq)
			break;
	if (i == fo->nasks) {
		asks[i].job = w->job;
		asks[i].seq = w->seq;
		fo->asked[i] = NULL;
		fo->got[i] = 0;
		fo->nasks++;
	}
	w->ask = (int16_t)i;
	w->next_asked = fo->asked[i];
	fo->asked[i] = w;
}

/* Whoever asked, be it live by now, ending or dead, asks no more. */
static void
forget_asks(struct tt_fanout *fo)
{
	struct tt_watch	*w;
	int		 i;

	for (i = 0; i < fo->nasks; i++)
		for (w = fo->asked[i]; w != NULL; w = w->next_asked)
			w->ask = -1;
	fo->nasks = 0;
}

/* A stream asks for all its jobs at once, or waits for the next time. */
int
tt_fanout_asks(struct tt_fanout *fo, struct tt_ask *asks)
{
	struct tt_stream	*st;
	int			 i;

	forget_asks(fo);
	for (st = TAILQ_FIRST(&fo->behind); st != NULL;
	    st = TAILQ_NEXT(st, behind))
		st->overflowed = false;
	for (st = TAILQ_FIRST(&fo->behind); st != NULL;
	    st = TAILQ_NEXT(st, behind)) {
		if (st->view != NULL || !tt_fanout_room(fo, st) ||
		    fo->nasks + st->nleft > TT_FEED_ASKS)
			continue;
		for (i = 0; i < st->nwatches; i++)
			if (!st->watch[i].ended)
				ask_for(fo, asks, &st->watch[i]);
	}
	return fo->nasks;
}

void
tt_fanout_missed(struct tt_fanout *fo, int ask, const struct tt_event *ev)
{
	struct tt_rendering	 d = TT_RENDERING(ev);
	struct tt_watch		*w;
	struct tt_stream	*st;

	if (ask < 0 || ask >= fo->nasks)
		return;
	fo->got[ask]++;
	fo->stats.caught_up++;
	for (w = fo->asked[ask]; w != NULL; w = w->next_asked) {
		st = w->stream;
		if (st->state != TT_STREAM_BEHIND || st->overflowed ||
		    !is_news(w, ev))
			continue;
		deliver(fo, &d, w, false);
		if (st->sink.queued > (size_t)fo->conf->stream_buffer)
			st->overflowed = true;
	}
	tt_rendering_done(&d);
}

/* Has the stream been given all that there was? */
static bool
complete(const struct tt_fanout *fo, const struct tt_stream *st)
{
	const struct tt_watch	*w;
	int			 i;

	if (st->overflowed)
		return false;
	for (i = 0; i < st->nwatches; i++) {
		w = &st->watch[i];
		if (!w->ended && (w->ask == -1 ||
		    fo->got[w->ask] >= TT_FEED_PAGE))
			return false;
	}
	return true;
}

void
tt_fanout_caught_up(struct tt_fanout *fo, bool ok)
{
	struct tt_stream	*st, *next;

	for (st = TAILQ_FIRST(&fo->behind); st != NULL; st = next) {
		next = TAILQ_NEXT(st, behind);
		if (ok && st->view == NULL && complete(fo, st))
			tt_fanout_state(fo, st, TT_STREAM_LIVE);
	}
	forget_asks(fo);
}

/*
 * views.c - see views.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "base/log.h"
#include "job/event.h"
#include "job/feed.h"
#include "stream/accounts.h"
#include "stream/fanout.h"
#include "stream/rendering.h"
#include "stream/sse.h"
#include "stream/views.h"
#include "stream/watchers.h"
#include "surface/vocabulary.h"
#include "web/frame.h"

struct tt_views {
	struct tt_fanout		*fo;
	struct tt_watchers		*watchers;	/* of accounts */
	const struct tt_position	*here;		/* the hub's */
	struct tt_accounts		 public;	/* what 0 stands for */

	/* The ask under way: what they have had who asked, and who they are. */
	struct tt_position		 asked;
	struct tt_watch			*askers;
	struct tt_buf			 id;
};

struct tt_views *
tt_views_new(struct tt_fanout *fo)
{
	struct tt_views	*v;

	if ((v = calloc(1, sizeof(*v))) == NULL)
		return NULL;
	v->fo = fo;
	tt_position_forget(&v->asked);
	if ((v->watchers = tt_watchers_new()) == NULL) {
		free(v);
		return NULL;
	}
	return v;
}

void
tt_views_free(struct tt_views *v)
{
	if (v == NULL)
		return;
	tt_watchers_free(v->watchers);
	tt_accounts_free(&v->public);
	tt_position_forget(&v->asked);
	tt_buf_free(&v->id);
	free(v);
}

void
tt_views_here(struct tt_views *v, const struct tt_position *here)
{
	v->here = here;
}

void
tt_views_id(const struct tt_views *v, struct tt_buf *b)
{
	if (tt_position_set(v->here))
		tt_position_text(v->here, v->here->after, b);
}

/* What SQL said of the public when the stream was opened is the newest. */
static bool
learn(struct tt_views *v, struct tt_view *view)
{
	bool	 ok = true;

	if (view->watch.job == 0)
		ok = tt_accounts_learn(&v->public, view->public,
		    view->npublic);
	free(view->public);
	view->public = NULL;
	return ok;
}

bool
tt_views_add(struct tt_views *v, struct tt_stream *st)
{
	st->view->watch.stream = st;
	st->view->watch.ask = -1;
	return learn(v, st->view) &&
	    tt_watchers_add(v->watchers, &st->view->watch);
}

/* An ask of a stream that is gone is answered to those that are left. */
static void
forget_asker(struct tt_views *v, const struct tt_watch *w)
{
	struct tt_watch	**p;

	for (p = &v->askers; *p != NULL; p = &(*p)->next_asked)
		if (*p == w) {
			*p = w->next_asked;
			return;
		}
}

void
tt_views_remove(struct tt_views *v, struct tt_stream *st)
{
	forget_asker(v, &st->view->watch);
	tt_watchers_remove(v->watchers, &st->view->watch);
}

/*
 * Live.
 */

/* The id is a position: the same for all who are there. */
static void
deliver(struct tt_views *v, struct tt_rendering *d, struct tt_stream *st,
    const struct tt_position *at, bool replace)
{
	const char	*type = st->view->type;

	if (*type != '\0' && d->ev->type != NULL &&
	    strcmp(type, d->ev->type) != 0)
		return;
	if (!tt_rendering_show(v->fo, d, st))
		return;
	if (d->frame == NULL) {
		tt_buf_clear(&v->id);
		tt_position_text(at, d->ev->event_id, &v->id);
		d->frame = tt_buf_broken(&v->id) ? NULL :
		    tt_rendering_frame(v->fo, d, tt_buf_text(&v->id));
	}
	tt_rendering_queue(v->fo, d, st, d->frame, replace);
}

/* The newest come first: the one that is kept is the oldest. */
static void
keep_oldest(void *arg, const struct tt_frame *f)
{
	struct tt_frame	**oldest = arg;

	tt_frame_unref(*oldest);
	*oldest = tt_frame_ref((struct tt_frame *)(uintptr_t)f);
}

/* Its id, which a frame of an event begins with, is where it was then. */
static bool
read_frame(struct tt_position *at, const struct tt_frame *f)
{
	char	 id[TT_POSITION_SZ];
	size_t	 n;

	if (f->sz < 4 || memcmp(f->text, "id: ", 4) != 0)
		return false;
	for (n = 0; n + 4 < f->sz && f->text[n + 4] != '\n'; n++) {
		if (n == sizeof(id) - 1)
			return false;
		id[n] = f->text[n + 4];
	}
	id[n] = '\0';
	if (!tt_position_read(at, id))
		return false;
	if (tt_position_reading(at))
		at->after = f->event_id - 1;
	return true;
}

void
tt_views_stay(struct tt_views *v, struct tt_stream *st)
{
	bool	 ok;

	if (st->state != TT_STREAM_LIVE)
		return;
	ok = tt_position_copy(&st->view->at, v->here);
	if (!ok)
		tt_error("out of memory for a position: ending a stream");
	tt_fanout_state(v->fo, st, ok ? TT_STREAM_BEHIND : TT_STREAM_DEAD);
}

/*
 * A queue over its limit: it has had what was sent, and gets the rest later.
 * That began in the read under way, which is where the hub is; or in one
 * before, and the frame says where that was.
 */
static void
fall_back(struct tt_views *v, struct tt_stream *st, uint64_t batch)
{
	struct tt_frame	*oldest = NULL;
	bool		 ok;

	tt_sink_drop(&st->sink, keep_oldest, &oldest);
	if (oldest != NULL && oldest->batch != batch)
		ok = read_frame(&st->view->at, oldest);
	else {
		ok = tt_position_copy(&st->view->at, v->here);
		if (ok && oldest != NULL)
			st->view->at.after = oldest->event_id - 1;
	}
	tt_frame_unref(oldest);
	if (!ok)
		tt_error("out of memory for a position: ending a stream");
	tt_fanout_state(v->fo, st, ok ? TT_STREAM_BEHIND : TT_STREAM_DEAD);
}

static void
tell_watchers(struct tt_views *v, struct tt_rendering *d, struct tt_watch *w)
{
	struct tt_watch		*next;
	struct tt_stream	*st;

	for (; w != NULL; w = next) {
		next = LIST_NEXT(w, same_job);
		st = w->stream;
		if (st->state != TT_STREAM_LIVE)
			continue;
		deliver(v, d, st, v->here, true);
		if (st->state == TT_STREAM_LIVE &&
		    st->sink.queued > (size_t)v->fo->conf->stream_buffer)
			fall_back(v, st, d->ev->batch);
	}
}

void
tt_views_event(struct tt_views *v, const struct tt_event *ev)
{
	struct tt_rendering	 d = TT_RENDERING(ev);

	tell_watchers(v, &d, tt_watchers_find(v->watchers, ev->account_id));
	if (tt_accounts_has(&v->public, ev->account_id))
		tell_watchers(v, &d, tt_watchers_find(v->watchers, 0));
	tt_rendering_done(&d);
}

/*
 * Behind.
 */

/*
 * A position that sees more than the hub has read, because it is another hub's
 * of a moment ago, waits until the hub has read that too.  What was read in an
 * older life of the log, the hub has behind it.
 */
static bool
is_there(const struct tt_position *here, const struct tt_position *at)
{
	if (at->generation != here->generation)
		return at->generation < here->generation;
	return tt_snapshot_covers(&here->last, tt_position_reading(at) ?
	    &at->upto : &at->last);
}

bool
tt_view_wants(const struct tt_views *v, const struct tt_view *view)
{
	if (!tt_position_set(v->here) || v->here->low < 0 ||
	    (view->watch.job == 0 && !v->public.known))
		return false;
	return view->fresh || is_there(v->here, &view->at);
}

/*
 * From here on it has all that the hub reads.  Its first events say so, and
 * carry the id to come back with, even if nothing ever happens.
 */
static void
begin(struct tt_views *v, struct tt_stream *st)
{
	struct tt_buf	 data = TT_BUF_INIT, text = TT_BUF_INIT;
	const char	*name = NULL;

	tt_buf_clear(&v->id);
	tt_views_id(v, &v->id);
	if (st->vocabulary->hello != NULL)
		name = st->vocabulary->hello(&data);
	if (st->view->resync) {
		if (name != NULL)
			tt_sse_event(&text, NULL, name, tt_buf_text(&data));
		tt_sse_event(&text, tt_buf_text(&v->id), "resync", "{}");
	} else if (name != NULL)
		tt_sse_event(&text, tt_buf_text(&v->id), name,
		    tt_buf_text(&data));
	else
		tt_buf_printf(&text, "id: %s\n\n", tt_buf_text(&v->id));
	if (tt_buf_broken(&data) || tt_buf_broken(&v->id))
		text.broken = true;
	st->view->fresh = false;
	tt_fanout_state(v->fo, st, TT_STREAM_LIVE);
	tt_fanout_tell(v->fo, st, &text);
	tt_buf_free(&data);
	tt_buf_free(&text);
}

/* Those who begin, begin. */
static void
begin_fresh(struct tt_views *v)
{
	struct tt_stream	*st, *next;

	for (st = TAILQ_FIRST(&v->fo->behind); st != NULL; st = next) {
		next = TAILQ_NEXT(st, behind);
		if (st->view != NULL && st->view->fresh &&
		    tt_view_wants(v, st->view))
			begin(v, st);
	}
}

static bool
may_ask(const struct tt_views *v, const struct tt_stream *st)
{
	return st->view != NULL && !st->view->fresh &&
	    tt_fanout_room(v->fo, st) && tt_view_wants(v, st->view);
}

/* Up to where its own read was going, or else to where the hub is. */
static bool
set_asked(struct tt_views *v, const struct tt_position *had)
{
	struct tt_err	 err;

	tt_err_clear(&err);
	if (!tt_position_copy(&v->asked, had))
		return false;
	if (tt_position_reading(&v->asked))
		return true;
	v->asked.generation = v->here->generation;
	v->asked.upto_us = v->here->last_us;
	return tt_snapshot_copy(&v->asked.upto, &v->here->last, &err) == TT_OK;
}

/* One ask, for all who have had the same. */
bool
tt_views_ask(struct tt_views *v, struct tt_view_ask *ask)
{
	struct tt_stream	*st;
	const struct tt_view	*first = NULL;

	v->askers = NULL;
	if (!tt_position_set(v->here) || tt_position_reading(v->here))
		return false;
	begin_fresh(v);
	for (st = TAILQ_FIRST(&v->fo->behind); st != NULL;
	    st = TAILQ_NEXT(st, behind)) {
		if (!may_ask(v, st))
			continue;
		if (first == NULL) {
			first = st->view;
			if (!set_asked(v, &first->at))
				return false;
		} else if (first->watch.job != st->view->watch.job ||
		    !tt_position_equal(&first->at, &st->view->at))
			continue;
		st->overflowed = false;
		st->view->had = 0;
		st->view->watch.next_asked = v->askers;
		v->askers = &st->view->watch;
	}
	if (first == NULL)
		return false;
	ask->public = first->watch.job == 0;
	ask->accounts = ask->public ? v->public.id : &first->watch.job;
	ask->n = ask->public ? v->public.n : 1;
	ask->had = &first->at;
	ask->upto = &v->asked.upto;
	ask->upto_us = v->asked.generation == v->here->generation ?
	    INT64_MAX : v->asked.upto_us;
	return true;
}

void
tt_views_missed(struct tt_views *v, const struct tt_event *ev)
{
	struct tt_rendering	 d = TT_RENDERING(ev);
	struct tt_stream	*st;
	struct tt_watch		*w;

	v->fo->stats.caught_up++;
	for (w = v->askers; w != NULL; w = w->next_asked) {
		st = w->stream;
		if (st->state != TT_STREAM_BEHIND || st->overflowed)
			continue;
		deliver(v, &d, st, &v->asked, false);
		st->view->had = ev->event_id;
		if (st->sink.queued > (size_t)v->fo->conf->stream_buffer)
			st->overflowed = true;
	}
	tt_rendering_done(&d);
}

/* What was not for it counts as had. */
void
tt_views_looked(struct tt_views *v, int64_t event_id)
{
	struct tt_watch	*w;

	for (w = v->askers; w != NULL; w = w->next_asked)
		if (!w->stream->overflowed)
			w->stream->view->had = event_id;
}

/* It has had all that was asked for, and is there, or asks for the rest. */
static void
page_done(struct tt_views *v, struct tt_stream *st)
{
	struct tt_position	*at = &st->view->at;
	bool			 here;

	here = !tt_position_reading(at);
	if (here) {
		tt_position_forget(at);
		tt_fanout_state(v->fo, st, TT_STREAM_LIVE);
		return;
	}
	tt_position_done(at);
}

/* It has had a part, in order of the events' ids. */
static void
part_done(struct tt_views *v, struct tt_stream *st)
{
	if (st->view->had == 0)
		return;
	if (!tt_position_copy(&st->view->at, &v->asked)) {
		tt_error("out of memory for a position: ending a stream");
		tt_fanout_kill(v->fo, st);
		return;
	}
	st->view->at.after = st->view->had;
	tt_fanout_next(v->fo, st);
}

void
tt_views_caught_up(struct tt_views *v, bool all)
{
	struct tt_watch		*w;
	struct tt_stream	*st;

	for (w = v->askers; w != NULL; w = w->next_asked) {
		st = w->stream;
		if (st->state != TT_STREAM_BEHIND)
			continue;
		if (all && !st->overflowed)
			page_done(v, st);
		else
			part_done(v, st);
	}
	v->askers = NULL;
}

/*
 * Which accounts.
 */

int
tt_views_accounts(const struct tt_views *v, int64_t *accounts, int max)
{
	int	 i, n = tt_watchers_jobs(v->watchers, accounts, max);

	for (i = 0; i < n && accounts[i] != 0; i++)
		continue;
	if (n < 0 || i == n)
		return n;

	/* The public's accounts in place of the public. */
	accounts[i] = accounts[--n];
	if (!v->public.known || n + (int)v->public.n > max)
		return -1;
	if (v->public.n > 0)
		memcpy(&accounts[n], v->public.id,
		    v->public.n * sizeof(*accounts));
	return n + (int)v->public.n;
}

void
tt_views_public_asked(struct tt_views *v)
{
	tt_accounts_asked(&v->public);
}

void
tt_views_public_begin(struct tt_views *v)
{
	tt_accounts_begin(&v->public);
}

void
tt_views_public_add(struct tt_views *v, int64_t account)
{
	tt_accounts_add(&v->public, account);
}

/* Also of those that do not take what they were sent. */
void
tt_views_public_end(struct tt_views *v)
{
	struct tt_watch		*w, *next;
	struct tt_stream	*st;

	if (tt_accounts_end(&v->public))
		return;
	for (w = tt_watchers_find(v->watchers, 0); w != NULL; w = next) {
		next = LIST_NEXT(w, same_job);
		st = w->stream;
		if (st->sink.n > 0)
			tt_fanout_kill(v->fo, st);
		else if (tt_stream_open(st))
			tt_fanout_end(v->fo, st);
	}
}

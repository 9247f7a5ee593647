/*
 * streams.c - see streams.h.
 */
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "job/tick.h"
#include "pg/args.h"
#include "stream/handover.h"
#include "stream/holders.h"
#include "stream/sse.h"
#include "stream/stream.h"
#include "stream/streams.h"
#include "stream/views.h"
#include "stream/watchers.h"
#include "surface/vocabulary.h"

/*
 * What the feed calls.
 */

static void
feed_event(void *arg, const struct tt_event *ev)
{
	struct tt_streams	*ss = arg;

	tt_fanout_event(&ss->fanout, ev);
}

static int
feed_asks(void *arg, struct tt_ask *asks)
{
	struct tt_streams	*ss = arg;

	return tt_fanout_asks(&ss->fanout, asks);
}

static void
feed_missed(void *arg, int ask, const struct tt_event *ev)
{
	struct tt_streams	*ss = arg;

	tt_fanout_missed(&ss->fanout, ask, ev);
}

static void
feed_caught_up(void *arg, bool ok)
{
	struct tt_streams	*ss = arg;

	tt_fanout_caught_up(&ss->fanout, ok);
}

static bool
feed_view_ask(void *arg, struct tt_view_ask *ask)
{
	struct tt_streams	*ss = arg;

	return tt_views_ask(ss->fanout.views, ask);
}

static void
feed_view_missed(void *arg, const struct tt_event *ev)
{
	struct tt_streams	*ss = arg;

	tt_views_missed(ss->fanout.views, ev);
}

static void
feed_view_looked(void *arg, int64_t event_id)
{
	struct tt_streams	*ss = arg;

	tt_views_looked(ss->fanout.views, event_id);
}

static void
feed_view_caught_up(void *arg, bool all)
{
	struct tt_streams	*ss = arg;

	tt_views_caught_up(ss->fanout.views, all);
}

static void
put_array(struct tt_args *a, const int64_t *ids, int n)
{
	int	 i;

	tt_args_open(a);
	for (i = 0; i < n; i++)
		tt_args_item(a, ids[i]);
	tt_args_close(a);
}

/* Few are named; of many, all is read and what nobody wants passed over. */
static void
feed_put_watched(void *arg, struct tt_args *a)
{
	struct tt_streams	*ss = arg;
	int64_t			 jobs[TT_FEED_WATCHED];
	int64_t			 accounts[TT_FEED_WATCHED];
	int			 njobs, naccounts;

	njobs = tt_watchers_jobs(ss->fanout.watchers, jobs, TT_FEED_WATCHED);
	naccounts = tt_views_accounts(ss->fanout.views, accounts,
	    TT_FEED_WATCHED);
	if (njobs < 0 || naccounts < 0) {
		tt_args_null(a);
		tt_args_null(a);
		return;
	}
	put_array(a, jobs, njobs);
	put_array(a, accounts, naccounts);
}

static void
feed_public_begin(void *arg)
{
	struct tt_streams	*ss = arg;

	tt_views_public_begin(ss->fanout.views);
}

static void
feed_public_account(void *arg, int64_t account)
{
	struct tt_streams	*ss = arg;

	tt_views_public_add(ss->fanout.views, account);
}

static void
feed_public_end(void *arg)
{
	struct tt_streams	*ss = arg;

	tt_views_public_end(ss->fanout.views);
}

static void
feed_goes_back(void *arg)
{
	struct tt_streams	*ss = arg;
	struct tt_stream	*st;

	for (st = TAILQ_FIRST(&ss->clocks.all); st != NULL;
	    st = TAILQ_NEXT(st, all))
		if (st->view != NULL)
			tt_views_stay(ss->fanout.views, st);
}

/* The clients come back, and are told how things stand now. */
static void
feed_lost(void *arg)
{
	struct tt_streams	*ss = arg;
	struct tt_stream	*st;

	for (st = TAILQ_FIRST(&ss->clocks.all); st != NULL;
	    st = TAILQ_NEXT(st, all))
		if (st->state != TT_STREAM_DEAD)
			tt_fanout_end(&ss->fanout, st);
}

static void
feed_known(void *arg, int64_t listener)
{
	struct tt_streams	*ss = arg;

	if (listener != 0)
		tt_holders_told(ss->holders);
	tt_holders_listener(ss->holders, listener);
	tt_handover_tell(ss->handover, listener);
}

static void
feed_unreachable(void *arg)
{
	struct tt_streams	*ss = arg;

	tt_handover_failed(ss->handover);
}

static bool
feed_leases(void *arg)
{
	struct tt_streams	*ss = arg;

	return tt_holders_changed(ss->holders);
}

static void
feed_put_leases(void *arg, struct tt_args *a, bool all)
{
	struct tt_streams	*ss = arg;

	if (all)
		tt_holders_anew(ss->holders);
	tt_holders_put(ss->holders, a, all);
}

static void
feed_leases_told(void *arg)
{
	struct tt_streams	*ss = arg;

	tt_holders_told(ss->holders);
}

static void
feed_put_keys(void *arg, struct tt_args *a)
{
	struct tt_streams	*ss = arg;

	tt_holders_keys(ss->holders, a);
	tt_views_public_asked(ss->fanout.views);
}

/*
 * Revoked, expired, or its account terminated: its streams are over, also those
 * that do not take what they were sent.
 */
static void
feed_key_dead(void *arg, int64_t key)
{
	struct tt_streams	*ss = arg;
	struct tt_stream	*st = NULL;

	while ((st = tt_holders_next(ss->holders, key, st)) != NULL)
		if (st->sink.n > 0)
			tt_fanout_kill(&ss->fanout, st);
		else if (tt_stream_open(st))
			tt_fanout_end(&ss->fanout, st);
}

static void
feed_tick_due(void *arg)
{
	struct tt_streams	*ss = arg;

	tt_tick_start(ss->conf);
}

const struct tt_feed_calls	 tt_streams_calls = {
	.event		= feed_event,
	.put_watched	= feed_put_watched,
	.asks		= feed_asks,
	.missed		= feed_missed,
	.caught_up	= feed_caught_up,
	.view_ask	= feed_view_ask,
	.view_missed	= feed_view_missed,
	.view_looked	= feed_view_looked,
	.view_caught_up	= feed_view_caught_up,
	.public_begin	= feed_public_begin,
	.public_account	= feed_public_account,
	.public_end	= feed_public_end,
	.goes_back	= feed_goes_back,
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

bool
tt_streams_init(struct tt_streams *ss, const struct tt_conf *conf,
    struct tt_handover *handover)
{
	ss->conf = conf;
	ss->handover = handover;
	if (!tt_fanout_init(&ss->fanout, conf))
		return false;
	tt_clocks_init(&ss->clocks, conf, &ss->fanout);
	return (ss->holders = tt_holders_new()) != NULL;
}

void
tt_streams_done(struct tt_streams *ss)
{
	tt_fanout_done(&ss->fanout);
	tt_holders_free(ss->holders);
}

bool
tt_streams_add(struct tt_streams *ss, struct tt_stream *st, uint64_t life)
{
	if (!tt_holders_hold(ss->holders, st, &st->lease))
		return false;
	if (!tt_fanout_add(&ss->fanout, st, life)) {
		tt_holders_release(ss->holders, st);
		return false;
	}
	tt_clocks_add(&ss->clocks, st);
	return true;
}

void
tt_streams_remove(struct tt_streams *ss, struct tt_stream *st)
{
	tt_clocks_remove(&ss->clocks, st);
	tt_fanout_remove(&ss->fanout, st);
	tt_holders_release(ss->holders, st);
}

bool
tt_streams_empty(const struct tt_streams *ss)
{
	return TAILQ_EMPTY(&ss->clocks.all);
}

/* In its words, where it has any for this. */
static void
say_goodbye(struct tt_buf *text, const struct tt_vocabulary *v)
{
	struct tt_buf	 data = TT_BUF_INIT;
	const char	*name;

	if (v->goodbye == NULL)
		return;
	name = v->goodbye(&data);
	tt_sse_event(text, NULL, name, tt_buf_text(&data));
	text->broken = text->broken || tt_buf_broken(&data);
	tt_buf_free(&data);
}

void
tt_streams_goodbye(struct tt_streams *ss)
{
	struct tt_stream	*st;
	struct tt_buf		 text = TT_BUF_INIT;

	for (st = TAILQ_FIRST(&ss->clocks.all); st != NULL;
	    st = TAILQ_NEXT(st, all)) {
		if (!tt_stream_open(st))
			continue;
		tt_buf_clear(&text);
		say_goodbye(&text, st->vocabulary);
		tt_sse_retry(&text, tt_sse_jitter(ss->conf->retry_ms));
		tt_fanout_tell(&ss->fanout, st, &text);
		tt_fanout_end(&ss->fanout, st);
	}
	tt_buf_free(&text);
}

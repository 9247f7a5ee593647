/*
 * feed_result.c - what the results of a feed's commands mean: see feed.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "job/event.h"
#include "job/feed_state.h"
#include "job/feedrow.h"
#include "job/recall.h"
#include "pg/db.h"

/*
 * After a crash (or a failover) reading goes on from a snapshot of before,
 * past what is remembered.  Another cluster's snapshots mean nothing here.
 */
static void
new_generation(struct tt_feed *f, bool same_cluster, const char *snapshot,
    int64_t opened_us)
{
	int64_t	 us = tt_position_reading(&f->at) ? f->at.upto_us :
		    f->at.last_us;

	f->life++;
	if (us != INT64_MIN)
		f->life_us = us;
	if (same_cluster)
		f->calls->goes_back(f->arg);
	tt_position_forget(&f->at);
	if (same_cluster && tt_recall_rewind(f->recall, &f->at.last)) {
		tt_warn("feed: a new life of the log: reading back");
		f->at.last_us = us;
		f->went_back = true;
		return;
	}
	tt_recall_clear(f->recall);
	(void)tt_position_begin(&f->at, snapshot, opened_us);
	f->calls->lost(f->arg);
}

static void
got_open(struct tt_feed *f, const struct pg_result *res, int64_t now)
{
	const char	*cluster = tt_db_text(res, 0, TT_OPEN_CLUSTER);
	const char	*snapshot = tt_db_text(res, 0, TT_OPEN_SNAPSHOT);
	int64_t		 generation = tt_db_int(res, 0, TT_OPEN_GENERATION);
	int64_t		 us = tt_db_int(res, 0, TT_OPEN_US);

	f->listener_id = tt_db_int(res, 0, TT_OPEN_LISTENER);
	f->floor = tt_db_int(res, 0, TT_OPEN_FLOOR);
	if (!tt_position_set(&f->at))
		(void)tt_position_begin(&f->at, snapshot, us);
	else if (generation != f->generation)
		new_generation(f, strcmp(cluster, f->cluster) == 0, snapshot,
		    us);
	f->generation = f->at.generation = generation;
	f->drawn = tt_db_int(res, 0, TT_OPEN_DRAWN);
	(void)snprintf(f->cluster, sizeof(f->cluster), "%s", cluster);

	f->opened = true;
	f->doubt = false;
	f->open_ms = now;
	f->beat_ms = now - TT_FEED_BEAT_MS;
	f->calls->known(f->arg, f->listener_id);
	tt_doorbell_init(&f->bell, f->listening, now);
	tt_info("feed: reading as listener %" PRId64 ", generation %" PRId64,
	    f->listener_id, f->generation);
}

/*
 * What was written before the last read of an older life, even one that broke
 * off, and is still there has kept its seq, whoever is shown it again.
 */
static uint64_t
life_of(const struct tt_feed *f, const struct tt_event *ev)
{
	return ev->at_us > f->life_us ? f->life : 0;
}

/*
 * One row of a read: where it reaches to, and an event unless it has none.
 * False if it makes no sense.
 */
static bool
got_read_row(struct tt_feed *f, const struct pg_result *res, int64_t now)
{
	struct tt_event	 ev;

	if (!tt_position_reading(&f->at)) {
		f->batch++;
		f->low = f->drawn;
		if (!tt_position_upto(&f->at, tt_db_text(res, 0,
		    TT_READ_SNAPSHOT), tt_db_int(res, 0, TT_READ_US)))
			return false;
	}
	if (PQgetisnull(res, 0, TT_READ_EVENT))
		return true;

	f->at.nevents++;
	f->at.after = tt_db_int(res, 0, TT_READ_EVENT);
	if (!tt_feedrow(res, 0, TT_READ_EVENT, &ev) ||
	    tt_recall_knows(f->recall, &ev))
		return true;
	ev.batch = f->batch;
	ev.life = life_of(f, &ev);
	tt_trace("event %" PRId64 " %s job %" PRId64 " seq %" PRId64,
	    ev.event_id, tt_kind_word(ev.kind), ev.job, ev.seq);
	tt_recall_event(f->recall, &ev, now);
	f->calls->event(f->arg, &ev);
	return true;
}

void
tt_feed_read_done(struct tt_feed *f, int64_t now)
{
	size_t	 nevents = f->at.nevents;

	tt_position_done(&f->at);
	f->at.low = f->low;
	f->went_back = false;
	tt_recall_snapshot(f->recall, &f->at.last, now);
	tt_doorbell_read(&f->bell, &f->at.last, nevents, now);
	f->read_ms = now;
}

static void
got_missed(struct tt_feed *f, const struct pg_result *res, int64_t now)
{
	struct tt_event	 ev;
	int		 i, n = PQntuples(res);

	for (i = 0; i < n; i++) {
		if (!tt_feedrow(res, i, TT_CATCH_UP_EVENT, &ev))
			continue;
		ev.batch = f->batch;
		ev.life = life_of(f, &ev);
		tt_recall_event(f->recall, &ev, now);
		f->nmissed++;
		f->calls->missed(f->arg,
		    (int)tt_db_int(res, i, TT_CATCH_UP_ASK), &ev);
	}
}

/*
 * What a page of a view holds.  The last row, if its kind is null, only says
 * how far was looked; a kind that we do not know was looked at all the same.
 */
static void
got_view(struct tt_feed *f, const struct pg_result *res, int64_t now)
{
	struct tt_event	 ev;
	int		 i, n = PQntuples(res);

	for (i = 0; i < n; i++) {
		if (tt_feedrow(res, i, TT_VIEW_EVENT, &ev)) {
			ev.batch = f->batch;
			ev.life = life_of(f, &ev);
			tt_recall_event(f->recall, &ev, now);
			f->calls->view_missed(f->arg, &ev);
		}
		f->calls->view_looked(f->arg,
		    tt_db_int(res, i, TT_VIEW_EVENT));
		f->view_more = PQgetisnull(res, i, TT_VIEW_KIND);
	}
}

/* The next number of a JSON array of them; false at its end. */
static bool
next_number(const char **text, int64_t *number)
{
	char	*end;

	if (**text == '\0' || *++*text == '\0')
		return false;
	*number = strtoll(*text, &end, 10);
	if (end == *text)
		return false;
	*text = end;
	return true;
}

static void
got_dead(struct tt_feed *f, const char *keys)
{
	int64_t	 key;

	while (next_number(&keys, &key)) {
		tt_info("key %" PRId64 " is good no longer: its streams end",
		    key);
		f->calls->key_dead(f->arg, key);
	}
}

static void
got_public(struct tt_feed *f, const char *accounts)
{
	int64_t	 account;

	f->calls->public_begin(f->arg);
	while (next_number(&accounts, &account))
		f->calls->public_account(f->arg, account);
	f->calls->public_end(f->arg);
}

static bool
got_beat(struct tt_feed *f, const struct pg_result *res)
{
	if (*tt_db_text(res, 0, TT_BEAT_KNOWN) != 't')
		return false;
	f->drawn = tt_db_int(res, 0, TT_BEAT_DRAWN);
	if (*tt_db_text(res, 0, TT_BEAT_TICK_DUE) == 't')
		f->calls->tick_due(f->arg);
	got_dead(f, tt_db_text(res, 0, TT_BEAT_DEAD));
	got_public(f, tt_db_text(res, 0, TT_BEAT_PUBLIC));
	return true;
}

bool
tt_feed_result(struct tt_feed *f, const struct pg_result *res, int64_t now)
{
	bool	 yes = PQntuples(res) > 0 && *tt_db_text(res, 0, 0) == 't';

	switch (f->command) {
	case TT_OPEN:
		got_open(f, res, now);
		return true;
	case TT_READ:
		return PQntuples(res) != 1 || got_read_row(f, res, now);
	case TT_CATCH_UP:
		got_missed(f, res, now);
		return true;
	case TT_VIEW:
		got_view(f, res, now);
		return true;
	case TT_SLEEP:
		tt_doorbell_said(&f->bell, f->said);
		return yes;
	case TT_LEASE:
		return yes;
	case TT_BEAT:
		return PQntuples(res) == 1 && got_beat(f, res);
	default:
		return true;
	}
}

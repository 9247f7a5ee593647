/*
 * feed.c - see feed.h.
 *
 * One command is under way at a time.  When none is, next_command() chooses:
 * that function is the order of things.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "base/log.h"
#include "job/command.h"
#include "job/doorbell.h"
#include "job/event.h"
#include "job/feed.h"
#include "job/feedrow.h"
#include "job/position.h"
#include "job/recall.h"
#include "pg/args.h"
#include "pg/db.h"
#include "pg/session.h"

#define BEAT_MS		2000	/* a sign of life */
#define BEAT_CHANGE_MS	1000	/* sooner, when streams came or went */
#define DOUBT_MS	5000	/* between registrations for a doubt */
#define ROWS_A_STEP	1000	/* then the streams have their turn */

struct tt_feed {
	const struct tt_conf		*conf;
	const char			*program;
	const struct tt_feed_calls	*calls;
	void				*arg;
	const struct tt_feed_stats	*stats;
	struct tt_session			*session;
	bool				 wanted;	/* on */
	bool				 listening, opened;
	enum tt_command			 command;	/* under way */
	bool				 said;		/* what TT_SLEEP says */
	bool				 more;		/* rows left to take */
	int64_t				 due_ms;	/* while idle */

	struct tt_position		 at;
	struct tt_doorbell		 bell;
	struct tt_recall		*recall;
	bool				 catching_up, had_turn, had_lease;
	bool				 went_back;	/* to before a crash */
	char				 cluster[64];
	int64_t				 generation, floor;
	int64_t				 listener_id;
	uint64_t			 batch, life;
	int64_t				 life_us;  /* the last read before it */
	bool				 doubt;		/* see _doubt() */
	int64_t				 open_ms;	/* registered */
	int64_t				 read_ms;	/* last complete read */
	int64_t				 beat_ms;
	int				 beat_streams;
	uint64_t			 wakes, reconnects;

	struct tt_ask			 asks[TT_FEED_ASKS];
	int				 nasks;
	struct tt_args			 args;
};

struct tt_feed *
tt_feed_new(const struct tt_conf *conf, const char *program,
    const struct tt_feed_calls *calls, void *arg,
    const struct tt_feed_stats *stats)
{
	struct tt_feed	*f;

	if ((f = calloc(1, sizeof(*f))) == NULL)
		return NULL;
	if ((f->recall = tt_recall_new()) == NULL ||
	    (f->session = tt_session_new(conf, "telltale feed")) == NULL) {
		tt_feed_free(f);
		return NULL;
	}
	f->conf = conf;
	f->program = program;
	f->calls = calls;
	f->arg = arg;
	f->stats = stats;
	tt_position_forget(&f->at);
	return f;
}

void
tt_feed_free(struct tt_feed *f)
{
	if (f == NULL)
		return;
	tt_session_free(f->session);
	tt_position_forget(&f->at);
	tt_recall_free(f->recall);
	tt_args_free(&f->args);
	free(f);
}

/*
 * Commands: their arguments.
 */

static void
args_read(struct tt_feed *f, struct tt_args *a)
{
	int64_t	 jobs[TT_FEED_JOBS];
	int	 i, n;

	tt_command_read(a, &f->at, f->floor);
	if ((n = f->calls->jobs(f->arg, jobs)) < 0)
		tt_args_null(a);
	else {
		tt_args_open(a);
		for (i = 0; i < n; i++)
			tt_args_item(a, jobs[i]);
		tt_args_close(a);
	}
	tt_args_null(a);	/* accounts: no stream watches one yet */
}

static void
make_args(struct tt_feed *f, enum tt_command c, struct tt_args *a)
{
	switch (c) {
	case TT_OPEN:
		tt_command_open(a, f->program, !f->conf->feed_poll,
		    f->listener_id);
		f->calls->put_leases(f->arg, a, true);
		break;
	case TT_READ:
		args_read(f, a);
		break;
	case TT_CATCH_UP:
		tt_command_catch_up(a, &f->at.last, f->floor, f->asks,
		    f->nasks);
		break;
	case TT_LEASE:
		tt_args_int(a, f->listener_id);
		f->calls->put_leases(f->arg, a, false);
		break;
	case TT_SLEEP:
		tt_args_int(a, f->listener_id);
		tt_args_bool(a, f->said);
		break;
	case TT_BEAT:
		f->beat_streams = f->stats->streams;
		tt_command_beat(a, f->listener_id, f->stats, f->wakes,
		    f->reconnects);
		f->calls->put_keys(f->arg, a);
		break;
	case TT_CLOSE:
		tt_args_int(a, f->listener_id);
		break;
	case TT_NONE:
	case TT_LISTEN:
	case TT_COMMAND__MAX:
		break;
	}
}

/*
 * False on no memory.  Nothing is taken note of before the command itself goes
 * out: after a preparation it is chosen anew.
 */
static bool
send_command(struct tt_feed *f, enum tt_command c, int64_t now)
{
	const char *const	*values;

	f->command = c;
	if (tt_session_prepare(f->session, tt_command_query(c), now))
		return true;
	tt_args_clear(&f->args);
	make_args(f, c, &f->args);
	if (c == TT_BEAT)
		f->beat_ms = now;
	if ((values = tt_args_values(&f->args)) == NULL)
		return false;
	tt_session_send(f->session, tt_command_query(c), values,
	    c == TT_READ || c == TT_CATCH_UP, now);
	f->had_turn = c == TT_CATCH_UP;
	f->had_lease = c == TT_LEASE;
	return true;
}

/*
 * What their results mean.
 */

/*
 * After a crash (or a failover) reading goes on from a snapshot of before,
 * past what is remembered.  Another cluster's snapshots mean nothing here.
 */
static void
new_generation(struct tt_feed *f, bool same_cluster, const char *snapshot)
{
	int64_t	 us = tt_position_reading(&f->at) ? f->at.upto_us :
		    f->at.last_us;

	f->life++;
	if (us != INT64_MIN)
		f->life_us = us;
	tt_position_forget(&f->at);
	if (same_cluster && tt_recall_rewind(f->recall, &f->at.last)) {
		tt_warn("feed: a new life of the log: reading back");
		f->went_back = true;
		return;
	}
	tt_recall_clear(f->recall);
	(void)tt_position_begin(&f->at, snapshot);
	f->calls->lost(f->arg);
}

static void
got_open(struct tt_feed *f, const PGresult *res, int64_t now)
{
	const char	*cluster = tt_db_text(res, 0, TT_OPEN_CLUSTER);
	const char	*snapshot = tt_db_text(res, 0, TT_OPEN_SNAPSHOT);
	int64_t		 generation = tt_db_int(res, 0, TT_OPEN_GENERATION);

	f->listener_id = tt_db_int(res, 0, TT_OPEN_LISTENER);
	f->floor = tt_db_int(res, 0, TT_OPEN_FLOOR);
	if (!tt_position_set(&f->at))
		(void)tt_position_begin(&f->at, snapshot);
	else if (generation != f->generation)
		new_generation(f, strcmp(cluster, f->cluster) == 0, snapshot);
	f->generation = generation;
	(void)snprintf(f->cluster, sizeof(f->cluster), "%s", cluster);

	f->opened = true;
	f->doubt = false;
	f->open_ms = now;
	f->beat_ms = now - BEAT_MS;
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
got_read_row(struct tt_feed *f, const PGresult *res, int64_t now)
{
	struct tt_event	 ev;

	if (!tt_position_reading(&f->at)) {
		f->batch++;
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

/* A read is complete: its snapshot is where the next one begins. */
static void
read_done(struct tt_feed *f, int64_t now)
{
	size_t	 nevents = f->at.nevents;

	tt_position_done(&f->at);
	f->went_back = false;
	tt_recall_snapshot(f->recall, &f->at.last, now);
	tt_doorbell_read(&f->bell, &f->at.last, nevents, now);
	f->read_ms = now;
}

static void
got_missed(struct tt_feed *f, const PGresult *res, int64_t now)
{
	struct tt_event	 ev;
	int		 i, n = PQntuples(res);

	for (i = 0; i < n; i++) {
		if (!tt_feedrow(res, i, TT_CATCH_UP_EVENT, &ev))
			continue;
		ev.batch = f->batch;
		ev.life = life_of(f, &ev);
		tt_recall_event(f->recall, &ev, now);
		f->calls->missed(f->arg,
		    (int)tt_db_int(res, i, TT_CATCH_UP_ASK), &ev);
	}
}

/* The keys that are good no longer, as a JSON array of numbers. */
static void
got_dead(struct tt_feed *f, const char *keys)
{
	char	*end;
	int64_t	 key;

	while (*keys != '\0' && *++keys != '\0') {
		key = strtoll(keys, &end, 10);
		if (end == keys)
			break;
		tt_info("key %" PRId64 " is good no longer: its streams end",
		    key);
		f->calls->key_dead(f->arg, key);
		keys = end;
	}
}

static bool
got_beat(struct tt_feed *f, const PGresult *res)
{
	if (*tt_db_text(res, 0, TT_BEAT_KNOWN) != 't')
		return false;
	if (*tt_db_text(res, 0, TT_BEAT_TICK_DUE) == 't')
		f->calls->tick_due(f->arg);
	got_dead(f, tt_db_text(res, 0, TT_BEAT_DEAD));
	return true;
}

/* False: our row is gone (taken for dead, or a crash), or nonsense. */
static bool
got_result(struct tt_feed *f, const PGresult *res, int64_t now)
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

static void
command_done(struct tt_feed *f, int64_t now)
{
	enum tt_command	 c = f->command;

	f->command = TT_NONE;
	if (c == TT_LISTEN)
		f->listening = true;
	else if (c == TT_READ && tt_position_reading(&f->at))
		read_done(f, now);
	else if (c == TT_CATCH_UP)
		f->calls->caught_up(f->arg, true);
	else if (c == TT_LEASE)
		f->calls->leases_told(f->arg);
}

/* The session is gone, and with it what was asked and what it listened to. */
static void
session_over(struct tt_feed *f)
{
	if (f->command == TT_CATCH_UP)
		f->calls->caught_up(f->arg, false);
	f->command = TT_NONE;
	if (f->wanted && !f->opened)
		f->calls->unreachable(f->arg);
	f->listening = f->opened = false;
}

static void
give_up(struct tt_feed *f, const char *why, int64_t now)
{
	tt_session_break(f->session, why, now);
	session_over(f);
	f->reconnects++;
}

/* A cursor is of no use to a hub without streams: it starts anew. */
static void
go_off(struct tt_feed *f)
{
	tt_session_close(f->session);
	session_over(f);
	tt_position_forget(&f->at);
	f->listener_id = 0;
	f->calls->known(f->arg, 0);

	/* A stream may have come while we said goodbye. */
	if (f->wanted)
		tt_session_open(f->session);
}

static int64_t
beat_every(const struct tt_feed *f)
{
	return f->stats->streams == f->beat_streams ? BEAT_MS : BEAT_CHANGE_MS;
}

/* The order of things, when no command is under way. */
static enum tt_command
next_command(struct tt_feed *f, int64_t now)
{
	bool	 turn;

	if (!f->conf->feed_poll && !f->listening)
		return TT_LISTEN;
	if (!f->opened)
		return TT_OPEN;
	if (tt_position_reading(&f->at))
		return TT_READ;	/* one that broke off comes first */

	/*
	 * What is known is not handed on again, also not to a stream that was
	 * behind: it is caught up to where the others are, not to before.
	 */
	if (f->went_back)
		return TT_READ;
	if (!f->wanted)
		return TT_CLOSE;

	/* A place that is free may be waited for. */
	if (!f->had_lease && f->calls->leases(f->arg))
		return TT_LEASE;

	/* Those who catch up and those who are live take turns. */
	turn = f->had_turn && (now >= tt_doorbell_due(&f->bell) ||
	    now >= f->beat_ms + beat_every(f));
	if (f->catching_up && !turn &&
	    (f->nasks = f->calls->asks(f->arg, f->asks)) > 0)
		return TT_CATCH_UP;
	if (!turn)
		f->catching_up = false;

	switch (tt_doorbell_next(&f->bell, now)) {
	case TT_DO_READ:
		return TT_READ;
	case TT_DO_SAY_ASLEEP:
	case TT_DO_SAY_AWAKE:
		f->said = f->bell.state != TT_AWAKE;
		return TT_SLEEP;
	case TT_DO_NOTHING:
		break;
	}
	if (now >= f->beat_ms + beat_every(f))
		return TT_BEAT;
	return f->calls->leases(f->arg) ? TT_LEASE : TT_NONE;
}

/* A new session: with the old one goes all that is known of it. */
static bool
doubt_is_due(const struct tt_feed *f, int64_t now)
{
	return f->doubt && f->opened && f->wanted &&
	    now >= f->open_ms + DOUBT_MS;
}

/* Begin what is next; false if that is nothing, for now. */
static bool
begin_next(struct tt_feed *f, int64_t now)
{
	enum tt_command	 c;

	if (doubt_is_due(f, now)) {
		give_up(f, "a lease is in doubt", now);
		return true;
	}
	c = next_command(f, now);
	if (c != TT_NONE) {
		if (!send_command(f, c, now))
			give_up(f, "out of memory", now);
		return true;
	}
	f->due_ms = tt_doorbell_due(&f->bell);
	if (f->due_ms > f->beat_ms + beat_every(f))
		f->due_ms = f->beat_ms + beat_every(f);
	if (f->doubt && f->due_ms > f->open_ms + DOUBT_MS)
		f->due_ms = f->open_ms + DOUBT_MS;
	return false;
}

static void
heed_bell(struct tt_feed *f, int64_t now)
{
	if (tt_session_notified(f->session) == 0)
		return;
	if (f->bell.state == TT_ASLEEP)
		f->wakes++;
	tt_doorbell_ring(&f->bell, now);
}

/* One word of the session; false if there is nothing more to do. */
static bool
heed_session(struct tt_feed *f, int64_t now)
{
	enum tt_session_word	 word;
	PGresult		*res;
	bool			 sense;

	word = tt_session_step(f->session, now, &res);
	heed_bell(f, now);
	switch (word) {
	case TT_SESSION_NOTHING:
		return false;
	case TT_SESSION_IDLE:
		f->command = TT_NONE;
		return begin_next(f, now);
	case TT_SESSION_RESULT:
		sense = got_result(f, res, now);
		PQclear(res);
		if (!sense)
			give_up(f, "no longer registered", now);
		return true;
	case TT_SESSION_BROKEN:
		session_over(f);
		f->reconnects++;
		return f->wanted;
	case TT_SESSION_DONE:
		if (f->command == TT_CLOSE) {
			go_off(f);
			return true;
		}

		/* What was caught up with goes out before news replaces it. */
		f->more = f->command == TT_CATCH_UP;
		command_done(f, now);
		return !f->more;
	}
	return false;
}

/* A step takes so many rows, so that streams are served in between. */
void
tt_feed_step(struct tt_feed *f, int64_t now)
{
	int	 i;

	f->more = false;
	if (!f->wanted && !tt_session_is_open(f->session)) {
		go_off(f);
		return;
	}
	for (i = 0; i < ROWS_A_STEP; i++)
		if (!heed_session(f, now))
			return;
	f->more = true;
}

void
tt_feed_on(struct tt_feed *f)
{
	f->wanted = true;
	tt_session_open(f->session);
}

void
tt_feed_off(struct tt_feed *f)
{
	f->wanted = false;
	f->due_ms = 0;
}

void
tt_feed_catch_up(struct tt_feed *f)
{
	f->catching_up = true;
}

void
tt_feed_doubt(struct tt_feed *f, int64_t listener)
{
	if (listener != 0 && listener == f->listener_id)
		f->doubt = true;
}

int
tt_feed_fd(const struct tt_feed *f)
{
	return tt_session_fd(f->session);
}

short
tt_feed_events(const struct tt_feed *f)
{
	return tt_session_events(f->session);
}

int64_t
tt_feed_due(const struct tt_feed *f)
{
	if (f->more)
		return 0;
	if (tt_session_is_open(f->session) && f->command == TT_NONE)
		return f->catching_up || f->calls->leases(f->arg) ? 0 :
		    f->due_ms;
	return tt_session_due(f->session);
}

uint64_t
tt_feed_life(const struct tt_feed *f)
{
	return f->life;
}

bool
tt_feed_live(const struct tt_feed *f, int64_t since_ms)
{
	return tt_session_is_open(f->session) && f->read_ms >= since_ms;
}

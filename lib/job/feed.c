/*
 * feed.c - see feed.h.
 *
 * One command is under way at a time.  When none is, next_command() chooses:
 * that function is the order of things.
 */
#include <poll.h>
#include <stdlib.h>

#include "base/conf.h"
#include "job/feed_state.h"
#include "job/recall.h"
#include "pg/db.h"
#include "pg/session.h"

#define BEAT_CHANGE_MS	1000	/* sooner, when streams came or went */
#define DOUBT_MS	5000	/* between registrations for a doubt */
#define GATHER_MS	40	/* for those who come one by one */
#define ROWS_A_STEP	1000	/* then the streams have their turn */

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
	tt_command_read(a, &f->at, f->floor);
	f->calls->put_watched(f->arg, a);
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
	case TT_VIEW:
		tt_command_view(a, &f->view, f->floor);
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
	f->view_more = false;
	if (c == TT_BEAT)
		f->beat_ms = now;
	if ((values = tt_args_values(&f->args)) == NULL)
		return false;
	tt_session_send(f->session, tt_command_query(c), values,
	    c == TT_READ || c == TT_CATCH_UP || c == TT_VIEW, now);
	f->had_turn = c == TT_CATCH_UP || c == TT_VIEW;
	if (c == TT_CATCH_UP) {
		f->nmissed = 0;
		f->gather_ms = now + GATHER_MS;
	}
	f->had_lease = c == TT_LEASE;
	return true;
}

/*
 * Where thousands come back, few come in the time of one query: they are let
 * gather.  Not where there was more to ask, or more to come: there is the rest.
 */
static void
caught_up(struct tt_feed *f)
{
	if (f->nasks >= TT_FEED_ASKS / 2 || f->nmissed >= TT_FEED_PAGE)
		f->gather_ms = 0;
	f->calls->caught_up(f->arg, true);
}

static void
command_done(struct tt_feed *f, int64_t now)
{
	enum tt_command	 c = f->command;

	f->command = TT_NONE;
	if (c == TT_LISTEN)
		f->listening = true;
	else if (c == TT_READ && tt_position_reading(&f->at))
		tt_feed_read_done(f, now);
	else if (c == TT_CATCH_UP)
		caught_up(f);
	else if (c == TT_VIEW)
		f->calls->view_caught_up(f->arg, !f->view_more);
	else if (c == TT_LEASE)
		f->calls->leases_told(f->arg);
}

/* The session is gone, and with it what was asked and what it listened to. */
static void
session_over(struct tt_feed *f)
{
	if (f->command == TT_CATCH_UP)
		f->calls->caught_up(f->arg, false);
	else if (f->command == TT_VIEW)
		f->calls->view_caught_up(f->arg, false);
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
	return f->stats->streams == f->beat_streams ? TT_FEED_BEAT_MS :
	    BEAT_CHANGE_MS;
}

/* The order of things, when no command is under way. */
static enum tt_command
next_command(struct tt_feed *f, int64_t now)
{
	bool	 turn, gathering = now < f->gather_ms;

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
	if (f->catching_up && !turn && !gathering &&
	    (f->nasks = f->calls->asks(f->arg, f->asks)) > 0)
		return TT_CATCH_UP;
	if (f->catching_up && !turn &&
	    f->calls->view_ask(f->arg, &f->view))
		return TT_VIEW;
	if (!turn && !gathering)
		f->catching_up = false;

	/* Pages and reads in turn leave no other time for the beat. */
	if (turn && now >= f->beat_ms + beat_every(f))
		return TT_BEAT;
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
	int	 rings = tt_session_notified(f->session);

	if (rings == 0)
		return;
	if (f->bell.state == TT_ASLEEP)
		f->wakes++;
	tt_doorbell_ring(&f->bell, now);
	if (rings > 1)
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
		sense = tt_feed_result(f, res, now);
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
		f->more = f->had_turn;
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
	if (tt_session_is_open(f->session) && f->command == TT_NONE) {
		if (f->calls->leases(f->arg))
			return 0;
		return f->catching_up && f->gather_ms < f->due_ms ?
		    f->gather_ms : f->due_ms;
	}
	return tt_session_due(f->session);
}

const struct tt_position *
tt_feed_position(const struct tt_feed *f)
{
	return &f->at;
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

/*
 * session.c - see session.h.
 */
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "pg/db.h"
#include "pg/session.h"
#include "pg/await.h"

#define RETRY_MIN_MS	100
#define RETRY_MAX_MS	2000
#define PREPARED_MAX	16

enum phase { CLOSED, PAUSING, CONNECTING, OPEN };

struct tt_session {
	const struct tt_conf		*conf;
	const char			*name;
	enum phase			 phase;
	bool				 wanted;
	PGconn				*conn;
	PostgresPollingStatusType	 polling;
	int				 retry_ms;
	int64_t				 due_ms;  /* of phase or command */
	const struct tt_query		*command;	/* under way */
	bool				 preparing;	/* it, first */
	const struct tt_query		*prepared[PREPARED_MAX];
	int				 nprepared;
};

struct tt_session *
tt_session_new(const struct tt_conf *conf, const char *name)
{
	struct tt_session	*l;

	if ((l = calloc(1, sizeof(*l))) == NULL)
		return NULL;
	l->conf = conf;
	l->name = name;
	return l;
}

static void
drop(struct tt_session *l, enum phase phase)
{
	PQfinish(l->conn);
	l->conn = NULL;
	l->command = NULL;
	l->preparing = false;
	l->nprepared = 0;
	l->phase = phase;
}

void
tt_session_free(struct tt_session *l)
{
	if (l == NULL)
		return;
	drop(l, CLOSED);
	free(l);
}

void
tt_session_open(struct tt_session *l)
{
	l->wanted = true;
}

void
tt_session_close(struct tt_session *l)
{
	l->wanted = false;
	drop(l, CLOSED);
}

bool
tt_session_is_open(const struct tt_session *l)
{
	return l->phase == OPEN;
}

/* The next try comes sooner or later than the others' by chance. */
void
tt_session_break(struct tt_session *l, const char *why, int64_t now)
{
	int	 wait;

	l->retry_ms = l->retry_ms == 0 ? RETRY_MIN_MS : l->retry_ms * 2;
	if (l->retry_ms > RETRY_MAX_MS)
		l->retry_ms = RETRY_MAX_MS;
	wait = l->retry_ms / 2 + (int)(tt_clock_now_us() % l->retry_ms);
	tt_warn("%s: %s; again in %d ms", l->name, why, wait);
	drop(l, PAUSING);
	l->due_ms = now + wait;
}

static enum tt_session_word
broken(struct tt_session *l, const char *why, int64_t now)
{
	tt_session_break(l, why, now);
	return TT_SESSION_BROKEN;
}

static enum tt_session_word
connect_begin(struct tt_session *l, int64_t now)
{
	l->conn = tt_await_begin(l->conf->dsn, l->name);
	if (l->conn == NULL)
		return broken(l, "out of memory", now);
	if (PQstatus(l->conn) == CONNECTION_BAD)
		return broken(l, PQerrorMessage(l->conn), now);
	l->phase = CONNECTING;
	l->polling = PGRES_POLLING_WRITING;
	l->due_ms = now + l->conf->db_timeout_ms;
	return TT_SESSION_NOTHING;
}

static enum tt_session_word
connect_step(struct tt_session *l, int64_t now)
{
	struct pollfd	 pfd = { PQsocket(l->conn), tt_session_events(l), 0 };

	if (poll(&pfd, 1, 0) == 1)
		l->polling = PQconnectPoll(l->conn);
	if (l->polling == PGRES_POLLING_OK &&
	    PQsetnonblocking(l->conn, 1) == 0) {
		l->phase = OPEN;
		return TT_SESSION_IDLE;
	}
	if (l->polling == PGRES_POLLING_FAILED)
		return broken(l, PQerrorMessage(l->conn), now);
	if (now >= l->due_ms)
		return broken(l, "no connection in time", now);
	return TT_SESSION_NOTHING;
}

static bool
is_prepared(const struct tt_session *l, const struct tt_query *q)
{
	int	 i;

	for (i = 0; i < l->nprepared; i++)
		if (l->prepared[i] == q)
			return true;
	return false;
}

/* What cannot be sent shows when the session is stepped. */
static void
sent(struct tt_session *l, const struct tt_query *q, int ok, int64_t now)
{
	l->command = q;
	l->due_ms = ok && PQflush(l->conn) != -1 ?
	    now + l->conf->db_timeout_ms : now;
}

bool
tt_session_prepare(struct tt_session *l, const struct tt_query *q, int64_t now)
{
	if (!l->conf->prepare || q->name == NULL ||
	    l->nprepared == PREPARED_MAX || is_prepared(l, q))
		return false;
	l->preparing = true;
	sent(l, q, PQsendPrepare(l->conn, q->name, q->sql, q->nargs, NULL),
	    now);
	return true;
}

void
tt_session_send(struct tt_session *l, const struct tt_query *q,
    const char *const *args, bool by_row, int64_t now)
{
	int	 ok;

	if (is_prepared(l, q))
		ok = PQsendQueryPrepared(l->conn, q->name, q->nargs, args,
		    NULL, NULL, 0);
	else
		ok = PQsendQueryParams(l->conn, q->sql, q->nargs, NULL, args,
		    NULL, NULL, 0);
	if (ok && by_row)
		ok = PQsetSingleRowMode(l->conn);
	sent(l, q, ok, now);
}

/* The end of a command; of a preparation nobody else need know. */
static enum tt_session_word
command_done(struct tt_session *l)
{
	const struct tt_query	*q = l->command;

	l->command = NULL;
	l->retry_ms = 0;
	if (!l->preparing)
		return TT_SESSION_DONE;
	l->preparing = false;
	l->prepared[l->nprepared++] = q;
	return TT_SESSION_IDLE;
}

static enum tt_session_word
open_step(struct tt_session *l, int64_t now, PGresult **res)
{
	ExecStatusType	 st;

	if (PQisBusy(l->conn) && (PQconsumeInput(l->conn) == 0 ||
	    PQflush(l->conn) == -1))
		return broken(l, PQerrorMessage(l->conn), now);
	if (l->command == NULL)
		return PQconsumeInput(l->conn) == 0 ?
		    broken(l, PQerrorMessage(l->conn), now) : TT_SESSION_IDLE;
	if (PQisBusy(l->conn))
		return now >= l->due_ms ?
		    broken(l, "no answer in time", now) : TT_SESSION_NOTHING;

	if ((*res = PQgetResult(l->conn)) == NULL)
		return command_done(l);
	l->due_ms = now + l->conf->db_timeout_ms;
	st = PQresultStatus(*res);
	if (st != PGRES_TUPLES_OK && st != PGRES_SINGLE_TUPLE &&
	    st != PGRES_COMMAND_OK) {
		(void)broken(l, PQresultErrorMessage(*res), now);
		PQclear(*res);
		*res = NULL;
		return TT_SESSION_BROKEN;
	}
	if (l->preparing) {
		PQclear(*res);
		*res = NULL;
		return open_step(l, now, res);
	}
	return TT_SESSION_RESULT;
}

enum tt_session_word
tt_session_step(struct tt_session *l, int64_t now, PGresult **res)
{
	*res = NULL;
	switch (l->phase) {
	case CLOSED:
		return l->wanted ? connect_begin(l, now) : TT_SESSION_NOTHING;
	case PAUSING:
		return now >= l->due_ms ? connect_begin(l, now) :
		    TT_SESSION_NOTHING;
	case CONNECTING:
		return connect_step(l, now);
	case OPEN:
		break;
	}
	return open_step(l, now, res);
}

int
tt_session_notified(struct tt_session *l)
{
	PGnotify	*n;
	int		 count = 0;

	while (l->conn != NULL && (n = PQnotifies(l->conn)) != NULL) {
		PQfreemem(n);
		count++;
	}
	return count;
}

int
tt_session_fd(const struct tt_session *l)
{
	return l->conn == NULL ? -1 : PQsocket(l->conn);
}

short
tt_session_events(const struct tt_session *l)
{
	if (l->phase == CONNECTING)
		return l->polling == PGRES_POLLING_READING ? POLLIN : POLLOUT;
	return POLLIN;
}

int64_t
tt_session_due(const struct tt_session *l)
{
	return l->phase == CLOSED ? (l->wanted ? 0 : INT64_MAX) : l->due_ms;
}

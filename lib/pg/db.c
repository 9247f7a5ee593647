/*
 * db.c - see db.h.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "pg/breaker.h"
#include "pg/db.h"
#include "pg/await.h"

#define PREPARED_MAX	16
#define TOO_LONG	"57014"	/* one question; others may be served */

struct tt_db {
	const struct tt_conf	*conf;
	PGconn			*conn;		/* NULL until first used */
	pthread_mutex_t		 mutex;		/* conn, against expiry */
	int64_t			 used_ms;
	const char		*prepared[PREPARED_MAX];
	int			 nprepared;
	struct tt_db		*next;		/* in all */
	bool			 apart;		/* from the breaker */
	bool			 limited;	/* statements are, in time */
	bool			 sent, in_doubt; /* the last call */
};

/* Every connection of the process, for tt_db_expire(). */
static struct tt_db	*all;
static pthread_mutex_t	 all_mutex = PTHREAD_MUTEX_INITIALIZER;

/* SQLSTATEs of ours, and what they mean to a client. */
static const struct {
	const char	*state;
	enum tt_rc	 rc;
} states[] = {
	{ "TT400", TT_BADREQ },
	{ "TT401", TT_UNAUTHORIZED },
	{ "TT403", TT_FORBIDDEN },
	{ "TT404", TT_NOTFOUND },
	{ "TT409", TT_CONFLICT },
};

/* Classes of SQLSTATE that say that the server cannot serve us now. */
static const char *const away[] = { "08", "53", "57", "25006" };

struct tt_db *
tt_db_new(const struct tt_conf *conf)
{
	struct tt_db	*db;

	if ((db = calloc(1, sizeof(*db))) == NULL)
		return NULL;
	if (pthread_mutex_init(&db->mutex, NULL) != 0) {
		free(db);
		return NULL;
	}
	db->conf = conf;

	(void)pthread_mutex_lock(&all_mutex);
	db->next = all;
	all = db;
	(void)pthread_mutex_unlock(&all_mutex);
	return db;
}

static void
drop(struct tt_db *db)
{
	PQfinish(db->conn);
	db->conn = NULL;
	db->nprepared = 0;
	db->limited = false;
}

void
tt_db_free(struct tt_db *db)
{
	struct tt_db	**p;

	if (db == NULL)
		return;
	(void)pthread_mutex_lock(&all_mutex);
	for (p = &all; *p != db; p = &(*p)->next)
		continue;
	*p = db->next;
	(void)pthread_mutex_unlock(&all_mutex);
	drop(db);
	(void)pthread_mutex_destroy(&db->mutex);
	free(db);
}

void
tt_db_apart(struct tt_db *db)
{
	db->apart = true;
}

void
tt_db_expire(int idle_ms)
{
	int64_t		 now = tt_clock_mono_ms();
	struct tt_db	*db;

	(void)pthread_mutex_lock(&all_mutex);
	for (db = all; db != NULL; db = db->next) {
		if (pthread_mutex_trylock(&db->mutex) != 0)
			continue;	/* in use, so not idle */
		if (db->conn != NULL && now - db->used_ms >= idle_ms)
			drop(db);
		(void)pthread_mutex_unlock(&db->mutex);
	}
	(void)pthread_mutex_unlock(&all_mutex);
}

static bool
is_prepared(const struct tt_db *db, const struct tt_query *q)
{
	int	 i;

	for (i = 0; i < db->nprepared; i++)
		if (db->prepared[i] == q->name)
			return true;
	return false;
}

/* What a failed result means; the message is PostgreSQL's, for the log. */
static TT_MUSTUSE enum tt_rc
set_from_result(const PGresult *res, struct tt_err *err)
{
	const char	*state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
	const char	*msg = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	enum tt_rc	 rc = TT_INTERNAL;
	size_t		 i;

	if (state == NULL)
		return tt_err_set(err, TT_UNAVAIL, "connection lost: %s",
		    PQresultErrorMessage(res));
	if (err->rc == TT_OK)
		(void)memcpy(err->sqlstate, state, sizeof(err->sqlstate));
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i].state) == 0)
			return tt_err_tell(err, states[i].rc, "%s", msg);
	for (i = 0; i < sizeof(away) / sizeof(away[0]); i++)
		if (strncmp(state, away[i], strlen(away[i])) == 0)
			rc = TT_UNAVAIL;
	return tt_err_set(err, rc, "%s", msg != NULL ? msg : "no result");
}

/*
 * What nobody waits for any longer is not to go on in PostgreSQL: it gives up
 * a little before us.  Housekeeping takes its time.
 */
static int
send_limit(struct tt_db *db)
{
	char	 sql[64];
	int	 ms = db->conf->db_timeout_ms;

	if (db->limited || db->apart)
		return 1;
	db->limited = true;
	(void)snprintf(sql, sizeof(sql), "set statement_timeout = %d",
	    ms - ms / 10);
	return PQsendQueryParams(db->conn, sql, 0, NULL, NULL, NULL, NULL, 0);
}

/*
 * Queue the statement, and its preparation before it if that is due.  A pooler
 * that cannot keep statements (TELLTALE_PREPARE=off) keeps no settings either.
 */
static TT_MUSTUSE enum tt_rc
send_query(struct tt_db *db, const struct tt_query *q, bool prepare,
    const char *const *args, struct tt_err *err)
{
	int	 ok = 1;

	if (!db->conf->prepare)
		ok = PQsendQueryParams(db->conn, q->sql, q->nargs, NULL, args,
		    NULL, NULL, 0);
	else if (PQenterPipelineMode(db->conn) == 1) {
		ok = send_limit(db);
		if (ok && prepare)
			ok = PQsendPrepare(db->conn, q->name, q->sql, q->nargs,
			    NULL);
		ok = ok && PQsendQueryPrepared(db->conn, q->name, q->nargs,
		    args, NULL, NULL, 0) && PQpipelineSync(db->conn);
	} else
		ok = 0;
	if (!ok)
		return tt_err_set(err, TT_UNAVAIL, "send: %s",
		    PQerrorMessage(db->conn));
	return TT_OK;
}

/* Keep the one result with rows, or the first that failed. */
static void
keep(PGresult **kept, PGresult *res)
{
	ExecStatusType	 st = PQresultStatus(res);

	if (*kept == NULL && (st == PGRES_TUPLES_OK || st == PGRES_FATAL_ERROR))
		*kept = res;
	else
		PQclear(res);
}

/*
 * Read all results up to the end of the command: in a pipeline that is the
 * sync, and a NULL only parts one statement from the next.
 */
static TT_MUSTUSE enum tt_rc
receive(struct tt_db *db, int64_t deadline, PGresult **kept,
    struct tt_err *err)
{
	bool		 piped = PQpipelineStatus(db->conn) != PQ_PIPELINE_OFF;
	bool		 over = false;
	PGresult	*res;

	while (!over) {
		if (tt_await_result(db->conn, deadline, &res, err) != TT_OK)
			return err->rc;
		if (PQstatus(db->conn) != CONNECTION_OK)
			over = true;
		else if (piped)
			over = PQresultStatus(res) == PGRES_PIPELINE_SYNC;
		else
			over = res == NULL;
		if (res != NULL)
			keep(kept, res);
	}
	if (piped && PQstatus(db->conn) == CONNECTION_OK &&
	    PQexitPipelineMode(db->conn) != 1)
		return tt_err_set(err, TT_INTERNAL, "pipeline: %s",
		    PQerrorMessage(db->conn));
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
attempt(struct tt_db *db, const struct tt_query *q, const char *const *args,
    PGresult **res, struct tt_err *err)
{
	int64_t	 deadline = tt_clock_mono_ms() + db->conf->db_timeout_ms;
	bool	 prepare;

	if (db->conn == NULL && tt_await_connect(db->conf->dsn, "telltale",
	    deadline, &db->conn, err) != TT_OK)
		return err->rc;

	prepare = db->conf->prepare && !is_prepared(db, q);
	assert(!prepare || db->nprepared < PREPARED_MAX);
	db->sent = true;
	if (send_query(db, q, prepare, args, err) != TT_OK ||
	    tt_await_flush(db->conn, deadline, err) != TT_OK ||
	    receive(db, deadline, res, err) != TT_OK)
		return err->rc;

	if (PQresultStatus(*res) != PGRES_TUPLES_OK)
		return set_from_result(*res, err);
	if (prepare)
		db->prepared[db->nprepared++] = q->name;
	return TT_OK;
}

/* Did the connection die under us, so that another may do better? */
static bool
died(const struct tt_db *db)
{
	return db->conn != NULL && PQstatus(db->conn) != CONNECTION_OK;
}

static TT_MUSTUSE enum tt_rc
call_locked(struct tt_db *db, const struct tt_query *q,
    const char *const *args, PGresult **res, struct tt_err *err)
{
	int64_t	 began = tt_clock_mono_ms();
	bool	 fresh, again;

	db->sent = db->in_doubt = false;
	if (!db->apart && !tt_breaker_pass(began))
		return tt_err_set(err, TT_UNAVAIL,
		    "the database failed a moment ago");
	do {
		fresh = db->conn == NULL;
		if (attempt(db, q, args, res, err) == TT_OK)
			break;
		PQclear(*res);
		*res = NULL;
		again = !fresh && died(db);

		/*
		 * An error of the statement leaves the connection usable, but
		 * for what it may have prepared: we do not know whether.
		 */
		if (err->rc == TT_UNAVAIL ||
		    (db->conf->prepare && !is_prepared(db, q)) ||
		    PQtransactionStatus(db->conn) != PQTRANS_IDLE)
			drop(db);
		if (again) {
			tt_debug("once more after: %s", err->msg);
			db->in_doubt = true;
			tt_err_clear(err);
		}
	} while (again);

	db->in_doubt |= db->sent && err->rc == TT_UNAVAIL;
	db->used_ms = tt_clock_mono_ms();
	if (!db->apart)
		tt_breaker_report(err->rc != TT_UNAVAIL ||
		    strcmp(err->sqlstate, TOO_LONG) == 0, db->used_ms);
	return err->rc;
}

enum tt_rc
tt_db_call(struct tt_db *db, const struct tt_query *q,
    const char *const *args, PGresult **res, struct tt_err *err)
{
	*res = NULL;
	if (pthread_mutex_lock(&db->mutex) != 0)
		return tt_err_set(err, TT_INTERNAL, "mutex");
	tt_trace("call %s", q->name);
	(void)!call_locked(db, q, args, res, err);
	(void)pthread_mutex_unlock(&db->mutex);
	assert((err->rc == TT_OK) == (*res != NULL));
	return err->rc;
}

bool
tt_db_in_doubt(const struct tt_db *db)
{
	return db->in_doubt;
}

const char *
tt_db_textn(const PGresult *res, int row, int col)
{
	return PQgetisnull(res, row, col) ? NULL : PQgetvalue(res, row, col);
}

const char *
tt_db_text(const PGresult *res, int row, int col)
{
	return PQgetvalue(res, row, col);
}

/* PostgreSQL writes a number without blanks, and it fits: strtoll() is slow. */
long long
tt_db_int(const PGresult *res, int row, int col)
{
	const char	*p = PQgetvalue(res, row, col);
	bool		 negative = *p == '-';
	long long	 n = 0;

	for (p += negative; *p >= '0' && *p <= '9'; p++)
		n = n * 10 - (*p - '0');
	return negative ? n : -n;
}

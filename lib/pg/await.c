/*
 * await.c - see await.h.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "pg/await.h"

static TT_MUSTUSE enum tt_rc
wait_for(PGconn *conn, short events, int64_t deadline_ms, struct tt_err *err)
{
	struct pollfd	 pfd = { PQsocket(conn), events, 0 };
	int64_t		 left;
	int		 n;

	do {
		left = deadline_ms - tt_clock_mono_ms();
		if (left <= 0)
			return tt_err_set(err, TT_UNAVAIL,
			    "no answer from the database in time");
		n = poll(&pfd, 1, (int)left);
	} while (n == 0 || (n == -1 && errno == EINTR));

	if (n == -1)
		return tt_err_set(err, TT_UNAVAIL, "poll: %s", strerror(errno));
	return TT_OK;
}

/*
 * The keepalives find a peer that has vanished; on a unix socket they do
 * nothing.  What the operator's conninfo says comes later and wins.
 */
PGconn *
tt_await_begin(const char *conninfo, const char *name)
{
	const char	*keys[] = { "keepalives_idle", "keepalives_interval",
			    "keepalives_count", "tcp_user_timeout",
			    "fallback_application_name", "client_encoding",
			    "dbname", NULL };
	const char	*values[] = { "5", "2", "2", "9000", name, "UTF8",
			    conninfo, NULL };

	return PQconnectStartParams(keys, values, 1);
}

enum tt_rc
tt_await_connect(const char *conninfo, const char *name, int64_t deadline_ms,
    PGconn **conn, struct tt_err *err)
{
	PostgresPollingStatusType	 st = PGRES_POLLING_WRITING;

	if ((*conn = tt_await_begin(conninfo, name)) == NULL)
		return tt_err_set(err, TT_INTERNAL, "out of memory");

	while (PQstatus(*conn) != CONNECTION_BAD &&
	    st != PGRES_POLLING_OK && st != PGRES_POLLING_FAILED) {
		if (wait_for(*conn, st == PGRES_POLLING_READING ? POLLIN :
		    POLLOUT, deadline_ms, err) != TT_OK)
			return err->rc;
		st = PQconnectPoll(*conn);
	}
	if (PQstatus(*conn) != CONNECTION_OK ||
	    PQsetnonblocking(*conn, 1) == -1)
		return tt_err_set(err, TT_UNAVAIL, "connect: %s",
		    PQerrorMessage(*conn));
	return TT_OK;
}

enum tt_rc
tt_await_flush(PGconn *conn, int64_t deadline_ms, struct tt_err *err)
{
	int	 n;

	while ((n = PQflush(conn)) == 1) {
		if (wait_for(conn, POLLIN | POLLOUT, deadline_ms, err) != TT_OK)
			return err->rc;
		if (PQconsumeInput(conn) == 0)
			n = -1;
	}
	if (n == -1)
		return tt_err_set(err, TT_UNAVAIL, "send: %s",
		    PQerrorMessage(conn));
	return TT_OK;
}

enum tt_rc
tt_await_result(PGconn *conn, int64_t deadline_ms, PGresult **res,
    struct tt_err *err)
{
	*res = NULL;
	while (PQisBusy(conn)) {
		if (wait_for(conn, POLLIN, deadline_ms, err) != TT_OK)
			return err->rc;
		if (PQconsumeInput(conn) == 0)
			return tt_err_set(err, TT_UNAVAIL, "receive: %s",
			    PQerrorMessage(conn));
	}
	*res = PQgetResult(conn);
	return TT_OK;
}

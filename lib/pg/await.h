/*
 * await.h - libpq without its blocking calls.
 *
 * Every wait ends at a deadline of the monotonic clock, in milliseconds.
 */
#ifndef TT_AWAIT_H
#define TT_AWAIT_H

#include <stdint.h>

#include <libpq-fe.h>

#include "base/rc.h"

/*
 * Connect.  *conn is set even on failure (for its message), unless there is no
 * memory; the caller finishes it.  Only looking up a host's name may outlast
 * the deadline: libpq has no way around the resolver.
 */
enum tt_rc	 tt_await_connect(const char *conninfo, const char *name,
		    int64_t deadline_ms, PGconn **conn, struct tt_err *)
		    TT_MUSTUSE;

/* Send what is queued. */
enum tt_rc	 tt_await_flush(PGconn *, int64_t deadline_ms, struct tt_err *)
		    TT_MUSTUSE;

/* The next result; NULL in *res when the command is over. */
enum tt_rc	 tt_await_result(PGconn *, int64_t deadline_ms, PGresult **res,
		    struct tt_err *) TT_MUSTUSE;

/* Begin to connect, as tt_await_connect() does; NULL on no memory. */
PGconn		*tt_await_begin(const char *conninfo, const char *name);

#endif /* !TT_AWAIT_H */

/*
 * db.h - one PostgreSQL connection: opened late, reopened, never waited for
 * longer than the deadline.
 *
 * All waiting is done by poll() against TELLTALE_DB_TIMEOUT.  Connections to
 * the same place share a breaker: after one timeout or refusal, calls fail at
 * once with TT_UNAVAIL, and one call a second is let through as a probe.
 */
#ifndef TT_DB_H
#define TT_DB_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "base/rc.h"

struct tt_conf;
struct tt_db;

/* A statement; name is its prepared name, unique in the program, a literal. */
struct tt_query {
	const char	*name;
	const char	*sql;
	int		 nargs;
};

/* The configuration is borrowed.  NULL on no memory. */
struct tt_db	*tt_db_new(const struct tt_conf *);
void		 tt_db_free(struct tt_db *);

/* Its calls neither heed the breaker nor report to it: housekeeping. */
void		 tt_db_apart(struct tt_db *);

/*
 * Run one statement that returns rows, prepared on first use in the same round
 * trip (unless TELLTALE_PREPARE=off); once more if the connection dies under
 * it, so only for what is safe to repeat.  args are text, NULL for null.  On
 * TT_OK *res is the caller's to PQclear(); otherwise it is NULL.
 *
 * A SQLSTATE of ours (TT...) is mapped to its code, and its message may be
 * told to the client; anything else is TT_INTERNAL, or TT_UNAVAIL when the
 * connection, the server or its resources are away.
 */
enum tt_rc	 tt_db_call(struct tt_db *, const struct tt_query *,
		    const char *const *args, PGresult **res,
		    struct tt_err *) TT_MUSTUSE;

/*
 * May the last call have been done without its answer, or twice?  It failed
 * for want of one, or was made once more.
 */
bool		 tt_db_in_doubt(const struct tt_db *);

/* Close every connection of the process that was unused for so long. */
void		 tt_db_expire(int idle_ms);

/*
 * A field as text (points into res; "" if null, or NULL for textn), and as an
 * integer (0 if null).
 */
const char	*tt_db_text(const PGresult *, int row, int col);
const char	*tt_db_textn(const PGresult *, int row, int col);
long long	 tt_db_int(const PGresult *, int row, int col);

#endif /* !TT_DB_H */

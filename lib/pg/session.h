/*
 * session.h - one PostgreSQL connection for a loop: nothing here waits.
 *
 * It keeps itself open: a connection that breaks is made anew, after a pause
 * that grows.  One command is under way at a time, prepared by its first use
 * (unless TELLTALE_PREPARE=off); every wait has a deadline.
 */
#ifndef TT_SESSION_H
#define TT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

struct tt_conf;
struct tt_session;
struct tt_query;

/* What a step came to. */
enum tt_session_word {
	TT_SESSION_NOTHING,	/* until it is ready or due */
	TT_SESSION_IDLE,	/* open, no command under way: send one */
	TT_SESSION_RESULT,	/* a result, the caller's to PQclear() */
	TT_SESSION_DONE,	/* the command is over */
	TT_SESSION_BROKEN	/* lost, with what was under way */
};

/* Borrows all; name is what PostgreSQL shows for the session. */
struct tt_session	*tt_session_new(const struct tt_conf *,
			    const char *name);
void			 tt_session_free(struct tt_session *);

void	 tt_session_open(struct tt_session *);	/* from now on */
void	 tt_session_close(struct tt_session *);	/* at once */
bool	 tt_session_is_open(const struct tt_session *);

/* The connection is of no use, for a reason that the log is told. */
void	 tt_session_break(struct tt_session *, const char *why,
	    int64_t now_ms);

/*
 * Go on as far as it goes without waiting.  Call again until it comes to
 * nothing (or is idle, and there is nothing to send).
 */
enum tt_session_word	 tt_session_step(struct tt_session *, int64_t now_ms,
			    PGresult **res);

/*
 * When idle: must this be prepared before it is sent?  Then that is under way,
 * nothing else is to be sent, and the session will be idle again after it.
 */
bool	 tt_session_prepare(struct tt_session *, const struct tt_query *,
	    int64_t now_ms);

/*
 * Begin a command, when idle and it is prepared.  by_row: each row comes in a
 * result of its own.  args must last only for the call.
 */
void	 tt_session_send(struct tt_session *, const struct tt_query *,
	    const char *const *args, bool by_row, int64_t now_ms);

/* How many notifications have come since the last time. */
int	 tt_session_notified(struct tt_session *);

/* The descriptor to watch (-1: none), for what, and until when. */
int	 tt_session_fd(const struct tt_session *);
short	 tt_session_events(const struct tt_session *);
int64_t	 tt_session_due(const struct tt_session *);

#endif /* !TT_SESSION_H */

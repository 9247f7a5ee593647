/*
 * rc.h - result codes, and the error that travels with them.
 *
 * A call that can fail returns enum tt_rc and takes a struct tt_err * last.
 * The first error set wins; later ones are dropped, so a cleanup path cannot
 * hide the cause.  The struct owns no memory: it lives on the caller's stack.
 */
#ifndef TT_RC_H
#define TT_RC_H

#include <stdbool.h>

#define TT_PRINTF(f, a)	__attribute__((format(printf, f, a)))
#define TT_MUSTUSE	__attribute__((warn_unused_result))

/* What a client may be told; each surface has a table from these. */
enum tt_rc {
	TT_OK = 0,
	TT_BADREQ,		/* the client's fault: 400 */
	TT_UNAUTHORIZED,	/* no key, or not one of ours: 401 */
	TT_FORBIDDEN,		/* the key lacks the scope: 403 */
	TT_TERMINATED,		/* the account is terminated: 403 */
	TT_NOTFOUND,		/* no such job, or another account's: 404 */
	TT_NOPATH,		/* no such path: 404 */
	TT_METHOD,		/* 405 */
	TT_NOTACCEPTABLE,	/* the client will not take what we have: 406 */
	TT_CONFLICT,		/* 409 */
	TT_GONE,		/* it is kept no longer: 410 */
	TT_TOOLARGE,		/* 413 */
	TT_MEDIATYPE,		/* 415 */
	TT_LIMITED,		/* 429 */
	TT_UNAVAIL,		/* the database is away, or we are full: 503 */
	TT_INTERNAL,		/* our fault: 500 */
	TT_LATE,		/* what was waited for has not come: 504 */
	TT_RC__MAX
};

struct tt_err {
	enum tt_rc	 rc;
	int		 retry_s;	/* when to try again; 0: who knows */
	bool		 told;		/* may msg go to the client? */
	char		 sqlstate[6];	/* "" unless PostgreSQL said so */
	char		 msg[1024];
};

void		 tt_err_clear(struct tt_err *);

/*
 * Set an error whose text is for the log only.  Both return the code that
 * stuck, which is not rc if an error came before.
 */
enum tt_rc	 tt_err_set(struct tt_err *, enum tt_rc, const char *fmt, ...)
		    TT_PRINTF(3, 4);

/* The same, with a text that the client may read as well. */
enum tt_rc	 tt_err_tell(struct tt_err *, enum tt_rc, const char *fmt, ...)
		    TT_PRINTF(3, 4);

#endif /* !TT_RC_H */

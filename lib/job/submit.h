/*
 * submit.h - a new job, asked for over HTTP.
 */
#ifndef TT_SUBMIT_H
#define TT_SUBMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"

struct pg_result;
struct tt_caller;
struct tt_db;
struct tt_file;
struct tt_lease;

#define TT_REQUEST_HASH_SZ	32
#define TT_SECRET_SZ		64	/* room for tt_submit_secret() */

/* What is wanted; all is borrowed, and NULL, 0 or false is the default. */
struct tt_submission {
	const char		*type;
	const char		*payload;	/* JSON */
	const char		*variant;	/* told apart under a key */
	const char		*file_path;
	bool			 has_priority;
	int64_t			 priority;
	bool			 has_run_after;
	int64_t			 run_after_us;
	int64_t			 max_attempts;
	const char		*webhook_url;
	const char		*webhook_secret;
	const char		*callback_id;
	const char		*idempotency_key;
	const struct tt_file	*files;
	int			 nfiles;
};

/* What came of it, and what its strings point into. */
struct tt_submitted {
	int64_t			 id, seq;
	const char		*job_id;
	const char		*callback_id;
	const char		*webhook_secret;
	bool			 replayed;	/* the key had made it before */
	bool			 ended;		/* and it is over */
	bool			 resumable;	/* the log holds all of it */
	struct pg_result	*res;		/* for _free() */
};

/*
 * Make the job, if the caller may.  The same idempotency key with the same
 * submission gives the same job; with another one, TT_CONFLICT.
 *
 * lease->listener says in which hub somebody will wait for the job, or 0 if
 * nobody; lease->class for what: all that happens ("stream"), or its end
 * ("watch").  TT_LIMITED, and nothing made, if the account has no place for
 * him; TT_OK with lease->listener 0, and nothing made, if SQL does not know
 * that hub (any longer).  No place is taken where nothing is to come.
 * On TT_OK the row is to be freed.
 */
enum tt_rc	 tt_submit(struct tt_db *, struct tt_caller *,
		    const struct tt_submission *, struct tt_lease *,
		    struct tt_submitted *, struct tt_err *) TT_MUSTUSE;
void		 tt_submitted_free(struct tt_submitted *);

/* A new secret for signing webhooks: "whsec_" and base64 of 32 bytes. */
void		 tt_submit_secret(char out[TT_SECRET_SZ]);

#endif /* !TT_SUBMIT_H */

/*
 * caller.h - who asks: what SQL judges a request by, and what it said of him.
 *
 * The web functions of SQL take a key's hash and the scope needed, and answer
 * with a verdict, the key's rate and whether its use is to be noted.
 */
#ifndef TT_CALLER_H
#define TT_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"

struct pg_result;
struct tt_db;

#define TT_KEY_HASH_SZ	32
#define TT_KEY_HEX_SZ	67	/* "\x", 64 digits, NUL: a bytea in text */
#define TT_KEY_NEEDED	"An API key is needed: Authorization: Bearer KEY"

struct tt_caller {
	/* To be judged. */
	char		 key[TT_KEY_HEX_SZ];	/* as PostgreSQL reads it;
						   "": the public */
	const char	*scope;			/* "job:read" */

	/* What SQL said; 0 and false where it did not come to that. */
	bool		 judged;
	int		 rate_per_minute;	/* 0: no such key */
	bool		 unused;		/* for an hour: note its use */
};

/* The key's hash, into caller->key. */
void		 tt_caller_key(struct tt_caller *,
		    const unsigned char hash[TT_KEY_HASH_SZ]);

/* Has he shown neither key nor ticket? */
bool		 tt_caller_public(const struct tt_caller *);

/* The key as an argument of the web functions: of the public, NULL. */
const char	*tt_caller_arg(const struct tt_caller *);

/*
 * Read the columns verdict, rate_per_minute and unused of that row, by name.
 * TT_OK for "ok"; otherwise the code of the verdict, with a text for the
 * client.
 */
enum tt_rc	 tt_caller_verdict(struct tt_caller *,
		    const struct pg_result *, int row, struct tt_err *)
		    TT_MUSTUSE;

/* Note that the key was used in this hour.  What fails is left. */
void		 tt_caller_note_use(const struct tt_caller *, struct tt_db *);

#endif /* !TT_CALLER_H */

/*
 * key.h - the key that a request presents.
 */
#ifndef TT_KEY_H
#define TT_KEY_H

#include "base/rc.h"

struct tt_request;

#define TT_KEY_HEX_SZ	67	/* "\x", 64 digits, NUL: a bytea in text */

/*
 * The SHA-256 of the bearer key in Authorization (or in
 * REDIRECT_HTTP_AUTHORIZATION), as PostgreSQL reads a bytea.  TT_UNAUTHORIZED,
 * with a text for the client, if there is no such header, its scheme is
 * another, or what it holds cannot be one of our keys ("tt_" and 32 of
 * A-Za-z0-9).
 */
enum tt_rc	 tt_key_read(const struct tt_request *,
		    char hex[TT_KEY_HEX_SZ], struct tt_err *) TT_MUSTUSE;

#endif /* !TT_KEY_H */

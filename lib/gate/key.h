/*
 * key.h - the key that a request presents.
 */
#ifndef TT_KEY_H
#define TT_KEY_H

#include "base/rc.h"
#include "job/caller.h"

struct tt_request;

/* Is there an Authorization (or a REDIRECT_HTTP_AUTHORIZATION) header? */
bool		 tt_key_given(const struct tt_request *);

/*
 * The SHA-256 of the bearer key in that header.  TT_UNAUTHORIZED, with a text
 * for the client, if there is none, its scheme is another, or what it holds
 * cannot be one of our keys ("tt_" and 32 of A-Za-z0-9).
 */
enum tt_rc	 tt_key_read(const struct tt_request *,
		    unsigned char hash[TT_KEY_HASH_SZ], struct tt_err *)
		    TT_MUSTUSE;

#endif /* !TT_KEY_H */

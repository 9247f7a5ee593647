/*
 * key.c - see key.h.
 */
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "gate/key.h"
#include "web/request.h"

#define PREFIX		"tt_"
#define PREFIX_SZ	3
#define KEY_SZ		35	/* the prefix and 32 characters */

static const char	 base62[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789";

/* Where the key begins, NULL unless this is "Bearer" and something. */
static const char *
credentials(const char *header)
{
	size_t	 n = strlen("Bearer");

	if (strncasecmp(header, "Bearer", n) != 0 ||
	    strspn(header + n, " ") == 0)
		return NULL;
	header += n;
	return header + strspn(header, " ");
}

/* Exactly one of our keys, with nothing but blanks after it? */
static bool
well_formed(const char *key)
{
	return strncmp(key, PREFIX, PREFIX_SZ) == 0 &&
	    strspn(key + PREFIX_SZ, base62) == KEY_SZ - PREFIX_SZ &&
	    key[KEY_SZ + strspn(key + KEY_SZ, " \t")] == '\0';
}

static const char *
authorization(const struct tt_request *req)
{
	const char	*header = tt_request_env(req, "HTTP_AUTHORIZATION");

	if (header == NULL || *header == '\0')
		header = tt_request_env(req, "REDIRECT_HTTP_AUTHORIZATION");
	return header == NULL || *header == '\0' ? NULL : header;
}

bool
tt_key_given(const struct tt_request *req)
{
	return authorization(req) != NULL;
}

enum tt_rc
tt_key_read(const struct tt_request *req, unsigned char hash[TT_KEY_HASH_SZ],
    struct tt_err *err)
{
	const char	*header = authorization(req), *key;

	if (header == NULL)
		return tt_err_tell(err, TT_UNAUTHORIZED, TT_KEY_NEEDED);
	if ((key = credentials(header)) == NULL || !well_formed(key))
		return tt_err_tell(err, TT_UNAUTHORIZED, "Invalid API key");

	(void)crypto_hash_sha256(hash, (const unsigned char *)key, KEY_SZ);
	return TT_OK;
}

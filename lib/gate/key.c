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

enum tt_rc
tt_key_read(const struct tt_request *req, char hex[TT_KEY_HEX_SZ],
    struct tt_err *err)
{
	unsigned char	 hash[crypto_hash_sha256_BYTES];
	const char	*header, *key;

	hex[0] = '\0';
	if ((header = tt_request_env(req, "HTTP_AUTHORIZATION")) == NULL)
		header = tt_request_env(req, "REDIRECT_HTTP_AUTHORIZATION");
	if (header == NULL)
		return tt_err_tell(err, TT_UNAUTHORIZED,
		    "An API key is needed: Authorization: Bearer KEY");
	if ((key = credentials(header)) == NULL || !well_formed(key))
		return tt_err_tell(err, TT_UNAUTHORIZED, "Invalid API key");

	(void)crypto_hash_sha256(hash, (const unsigned char *)key, KEY_SZ);
	(void)memcpy(hex, "\\x", 2);
	(void)sodium_bin2hex(hex + 2, TT_KEY_HEX_SZ - 2, hash, sizeof(hash));
	return TT_OK;
}

/*
 * sign.c - see sign.h.
 */
#include <string.h>

#include <sodium.h>

#include "hook/sign.h"

#define KEY_MAX	256

/* The bytes that sign: how many; *key is where, in decoded or in the secret. */
static size_t
read_key(const char *secret, unsigned char decoded[KEY_MAX],
    const unsigned char **key)
{
	static const char	 prefix[] = "whsec_";
	const char		*text = secret + sizeof(prefix) - 1, *end;
	size_t			 sz;

	*key = decoded;
	if (strncmp(secret, prefix, sizeof(prefix) - 1) == 0 &&
	    sodium_base642bin(decoded, KEY_MAX, text, strlen(text), NULL, &sz,
	    &end, sodium_base64_VARIANT_ORIGINAL) == 0 && *end == '\0' &&
	    sz > 0)
		return sz;
	*key = (const unsigned char *)secret;
	return strlen(secret);
}

static void
add(crypto_auth_hmacsha256_state *st, const char *text)
{
	(void)crypto_auth_hmacsha256_update(st, (const unsigned char *)text,
	    strlen(text));
}

void
tt_sign(const char *secret, const char *id, const char *timestamp,
    const char *body, char out[TT_SIGN_SZ])
{
	crypto_auth_hmacsha256_state	 st;
	unsigned char			 mac[crypto_auth_hmacsha256_BYTES];
	unsigned char			 decoded[KEY_MAX];
	const unsigned char		*key;
	size_t				 sz;

	sz = read_key(secret, decoded, &key);
	(void)crypto_auth_hmacsha256_init(&st, key, sz);
	add(&st, id);
	add(&st, ".");
	add(&st, timestamp);
	add(&st, ".");
	add(&st, body);
	(void)crypto_auth_hmacsha256_final(&st, mac);

	(void)memcpy(out, "v1,", 3);
	(void)sodium_bin2base64(out + 3, TT_SIGN_SZ - 3, mac, sizeof(mac),
	    sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(decoded, sizeof(decoded));
	sodium_memzero(&st, sizeof(st));
}

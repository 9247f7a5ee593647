/*
 * base64.c - see base64.h.
 */
#include <string.h>

#include <sodium.h>

#include "base/base64.h"

static const char	 alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789-_";

/* libsodium (1.0.18) takes every byte above 127 for '_'. */
bool
tt_base64_read(const char *text, unsigned char *out, size_t max, size_t *sz)
{
	size_t	 n = strlen(text);

	return strspn(text, alphabet) == n &&
	    sodium_base642bin(out, max, text, n, NULL, sz, NULL,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

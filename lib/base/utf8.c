/*
 * utf8.c - see utf8.h.
 */
#include <string.h>

#include "base/utf8.h"

/*
 * Well-formed sequences by their first byte: the range of the second byte is
 * what excludes overlong forms, surrogates and too large numbers.
 */
static const struct form {
	unsigned char	 first_min, first_max;
	unsigned char	 second_min, second_max;
	size_t		 sz;
} forms[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static size_t
match(const struct form *f, const unsigned char *u, size_t sz)
{
	size_t	 i;

	if (sz < f->sz || u[1] < f->second_min || u[1] > f->second_max)
		return 0;
	for (i = 2; i < f->sz; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	return f->sz;
}

size_t
tt_utf8_next(const char *s, size_t sz)
{
	const unsigned char	*u = (const unsigned char *)s;
	size_t			 i;

	if (sz == 0)
		return 0;
	if (u[0] < 0x80)
		return 1;
	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (u[0] >= forms[i].first_min && u[0] <= forms[i].first_max)
			return match(&forms[i], u, sz);
	return 0;
}

long
tt_utf8_length(const char *s)
{
	size_t	 n, left = strlen(s);
	long	 chars;

	for (chars = 0; left > 0; chars++) {
		if ((n = tt_utf8_next(s, left)) == 0)
			return -1;
		s += n;
		left -= n;
	}
	return chars;
}

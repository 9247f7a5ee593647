/*
 * header.h - a header's value and its parameters: a/b; name="value".
 */
#ifndef TT_HEADER_H
#define TT_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

/* A parameter's value, where it stands: without quotes, escapes in place. */
struct tt_header_param {
	const char	*p;
	size_t		 sz;
};

/* Is it this value, in either case, whatever parameters follow? */
bool	 tt_header_is(const char *header, const char *value);

/*
 * The parameter of that name.  False if the header is malformed or gives it
 * twice; p is NULL if there is none.
 */
bool	 tt_header_param(const char *header, const char *name,
	    struct tt_header_param *) TT_MUSTUSE;

/*
 * Undo in place the escapes of a value of n bytes and end it; s[n] must be
 * the caller's to write.  Only a quote and a backslash can be escaped: before
 * anything else a browser means a backslash.
 */
void	 tt_header_unescape(char *s, size_t n);

#endif /* !TT_HEADER_H */

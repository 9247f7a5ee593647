/*
 * base64.h - base64url without padding, read as strictly as it is written.
 */
#ifndef TT_BASE64_H
#define TT_BASE64_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The bytes that the text stands for: *sz of them, max at most.  False if there
 * are more, or if the text is not what those bytes are written as.
 */
bool	 tt_base64_read(const char *, unsigned char *out, size_t max,
	    size_t *sz);

#endif /* !TT_BASE64_H */

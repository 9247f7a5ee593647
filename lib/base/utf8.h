/*
 * utf8.h - is this UTF-8?
 */
#ifndef TT_UTF8_H
#define TT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How many bytes the character at s has, of sz that are there; 0 if they are
 * no UTF-8 (overlong forms, surrogates and what is above U+10FFFF are none).
 */
size_t	 tt_utf8_next(const char *s, size_t sz);

/* How many characters the string has; -1 if it is not UTF-8. */
long	 tt_utf8_length(const char *);

#endif /* !TT_UTF8_H */

/*
 * percent.h - undoes the percent-encoding of paths, queries and forms.
 */
#ifndef TT_PERCENT_H
#define TT_PERCENT_H

#include <stdbool.h>

#include "base/rc.h"

/*
 * Decode in place; with plus_is_space as forms and queries have it.  False,
 * and the string is spoilt, for a malformed escape, NUL and what is not UTF-8
 * then.
 */
bool	 tt_percent_decode(char *, bool plus_is_space) TT_MUSTUSE;

#endif /* !TT_PERCENT_H */

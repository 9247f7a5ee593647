/*
 * clock.h - what time it is, and how time is written.
 *
 * Wall-clock times are microseconds since the Unix epoch, UTC, as PostgreSQL
 * keeps them; intervals and deadlines are milliseconds of a clock that never
 * goes back.
 */
#ifndef TT_CLOCK_H
#define TT_CLOCK_H

#include <stdint.h>

#include "base/rc.h"

#define TT_CLOCK_ISO_SZ	64	/* room for tt_clock_iso() */

int64_t		 tt_clock_now_us(void);		/* wall clock */
int64_t		 tt_clock_mono_ms(void);	/* monotonic */

/* "2026-05-01T03:04:06.683Z" into out[TT_CLOCK_ISO_SZ]; returns out. */
char		*tt_clock_iso(int64_t us, char *out);

/*
 * Read ISO 8601: a date (midnight UTC), or date, 'T' (or 't' or a space),
 * time with optional seconds and fraction (further digits than six are cut),
 * and a zone: Z, +hh, +hhmm, +hh:mm or the same with '-'.  A time without a
 * zone is refused; so are days that the calendar does not have, and years
 * outside 0001-9999.  TT_BADREQ; the error's text is the caller's to set.
 */
enum tt_rc	 tt_clock_parse(const char *, int64_t *us) TT_MUSTUSE;

#endif /* !TT_CLOCK_H */

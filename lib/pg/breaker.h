/*
 * breaker.h - after a failure, fail at once for a while.
 *
 * One per process, shared by its threads without a lock.  While it is open
 * calls are refused; once a second one caller is let through as a probe.
 */
#ifndef TT_BREAKER_H
#define TT_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

/* May this call go ahead? */
bool	 tt_breaker_pass(int64_t now_ms);

/* What became of a call that went ahead. */
void	 tt_breaker_report(bool worked, int64_t now_ms);

#endif /* !TT_BREAKER_H */

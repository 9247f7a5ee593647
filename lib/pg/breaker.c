/*
 * breaker.c - see breaker.h.
 */
#include <stdatomic.h>

#include "pg/breaker.h"

#define PROBE_MS	1000

/* When the next probe may go; 0 while all is well. */
static _Atomic int64_t	 next_probe;

bool
tt_breaker_pass(int64_t now_ms)
{
	int64_t	 due = atomic_load(&next_probe);

	if (due == 0)
		return true;
	if (now_ms < due)
		return false;

	/* Whoever moves the time is the probe. */
	return atomic_compare_exchange_strong(&next_probe, &due,
	    now_ms + PROBE_MS);
}

void
tt_breaker_report(bool worked, int64_t now_ms)
{
	atomic_store(&next_probe, worked ? 0 : now_ms + PROBE_MS);
}

/*
 * latency.h - how long ago was that?  Times of arrival, and their percentiles.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#define LATENCY_TIMES	256

/* One of the times that texts hold. */
struct latency_time {
	double	 then;
	float	 last_ms;	/* until the last one that holds it came */
	long	 n;
};

struct latency {
	float			*ms;
	size_t			 n, cap;
	struct latency_time	*times;		/* if they are told apart */
	size_t			 ntimes;
};

/* Tell the first few times apart.  False without memory. */
bool	 latency_tell_apart(struct latency *);

void	 latency_free(struct latency *);

/*
 * If the text, which came then (0: just now), holds t=<seconds since 1970, and
 * fractions>.
 */
void	 latency_note(struct latency *, const char *text,
	    const struct timespec *came);

/* Sorts; then percentiles may be asked for, of at least one. */
void	 latency_sort(struct latency *);
double	 latency_percentile(const struct latency *, double percent);

#endif /* !LATENCY_H */

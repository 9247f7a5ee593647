/*
 * latency.h - how long ago was that?  Times of arrival, and their percentiles.
 */
#ifndef LATENCY_H
#define LATENCY_H

#include <stddef.h>

struct latency {
	float	*ms;
	size_t	 n, cap;
};

void	 latency_free(struct latency *);

/* If the text holds t=<seconds since 1970, and fractions>. */
void	 latency_note(struct latency *, const char *text);

/* Sorts; then percentiles may be asked for, of at least one. */
void	 latency_sort(struct latency *);
double	 latency_percentile(const struct latency *, double percent);

#endif /* !LATENCY_H */

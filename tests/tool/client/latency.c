/*
 * latency.c - see latency.h.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "latency.h"

#define SAMPLES_MAX	(16 * 1024 * 1024)

void
latency_free(struct latency *l)
{
	free(l->ms);
	l->ms = NULL;
}

static void
add(struct latency *l, double ms)
{
	size_t	 cap = l->cap == 0 ? 1024 : l->cap * 2;
	float	*more;

	if (l->n == l->cap) {
		if (cap > SAMPLES_MAX ||
		    (more = realloc(l->ms, cap * sizeof(*more))) == NULL)
			return;
		l->ms = more;
		l->cap = cap;
	}
	l->ms[l->n++] = (float)ms;
}

void
latency_note(struct latency *l, const char *text)
{
	const char	*at = strstr(text, "t=");
	struct timespec	 now;
	double		 then;
	char		*end;

	if (at == NULL || (then = strtod(at + 2, &end)) < 1e9)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	add(l, ((double)now.tv_sec - then + (double)now.tv_nsec / 1e9) * 1e3);
}

static int
by_value(const void *a, const void *b)
{
	const float	*x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
latency_sort(struct latency *l)
{
	if (l->n > 0)
		qsort(l->ms, l->n, sizeof(*l->ms), by_value);
}

double
latency_percentile(const struct latency *l, double percent)
{
	return (double)l->ms[(size_t)((double)(l->n - 1) * percent / 100)];
}

/*
 * latency.c - see latency.h.
 */
#include <stdlib.h>
#include <string.h>

#include "latency.h"

#define SAMPLES_MAX	(16 * 1024 * 1024)

void
latency_free(struct latency *l)
{
	free(l->ms);
	free(l->times);
	l->ms = NULL;
	l->times = NULL;
}

bool
latency_tell_apart(struct latency *l)
{
	return (l->times = calloc(LATENCY_TIMES, sizeof(*l->times))) != NULL;
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

/* Nearly always the newest. */
static void
note_time(struct latency *l, double then, double ms)
{
	struct latency_time	*at;
	size_t			 i;

	for (i = l->ntimes; i > 0; i--)
		if (l->times[i - 1].then == then)
			break;
	if (i == 0) {
		if (l->ntimes == LATENCY_TIMES)
			return;
		i = ++l->ntimes;
		l->times[i - 1].then = then;
	}
	at = &l->times[i - 1];
	at->n++;
	if (at->last_ms < (float)ms)
		at->last_ms = (float)ms;
}

void
latency_note(struct latency *l, const char *text, const struct timespec *came)
{
	const char	*at = strstr(text, "t=");
	struct timespec	 now = *came;
	double		 then, ms;
	char		*end;

	if (at == NULL || (then = strtod(at + 2, &end)) < 1e9)
		return;
	if (now.tv_sec == 0)
		(void)clock_gettime(CLOCK_REALTIME, &now);
	ms = ((double)now.tv_sec - then + (double)now.tv_nsec / 1e9) * 1e3;
	add(l, ms);
	if (l->times != NULL)
		note_time(l, then, ms);
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

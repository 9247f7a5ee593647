/*
 * watchers.c - see watchers.h.
 */
#include <stdlib.h>

#include "stream/stream.h"
#include "stream/watchers.h"

#define BUCKETS_MIN	64	/* a power of two */

/* A watched job. */
struct entry {
	int64_t				 job;
	LIST_HEAD(watch_list, tt_watch)	 watches;
	struct entry			*next;		/* in the bucket */
};

struct tt_watchers {
	struct entry	**buckets;
	size_t		  nbuckets, n;
};

struct tt_watchers *
tt_watchers_new(void)
{
	struct tt_watchers	*w;

	if ((w = calloc(1, sizeof(*w))) == NULL)
		return NULL;
	w->nbuckets = BUCKETS_MIN;
	w->buckets = calloc(w->nbuckets, sizeof(struct entry *));
	if (w->buckets == NULL) {
		free(w);
		return NULL;
	}
	return w;
}

void
tt_watchers_free(struct tt_watchers *w)
{
	struct entry	*e, *next;
	size_t		 i;

	if (w == NULL)
		return;
	for (i = 0; i < w->nbuckets; i++)
		for (e = w->buckets[i]; e != NULL; e = next) {
			next = e->next;
			free(e);
		}
	free(w->buckets);
	free(w);
}

/* Where the entry of this job hangs, or would. */
static struct entry **
slot(const struct tt_watchers *w, int64_t job)
{
	uint64_t	  h = (uint64_t)job * UINT64_C(0x9e3779b97f4a7c15);
	struct entry	**e = &w->buckets[(h >> 32) & (w->nbuckets - 1)];

	while (*e != NULL && (*e)->job != job)
		e = &(*e)->next;
	return e;
}

/* Twice as many buckets; without memory the old ones do. */
static void
grow(struct tt_watchers *w)
{
	struct entry	**old = w->buckets, **to, *e, *next;
	size_t		  nold = w->nbuckets, i;

	if ((w->buckets = calloc(nold * 2, sizeof(struct entry *))) == NULL) {
		w->buckets = old;
		return;
	}
	w->nbuckets = nold * 2;
	for (i = 0; i < nold; i++)
		for (e = old[i]; e != NULL; e = next) {
			next = e->next;
			e->next = NULL;
			to = slot(w, e->job);
			*to = e;
		}
	free(old);
}

bool
tt_watchers_add(struct tt_watchers *w, struct tt_watch *watch)
{
	struct entry	**e;

	if (w->n >= w->nbuckets)
		grow(w);
	e = slot(w, watch->job);
	if (*e == NULL) {
		if ((*e = calloc(1, sizeof(**e))) == NULL)
			return false;
		(*e)->job = watch->job;
		LIST_INIT(&(*e)->watches);
		w->n++;
	}
	LIST_INSERT_HEAD(&(*e)->watches, watch, same_job);
	return true;
}

void
tt_watchers_remove(struct tt_watchers *w, struct tt_watch *watch)
{
	struct entry	**e = slot(w, watch->job), *gone;

	LIST_REMOVE(watch, same_job);
	if (*e != NULL && LIST_EMPTY(&(*e)->watches)) {
		gone = *e;
		*e = gone->next;
		free(gone);
		w->n--;
	}
}

struct tt_watch *
tt_watchers_find(const struct tt_watchers *w, int64_t job)
{
	const struct entry	*e = *slot(w, job);

	return e == NULL ? NULL : LIST_FIRST(&e->watches);
}

int
tt_watchers_jobs(const struct tt_watchers *w, int64_t *jobs, int max)
{
	const struct entry	*e;
	size_t			 i;
	int			 n = 0;

	if (w->n > (size_t)max)
		return -1;
	for (i = 0; i < w->nbuckets; i++)
		for (e = w->buckets[i]; e != NULL; e = e->next)
			jobs[n++] = e->job;
	return n;
}

/*
 * recall.c - see recall.h.
 */
#include <stdlib.h>
#include <string.h>

#include "job/event.h"
#include "job/recall.h"
#include "job/snapshot.h"

#define EVENTS		65536	/* a power of two */
#define SNAPSHOTS	16
#define BACK_MS		10000
#define EVERY_MS	1000

/* What tells one event from another, even where an id was given out twice. */
struct mark {
	int64_t		 event_id;
	uint64_t	 xid;
	int64_t		 at_us;
	int64_t		 when_ms;
};

struct tt_recall {
	struct mark		*marks;		/* a ring of cap */
	size_t			 cap, head, n;
	struct mark		*known;		/* at the last rewind, */
	size_t			 nknown;	/* sorted */
	struct tt_snapshot	 snapshot[SNAPSHOTS];	/* a ring as well */
	int64_t			 when_ms[SNAPSHOTS];
	size_t			 first, nsnapshots;
};

struct tt_recall *
tt_recall_new(void)
{
	return calloc(1, sizeof(struct tt_recall));
}

void
tt_recall_free(struct tt_recall *r)
{
	size_t	 i;

	if (r == NULL)
		return;
	for (i = 0; i < SNAPSHOTS; i++)
		tt_snapshot_free(&r->snapshot[i]);
	free(r->marks);
	free(r->known);
	free(r);
}

void
tt_recall_clear(struct tt_recall *r)
{
	r->head = r->n = r->nknown = 0;
	r->first = r->nsnapshots = 0;
}

/* A ring that grows is laid out anew from its oldest mark. */
static void
grow(struct tt_recall *r)
{
	size_t		 cap = r->cap == 0 ? 256 : r->cap * 2, i;
	struct mark	*marks;

	if (r->cap == EVENTS ||
	    (marks = calloc(cap, sizeof(*marks))) == NULL)
		return;
	for (i = 0; i < r->n; i++)
		marks[i] = r->marks[(r->head + i) & (r->cap - 1)];
	free(r->marks);
	r->marks = marks;
	r->cap = cap;
	r->head = 0;
}

static void
forget_oldest(struct tt_recall *r)
{
	r->head = (r->head + 1) & (r->cap - 1);
	r->n--;
}

void
tt_recall_event(struct tt_recall *r, const struct tt_event *ev, int64_t now_ms)
{
	struct mark	*m;

	/* No rewind goes back to before the oldest snapshot. */
	while (r->n > 0 && r->nsnapshots > 0 &&
	    r->marks[r->head].when_ms < r->when_ms[r->first])
		forget_oldest(r);
	if (r->n == r->cap)
		grow(r);
	if (r->cap == 0)
		return;
	if (r->n == r->cap)
		forget_oldest(r);

	m = &r->marks[(r->head + r->n++) & (r->cap - 1)];
	m->event_id = ev->event_id;
	m->xid = ev->xid;
	m->at_us = ev->at_us;
	m->when_ms = now_ms;
}

void
tt_recall_snapshot(struct tt_recall *r, const struct tt_snapshot *s,
    int64_t now_ms)
{
	size_t		 last = (r->first + r->nsnapshots - 1) % SNAPSHOTS;
	size_t		 i;
	struct tt_err	 err;

	if (r->nsnapshots > 0 && now_ms - r->when_ms[last] < EVERY_MS)
		return;
	if (r->nsnapshots == SNAPSHOTS) {
		r->first = (r->first + 1) % SNAPSHOTS;
		r->nsnapshots--;
	}
	i = (r->first + r->nsnapshots) % SNAPSHOTS;
	tt_err_clear(&err);
	if (tt_snapshot_copy(&r->snapshot[i], s, &err) == TT_OK) {
		r->when_ms[i] = now_ms;
		r->nsnapshots++;
	}
}

static int
compare(const void *a, const void *b)
{
	const struct mark	*x = a, *y = b;

	if (x->event_id != y->event_id)
		return x->event_id < y->event_id ? -1 : 1;
	if (x->xid != y->xid)
		return x->xid < y->xid ? -1 : 1;
	return x->at_us < y->at_us ? -1 : x->at_us > y->at_us;
}

static bool
sort_known(struct tt_recall *r)
{
	size_t	 i;

	free(r->known);
	r->nknown = 0;
	if ((r->known = calloc(r->n + 1, sizeof(*r->known))) == NULL)
		return false;
	for (i = 0; i < r->n; i++)
		r->known[i] = r->marks[(r->head + i) & (r->cap - 1)];
	r->nknown = r->n;
	qsort(r->known, r->nknown, sizeof(*r->known), compare);
	return true;
}

/*
 * The newest snapshot that was ten seconds old at the last read, however long
 * ago that was, or the oldest there is; but none from before the oldest event
 * that is remembered once the ring is full, because what was handed on in
 * between is not known.  Those after it are of no use any more: they may call
 * transactions seen that the crash undid.
 */
bool
tt_recall_rewind(struct tt_recall *r, struct tt_snapshot *to)
{
	int64_t		 known = r->n == EVENTS ? r->marks[r->head].when_ms :
			    INT64_MIN;
	struct tt_err	 err;
	size_t		 i, at, picked = SNAPSHOTS;
	size_t		 last = (r->first + r->nsnapshots - 1) % SNAPSHOTS;

	for (i = 0; i < r->nsnapshots; i++) {
		at = (r->first + i) % SNAPSHOTS;
		if (r->when_ms[at] <= known)
			continue;
		if (picked == SNAPSHOTS ||
		    r->when_ms[at] <= r->when_ms[last] - BACK_MS)
			picked = i;
	}
	tt_err_clear(&err);
	if (picked == SNAPSHOTS || !sort_known(r) || tt_snapshot_copy(to,
	    &r->snapshot[(r->first + picked) % SNAPSHOTS], &err) != TT_OK)
		return false;
	r->nsnapshots = picked + 1;
	return true;
}

bool
tt_recall_knows(const struct tt_recall *r, const struct tt_event *ev)
{
	struct mark	 m = { ev->event_id, ev->xid, ev->at_us, 0 };

	return r->nknown > 0 && bsearch(&m, r->known, r->nknown,
	    sizeof(*r->known), compare) != NULL;
}

/*
 * holders.c - see holders.h.
 */
#include <stdlib.h>
#include <string.h>

#include "job/lease.h"
#include "pg/args.h"
#include "stream/holders.h"
#include "stream/stream.h"

#define NBUCKETS	1024	/* of keys; a power of two */

struct tt_holder {
	LIST_ENTRY(tt_holder)	 chain;
	LIST_HEAD(tt_held, tt_stream) streams;
	int64_t			 key, account;
	const char		*class;		/* a literal */
	int			 n;		/* streams */
	int			 told;		/* as the database knows */
	int			 telling;	/* in the call under way */
};

struct tt_holders {
	LIST_HEAD(tt_chain, tt_holder) bucket[NBUCKETS];
	int64_t			 listener;	/* 0: we are not known */
	int			 nchanged;	/* of n != told + telling */
};

struct tt_holders *
tt_holders_new(void)
{
	return calloc(1, sizeof(struct tt_holders));
}

/* The next holder after this one (NULL: the first), over all buckets. */
static struct tt_holder *
after(const struct tt_holders *hs, const struct tt_holder *h)
{
	size_t	 i = 0;

	if (h != NULL) {
		if (LIST_NEXT(h, chain) != NULL)
			return LIST_NEXT(h, chain);
		i = (size_t)h->key % NBUCKETS + 1;
	}
	for (; i < NBUCKETS; i++)
		if (LIST_FIRST(&hs->bucket[i]) != NULL)
			return LIST_FIRST(&hs->bucket[i]);
	return NULL;
}

void
tt_holders_free(struct tt_holders *hs)
{
	struct tt_holder	*h;

	if (hs == NULL)
		return;
	while ((h = after(hs, NULL)) != NULL) {
		LIST_REMOVE(h, chain);
		free(h);
	}
	free(hs);
}

/* The public has one key, 0, for all accounts. */
static struct tt_holder *
find(const struct tt_holders *hs, const struct tt_lease *lease)
{
	struct tt_holder	*h;

	for (h = LIST_FIRST(&hs->bucket[(size_t)lease->key % NBUCKETS]);
	    h != NULL; h = LIST_NEXT(h, chain))
		if (h->key == lease->key && h->account == lease->account &&
		    strcmp(h->class, lease->class) == 0)
			return h;
	return NULL;
}

static struct tt_holder *
find_or_make(struct tt_holders *hs, const struct tt_lease *lease)
{
	struct tt_holder	*h = find(hs, lease);

	if (h != NULL || (h = calloc(1, sizeof(*h))) == NULL)
		return h;
	LIST_INIT(&h->streams);
	h->key = lease->key;
	h->account = lease->account;
	h->class = lease->class;
	LIST_INSERT_HEAD(&hs->bucket[(size_t)h->key % NBUCKETS], h, chain);
	return h;
}

static bool
is_off(const struct tt_holder *h)
{
	return h->n != h->told + h->telling;
}

/* Change the numbers of a holder; one that means nothing any more is freed. */
static void
change(struct tt_holders *hs, struct tt_holder *h, int n, int told,
    int telling)
{
	hs->nchanged -= is_off(h);
	h->n += n;
	h->told += told;
	h->telling += telling;
	hs->nchanged += is_off(h);
	if (h->n == 0 && h->told == 0 && h->telling == 0) {
		LIST_REMOVE(h, chain);
		free(h);
	}
}

/* What was taken in the name of an older listener is not counted any more. */
static int
counted(const struct tt_holders *hs, const struct tt_lease *lease)
{
	return lease->taken && lease->listener == hs->listener;
}

bool
tt_holders_hold(struct tt_holders *hs, struct tt_stream *st,
    const struct tt_lease *lease)
{
	struct tt_holder	*h;

	if (lease->account == 0)
		return true;
	if ((h = find_or_make(hs, lease)) == NULL)
		return false;
	st->holder = h;
	LIST_INSERT_HEAD(&h->streams, st, same_holder);
	change(hs, h, 1, counted(hs, lease), 0);
	return true;
}

void
tt_holders_release(struct tt_holders *hs, struct tt_stream *st)
{
	if (st->holder == NULL)
		return;
	LIST_REMOVE(st, same_holder);
	change(hs, st->holder, -1, 0, 0);
	st->holder = NULL;
}

void
tt_holders_give_back(struct tt_holders *hs, const struct tt_lease *lease)
{
	struct tt_holder	*h;

	if (counted(hs, lease) && (h = find_or_make(hs, lease)) != NULL)
		change(hs, h, 0, 1, 0);
}

bool
tt_holders_changed(const struct tt_holders *hs)
{
	return hs->nchanged != 0;
}

void
tt_holders_put(struct tt_holders *hs, struct tt_args *a, bool all)
{
	struct tt_holder	*h;

	tt_args_open(a);
	for (h = after(hs, NULL); h != NULL; h = after(hs, h))
		if (all || is_off(h))
			tt_args_item(a, h->account);
	tt_args_close(a);
	tt_args_open(a);
	for (h = after(hs, NULL); h != NULL; h = after(hs, h))
		if (all || is_off(h))
			tt_args_word(a, h->class);
	tt_args_close(a);
	tt_args_open(a);
	for (h = after(hs, NULL); h != NULL; h = after(hs, h))
		if (all || is_off(h)) {
			tt_args_item(a, all ? h->n : h->n - h->told);
			h->telling = h->n - h->told;
		}
	tt_args_close(a);
	hs->nchanged = 0;
}

void
tt_holders_told(struct tt_holders *hs)
{
	struct tt_holder	*h, *next;

	for (h = after(hs, NULL); h != NULL; h = next) {
		next = after(hs, h);
		change(hs, h, 0, h->telling, -h->telling);
	}
}

void
tt_holders_anew(struct tt_holders *hs)
{
	struct tt_holder	*h, *next;

	hs->listener = 0;
	for (h = after(hs, NULL); h != NULL; h = next) {
		next = after(hs, h);
		change(hs, h, 0, -h->told, -h->telling);
	}
}

void
tt_holders_listener(struct tt_holders *hs, int64_t listener)
{
	hs->listener = listener;
}

/* A key of two classes comes twice: SQL does not mind. */
void
tt_holders_keys(const struct tt_holders *hs, struct tt_args *a)
{
	struct tt_holder	*h;

	tt_args_open(a);
	for (h = after(hs, NULL); h != NULL; h = after(hs, h))
		if (h->n > 0 && h->key != 0)
			tt_args_item(a, h->key);
	tt_args_close(a);
}

struct tt_stream *
tt_holders_next(const struct tt_holders *hs, int64_t key,
    const struct tt_stream *st)
{
	struct tt_holder	*h;

	if (st != NULL && LIST_NEXT(st, same_holder) != NULL)
		return LIST_NEXT(st, same_holder);
	h = st != NULL ? LIST_NEXT(st->holder, chain) :
	    LIST_FIRST(&hs->bucket[(size_t)key % NBUCKETS]);
	for (; h != NULL; h = LIST_NEXT(h, chain))
		if (h->key == key && !LIST_EMPTY(&h->streams))
			return LIST_FIRST(&h->streams);
	return NULL;
}

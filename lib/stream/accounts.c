/*
 * accounts.c - see accounts.h.
 */
#include <stdlib.h>

#include "stream/accounts.h"

void
tt_accounts_free(struct tt_accounts *a)
{
	free(a->id);
	free(a->next);
}

static int
compare(const void *a, const void *b)
{
	int64_t	 x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

bool
tt_accounts_has(const struct tt_accounts *a, int64_t id)
{
	return a->n > 0 &&
	    bsearch(&id, a->id, a->n, sizeof(*a->id), compare) != NULL;
}

void
tt_accounts_asked(struct tt_accounts *a)
{
	a->asked = true;
}

void
tt_accounts_begin(struct tt_accounts *a)
{
	a->nnext = 0;
	a->broken = false;
}

void
tt_accounts_add(struct tt_accounts *a, int64_t id)
{
	size_t	 cap = a->nextcap == 0 ? 16 : a->nextcap * 2;
	int64_t	*p;

	if (a->nnext == a->nextcap) {
		if ((p = realloc(a->next, cap * sizeof(*p))) == NULL) {
			a->broken = true;
			return;
		}
		a->next = p;
		a->nextcap = cap;
	}
	a->next[a->nnext++] = id;
}

/* What was told is the set now; the old one's memory serves the next. */
static void
take_over(struct tt_accounts *a)
{
	int64_t	*old = a->id;
	size_t	 cap = a->cap;

	a->id = a->next;
	a->n = a->nnext;
	a->cap = a->nextcap;
	a->next = old;
	a->nextcap = cap;
	a->known = true;
}

/* Both are in order: the union of them is as well. */
bool
tt_accounts_learn(struct tt_accounts *a, const int64_t *ids, size_t n)
{
	size_t	 i = 0, k = 0;

	a->asked = false;
	tt_accounts_begin(a);
	while (i < a->n || k < n)
		if (k == n || (i < a->n && a->id[i] < ids[k]))
			tt_accounts_add(a, a->id[i++]);
		else {
			if (i < a->n && a->id[i] == ids[k])
				i++;
			tt_accounts_add(a, ids[k++]);
		}
	if (!a->broken)
		take_over(a);
	return !a->broken;
}

/* On no memory the old one stays, until the next time. */
bool
tt_accounts_end(struct tt_accounts *a)
{
	size_t	 i, k = 0;
	bool	 all = true;

	if (a->broken || !a->asked)
		return true;
	a->asked = false;
	for (i = 0; i < a->n && all; i++) {
		while (k < a->nnext && a->next[k] < a->id[i])
			k++;
		all = k < a->nnext && a->next[k] == a->id[i];
	}
	take_over(a);
	return all;
}

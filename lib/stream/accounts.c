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

static bool
is_in(const int64_t *ids, size_t n, int64_t id)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

bool
tt_accounts_has(const struct tt_accounts *a, int64_t id)
{
	return is_in(a->id, a->n, id);
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
	size_t	 cap = a->cap == 0 ? 16 : a->cap * 2;
	int64_t	*p;

	if (a->nnext == a->cap) {
		if ((p = realloc(a->next, cap * sizeof(*p))) == NULL) {
			a->broken = true;
			return;
		}
		a->next = p;
		if ((p = realloc(a->id, cap * sizeof(*p))) == NULL) {
			a->broken = true;
			return;
		}
		a->id = p;
		a->cap = cap;
	}
	a->next[a->nnext++] = id;
}

/* On no memory the old one stays, until the next time. */
bool
tt_accounts_end(struct tt_accounts *a, bool asked)
{
	int64_t	*old = a->id;
	size_t	 i, n = a->n;
	bool	 all = true;

	if (a->broken || (asked && !a->asked))
		return true;
	a->asked = false;
	a->id = a->next;
	a->n = a->nnext;
	a->next = old;
	a->known = true;
	for (i = 0; i < n && all; i++)
		all = is_in(a->id, a->n, old[i]);
	return all;
}

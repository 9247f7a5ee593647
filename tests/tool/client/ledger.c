/*
 * ledger.c - see ledger.h.
 */
#include <stdlib.h>
#include <string.h>

#include "ledger.h"

void
ledger_init(struct ledger *l)
{
	memset(l, 0, sizeof(*l));
}

void
ledger_free(struct ledger *l)
{
	tt_buf_free(&l->last);
	free(l->seqs);
	l->seqs = NULL;
}

/* The numbers of an id; 0 if it is none of ours. */
static int
numbers(const char *id, int64_t seqs[LEDGER_JOBS])
{
	char	*end;
	int	 n;

	for (n = 0; n < LEDGER_JOBS; n++) {
		if (*id < '0' || *id > '9')
			return 0;
		seqs[n] = strtoll(id, &end, 10);
		if (*end == '\0')
			return n + 1;
		if (*end != '-')
			return 0;
		id = end + 1;
	}
	return 0;
}

static void
keep(struct ledger *l, const char *id, const int64_t *seqs, int n)
{
	tt_buf_clear(&l->last);
	tt_buf_puts(&l->last, id);
	if (n != l->n) {
		free(l->seqs);
		l->seqs = n == 0 ? NULL : calloc((size_t)n, sizeof(*seqs));
		l->n = l->seqs == NULL ? 0 : n;
	}
	if (l->n > 0)
		memcpy(l->seqs, seqs, (size_t)n * sizeof(*seqs));
}

void
ledger_resume(struct ledger *l, const char *id)
{
	int64_t	 seqs[LEDGER_JOBS];

	keep(l, id, seqs, numbers(id, seqs));
}

/* Each event raises one number by one. */
static void
compare(const struct ledger *l, const int64_t *seqs, struct tally *t)
{
	int64_t	 steps = 0;
	int	 i;

	for (i = 0; i < l->n; i++) {
		if (seqs[i] < l->seqs[i]) {
			t->disorder++;
			return;
		}
		steps += seqs[i] - l->seqs[i];
	}
	if (steps == 0)
		t->duplicates++;
	else
		t->gaps += (uint64_t)steps - 1;
}

void
ledger_note(struct ledger *l, const struct sse_event *ev, struct tally *t)
{
	int64_t	 seqs[LEDGER_JOBS];
	int	 n;

	if (ev->id == NULL)
		return;
	n = numbers(ev->id, seqs);
	if (strcmp(ev->name, "connected") != 0 &&
	    strcmp(ev->name, "resync") != 0) {
		if (n > 0 && n == l->n)
			compare(l, seqs, t);
		else if (strcmp(ev->id, tt_buf_text(&l->last)) == 0)
			t->duplicates++;
	}
	keep(l, ev->id, seqs, n);
}

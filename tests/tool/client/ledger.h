/*
 * ledger.h - has a stream brought each event once, in order, and all of them?
 *
 * For streams whose ids are the numbers of a job's events, or of several jobs'
 * joined by '-'.  Ids of another form are only looked at for repetition.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdint.h>

#include "base/buf.h"
#include "sseread.h"

#define LEDGER_JOBS	100

struct ledger {
	struct tt_buf	 last;		/* the last id, as it was sent */
	int64_t		*seqs;		/* as numbers */
	int		 n;		/* how many; 0: none */
};

struct tally {
	uint64_t	 duplicates, disorder, gaps;
};

void	 ledger_init(struct ledger *);
void	 ledger_free(struct ledger *);

/* The client comes back with this id, or begins with it. */
void	 ledger_resume(struct ledger *, const char *id);

/* connected and resync say where the stream begins, any other what is next. */
void	 ledger_note(struct ledger *, const struct sse_event *, struct tally *);

#endif /* !LEDGER_H */

/*
 * recall.h - what was read in the last ten seconds, for the hour after a crash.
 *
 * After a crash transaction ids are given out again, so a snapshot from before
 * may call a new event seen.  The reader goes back to a snapshot that is old
 * enough for all its transactions to have been durable, and passes over the
 * events that it remembers having handed on.
 */
#ifndef TT_RECALL_H
#define TT_RECALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"

struct tt_event;
struct tt_recall;
struct tt_snapshot;

struct tt_recall	*tt_recall_new(void);	/* NULL on no memory */
void			 tt_recall_free(struct tt_recall *);

/* What is remembered is another cluster's, and worth nothing. */
void	 tt_recall_clear(struct tt_recall *);

/* This event was handed on. */
void	 tt_recall_event(struct tt_recall *, const struct tt_event *,
	    int64_t now_ms);

/* A read up to this snapshot is complete.  Keeps about one a second. */
void	 tt_recall_snapshot(struct tt_recall *, const struct tt_snapshot *,
	    int64_t now_ms);

/* The snapshot to go back to; false if there is none. */
bool	 tt_recall_rewind(struct tt_recall *, struct tt_snapshot *);

/* Had this very event been handed on before the last rewind? */
bool	 tt_recall_knows(const struct tt_recall *, const struct tt_event *);

#endif /* !TT_RECALL_H */

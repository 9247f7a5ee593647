/*
 * watchers.h - who watches a job: a hash table of lists.
 */
#ifndef TT_WATCHERS_H
#define TT_WATCHERS_H

#include <stdbool.h>
#include <stdint.h>

struct tt_watch;
struct tt_watchers;

struct tt_watchers	*tt_watchers_new(void);		/* NULL on no memory */
void			 tt_watchers_free(struct tt_watchers *);

/* Links the watch into its job's list.  False on no memory. */
bool			 tt_watchers_add(struct tt_watchers *,
			    struct tt_watch *);
void			 tt_watchers_remove(struct tt_watchers *,
			    struct tt_watch *);

/* The first of a job's watches; the others follow in its list. */
struct tt_watch		*tt_watchers_find(const struct tt_watchers *,
			    int64_t job);

/* The watched jobs, if there are at most max; otherwise -1. */
int			 tt_watchers_jobs(const struct tt_watchers *,
			    int64_t *jobs, int max);

#endif /* !TT_WATCHERS_H */

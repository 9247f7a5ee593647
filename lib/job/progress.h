/*
 * progress.h - what a progress stream needs to know of its jobs to begin.
 */
#ifndef TT_PROGRESS_H
#define TT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"
#include "job/job.h"

#define TT_PROGRESS_JOBS	100	/* on one stream */

struct tt_caller;
struct tt_db;
struct tt_lease;

struct tt_progress_job {
	struct tt_job	 job;
	int64_t		 seq;		/* of its last event */
	bool		 resumable;	/* the log holds all since then */
};

struct tt_progress {
	struct tt_progress_job	 jobs[TT_PROGRESS_JOBS];
	int			 n;
	struct pg_result	*res;			/* for _free() */
};

/* Has its last event been? */
bool		 tt_progress_ended(const struct tt_progress_job *);

/* What to open: n jobs by their public ids, well-formed, and for what. */
struct tt_progress_ask {
	const char	*const *ids;
	const int64_t	*seqs;		/* of the client's last events; NULL */
	int		 n;		/* 1 to TT_PROGRESS_JOBS */
	const char	*class;		/* of the lease: "watch", "stream" */
	const char	*type;		/* that the jobs must have; NULL: any */
};

/*
 * These jobs, in this order, if the caller may read them.  TT_NOTFOUND if one
 * of them is not, or not of that type.  On TT_OK the rows are to be freed;
 * otherwise there are none.
 *
 * lease->listener says for which hub a place among the account's open streams
 * is taken, or 0 if none is wanted; the rest of it is filled.  TT_LIMITED if
 * there is none; TT_OK with lease->listener 0, and no rows, if SQL does not
 * know that hub (any longer).  None is taken where nothing is to come.
 */
enum tt_rc	 tt_progress_open(struct tt_db *, struct tt_caller *,
		    const struct tt_progress_ask *, struct tt_lease *,
		    struct tt_progress *, struct tt_err *) TT_MUSTUSE;
void		 tt_progress_free(struct tt_progress *);

/*
 * The id of a progress stream's events: the number of the last event of each
 * of its jobs, in the order asked for, joined by '-'.  tt_progress_id_read()
 * is false if the text is not n such numbers.
 */
#define TT_PROGRESS_ID_SZ	(TT_PROGRESS_JOBS * 20 + 1)

bool		 tt_progress_id_read(const char *, int64_t *seqs, int n);

#endif /* !TT_PROGRESS_H */

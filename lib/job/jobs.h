/*
 * jobs.h - the jobs that a caller of the queue sees: those of his account, or
 * of the public ones if he shows neither key nor ticket.
 *
 * What they return besides SQL's verdicts on the caller is said at each.  On
 * TT_OK a list or row is to be freed; otherwise it is empty.
 */
#ifndef TT_JOBS_H
#define TT_JOBS_H

#include "job/job.h"
#include "job/list.h"

/* What to list: a page, newest first.  TT_STATUS__MAX, NULL: any. */
struct tt_jobs_query {
	int		 limit, offset;
	const char	*type;
	enum tt_status	 status;
};

/* How many there are in each status, of one snapshot. */
struct tt_jobs_count {
	int64_t	 of[TT_STATUS__MAX];
};

/*
 * The page, and how many there are on all pages; list->more is not said.
 * payload is NULL where it is too long for a list.  TT_BADREQ for a type that
 * is not in telltale.job_type.
 */
enum tt_rc	 tt_jobs_list(struct tt_db *, struct tt_caller *,
		    const struct tt_jobs_query *, struct tt_list *,
		    struct tt_err *) TT_MUSTUSE;

/* One by its public id; TT_NOTFOUND. */
enum tt_rc	 tt_jobs_get(struct tt_db *, struct tt_caller *,
		    const char *job_id, struct tt_job_row *, struct tt_err *)
		    TT_MUSTUSE;

/*
 * The newest about that file: its status, progress, error and times alone.
 * TT_NOTFOUND.
 */
enum tt_rc	 tt_jobs_about(struct tt_db *, struct tt_caller *,
		    const char *file_path, struct tt_job_row *,
		    struct tt_err *) TT_MUSTUSE;

enum tt_rc	 tt_jobs_count(struct tt_db *, struct tt_caller *,
		    struct tt_jobs_count *, struct tt_err *) TT_MUSTUSE;

#endif /* !TT_JOBS_H */

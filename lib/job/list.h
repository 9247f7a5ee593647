/*
 * list.h - a page of an account's jobs, newest first, and how many there are.
 */
#ifndef TT_LIST_H
#define TT_LIST_H

#include "job/job.h"

#define TT_LIST_MAX		100	/* jobs on a page */
#define TT_LIST_CURSOR_SZ	32	/* room for tt_list_cursor() */

/*
 * What to list.  NULL or false: no such condition.  Either an offset or a
 * cursor; the cursor names the last job of the page before.
 */
struct tt_list_query {
	int		 limit, offset;
	bool		 has_cursor;
	int64_t		 cursor_us, cursor_id;
	const char	*type;
	const char	*decision;
	bool		 by_status;
	bool		 status[TT_STATUS__MAX];	/* any of these */
	const char	*search;	/* literal beginning of the job_id */
	bool		 has_from, has_to;
	int64_t		 from_us, to_us;	/* created: from <= it < to */
};

struct tt_list {
	struct tt_job		 job[TT_LIST_MAX];
	int			 njobs;
	bool			 more;		/* is there a next page? */
	int64_t			 total;		/* of all pages */
	struct pg_result	*res;		/* for _free() */
};

/*
 * The page, if the caller may read jobs; total and page are of one snapshot.
 * On TT_OK the list is to be freed; otherwise it is empty.  Besides SQL's
 * verdicts on the caller, TT_BADREQ for a type that is not in
 * telltale.job_type.
 */
enum tt_rc	 tt_list_get(struct tt_db *, struct tt_caller *,
		    const struct tt_list_query *, struct tt_list *,
		    struct tt_err *) TT_MUSTUSE;
void		 tt_list_free(struct tt_list *);

/*
 * What list->res holds, if SQL has judged the caller well: a head, with the
 * verdict and the total, and up to limit jobs, or one more where there is a
 * next page.  type is what was asked for.  For lib/job.
 */
enum tt_rc	 tt_list_read(struct tt_list *, int limit, const char *type,
		    struct tt_caller *, struct tt_err *) TT_MUSTUSE;

/* The page that follows this job, as text for a URL; returns out. */
char		*tt_list_cursor(const struct tt_job *last,
		    char out[TT_LIST_CURSOR_SZ]);

/* Into the query.  TT_BADREQ, with a text for the client, if it is not ours. */
enum tt_rc	 tt_list_cursor_read(const char *text, struct tt_list_query *,
		    struct tt_err *) TT_MUSTUSE;

#endif /* !TT_LIST_H */

/*
 * items.h - a page of the queue, in the order in which claim() takes it, and
 * how much is in it.
 */
#ifndef TT_ITEMS_H
#define TT_ITEMS_H

#include "job/job.h"

#define TT_ITEMS_MAX	1000	/* on a page */

struct tt_item {
	const char	*job_id;
	const char	*type;
	enum tt_status	 status;	/* TT_QUEUED or TT_PROCESSING */
	const char	*file_path;	/* or NULL */
	const char	*action;	/* of its payload, or NULL */
	const char	*dest_path;
	int		 retries;	/* attempts that came to nothing */
	int64_t		 enqueued_us;
	int64_t		 due_us;	/* 0: it is due */
};

struct tt_items {
	int64_t		 total;		/* of all pages */
	int		 n;		/* of this one */
	struct pg_result *res;		/* for _free() */
};

/*
 * The page of the caller's view; total and page are of one moment.  On TT_OK
 * it is to be freed; otherwise it is empty.  As SQL judges: TT_UNAUTHORIZED,
 * TT_FORBIDDEN, TT_TERMINATED.
 */
enum tt_rc	 tt_items_get(struct tt_db *, struct tt_caller *, int limit,
		    int offset, struct tt_items *, struct tt_err *)
		    TT_MUSTUSE;
void		 tt_items_free(struct tt_items *);

/* One of the page; its strings live as long as the page. */
void		 tt_items_read(const struct tt_items *, int i,
		    struct tt_item *);

#endif /* !TT_ITEMS_H */

/*
 * job.h - a job, as SQL hands it out; and the words of its life.
 *
 * A row's strings point into the struct that was read; they are NULL where the
 * column is null.  Times are microseconds since the epoch, 0 for null.
 */
#ifndef TT_JOB_H
#define TT_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"

struct pg_result;		/* libpq's PGresult, which only lib/job opens */
struct tt_caller;
struct tt_db;

#define TT_JOB_ID_MAX	64

enum tt_status {
	TT_QUEUED, TT_PROCESSING, TT_COMPLETED, TT_FAILED, TT_CANCELLED,
	TT_STATUS__MAX
};

struct tt_job {
	const char	*job_id;
	const char	*type;
	enum tt_status	 status;
	const char	*progress;	/* JSON number: "50", "47.5" */
	const char	*detail;
	const char	*decision;	/* "pass", "reject" or NULL */
	const char	*categories;	/* JSON object or NULL */
	const char	*reason;
	const char	*error_code;
	const char	*error;		/* why it failed; one job only */
	const char	*callback_id;	/* the submitter's word for it */
	const char	*frames_completed;	/* JSON integer or NULL */
	const char	*frame_count;
	const char	*result;	/* JSON, one job only */
	const char	*file_path;
	const char	*payload;	/* JSON */
	int64_t		 created_us, started_us, completed_us;
	int64_t		 id;		/* internal: for the page cursor */
	int		 attempt, max_attempts;
	int		 priority;	/* lower goes first */
};

/* One job, and what its strings point into. */
struct tt_job_row {
	struct tt_job		 job;
	struct pg_result	*res;			/* for _free() */
};

/* Is this 1-64 of A-Za-z0-9_-? */
bool		 tt_job_id_ok(const char *);

/* The stored word of a status, and back: TT_STATUS__MAX if it is none. */
const char	*tt_job_status_word(enum tt_status);
enum tt_status	 tt_job_status_read(const char *word);

/*
 * One job by its public id, if the caller may read it.  On TT_OK the row is to
 * be freed; otherwise it is empty.  TT_UNAUTHORIZED, TT_FORBIDDEN,
 * TT_TERMINATED, TT_NOTFOUND as SQL judges.
 */
enum tt_rc	 tt_job_get(struct tt_db *, struct tt_caller *,
		    const char *job_id, struct tt_job_row *, struct tt_err *)
		    TT_MUSTUSE;
void		 tt_job_row_free(struct tt_job_row *);

/* Where the columns of a job are in a result of our web functions; -1: none. */
enum tt_column {
	TT_ID, TT_JOB_ID, TT_TYPE, TT_STATUS, TT_PROGRESS, TT_DETAIL,
	TT_FRAMES_COMPLETED, TT_FRAME_COUNT, TT_DECISION, TT_CATEGORIES,
	TT_REASON, TT_ERROR_CODE, TT_RESULT, TT_ATTEMPT, TT_CREATED_US,
	TT_STARTED_US, TT_COMPLETED_US, TT_CALLBACK_ID, TT_ERROR,
	TT_FILE_PATH, TT_PAYLOAD, TT_MAX_ATTEMPTS, TT_PRIORITY, TT_COLUMN__MAX
};

struct tt_job_columns {
	int	 at[TT_COLUMN__MAX];
};

/*
 * Look them up by their names, once for a result; then fill jobs from its rows.
 * What has no column is NULL or 0.  For lib/job.
 */
void		 tt_job_columns(struct tt_job_columns *,
		    const struct pg_result *);
void		 tt_job_from_row(struct tt_job *, const struct pg_result *,
		    const struct tt_job_columns *, int row);

/* Both, for the one row there is. */
void		 tt_job_from_result(struct tt_job *, const struct pg_result *,
		    int row);

#endif /* !TT_JOB_H */

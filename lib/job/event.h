/*
 * event.h - what can happen, in neutral words; and one event of the log.
 */
#ifndef TT_EVENT_H
#define TT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/* In the order of event.c's table. */
enum tt_kind {
	TT_JOB_CREATED,
	TT_JOB_STARTED,
	TT_JOB_PROGRESS,
	TT_JOB_REQUEUED,
	TT_JOB_COMPLETED,
	TT_JOB_FAILED,
	TT_JOB_CANCELLED,
	TT_JOB_DELETED,
	TT_STAGE_STARTED,
	TT_STAGE_COMPLETED,
	TT_SCORE_COMPUTED,
	TT_QUEUE_PAUSED,
	TT_QUEUE_RESUMED,
	TT_SCHEDULER_PAUSED,
	TT_SCHEDULER_RESUMED,
	TT_NOTICE,
	TT_KIND__MAX		/* also: a word that we do not know */
};

/* The strings are borrowed, for the time of the call that hands it over. */
struct tt_event {
	int64_t		 event_id;
	uint64_t	 xid;
	int64_t		 at_us;
	int64_t		 account_id;
	int64_t		 job;		/* 0: concerns the whole queue */
	int64_t		 seq;		/* within the job, from 1 */
	enum tt_kind	 kind;
	const char	*job_id, *type;	/* NULL without a job */
	const char	*data;		/* a JSON object */
	uint64_t	 batch;		/* which read brought it */
	uint64_t	 life;		/* grows when seqs may begin anew */
};

enum tt_kind	 tt_kind_parse(const char *word);
const char	*tt_kind_word(enum tt_kind);

/* After this, nothing more comes of the job (unless it is retried). */
bool		 tt_kind_ends_job(enum tt_kind);

#endif /* !TT_EVENT_H */

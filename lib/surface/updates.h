/*
 * updates.h - the vocabulary of /api/updates and /api/queue (seed 004): words,
 * shapes, errors.
 */
#ifndef TT_UPDATES_H
#define TT_UPDATES_H

#include "base/rc.h"
#include "job/job.h"

struct tt_reply;
struct tt_request;
struct tt_vocabulary;

/* waiting, processing, completed, failed; a cancelled job has failed. */
const char	*tt_updates_status(enum tt_status);

/*
 * What a job does, in this surface's word: the action of its payload, as
 * telltale.job_action() tells it, or the job's type where that is NULL.
 */
const char	*tt_updates_action(const char *action, const char *type);

/* The answer to what failed: {"success":false,"message":"<text>"}. */
void		 tt_updates_error(struct tt_reply *, const struct tt_request *,
		    const struct tt_err *);

extern const struct tt_vocabulary	 tt_updates_vocabulary;

#endif /* !TT_UPDATES_H */

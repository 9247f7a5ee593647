/*
 * queue.h - the vocabulary of /queue and /video-status (seed 002): words,
 * shapes, errors.
 */
#ifndef TT_QUEUE_H
#define TT_QUEUE_H

#include "base/rc.h"
#include "job/job.h"

struct tt_rate;
struct tt_reply;
struct tt_request;
struct tt_vocabulary;

/* pending, running, completed, error, cancelled. */
const char	*tt_queue_status(enum tt_status);

/* The status of such a word; TT_STATUS__MAX if it is none. */
enum tt_status	 tt_queue_status_read(const char *word);

/*
 * The answer to what failed: {"error":"<phrase>","message":"<text>"}; where it
 * is the rate, {"error","message","retryAfter"} (wire-contracts 2.7).
 */
void		 tt_queue_error(struct tt_reply *, const struct tt_request *,
		    const struct tt_err *);

/*
 * X-RateLimit headers as this surface means them: the reset is a time, in
 * seconds since the epoch.  Before the answer.
 */
void		 tt_queue_rate(struct tt_reply *, const struct tt_rate *);

extern const struct tt_vocabulary	 tt_queue_vocabulary;

#endif /* !TT_QUEUE_H */

/*
 * refusal.h - what all surfaces have in common when they say no: the status,
 * the headers that belong to it, the line in the log, and what a client may
 * read.
 */
#ifndef TT_REFUSAL_H
#define TT_REFUSAL_H

#include "base/rc.h"

struct tt_rate;
struct tt_reply;
struct tt_request;

#define TT_JSON_TYPE	"application/json; charset=utf-8"

int		 tt_refusal_status(enum tt_rc);

/* The phrase of that status: "Not Found". */
const char	*tt_refusal_phrase(enum tt_rc);

/* The error's own text if it was told, else what goes with its code. */
const char	*tt_refusal_text(const struct tt_err *);

/* When to try again, in seconds; 0 if that would not help. */
int		 tt_refusal_retry(const struct tt_err *);

/* Log it, and begin the answer with its status and headers. */
void		 tt_refusal_begin(struct tt_reply *, const struct tt_request *,
		    const struct tt_err *);

/*
 * X-RateLimit headers, the reset in seconds to go, or as a time in seconds
 * since the epoch.  Before the answer.
 */
void		 tt_refusal_rate(struct tt_reply *, const struct tt_rate *);
void		 tt_refusal_rate_until(struct tt_reply *,
		    const struct tt_rate *);

#endif /* !TT_REFUSAL_H */

/*
 * moderation.h - the vocabulary of /api/v1: words, shapes, errors.
 *
 * Four status words for five statuses: a cancelled job is shown as failed,
 * with the error_code CANCELLED.
 */
#ifndef TT_MODERATION_H
#define TT_MODERATION_H

#include "base/rc.h"
#include "job/job.h"

struct tt_json;
struct tt_list;
struct tt_list_query;
struct tt_reply;
struct tt_request;

/* How a status is called here, and the code of what went wrong or NULL. */
const char	*tt_moderation_status(enum tt_status);
const char	*tt_moderation_error_code(const struct tt_job *);

/* A job id out of the path: TT_BADREQ if it cannot be one. */
enum tt_rc	 tt_moderation_job_id(const char *, struct tt_err *)
		    TT_MUSTUSE;

/*
 * What GET /api/v1/jobs asks for.  TT_BADREQ naming the parameter at fault.
 * The query borrows the request's texts.
 */
enum tt_rc	 tt_moderation_query(const struct tt_request *,
		    struct tt_list_query *, struct tt_err *) TT_MUSTUSE;

/* The answers: 200, or 304 where the client has the same already. */
void		 tt_moderation_job(struct tt_reply *, const struct tt_request *,
		    const struct tt_job *);
void		 tt_moderation_list(struct tt_reply *,
		    const struct tt_request *, const struct tt_list_query *,
		    const struct tt_list *);

/* 200: the job is cancelled, as this surface calls it. */
void		 tt_moderation_cancelled(struct tt_reply *,
		    const char *job_id);

/*
 * The answer to what failed: {"error","message","statusCode"}, and the headers
 * that belong to its status.  Logs the error; the client learns its text only
 * if it was told it.
 */
void		 tt_moderation_error(struct tt_reply *,
		    const struct tt_request *, const struct tt_err *);

#endif /* !TT_MODERATION_H */

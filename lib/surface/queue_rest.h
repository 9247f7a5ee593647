/*
 * queue_rest.h - what queue.fcgi is asked, and its answers: the shapes of
 * /queue/jobs, /queue/stats and /video-status (wire-contracts 2.3 to 2.6).
 */
#ifndef TT_QUEUE_REST_H
#define TT_QUEUE_REST_H

#include "base/rc.h"

struct tt_job;
struct tt_jobs_count;
struct tt_jobs_query;
struct tt_list;
struct tt_reply;
struct tt_request;

/*
 * What GET /queue/jobs asks for.  TT_BADREQ naming the parameter at fault.  The
 * query borrows the request's texts.
 */
enum tt_rc	 tt_queue_query(const struct tt_request *,
		    struct tt_jobs_query *, struct tt_err *) TT_MUSTUSE;

/* Out of the path: TT_BADREQ if no job can have that id, or that file path. */
enum tt_rc	 tt_queue_job_id(const char *, struct tt_err *) TT_MUSTUSE;
enum tt_rc	 tt_queue_file(const char *, struct tt_err *) TT_MUSTUSE;

/* The answers: 200, or 304 where the client has the same already. */
void		 tt_queue_jobs(struct tt_reply *, const struct tt_request *,
		    const struct tt_jobs_query *, const struct tt_list *);
void		 tt_queue_job(struct tt_reply *, const struct tt_request *,
		    const struct tt_job *);
void		 tt_queue_stats(struct tt_reply *, const struct tt_request *,
		    const struct tt_jobs_count *);
void		 tt_queue_video(struct tt_reply *, const struct tt_request *,
		    const struct tt_job *);

/* 404: there is no job about that file.  Logs the error. */
void		 tt_queue_no_video(struct tt_reply *,
		    const struct tt_request *, const struct tt_err *);

/* 200: {"success":true,"message"}. */
void		 tt_queue_done(struct tt_reply *, const char *message);

/*
 * 400: {"error":message}, whatever was wrong with the job, one that is not
 * there too.  Logs the error.
 */
void		 tt_queue_failed(struct tt_reply *, const struct tt_request *,
		    const char *message, const struct tt_err *);

#endif /* !TT_QUEUE_REST_H */

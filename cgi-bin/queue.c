/*
 * queue - the queue as a list (seed 002): GET /queue/jobs, /queue/jobs/{id},
 * /queue/stats and /video-status/{path}, of public accounts to anybody; POST
 * /queue/jobs/{id}/retry and /cancel, and DELETE /queue/jobs/{id}.
 */
#include <stddef.h>
#include <string.h>

#include "gate/gate.h"
#include "job/cancel.h"
#include "job/jobs.h"
#include "job/remove.h"
#include "job/retry.h"
#include "pg/db.h"
#include "surface/queue.h"
#include "surface/queue_rest.h"
#include "web/formdata.h"
#include "web/server.h"

static const char *const nothing[] = { NULL };

/* What is done to a job, and what is said if it was, and if not. */
struct act {
	enum tt_rc	 (*ask)(struct tt_db *, struct tt_caller *,
			    const char *job_id, struct tt_err *);
	const char	*done, *failed;
};

/* A request on its way through. */
struct visit {
	struct tt_call		*call;
	struct tt_visitor	 who;
	const struct route	*route;	/* NULL: no such path */
	const char		*what;	/* in the path: a job's id, or a file */
};

/* What answers GET answers HEAD; allowed is of all the rows of a path. */
struct route {
	const char	*path, *allowed;
	const char	*method;
	void		 (*answer)(struct visit *, struct tt_err *);
	const struct act *act;

	/* How it is said that there is no such job, if not as ever. */
	void		 (*missing)(struct tt_reply *,
			    const struct tt_request *, const struct tt_err *);
};

/*
 * Whoever may read: with a key its account, else what is public.  job_id is
 * what a ticket for one job must be for.
 */
static TT_MUSTUSE enum tt_rc
look_in(struct visit *v, const char *job_id, struct tt_err *err)
{
	if (tt_gate_enter_public(&v->who, &v->call->req, "queue:read", false,
	    err) == TT_OK)
		(void)!tt_gate_job(&v->who, job_id, err);
	return err->rc;
}

/* SQL has spoken: TT_OK if what it said is to be shown. */
static TT_MUSTUSE enum tt_rc
settle(struct visit *v, struct tt_err *err)
{
	if (tt_gate_settle(&v->who, v->call->db, err) == TT_OK)
		tt_queue_rate(&v->call->reply, &v->who.rate);
	return err->rc;
}

/* What is done is done, and he is told so. */
static TT_MUSTUSE enum tt_rc
settle_write(struct visit *v, struct tt_err *err)
{
	if (tt_gate_settle_write(&v->who, v->call->db, err) == TT_OK)
		tt_queue_rate(&v->call->reply, &v->who.rate);
	return err->rc;
}

static void
list(struct visit *v, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	struct tt_jobs_query	 query;
	struct tt_list		 jobs;

	if (tt_queue_query(req, &query, err) != TT_OK ||
	    look_in(v, NULL, err) != TT_OK)
		return;
	(void)!tt_jobs_list(v->call->db, &v->who.caller, &query, &jobs, err);
	if (settle(v, err) == TT_OK)
		tt_queue_jobs(&v->call->reply, req, &query, &jobs);
	tt_list_free(&jobs);
}

static void
show(struct visit *v, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	struct tt_job_row	 row;

	if (tt_queue_job_id(v->what, err) != TT_OK ||
	    tt_request_known(req, nothing, err) != TT_OK ||
	    look_in(v, v->what, err) != TT_OK)
		return;
	(void)!tt_jobs_get(v->call->db, &v->who.caller, v->what, &row, err);
	if (settle(v, err) == TT_OK)
		tt_queue_job(&v->call->reply, req, &row.job);
	tt_job_row_free(&row);
}

static void
stats(struct visit *v, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	struct tt_jobs_count	 count;

	if (tt_request_known(req, nothing, err) != TT_OK ||
	    look_in(v, NULL, err) != TT_OK)
		return;
	(void)!tt_jobs_count(v->call->db, &v->who.caller, &count, err);
	if (settle(v, err) == TT_OK)
		tt_queue_stats(&v->call->reply, req, &count);
}

static void
video(struct visit *v, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	struct tt_job_row	 row;

	if (tt_queue_file(v->what, err) != TT_OK ||
	    tt_request_known(req, nothing, err) != TT_OK ||
	    look_in(v, NULL, err) != TT_OK)
		return;
	(void)!tt_jobs_about(v->call->db, &v->who.caller, v->what, &row, err);
	if (settle(v, err) == TT_OK)
		tt_queue_video(&v->call->reply, req, &row.job);
	tt_job_row_free(&row);
}

static void
change(struct visit *v, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	const struct act	*act = v->route->act;

	if (tt_queue_job_id(v->what, err) != TT_OK ||
	    tt_request_known(req, nothing, err) != TT_OK ||
	    tt_gate_enter(&v->who, req, "queue:write", false, err) != TT_OK ||
	    tt_gate_job(&v->who, v->what, err) != TT_OK ||
	    tt_form_none(req, err) != TT_OK)
		return;
	(void)!act->ask(v->call->db, &v->who.caller, v->what, err);
	if (settle_write(v, err) == TT_OK)
		tt_queue_done(&v->call->reply, act->done);
}

static const struct act	 retry = {
	tt_retry, "Job scheduled for retry", "Failed to retry job"
};
static const struct act	 cancel = {
	tt_cancel, "Job cancelled", "Failed to cancel job"
};
static const struct act	 removal = {
	tt_remove, "Job deleted", "Failed to delete job"
};

/* In this order: a file's path may be any text, a job's id video-status. */
static const struct route	 routes[] = {
	{ "/queue/jobs", "GET, HEAD", "GET", list, NULL, NULL },
	{ "/queue/jobs/{}", "GET, HEAD, DELETE", "GET", show, NULL, NULL },
	{ "/queue/jobs/{}", "GET, HEAD, DELETE", "DELETE", change, &removal,
	    NULL },
	{ "/queue/jobs/{}/retry", "POST", "POST", change, &retry, NULL },
	{ "/queue/jobs/{}/cancel", "POST", "POST", change, &cancel, NULL },
	{ "/queue/stats", "GET, HEAD", "GET", stats, NULL, NULL },
	{ "/video-status/{}", "GET, HEAD", "GET", video, NULL,
	    tt_queue_no_video },
};

static void
answer(struct visit *v, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	const char		*what[2] = { NULL, NULL };
	const char		*method = strcmp(req->method, "HEAD") == 0 ?
				    "GET" : req->method;
	const struct route	*r;
	size_t			 i;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		r = &routes[i];
		if (!tt_request_match(req, r->path, what))
			continue;
		if (tt_request_method(req, r->allowed, err) != TT_OK)
			return;
		if (strcmp(method, r->method) != 0)
			continue;
		v->route = r;
		v->what = what[0];
		r->answer(v, err);
		return;
	}
	(void)!tt_err_tell(err, TT_NOPATH, "No such path");
}

static void
refuse(struct visit *v, const struct tt_err *err)
{
	struct tt_reply			*reply = &v->call->reply;
	const struct tt_request		*req = &v->call->req;
	bool				 about_job = v->route != NULL &&
					    (err->rc == TT_NOTFOUND ||
					    err->rc == TT_CONFLICT);

	tt_queue_rate(reply, tt_gate_rate(&v->who, req, false));
	if (about_job && v->route->act != NULL)
		tt_queue_failed(reply, req, v->route->act->failed, err);
	else if (about_job && v->route->missing != NULL)
		v->route->missing(reply, req, err);
	else
		tt_queue_error(reply, req, err);
}

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct visit	 v = { .call = call };

	if (err->rc == TT_OK)
		answer(&v, err);
	if (err->rc != TT_OK)
		refuse(&v, err);
}

static const struct tt_program program = {
	.name		= "queue.fcgi",
	.tail		= "video-status",
	.start		= tt_gate_start,
	.db_new		= tt_db_new,
	.db_free	= tt_db_free,
	.handle		= handle,
	.end		= tt_gate_end,
};

int
main(int argc, char **argv)
{
	return tt_server_main(argc, argv, &program);
}

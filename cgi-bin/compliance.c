/*
 * compliance - checks of content (seed 003).
 *
 * POST /v1/compliance/check, answered by the report (sync), by a stream of
 * what the agents find, or by a job to ask for later (async); and
 * GET /v1/compliance/jobs/{id}, and its /stream.
 */
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "gate/gate.h"
#include "job/job.h"
#include "job/lease.h"
#include "job/progress.h"
#include "job/submit.h"
#include "pg/db.h"
#include "stream/hub.h"
#include "stream/stream.h"
#include "surface/compliance.h"
#include "surface/refusal.h"
#include "web/formdata.h"
#include "web/server.h"

#define SCOPE		"compliance:check"
#define TYPE		"compliance"

static const char *const no_params[] = { NULL };
static const char *const stream_params[] = { "lastEventId", "ticket", NULL };

/* A request on its way through. */
struct visit {
	struct tt_call		*call;
	struct tt_visitor	 who;
	struct tt_lease		 lease;
	struct tt_form		 form;
};

static const char *const modes[] = {
	[TT_SYNC] = "sync", [TT_STREAM] = "stream", [TT_ASYNC] = "async"
};

static struct tt_hub		*hub;

/* The head of a stream, and its first frames. */
static void
begin_stream(struct tt_call *call, const char *job_id)
{
	tt_stream_begin(&call->reply, call->conf->retry_ms);
	tt_reply_header(&call->reply, "X-Job-Id", job_id);
}

/* The stream is the hub's from here on, or its place is free. */
static void
hand_over(struct visit *v, const struct tt_opening *opening, int64_t job,
    int64_t seq, struct tt_err *err)
{
	struct tt_watch_from	 from = { .job = job, .seq = seq };
	struct tt_stream	*st;

	st = tt_stream_new(v->call->req.fcgi, &v->call->reply, opening, &from,
	    1);
	if (st != NULL)
		tt_hub_add(hub, st);
	else {
		tt_hub_give_back(hub, &v->lease);
		if (!v->call->reply.detached)
			(void)tt_err_set(err, TT_INTERNAL, "out of memory");
	}
}

/* Whoever waits for the whole report waits in the hub. */
static void
wait_for_report(struct visit *v, const struct tt_submitted *made,
    struct tt_err *err)
{
	struct tt_reply		 late;
	struct tt_opening	 opening = {
		.vocabulary	= &tt_compliance_report,
		.late		= &late,
		.late_s		= v->call->conf->sync_max_s
	};

	memset(&late, 0, sizeof(late));
	tt_reply_common(&late, &v->call->req, v->call->conf);
	tt_compliance_late(&late, made->job_id);
	tt_reply_always(&v->call->reply, "X-Job-Id", made->job_id);
	opening.lease = v->lease;
	hand_over(v, &opening, made->id, 0, err);
	tt_reply_free(&late);
}

static void
stream_job(struct visit *v, int64_t job, int64_t seq, struct tt_err *err)
{
	struct tt_opening	 opening = {
		.vocabulary	= &tt_compliance_stream,
		.ticket_us	= v->who.ticket.expires_us
	};

	opening.lease = v->lease;
	hand_over(v, &opening, job, seq, err);
}

/* A call that tt_hub_lease() makes. */
struct submitting {
	struct visit			*v;
	const struct tt_submission	*s;
	struct tt_submitted		*made;
};

static enum tt_rc
submit(void *arg, struct tt_lease *lease, struct tt_err *err)
{
	struct submitting	*call = arg;

	return tt_submit(call->v->call->db, &call->v->who.caller, call->s,
	    lease, call->made, err);
}

static void
answer_check(struct visit *v, const struct tt_check *check,
    const struct tt_submitted *made, struct tt_err *err)
{
	tt_refusal_rate(&v->call->reply, &v->who.rate);
	switch (check->mode) {
	case TT_SYNC:
		wait_for_report(v, made, err);
		break;
	case TT_STREAM:
		begin_stream(v->call, made->job_id);
		stream_job(v, made->id, 0, err);
		break;
	case TT_ASYNC:
		tt_compliance_accepted(&v->call->reply, made->job_id,
		    made->callback_id, made->webhook_secret);
		break;
	}
}

/* A job out of a checked request, and the answer that it asked for. */
static void
run_check(struct visit *v, const struct tt_check *check, const char *payload,
    struct tt_err *err)
{
	struct tt_submission	 s = {
		.type		= TYPE,
		.variant	= modes[check->mode],
		.payload	= payload,
		.webhook_url	= check->webhook_url,
		.callback_id	= check->callback_id,
		.files		= v->form.file,
		.nfiles		= v->form.nfiles
	};
	struct tt_submitted	 made = { 0 };
	struct submitting	 call = { v, &s, &made };
	char			 secret[TT_SECRET_SZ];

	if (tt_request_idempotency(&v->call->req, &s.idempotency_key, err) !=
	    TT_OK)
		return;
	if (check->mode == TT_ASYNC) {
		tt_submit_secret(secret);
		s.webhook_secret = secret;
	}
	v->lease.class = check->mode == TT_STREAM ? "stream" : "watch";
	if (check->mode == TT_STREAM)
		(void)!tt_hub_lease(hub, v->call->db, &v->lease, submit, &call,
		    err);
	else
		(void)!submit(&call, &v->lease, err);
	if (tt_gate_settle(&v->who, v->call->db, err) == TT_OK)
		answer_check(v, check, &made, err);
	else if (made.job_id != NULL)
		tt_hub_give_back(hub, &v->lease);
	tt_submitted_free(&made);
}

static void
check(struct visit *v, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	const struct tt_conf	*conf = v->call->conf;
	struct tt_check		 c;
	char			*payload = NULL;

	if (tt_request_method(req, "POST", err) != TT_OK ||
	    tt_request_known(req, no_params, err) != TT_OK ||
	    tt_gate_enter(&v->who, req, SCOPE, false, err) != TT_OK ||
	    tt_gate_job(&v->who, NULL, err) != TT_OK ||
	    tt_form_read(&v->form, req, (size_t)conf->max_upload,
	    TT_FORM_JSON | TT_FORM_MULTIPART | TT_FORM_REPEATED, err) !=
	    TT_OK || tt_compliance_check(&v->form, &conf->webhook_allow, &c,
	    err) != TT_OK)
		return;
	if (c.mode == TT_STREAM && !tt_request_accepts_sse(req))
		(void)!tt_err_tell(err, TT_NOTACCEPTABLE,
		    "Accept must admit text/event-stream");
	else if (c.mode != TT_ASYNC && tt_hub_full(hub))
		(void)!tt_err_set(err, TT_UNAVAIL, "streams: %d open",
		    conf->max_streams);
	else if ((payload = json_dumps(c.payload, JSON_COMPACT |
	    JSON_SORT_KEYS)) == NULL)
		(void)!tt_err_set(err, TT_INTERNAL, "out of memory");
	else
		run_check(v, &c, payload, err);
	free(payload);
	json_decref(c.payload);
}

static void
show_job(struct visit *v, const char *id, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	struct tt_job_row	 row;

	if (tt_request_method(req, "GET, HEAD", err) != TT_OK ||
	    tt_request_known(req, no_params, err) != TT_OK ||
	    tt_compliance_job_id(id, err) != TT_OK ||
	    tt_gate_enter(&v->who, req, SCOPE, false, err) != TT_OK ||
	    tt_gate_job(&v->who, id, err) != TT_OK)
		return;
	if (tt_job_get(v->call->db, &v->who.caller, id, &row, err) == TT_OK &&
	    strcmp(row.job.type, TYPE) != 0)
		(void)!tt_err_set(err, TT_NOTFOUND, "no check %s", id);
	if (tt_gate_settle(&v->who, v->call->db, err) == TT_OK) {
		tt_refusal_rate(&v->call->reply, &v->who.rate);
		tt_compliance_job(&v->call->reply, req, &row.job);
	}
	tt_job_row_free(&row);
}

/* A call that tt_hub_lease() makes. */
struct opening {
	struct visit		*v;
	const char		*id;
	const int64_t		*seq;
	struct tt_progress	*p;
};

static enum tt_rc
open_job(void *arg, struct tt_lease *lease, struct tt_err *err)
{
	struct opening			*o = arg;
	const struct tt_progress_ask	 ask = {
		.ids = &o->id, .seqs = o->seq, .n = 1, .class = "stream",
		.type = TYPE
	};

	return tt_progress_open(o->v->call->db, &o->v->who.caller, &ask, lease,
	    o->p, err);
}

/*
 * The whole log of the job, or what the client has missed of it.  Where that
 * is no longer there, it is told how the job stands by asking for it.
 */
static void
replay(struct visit *v, const struct tt_progress_job *job, int64_t seq,
    bool resumes, struct tt_err *err)
{
	bool	 head = strcmp(v->call->req.method, "HEAD") == 0;

	if (resumes && tt_progress_ended(job) && seq == job->seq) {
		tt_reply_begin(&v->call->reply, 204, NULL);
		tt_hub_give_back(hub, &v->lease);
		return;
	}
	if (!job->resumable) {
		tt_hub_give_back(hub, &v->lease);
		(void)!tt_err_tell(err, TT_GONE, "What happened to this check "
		    "is not kept any longer: ask /v1/compliance/jobs/%s",
		    job->job.job_id);
		return;
	}
	begin_stream(v->call, job->job.job_id);
	if (!head)
		stream_job(v, job->job.id, seq, err);
}

static void
show_stream(struct visit *v, const char *id, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	const char		*last;
	struct tt_progress	 p = { .n = 0 };
	int64_t			 seq = 0;
	struct opening		 o = { v, id, &seq, &p };
	bool			 resumes;

	if (tt_request_method(req, "GET, HEAD", err) != TT_OK ||
	    tt_request_known(req, stream_params, err) != TT_OK ||
	    tt_compliance_job_id(id, err) != TT_OK)
		return;
	if (!tt_request_accepts_sse(req)) {
		(void)!tt_err_tell(err, TT_NOTACCEPTABLE,
		    "Accept must admit text/event-stream");
		return;
	}
	if (tt_gate_enter(&v->who, req, SCOPE, true, err) != TT_OK ||
	    tt_gate_job(&v->who, id, err) != TT_OK)
		return;
	if (tt_hub_full(hub)) {
		(void)!tt_err_set(err, TT_UNAVAIL, "streams: %d open",
		    v->call->conf->max_streams);
		return;
	}
	last = tt_stream_last_id(req);
	resumes = last != NULL && tt_progress_id_read(last, &seq, 1);
	if (!resumes)
		seq = 0;
	if (strcmp(req->method, "HEAD") == 0)
		(void)!open_job(&o, &v->lease, err);
	else
		(void)!tt_hub_lease(hub, v->call->db, &v->lease, open_job, &o,
		    err);
	if (tt_gate_settle(&v->who, v->call->db, err) == TT_OK) {
		tt_refusal_rate(&v->call->reply, &v->who.rate);
		replay(v, &p.jobs[0], seq, resumes, err);
	} else if (p.n > 0)
		tt_hub_give_back(hub, &v->lease);
	tt_progress_free(&p);
}

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct visit		 v = { .call = call };
	const char		*id[2];
	const struct tt_rate	*rate;

	if (err->rc != TT_OK)
		;
	else if (tt_request_match(req, TT_COMPLIANCE_CHECK, NULL))
		check(&v, err);
	else if (tt_request_match(req, "/v1/compliance/jobs/{}", id))
		show_job(&v, id[0], err);
	else if (tt_request_path(req, "/v1/compliance/jobs/{}/stream", id,
	    err) == TT_OK)
		show_stream(&v, id[0], err);
	tt_form_free(&v.form);
	if (err->rc == TT_OK)
		return;

	rate = tt_gate_rate(&v.who, req, true);
	tt_reply_reset(&call->reply);
	tt_reply_common(&call->reply, req, call->conf);
	tt_refusal_rate(&call->reply, rate);
	if (!tt_stream_refuse(&call->reply, req, err))
		tt_compliance_error(&call->reply, req, rate, err);
}

static enum tt_rc
start(const struct tt_conf *conf, struct tt_err *err)
{
	if (tt_gate_start(conf, err) == TT_OK)
		hub = tt_hub_new(conf, "compliance.fcgi", err);
	return err->rc;
}

static void
loop(int stop_fd)
{
	tt_hub_run(hub, stop_fd, tt_server_cgi());
}

static void
end(void)
{
	tt_hub_free(hub);
	tt_gate_end();
}

static const struct tt_program program = {
	.name		= "compliance.fcgi",
	.start		= start,
	.db_new		= tt_db_new,
	.db_free	= tt_db_free,
	.handle		= handle,
	.loop		= loop,
	.end		= end,
};

int
main(int argc, char **argv)
{
	return tt_server_main(argc, argv, &program);
}

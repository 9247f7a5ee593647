/*
 * compliance - checks of content (seed 003).
 *
 * POST /v1/compliance/check, answered by the report (sync), by a stream of
 * what the agents find, or by a job to ask for later (async); and
 * GET /v1/compliance/jobs/{id}, and its /stream.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/conf.h"
#include "gate/gate.h"
#include "job/job.h"
#include "job/lease.h"
#include "job/progress.h"
#include "job/submit.h"
#include "stream/hub.h"
#include "stream/hub_main.h"
#include "stream/sse.h"
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
	struct tt_hub		*hub;
	struct tt_call		*call;
	struct tt_visitor	 who;
	struct tt_lease		 lease;
	struct tt_form		 form;
};

static const char *const modes[] = {
	[TT_SYNC] = "sync", [TT_STREAM] = "stream", [TT_ASYNC] = "async"
};

/* The head of a stream, and its first frames. */
static void
begin_stream(struct tt_call *call, const char *job_id)
{
	tt_stream_begin(&call->reply, call->conf->retry_ms);
	tt_reply_header(&call->reply, "X-Job-Id", job_id);
}

/* Whoever waits for the whole report waits in the hub. */
static void
wait_for_report(struct visit *v, const struct tt_submitted *made,
    struct tt_err *err)
{
	struct tt_reply			 late;
	const struct tt_watch_from	 from = { .job = made->id };
	const struct tt_opening		 opening = {
		.vocabulary	= &tt_compliance_report,
		.lease		= v->lease,
		.late		= &late,
		.late_s		= v->call->conf->sync_max_s
	};

	memset(&late, 0, sizeof(late));
	tt_reply_common(&late, &v->call->req, v->call->conf);
	tt_compliance_late(&late, made->job_id);
	tt_reply_always(&v->call->reply, "X-Job-Id", made->job_id);
	tt_hub_open(v->hub, v->call, &opening, &from, 1, err);
	tt_reply_free(&late);
}

static void
stream_job(struct visit *v, int64_t job, int64_t seq, struct tt_err *err)
{
	const struct tt_watch_from	 from = { .job = job, .seq = seq };
	const struct tt_opening		 opening = {
		.vocabulary	= &tt_compliance_stream,
		.lease		= v->lease,
		.ticket_us	= v->who.ticket.expires_us
	};

	tt_hub_open(v->hub, v->call, &opening, &from, 1, err);
}

/* The check is over, and its report is kept: nobody need wait. */
static void
tell_report(struct visit *v, const char *job_id, struct tt_err *err)
{
	struct tt_job_row	 row;

	tt_hub_give_back(v->hub, &v->lease);
	if (tt_job_get(v->call->db, &v->who.caller, job_id, &row, err) !=
	    TT_OK)
		return;
	tt_compliance_ended(&v->call->reply, &row.job);
	tt_job_row_free(&row);
}

/*
 * The log has not all of the check any longer.  The client is told so, and how
 * the check stands: if it is over, how it ended, and with that the stream does
 * too; if not, what comes from here on.
 */
static void
tell_state(struct visit *v, const char *job_id, int64_t job, int64_t seq,
    struct tt_err *err)
{
	struct tt_reply		*reply = &v->call->reply;
	struct tt_buf		 state = TT_BUF_INIT, end = TT_BUF_INIT;
	struct tt_job_row	 row;
	char			 id[24];
	const char		*name = NULL;

	if (tt_job_get(v->call->db, &v->who.caller, job_id, &row, err) ==
	    TT_OK) {
		(void)snprintf(id, sizeof(id), "%" PRId64, seq);
		tt_compliance_state(&state, &row.job);
		name = tt_compliance_end(&end, &row.job);
		begin_stream(v->call, job_id);
		tt_sse_event(&reply->body, name == NULL ? id : NULL, "resync",
		    tt_buf_text(&state));
		if (name != NULL)
			tt_sse_event(&reply->body, id, name,
			    tt_buf_text(&end));
		if (tt_buf_broken(&state) || tt_buf_broken(&end))
			reply->body.broken = true;
	}
	if (err->rc == TT_OK && name == NULL)
		stream_job(v, job, seq, err);
	else
		tt_hub_give_back(v->hub, &v->lease);
	tt_job_row_free(&row);
	tt_buf_free(&state);
	tt_buf_free(&end);
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
		if (made->ended)
			tell_report(v, made->job_id, err);
		else
			wait_for_report(v, made, err);
		break;
	case TT_STREAM:
		if (made->resumable) {
			begin_stream(v->call, made->job_id);
			stream_job(v, made->id, 0, err);
		} else
			tell_state(v, made->job_id, made->id, made->seq, err);
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
	if (check->mode == TT_ASYNC)
		(void)!submit(&call, &v->lease, err);
	else
		(void)!tt_hub_lease(v->hub, v->call->db, &v->lease, submit,
		    &call, err);
	if (tt_gate_settle_write(&v->who, v->call->db, err) == TT_OK)
		answer_check(v, check, &made, err);
	else if (made.job_id != NULL)
		tt_hub_give_back(v->hub, &v->lease);
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
	if ((c.mode == TT_STREAM && tt_stream_accept(req, err) != TT_OK) ||
	    (c.mode != TT_ASYNC && tt_hub_room(v->hub, v->call, err) != TT_OK))
		;
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

/* The whole log of the job, or what the client has missed of it. */
static void
replay(struct visit *v, const struct tt_progress_job *job, int64_t seq,
    bool resumes, struct tt_err *err)
{
	if (resumes && tt_progress_ended(job) && seq == job->seq) {
		tt_reply_begin(&v->call->reply, 204, NULL);
		tt_hub_give_back(v->hub, &v->lease);
	} else if (strcmp(v->call->req.method, "HEAD") == 0)
		begin_stream(v->call, job->job.job_id);
	else if (job->resumable) {
		begin_stream(v->call, job->job.job_id);
		stream_job(v, job->job.id, seq, err);
	} else
		tell_state(v, job->job.job_id, job->job.id, job->seq, err);
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
	    tt_compliance_job_id(id, err) != TT_OK ||
	    tt_stream_accept(req, err) != TT_OK ||
	    tt_gate_enter(&v->who, req, SCOPE, true, err) != TT_OK ||
	    tt_gate_job(&v->who, id, err) != TT_OK ||
	    tt_hub_room(v->hub, v->call, err) != TT_OK)
		return;
	last = tt_stream_last_id(req);
	resumes = last != NULL && tt_progress_id_read(last, &seq, 1);
	if (!resumes)
		seq = 0;
	if (strcmp(req->method, "HEAD") == 0)
		(void)!open_job(&o, &v->lease, err);
	else
		(void)!tt_hub_lease(v->hub, v->call->db, &v->lease, open_job,
		    &o, err);
	if (tt_gate_settle(&v->who, v->call->db, err) == TT_OK) {
		tt_refusal_rate(&v->call->reply, &v->who.rate);
		replay(v, &p.jobs[0], seq, resumes, err);
	} else if (p.n > 0)
		tt_hub_give_back(v->hub, &v->lease);
	tt_progress_free(&p);
}

static void
handle(struct tt_hub *hub, struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct visit		 v = { .hub = hub, .call = call };
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

int
main(int argc, char **argv)
{
	return tt_hub_main(argc, argv, "compliance.fcgi", handle);
}

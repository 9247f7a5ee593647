/*
 * progress - the live progress of one job, or of up to a hundred.
 *
 * GET /api/v1/job/{id}/progress and GET /api/v1/jobs/progress?ids=a,b,c
 * (seed 000), as Server-Sent Events that resume by Last-Event-ID.
 */
#include <stdio.h>
#include <string.h>

#include "base/conf.h"
#include "gate/gate.h"
#include "job/lease.h"
#include "job/progress.h"
#include "stream/hub.h"
#include "stream/hub_main.h"
#include "stream/sse.h"
#include "stream/stream.h"
#include "surface/moderation.h"
#include "surface/moderation_stream.h"
#include "surface/refusal.h"
#include "web/server.h"

static const char *const one_params[] = { "lastEventId", "ticket", NULL };
static const char *const many_params[] = {
	"ids", "lastEventId", "ticket", NULL
};

/* What a request asks for. */
struct question {
	const char	*ids[TT_PROGRESS_JOBS];
	char		 list[TT_PROGRESS_JOBS * (TT_JOB_ID_MAX + 1)];
	int64_t		 seqs[TT_PROGRESS_JOBS];
	int		 n;
	bool		 resumes;	/* seqs says after what */
	struct tt_visitor who;
	struct tt_lease	 lease;
};

/* A list of different ids, separated by commas. */
static enum tt_rc
split_ids(struct question *q, const char *list, struct tt_err *err)
{
	char	*p, *next;
	int	 i;

	if (list == NULL || strlen(list) >= sizeof(q->list))
		return tt_err_tell(err, TT_BADREQ,
		    "ids must be 1 to %d job ids, separated by commas",
		    TT_PROGRESS_JOBS);
	(void)memcpy(q->list, list, strlen(list) + 1);
	for (p = q->list; p != NULL; p = next) {
		if ((next = strchr(p, ',')) != NULL)
			*next++ = '\0';
		if (tt_moderation_job_id(p, err) != TT_OK)
			return err->rc;
		for (i = 0; i < q->n; i++)
			if (strcmp(q->ids[i], p) == 0)
				return tt_err_tell(err, TT_BADREQ,
				    "ids names %s twice", p);
		if (q->n == TT_PROGRESS_JOBS)
			return tt_err_tell(err, TT_BADREQ,
			    "ids names more than %d jobs", TT_PROGRESS_JOBS);
		q->ids[q->n++] = p;
	}
	return TT_OK;
}

/* The path, and with it the jobs. */
static enum tt_rc
read_jobs(const struct tt_request *req, struct question *q, struct tt_err *err)
{
	const char	*id[2];

	if (tt_request_match(req, "/api/v1/jobs/progress", id)) {
		if (tt_request_known(req, many_params, err) != TT_OK)
			return err->rc;
		return split_ids(q, tt_request_param(req, "ids"), err);
	}
	if (tt_request_path(req, "/api/v1/job/{}/progress", id, err) != TT_OK ||
	    tt_moderation_job_id(id[0], err) != TT_OK ||
	    tt_request_known(req, one_params, err) != TT_OK)
		return err->rc;
	q->ids[q->n++] = id[0];
	return TT_OK;
}

/* One that we cannot read is like none: the client is told how things are. */
static void
read_last_id(const struct tt_request *req, struct question *q)
{
	const char	*last = tt_stream_last_id(req);

	q->resumes = last != NULL && tt_progress_id_read(last, q->seqs, q->n);
}

/* Has the client had the last event of each job? */
static bool
all_seen(const struct question *q, const struct tt_progress *p)
{
	int	 i;

	for (i = 0; i < p->n; i++)
		if (!q->resumes || !tt_progress_ended(&p->jobs[i]) ||
		    q->seqs[i] != p->jobs[i].seq)
			return false;
	return true;
}

/*
 * The first events: how each job stands.  A client that resumes keeps its id,
 * so that a link which breaks before it has what it missed loses nothing; but
 * where the log has no longer what it missed, it is told to start from here.
 */
static void
say_hello(struct tt_reply *reply, const struct question *q,
    const struct tt_progress *p, struct tt_watch_from *from)
{
	struct tt_buf	 data = TT_BUF_INIT, id = TT_BUF_INIT;
	bool		 behind, fresh = false;
	int		 i;

	for (i = 0; i < p->n; i++) {
		behind = q->resumes && p->jobs[i].resumable;
		fresh = fresh || !behind;
		from[i].job = p->jobs[i].job.id;
		from[i].seq = behind ? q->seqs[i] : p->jobs[i].seq;
		from[i].ended = tt_progress_ended(&p->jobs[i]) &&
		    from[i].seq == p->jobs[i].seq;
		tt_buf_printf(&id, "%s%lld", i == 0 ? "" : "-",
		    (long long)from[i].seq);
	}
	for (i = 0; i < p->n; i++) {
		behind = q->resumes && p->jobs[i].resumable;
		tt_buf_clear(&data);
		tt_moderation_state(&data, &p->jobs[i]);
		tt_sse_event(&reply->body, fresh && i == p->n - 1 ?
		    tt_buf_text(&id) : NULL, q->resumes && !behind ?
		    "resync" : "connected", tt_buf_text(&data));
	}
	if (tt_buf_broken(&data) || tt_buf_broken(&id))
		reply->body.broken = true;
	tt_buf_free(&data);
	tt_buf_free(&id);
}

static bool
nothing_to_come(const struct tt_watch_from *from, int n)
{
	while (n > 0 && from[n - 1].ended)
		n--;
	return n == 0;
}

static void
answer(struct tt_hub *hub, struct tt_call *call, const struct question *q,
    const struct tt_progress *p, struct tt_err *err)
{
	struct tt_watch_from		 from[TT_PROGRESS_JOBS];
	const struct tt_opening		 opening = {
		.vocabulary	= &tt_moderation_vocabulary,
		.lease		= q->lease,
		.ticket_us	= q->who.ticket.expires_us
	};

	/* 204 is how an EventSource is told not to come back. */
	if (all_seen(q, p)) {
		tt_reply_begin(&call->reply, 204, NULL);
		tt_hub_give_back(hub, &q->lease);
		return;
	}
	tt_stream_begin(&call->reply, call->conf->retry_ms);
	say_hello(&call->reply, q, p, from);
	if (strcmp(call->req.method, "HEAD") == 0 ||
	    nothing_to_come(from, p->n))
		tt_hub_give_back(hub, &q->lease);
	else
		tt_hub_open(hub, call, &opening, from, p->n, err);
}

/* How the request itself is, and who asks. */
static TT_MUSTUSE enum tt_rc
admit(struct tt_hub *hub, struct tt_call *call, struct question *q,
    struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	int			 i;

	if (err->rc != TT_OK || read_jobs(req, q, err) != TT_OK ||
	    tt_request_method(req, "GET, HEAD", err) != TT_OK ||
	    tt_stream_accept(req, err) != TT_OK ||
	    tt_gate_enter(&q->who, req, "job:read", true, err) != TT_OK)
		return err->rc;
	for (i = 0; i < q->n; i++)
		if (tt_gate_job(&q->who, q->ids[i], err) != TT_OK)
			return err->rc;
	return tt_hub_room(hub, call, err);
}

/* A call that tt_hub_lease() makes: how the jobs stand, and a place. */
struct opening {
	struct tt_call		*call;
	struct question		*q;
	struct tt_progress	*p;
};

static enum tt_rc
open_jobs(void *arg, struct tt_lease *lease, struct tt_err *err)
{
	struct opening			*o = arg;
	const struct tt_progress_ask	 ask = {
		.ids	= o->q->ids,
		.seqs	= o->q->resumes ? o->q->seqs : NULL,
		.n	= o->q->n,
		.class	= "watch"
	};

	return tt_progress_open(o->call->db, &o->q->who.caller, &ask, lease,
	    o->p, err);
}

/* HEAD needs no place. */
static TT_MUSTUSE enum tt_rc
look_up(struct tt_hub *hub, struct tt_call *call, struct question *q,
    struct tt_progress *p, struct tt_err *err)
{
	struct opening	 o = { call, q, p };

	if (strcmp(call->req.method, "HEAD") == 0)
		return open_jobs(&o, &q->lease, err);
	return tt_hub_lease(hub, call->db, &q->lease, open_jobs, &o, err);
}

static void
handle(struct tt_hub *hub, struct tt_call *call, struct tt_err *err)
{
	struct tt_progress	 p;
	struct question		 q;

	p.n = 0;
	p.res = NULL;
	q.n = 0;
	memset(&q.who, 0, sizeof(q.who));
	memset(&q.lease, 0, sizeof(q.lease));
	if (admit(hub, call, &q, err) == TT_OK) {
		read_last_id(&call->req, &q);
		(void)!look_up(hub, call, &q, &p, err);
		if (tt_gate_settle(&q.who, call->db, err) != TT_OK && p.n > 0)
			tt_hub_give_back(hub, &q.lease);
	}
	tt_refusal_rate(&call->reply, tt_gate_rate(&q.who, &call->req,
	    true));
	if (err->rc == TT_OK)
		answer(hub, call, &q, &p, err);
	tt_progress_free(&p);
	if (err->rc != TT_OK &&
	    !tt_stream_refuse(&call->reply, &call->req, err))
		tt_moderation_error(&call->reply, &call->req, err);
}

int
main(int argc, char **argv)
{
	return tt_hub_main(argc, argv, "progress.fcgi", handle);
}

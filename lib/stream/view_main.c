/*
 * view_main.c - see view_main.h.
 */
#include <string.h>

#include "base/conf.h"
#include "gate/gate.h"
#include "job/lease.h"
#include "job/position.h"
#include "job/view.h"
#include "stream/hub.h"
#include "stream/hub_main.h"
#include "stream/stream.h"
#include "stream/view_main.h"
#include "web/server.h"

static const char *const params[] = { "type", "lastEventId", "ticket", NULL };

static const struct tt_view_program	*view;

/* What a request asks for, and what it is given. */
struct question {
	struct tt_visitor	 who;
	const char		*type;		/* NULL: any */
	bool			 resumes;
	struct tt_position	 at;		/* set if that can be read */
	struct tt_lease		 lease;
	struct tt_seen		 seen;
};

/* How the request itself is, and who asks. */
static TT_MUSTUSE enum tt_rc
admit(struct tt_hub *hub, struct tt_call *call, struct question *q,
    struct tt_err *err)
{
	struct tt_request	*req = &call->req;

	if (err->rc != TT_OK ||
	    tt_request_path(req, view->path, NULL, err) != TT_OK ||
	    tt_request_method(req, "GET, HEAD", err) != TT_OK ||
	    tt_request_known(req, params, err) != TT_OK ||
	    view->accept(req, err) != TT_OK ||
	    tt_gate_enter_public(&q->who, req, "queue:read", true, err) !=
	    TT_OK || tt_gate_job(&q->who, NULL, err) != TT_OK)
		return err->rc;
	return tt_caller_public(&q->who.caller) ?
	    tt_hub_room_public(hub, call, err) : tt_hub_room(hub, call, err);
}

/* What we cannot read is like what we cannot resume from. */
static void
read_question(const struct tt_request *req, struct question *q)
{
	const char	*last = tt_stream_last_id(req);

	q->type = tt_request_param(req, "type");
	q->resumes = last != NULL && *last != '\0';
	if (q->resumes)
		(void)tt_position_read(&q->at, last);
}

/* A call that tt_hub_lease() makes. */
struct opening {
	struct tt_call	*call;
	struct question	*q;
};

static enum tt_rc
open_view(void *arg, struct tt_lease *lease, struct tt_err *err)
{
	struct opening	*o = arg;

	tt_seen_free(&o->q->seen);
	return tt_seen_open(o->call->db, &o->q->who.caller, o->q->type,
	    &o->q->at, lease, &o->q->seen, err);
}

static void
answer(struct tt_hub *hub, struct tt_call *call, struct question *q,
    struct tt_err *err)
{
	struct tt_view_from	 from = {
		.account	= q->seen.account,
		.public		= q->seen.accounts,
		.npublic	= q->seen.account == 0 ? q->seen.n : 0,
		.type		= q->type,
		.at		= &q->at,
		.resync		= q->resumes && !q->seen.resumable
	};
	const struct tt_opening	 opening = {
		.vocabulary	= view->vocabulary,
		.lease		= q->lease,
		.ticket_us	= q->who.ticket.expires_us,
		.view		= &from
	};

	if (from.resync)
		tt_position_forget(&q->at);
	tt_stream_begin(&call->reply, call->conf->retry_ms);
	if (strcmp(call->req.method, "HEAD") == 0)
		tt_hub_give_back(hub, &q->lease);
	else
		tt_hub_open(hub, call, &opening, NULL, 0, err);
}

static void
handle(struct tt_hub *hub, struct tt_call *call, struct tt_err *err)
{
	struct question	 q;
	struct opening	 o = { call, &q };

	memset(&q, 0, sizeof(q));
	if (admit(hub, call, &q, err) == TT_OK) {
		read_question(&call->req, &q);
		(void)!(strcmp(call->req.method, "HEAD") == 0 ?
		    open_view(&o, &q.lease, err) :
		    tt_hub_lease(hub, call->db, &q.lease, open_view, &o, err));
		if (tt_gate_settle(&q.who, call->db, err) != TT_OK)
			tt_hub_give_back(hub, &q.lease);
	}
	view->rate(&call->reply, tt_gate_rate(&q.who, &call->req, true));
	if (err->rc == TT_OK)
		answer(hub, call, &q, err);
	tt_seen_free(&q.seen);
	tt_position_forget(&q.at);
	if (err->rc != TT_OK &&
	    !tt_stream_refuse(&call->reply, &call->req, err))
		view->error(&call->reply, &call->req, err);
}

int
tt_view_main(int argc, char **argv, const struct tt_view_program *p)
{
	view = p;
	return tt_hub_main(argc, argv, p->name, handle);
}

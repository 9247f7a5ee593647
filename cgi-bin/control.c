/*
 * control - the queue as a whole (seed 004).
 *
 * GET /api/queue/status, /items and, of what may stop it, /scheduler and
 * /metrics; DELETE /api/queue/items/{id}; POST /api/queue/pause and /resume;
 * PUT /api/queue/scheduler.
 */
#include <stddef.h>
#include <string.h>

#include "gate/gate.h"
#include "job/cancel.h"
#include "job/control.h"
#include "job/items.h"
#include "pg/db.h"
#include "surface/refusal.h"
#include "surface/updates.h"
#include "surface/updates_rest.h"
#include "web/formdata.h"
#include "web/server.h"

#define BODY_MAX	16384

static const char *const nothing[] = { NULL };

/* A request on its way through. */
struct visit {
	struct tt_call		*call;
	struct tt_visitor	 who;
	const char		*id;	/* in the path */
};

/* Whoever may read: with a key its account, else what is public. */
static TT_MUSTUSE enum tt_rc
look_in(struct visit *v, struct tt_err *err)
{
	if (tt_gate_enter_public(&v->who, &v->call->req, "queue:read", false,
	    err) == TT_OK)
		(void)!tt_gate_job(&v->who, NULL, err);
	return err->rc;
}

/* A key it must be; job_id is what a ticket for one job must be for. */
static TT_MUSTUSE enum tt_rc
enter(struct visit *v, const char *scope, const char *job_id,
    struct tt_err *err)
{
	if (tt_request_known(&v->call->req, nothing, err) == TT_OK &&
	    tt_gate_enter(&v->who, &v->call->req, scope, false, err) == TT_OK)
		(void)!tt_gate_job(&v->who, job_id, err);
	return err->rc;
}

/* SQL has spoken: TT_OK if what it said is to be shown. */
static TT_MUSTUSE enum tt_rc
settle(struct visit *v, struct tt_err *err)
{
	if (tt_gate_settle(&v->who, v->call->db, err) == TT_OK)
		tt_refusal_rate(&v->call->reply, &v->who.rate);
	return err->rc;
}

/* The same of what it has written. */
static TT_MUSTUSE enum tt_rc
settle_write(struct visit *v, struct tt_err *err)
{
	if (tt_gate_settle_write(&v->who, v->call->db, err) == TT_OK)
		tt_refusal_rate(&v->call->reply, &v->who.rate);
	return err->rc;
}

static void
show_status(struct visit *v, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	struct tt_control	 c;

	if (tt_request_known(req, nothing, err) != TT_OK ||
	    look_in(v, err) != TT_OK)
		return;
	(void)!tt_control_get(v->call->db, &v->who.caller, &c, err);
	if (settle(v, err) == TT_OK)
		tt_updates_control(&v->call->reply, req, &c);
	tt_control_free(&c);
}

static void
list_items(struct visit *v, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	struct tt_items_query	 q;
	struct tt_items		 items;

	if (tt_updates_query(req, &q, err) != TT_OK || look_in(v, err) != TT_OK)
		return;
	(void)!tt_items_get(v->call->db, &v->who.caller, q.limit, q.offset,
	    &items, err);
	if (settle(v, err) == TT_OK)
		tt_updates_items(&v->call->reply, req, &q, &items);
	tt_items_free(&items);
}

/*
 * Out of the queue it is when nobody wants it any more.  The job stays, so
 * that a list still shows it and it can be tried again.  Asked twice, because
 * the first answer was lost, it is not told to be missing; what has ended
 * otherwise has left the queue.
 */
static void
remove_item(struct visit *v, struct tt_err *err)
{
	if (!tt_job_id_ok(v->id)) {
		(void)!tt_err_tell(err, TT_BADREQ,
		    "An item's id is 1 to %d of A-Z a-z 0-9 _ -",
		    TT_JOB_ID_MAX);
		return;
	}
	if (enter(v, "queue:write", v->id, err) != TT_OK ||
	    tt_form_none(&v->call->req, err) != TT_OK)
		return;
	(void)!tt_cancel(v->call->db, &v->who.caller, v->id, err);
	if (err->rc == TT_NOTFOUND || err->rc == TT_CONFLICT) {
		tt_err_clear(err);
		(void)!tt_err_tell(err, TT_NOTFOUND, "Item not found");
	}
	if (settle_write(v, err) == TT_OK)
		tt_updates_done(&v->call->reply, "Item removed");
}

static void
set_paused(struct visit *v, bool paused, struct tt_err *err)
{
	if (enter(v, "queue:write", NULL, err) != TT_OK ||
	    tt_form_none(&v->call->req, err) != TT_OK)
		return;
	(void)!tt_control_pause(v->call->db, &v->who.caller, paused, err);
	if (settle_write(v, err) == TT_OK)
		tt_updates_done(&v->call->reply, paused ? "Queue paused" :
		    "Queue resumed");
}

static void
pause_queue(struct visit *v, struct tt_err *err)
{
	set_paused(v, true, err);
}

static void
resume_queue(struct visit *v, struct tt_err *err)
{
	set_paused(v, false, err);
}

static void
show_schedule(struct visit *v, struct tt_err *err)
{
	struct tt_document	 doc;

	if (enter(v, "queue:read", NULL, err) != TT_OK)
		return;
	(void)!tt_control_schedule(v->call->db, &v->who.caller, NULL, &doc,
	    err);
	if (settle(v, err) == TT_OK)
		tt_updates_document(&v->call->reply, &v->call->req, doc.json);
	tt_document_free(&doc);
}

/* What a schedule may say SQL knows; here it is only JSON, as it came. */
static void
change_schedule(struct visit *v, struct tt_err *err)
{
	struct tt_form		 form = { 0 };
	struct tt_document	 doc = { 0 };

	if (enter(v, "queue:write", NULL, err) != TT_OK)
		return;
	if (tt_form_read(&form, &v->call->req, BODY_MAX, TT_FORM_JSON, err) ==
	    TT_OK && !form.json)
		(void)!tt_err_tell(err, TT_BADREQ,
		    "Send the schedule as JSON");
	if (err->rc == TT_OK) {
		(void)!tt_control_schedule(v->call->db, &v->who.caller,
		    tt_buf_text(&form.body), &doc, err);
		if (settle_write(v, err) == TT_OK)
			tt_updates_written(&v->call->reply, doc.json);
	}
	tt_document_free(&doc);
	tt_form_free(&form);
}

static void
show_metrics(struct visit *v, struct tt_err *err)
{
	struct tt_document	 doc;

	if (enter(v, "queue:read", NULL, err) != TT_OK)
		return;
	(void)!tt_control_metrics(v->call->db, &v->who.caller, &doc, err);
	if (settle(v, err) == TT_OK)
		tt_updates_document(&v->call->reply, &v->call->req, doc.json);
	tt_document_free(&doc);
}

/* What answers GET answers HEAD; allowed is of all the rows of a path. */
static const struct route {
	const char	*path, *allowed;
	const char	*method;
	void		 (*answer)(struct visit *, struct tt_err *);
} routes[] = {
	{ "/api/queue/status", "GET, HEAD", "GET", show_status },
	{ "/api/queue/items", "GET, HEAD", "GET", list_items },
	{ "/api/queue/items/{}", "DELETE", "DELETE", remove_item },
	{ "/api/queue/pause", "POST", "POST", pause_queue },
	{ "/api/queue/resume", "POST", "POST", resume_queue },
	{ "/api/queue/scheduler", "GET, HEAD, PUT", "GET", show_schedule },
	{ "/api/queue/scheduler", "GET, HEAD, PUT", "PUT", change_schedule },
	{ "/api/queue/metrics", "GET, HEAD", "GET", show_metrics },
};

static void
answer(struct visit *v, struct tt_err *err)
{
	struct tt_request	*req = &v->call->req;
	const char		*id[2] = { NULL, NULL };
	const char		*method = strcmp(req->method, "HEAD") == 0 ?
				    "GET" : req->method;
	const struct route	*r;
	size_t			 i;

	for (i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		r = &routes[i];
		if (!tt_request_match(req, r->path, id))
			continue;
		if (tt_request_method(req, r->allowed, err) != TT_OK)
			return;
		if (strcmp(method, r->method) != 0)
			continue;
		v->id = id[0];
		r->answer(v, err);
		return;
	}
	(void)!tt_err_tell(err, TT_NOPATH, "No such path");
}

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct visit	 v = { .call = call };

	if (err->rc == TT_OK)
		answer(&v, err);
	if (err->rc == TT_OK)
		return;
	tt_refusal_rate(&call->reply, tt_gate_rate(&v.who, &call->req, false));
	tt_updates_error(&call->reply, &call->req, err);
}

static const struct tt_program program = {
	.name		= "control.fcgi",
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

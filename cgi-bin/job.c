/*
 * job - GET /api/v1/job/{id}: one job as it stands; and
 * POST /api/v1/job/{id}/cancel: nobody wants it any more.
 */
#include <stddef.h>

#include "gate/gate.h"
#include "job/cancel.h"
#include "job/job.h"
#include "pg/db.h"
#include "surface/moderation.h"
#include "surface/refusal.h"
#include "web/formdata.h"
#include "web/server.h"

static const char *const nothing[] = { NULL };

static void
show(struct tt_call *call, const char *id, struct tt_visitor *who,
    struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct tt_job_row	 row = { 0 };

	if (tt_request_method(req, "GET, HEAD", err) == TT_OK &&
	    tt_moderation_job_id(id, err) == TT_OK &&
	    tt_request_known(req, nothing, err) == TT_OK &&
	    tt_gate_enter(who, req, "job:read", false, err) == TT_OK &&
	    tt_gate_job(who, id, err) == TT_OK) {
		(void)!tt_job_get(call->db, &who->caller, id, &row, err);
		(void)!tt_gate_settle(who, call->db, err);
	}
	tt_refusal_rate(&call->reply, tt_gate_rate(who, req, false));
	if (err->rc == TT_OK)
		tt_moderation_job(&call->reply, req, &row.job);
	tt_job_row_free(&row);
}

static void
cancel(struct tt_call *call, const char *id, struct tt_visitor *who,
    struct tt_err *err)
{
	struct tt_request	*req = &call->req;

	if (tt_request_method(req, "POST", err) == TT_OK &&
	    tt_moderation_job_id(id, err) == TT_OK &&
	    tt_request_known(req, nothing, err) == TT_OK &&
	    tt_gate_enter(who, req, "job:write", false, err) == TT_OK &&
	    tt_gate_job(who, id, err) == TT_OK &&
	    tt_form_none(req, err) == TT_OK) {
		(void)!tt_cancel(call->db, &who->caller, id, err);
		(void)!tt_gate_settle_write(who, call->db, err);
	}
	tt_refusal_rate(&call->reply, tt_gate_rate(who, req, false));
	if (err->rc == TT_OK)
		tt_moderation_cancelled(&call->reply, id);
}

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct tt_visitor	 who = { 0 };
	const char		*id[2];

	if (err->rc == TT_OK && tt_request_match(req, "/api/v1/job/{}/cancel",
	    id))
		cancel(call, id[0], &who, err);
	else if (err->rc == TT_OK &&
	    tt_request_path(req, "/api/v1/job/{}", id, err) == TT_OK)
		show(call, id[0], &who, err);
	else
		tt_refusal_rate(&call->reply, tt_gate_rate(&who, req, false));
	if (err->rc != TT_OK)
		tt_moderation_error(&call->reply, req, err);
}

static const struct tt_program program = {
	.name		= "job.fcgi",
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

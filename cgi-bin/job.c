/*
 * job - GET /api/v1/job/{id}: one job as it stands.
 */
#include <stddef.h>

#include "gate/gate.h"
#include "job/job.h"
#include "pg/db.h"
#include "surface/moderation.h"
#include "surface/refusal.h"
#include "web/server.h"

static const char *const no_params[] = { NULL };

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct tt_visitor	 who = { 0 };
	struct tt_job_row	 row = { 0 };
	const char		*id[2];

	if (err->rc == TT_OK &&
	    tt_request_path(req, "/api/v1/job/{}", id, err) == TT_OK &&
	    tt_request_method(req, "GET, HEAD", err) == TT_OK &&
	    tt_moderation_job_id(id[0], err) == TT_OK &&
	    tt_request_known(req, no_params, err) == TT_OK &&
	    tt_gate_enter(&who, req, "job:read", false, err) == TT_OK &&
	    tt_gate_job(&who, id[0], err) == TT_OK) {
		(void)!tt_job_get(call->db, &who.caller, id[0], &row, err);
		(void)!tt_gate_settle(&who, call->db, err);
	}
	tt_refusal_rate(&call->reply, tt_gate_rate(&who, req, false));
	if (err->rc == TT_OK)
		tt_moderation_job(&call->reply, req, &row.job);
	else
		tt_moderation_error(&call->reply, req, err);
	tt_job_row_free(&row);
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

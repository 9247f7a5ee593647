/*
 * jobs - GET /api/v1/jobs: the account's jobs, filtered, a page at a time.
 */
#include "gate/gate.h"
#include "job/list.h"
#include "pg/db.h"
#include "surface/moderation.h"
#include "surface/refusal.h"
#include "web/server.h"

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct tt_list_query	 query;
	struct tt_visitor	 who = { 0 };
	struct tt_list		 list = { 0 };

	if (err->rc == TT_OK &&
	    tt_request_path(req, "/api/v1/jobs", NULL, err) == TT_OK &&
	    tt_request_method(req, "GET, HEAD", err) == TT_OK &&
	    tt_moderation_query(req, &query, err) == TT_OK &&
	    tt_gate_enter(&who, req, "job:read", false, err) == TT_OK &&
	    tt_gate_job(&who, NULL, err) == TT_OK) {
		(void)!tt_list_get(call->db, &who.caller, &query, &list, err);
		(void)!tt_gate_settle(&who, call->db, err);
	}
	tt_refusal_rate(&call->reply, tt_gate_rate(&who, req, false));
	if (err->rc == TT_OK)
		tt_moderation_list(&call->reply, req, &query, &list);
	else
		tt_moderation_error(&call->reply, req, err);
	tt_list_free(&list);
}

static const struct tt_program program = {
	.name		= "jobs.fcgi",
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

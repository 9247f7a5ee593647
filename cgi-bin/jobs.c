/*
 * jobs - GET /api/v1/jobs: the account's jobs, filtered, a page at a time;
 * POST: one more, of any type.
 */
#include <string.h>

#include "base/conf.h"
#include "gate/gate.h"
#include "job/list.h"
#include "pg/db.h"
#include "surface/moderation.h"
#include "surface/moderation_submit.h"
#include "surface/refusal.h"
#include "web/formdata.h"
#include "web/server.h"

static const char *const no_params[] = { NULL };

static void
list(struct tt_call *call, struct tt_visitor *who, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct tt_list_query	 query;
	struct tt_list		 jobs;

	jobs.res = NULL;		/* nothing to free yet */
	if (tt_moderation_query(req, &query, err) == TT_OK &&
	    tt_gate_enter(who, req, "job:read", false, err) == TT_OK &&
	    tt_gate_job(who, NULL, err) == TT_OK) {
		(void)!tt_list_get(call->db, &who->caller, &query, &jobs, err);
		(void)!tt_gate_settle(who, call->db, err);
	}
	tt_refusal_rate(&call->reply, tt_gate_rate(who, req, false));
	if (err->rc == TT_OK)
		tt_moderation_list(&call->reply, req, &query, &jobs);
	tt_list_free(&jobs);
}

static void
submit(struct tt_call *call, struct tt_visitor *who, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	const struct tt_conf	*conf = call->conf;
	struct tt_form		 form = { 0 };
	struct tt_wanted	 wanted = { 0 };

	if (tt_request_known(req, no_params, err) == TT_OK &&
	    tt_gate_enter(who, req, "job:write", false, err) == TT_OK &&
	    tt_gate_job(who, NULL, err) == TT_OK &&
	    tt_form_read(&form, req, (size_t)conf->max_upload, TT_FORM_JSON |
	    TT_FORM_URLENCODED | TT_FORM_MULTIPART, err) == TT_OK &&
	    tt_moderation_any(&form, &conf->webhook_allow, &wanted, err) ==
	    TT_OK)
		(void)!tt_moderation_submit(who, req, call->db, &wanted, err);
	tt_refusal_rate(&call->reply, tt_gate_rate(who, req, false));
	if (err->rc == TT_OK)
		tt_moderation_accepted(&call->reply, req, "", wanted.job_id);
	tt_wanted_free(&wanted);
	tt_form_free(&form);
}

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct tt_visitor	 who = { 0 };

	if (err->rc != TT_OK ||
	    tt_request_path(req, "/api/v1/jobs", NULL, err) != TT_OK ||
	    tt_request_method(req, "GET, HEAD, POST", err) != TT_OK)
		tt_refusal_rate(&call->reply, tt_gate_rate(&who, req, false));
	else if (strcmp(req->method, "POST") == 0)
		submit(call, &who, err);
	else
		list(call, &who, err);
	if (err->rc != TT_OK)
		tt_moderation_error(&call->reply, req, err);
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

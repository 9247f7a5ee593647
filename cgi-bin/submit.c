/*
 * submit - POST /api/v1/moderate/{prompt,image,video}: a job that judges it.
 */
#include <string.h>

#include "base/conf.h"
#include "gate/gate.h"
#include "pg/db.h"
#include "surface/moderation.h"
#include "surface/moderation_submit.h"
#include "surface/refusal.h"
#include "web/formdata.h"
#include "web/server.h"

static const char *const no_params[] = { NULL };

/* What may be judged: the last part of the path, and a type of jobs. */
static const struct kind {
	const char	*type, *scope;
} kinds[] = {
	{ "prompt", "moderate:prompt" },
	{ "image", "moderate:image" },
	{ "video", "moderate:video" },
};

static TT_MUSTUSE enum tt_rc
find_kind(const struct tt_request *req, const struct kind **kind,
    struct tt_err *err)
{
	const char	*type[2];
	size_t		 i;

	if (tt_request_path(req, "/api/v1/moderate/{}", type, err) != TT_OK)
		return err->rc;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		*kind = &kinds[i];
		if (strcmp(type[0], kinds[i].type) == 0)
			return TT_OK;
	}
	return tt_err_tell(err, TT_NOPATH, "No such path");
}

static void
submit(struct tt_call *call, const struct kind *kind, struct tt_visitor *who,
    struct tt_wanted *wanted, struct tt_err *err)
{
	static const unsigned	 takes = TT_FORM_JSON | TT_FORM_URLENCODED |
				    TT_FORM_MULTIPART;
	const struct tt_conf	*conf = call->conf;
	struct tt_form		 form = { 0 };

	if (tt_gate_enter(who, &call->req, kind->scope, false, err) == TT_OK &&
	    tt_gate_job(who, NULL, err) == TT_OK &&
	    tt_form_read(&form, &call->req, (size_t)conf->max_upload, takes,
	    err) == TT_OK && tt_moderation_content(&form, kind->type,
	    &conf->webhook_allow, wanted, err) == TT_OK)
		(void)!tt_moderation_submit(who, &call->req, call->db, wanted,
		    err);
	tt_form_free(&form);
}

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	const struct kind	*kind;
	struct tt_visitor	 who = { 0 };
	struct tt_wanted	 wanted = { 0 };

	if (err->rc == TT_OK &&
	    find_kind(req, &kind, err) == TT_OK &&
	    tt_request_method(req, "POST", err) == TT_OK &&
	    tt_request_known(req, no_params, err) == TT_OK)
		submit(call, kind, &who, &wanted, err);
	tt_refusal_rate(&call->reply, tt_gate_rate(&who, req, false));
	if (err->rc == TT_OK)
		tt_moderation_accepted(&call->reply, req, "../",
		    wanted.job_id);
	else
		tt_moderation_error(&call->reply, req, err);
	tt_wanted_free(&wanted);
}

static const struct tt_program program = {
	.name		= "submit.fcgi",
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

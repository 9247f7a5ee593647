/*
 * webhook - POST /api/v1/webhook/register: where the account is told that jobs
 * ended, and the secret that signs it; DELETE: nowhere any more.
 */
#include <string.h>

#include "base/conf.h"
#include "base/json.h"
#include "gate/gate.h"
#include "job/submit.h"
#include "job/webhook.h"
#include "pg/db.h"
#include "surface/moderation.h"
#include "surface/refusal.h"
#include "web/formdata.h"
#include "web/server.h"
#include "web/url.h"

#define BODY_MAX	16384

static const char *const no_params[] = { NULL };
static const char *const fields[] = { "url", NULL };

static TT_MUSTUSE enum tt_rc
read_url(const struct tt_form *form, const struct tt_cidrs *allow,
    const char **url, struct tt_err *err)
{
	if (tt_form_known(form, fields, err) != TT_OK ||
	    tt_form_text(form, "url", TT_URL_MAX, url, err) != TT_OK)
		return err->rc;
	if (*url == NULL)
		return tt_err_tell(err, TT_BADREQ, "Required: url");
	return tt_url_check("url", *url, allow, err);
}

static void
answer(struct tt_call *call, const char *url, const char *secret,
    bool replaced)
{
	struct tt_json	 j;

	tt_reply_begin(&call->reply, 200, TT_JSON_TYPE);
	tt_reply_header(&call->reply, "Cache-Control", "no-store");
	tt_json_init(&j, &call->reply.body);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "url", url);
	tt_json_add_string(&j, "secret", secret);
	tt_json_key(&j, "replaced");
	tt_json_bool(&j, replaced);
	tt_json_close(&j, '}');
}

static void
set(struct tt_call *call, struct tt_visitor *who, struct tt_err *err)
{
	struct tt_form	 form = { 0 };
	const char	*url;
	char		 secret[TT_SECRET_SZ];
	bool		 replaced;

	tt_submit_secret(secret);
	if (tt_form_read(&form, &call->req, BODY_MAX, TT_FORM_JSON |
	    TT_FORM_URLENCODED | TT_FORM_MULTIPART, err) == TT_OK &&
	    read_url(&form, &call->conf->webhook_allow, &url, err) == TT_OK) {
		(void)!tt_webhook_set(call->db, &who->caller, url, secret,
		    &replaced, err);
		(void)!tt_gate_settle_write(who, call->db, err);
	}
	tt_refusal_rate(&call->reply, tt_gate_rate(who, &call->req, false));
	if (err->rc == TT_OK)
		answer(call, url, secret, replaced);
	tt_form_free(&form);
}

/* Whoever asks twice because the first answer was lost is not told 404. */
static void
take_back(struct tt_call *call, struct tt_visitor *who, struct tt_err *err)
{
	(void)!tt_webhook_delete(call->db, &who->caller, err);
	(void)!tt_gate_settle_write(who, call->db, err);
	tt_refusal_rate(&call->reply, tt_gate_rate(who, &call->req, false));
	tt_reply_begin(&call->reply, 204, NULL);
}

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct tt_visitor	 who = { 0 };

	if (err->rc == TT_OK &&
	    tt_request_path(req, "/api/v1/webhook/register", NULL, err) ==
	    TT_OK &&
	    tt_request_method(req, "POST, DELETE", err) == TT_OK &&
	    tt_request_known(req, no_params, err) == TT_OK &&
	    tt_gate_enter(&who, req, "webhook:manage", false, err) == TT_OK &&
	    tt_gate_job(&who, NULL, err) == TT_OK) {
		if (strcmp(req->method, "DELETE") == 0)
			take_back(call, &who, err);
		else
			set(call, &who, err);
	} else
		tt_refusal_rate(&call->reply, tt_gate_rate(&who, req, false));
	if (err->rc != TT_OK)
		tt_moderation_error(&call->reply, req, err);
}

static const struct tt_program program = {
	.name		= "webhook.fcgi",
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

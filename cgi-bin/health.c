/*
 * health - GET /healthz: the program runs; GET /readyz: and can do its work.
 */
#include "base/json.h"
#include "base/log.h"
#include "job/ready.h"
#include "pg/db.h"
#include "surface/moderation.h"
#include "web/server.h"

/* The reason is a word of ours: what the database says is for the log. */
static void
say(struct tt_reply *reply, int http_status, const char *status,
    const char *reason)
{
	struct tt_json	 j;

	tt_reply_begin(reply, http_status, "application/json; charset=utf-8");
	tt_reply_header(reply, "Cache-Control", "no-store");
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	tt_json_key(&j, "status");
	tt_json_string(&j, status);
	if (reason != NULL) {
		tt_json_key(&j, "reason");
		tt_json_string(&j, reason);
	}
	tt_json_close(&j, '}');
}

static void
say_ready(struct tt_reply *reply, struct tt_db *db, struct tt_err *err)
{
	if (tt_ready(db, err) == TT_OK) {
		say(reply, 200, "ready", NULL);
		return;
	}
	tt_warn("not ready: %s", err->msg);
	say(reply, 503, "unavailable",
	    err->rc == TT_UNAVAIL ? "database" : "schema");
	tt_reply_header(reply, "Retry-After", "5");
}

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	bool			 healthz, readyz;

	healthz = err->rc == TT_OK && tt_request_match(req, "/healthz", NULL);
	readyz = err->rc == TT_OK && tt_request_match(req, "/readyz", NULL);
	if (!healthz && !readyz)
		(void)!tt_err_tell(err, TT_NOPATH, "No such path");
	else
		(void)!tt_request_method(req, "GET, HEAD", err);

	if (err->rc != TT_OK)
		tt_moderation_error(&call->reply, req, err);
	else if (healthz)
		say(&call->reply, 200, "ok", NULL);
	else
		say_ready(&call->reply, call->db, err);
}

static const struct tt_program program = {
	.name		= "health.fcgi",
	.db_new		= tt_db_new,
	.db_free	= tt_db_free,
	.handle		= handle,
};

int
main(int argc, char **argv)
{
	return tt_server_main(argc, argv, &program);
}

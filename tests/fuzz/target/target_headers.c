/*
 * target_headers.c - lines "Name: value": what a client would take, what it
 * has already, from where its page is, how it calls its request.
 */
#include <assert.h>

#include "base/conf.h"
#include "target.h"
#include "web/reply.h"
#include "web/request.h"

/* What goes back to the client of all this. */
static void
check_reply(const struct tt_request *req)
{
	char			 origins[] = "https://a.example, null";
	const struct tt_conf	 conf = { .cors_origins = origins };
	struct tt_reply		 reply = { 0 };

	tt_reply_reset(&reply);
	tt_reply_common(&reply, req, &conf);
	tt_reply_preflight(&reply, req);
	target_head_ok(&reply.head);
	tt_reply_begin(&reply, 200, "text/plain");
	tt_buf_puts(&reply.body, "a");
	tt_reply_etag(&reply, req);
	assert(reply.status == 200 || reply.status == 304);
	target_head_ok(&reply.head);
	tt_reply_free(&reply);
}

enum tt_rc
target_headers(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	struct fake_env		 env = { .n = 0 };
	FCGX_Request		 fcgi = { .envp = env.list };
	struct tt_request	 req = { 0 };

	(void)sz;
	fake_env_add(&env, "REQUEST_METHOD", "GET");
	fake_env_add(&env, "REQUEST_URI", "/");
	while (fake_env_header(&env, &in))
		continue;

	if (tt_request_read(&req, &fcgi, "", err) == TT_OK) {
		assert(req.id[0] != '\0' && target_text_ok(req.id, " \r\n"));
		check_reply(&req);
		if (tt_request_wants_sse(&req))
			assert(tt_request_accepts_sse(&req));
		if (tt_request_has_etag(&req, "W/\"0123456789abcdef\""))
			tt_buf_puts(seen, "unchanged");
		if (!tt_request_accepts_sse(&req))
			(void)tt_err_tell(err, TT_NOTACCEPTABLE,
			    "Accept must admit text/event-stream");
	}
	tt_request_free(&req);
	fake_env_free(&env);
	return err->rc;
}

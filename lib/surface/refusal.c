/*
 * refusal.c - see refusal.h.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "gate/rate.h"
#include "surface/refusal.h"
#include "web/reply.h"
#include "web/request.h"

#define RETRY_AFTER_S	5	/* where nobody knows better */

/* The one place that maps our codes to HTTP's. */
static const struct face {
	int		 status;
	const char	*phrase;
	const char	*text;		/* where the error's own is not told */
} faces[TT_RC__MAX] = {
	[TT_OK]		= { 500, "Internal Server Error", "Internal error" },
	[TT_BADREQ]	= { 400, "Bad Request", "Invalid request" },
	[TT_UNAUTHORIZED] = { 401, "Unauthorized", "Invalid API key" },
	[TT_FORBIDDEN]	= { 403, "Forbidden", "Forbidden" },
	[TT_TERMINATED]	= { 403, "Forbidden", "This account is terminated" },
	[TT_NOTFOUND]	= { 404, "Not Found", "Job not found" },
	[TT_NOPATH]	= { 404, "Not Found", "No such path" },
	[TT_METHOD]	= { 405, "Method Not Allowed", "Method not allowed" },
	[TT_NOTACCEPTABLE] = { 406, "Not Acceptable", "Not acceptable" },
	[TT_CONFLICT]	= { 409, "Conflict", "Conflict" },
	[TT_GONE]	= { 410, "Gone", "This is kept no longer" },
	[TT_TOOLARGE]	= { 413, "Content Too Large", "Payload too large" },
	[TT_MEDIATYPE]	= { 415, "Unsupported Media Type",
			    "Unsupported media type" },
	[TT_LIMITED]	= { 429, "Too Many Requests", "Rate limit exceeded" },
	[TT_UNAVAIL]	= { 503, "Service Unavailable",
			    "The service is unavailable for the moment" },
	[TT_INTERNAL]	= { 500, "Internal Server Error", "Internal error" },
	[TT_LATE]	= { 504, "Gateway Timeout", "This takes too long" },
};

int
tt_refusal_status(enum tt_rc rc)
{
	return faces[rc].status;
}

const char *
tt_refusal_phrase(enum tt_rc rc)
{
	return faces[rc].phrase;
}

const char *
tt_refusal_text(const struct tt_err *err)
{
	return err->told && err->rc != TT_INTERNAL && err->rc != TT_UNAVAIL ?
	    err->msg : faces[err->rc].text;
}

int
tt_refusal_retry(const struct tt_err *err)
{
	if (err->rc != TT_UNAVAIL && err->rc != TT_LIMITED)
		return 0;
	return err->retry_s != 0 ? err->retry_s : RETRY_AFTER_S;
}

static void
log_error(const struct tt_err *err, int status)
{
	const char	*gap = err->sqlstate[0] == '\0' ? "" : " ";

	if (status == 500)
		tt_error("500: %s%s%s", err->msg, gap, err->sqlstate);
	else if (status == 503)
		tt_warn("503: %s%s%s", err->msg, gap, err->sqlstate);
	else
		tt_info("%d: %s%s%s", status, err->msg, gap, err->sqlstate);
}

static void
put_number(struct tt_reply *reply, const char *name, int64_t n,
    void (*put)(struct tt_reply *, const char *, const char *))
{
	char	 text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, n);
	put(reply, name, text);
}

/* With the headers without which the status would say too little. */
void
tt_refusal_begin(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_err *err)
{
	assert(err->rc > TT_OK && err->rc < TT_RC__MAX);
	log_error(err, faces[err->rc].status);
	tt_reply_begin(reply, faces[err->rc].status, TT_JSON_TYPE);
	tt_reply_header(reply, "Cache-Control", "no-store");
	if (err->rc == TT_UNAUTHORIZED)
		tt_reply_header(reply, "WWW-Authenticate", "Bearer");
	if (err->rc == TT_METHOD && req->allow != NULL)
		tt_reply_header(reply, "Allow", req->allow);
	if (tt_refusal_retry(err) != 0)
		put_number(reply, "Retry-After", tt_refusal_retry(err),
		    tt_reply_header);
}

static void
put_rate(struct tt_reply *reply, const struct tt_rate *rate, int64_t reset_s)
{
	if (rate->limit == 0)
		return;
	put_number(reply, "X-RateLimit-Limit", rate->limit, tt_reply_always);
	put_number(reply, "X-RateLimit-Remaining", rate->remaining,
	    tt_reply_always);
	put_number(reply, "X-RateLimit-Reset", reset_s, tt_reply_always);
}

void
tt_refusal_rate(struct tt_reply *reply, const struct tt_rate *rate)
{
	put_rate(reply, rate, (rate->reset_ms + 999) / 1000);
}

void
tt_refusal_rate_until(struct tt_reply *reply, const struct tt_rate *rate)
{
	int64_t	 now_ms = tt_clock_now_us() / 1000;

	put_rate(reply, rate, (now_ms + rate->reset_ms + 999) / 1000);
}

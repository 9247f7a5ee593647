/*
 * updates - GET /api/updates (seed 004): whatever happens, as Server-Sent
 * Events named `update`, which resume by Last-Event-ID.
 *
 * Without a key the public's queue; ?type= wants jobs of one type only, and
 * what concerns no job.
 */
#include "stream/stream.h"
#include "stream/view_main.h"
#include "surface/refusal.h"
#include "surface/updates.h"
#include "web/request.h"

/* The seed wants the header: no Accept is not enough, and a 400 says so. */
static enum tt_rc
accept_stream(const struct tt_request *req, struct tt_err *err)
{
	if (tt_request_env(req, "HTTP_ACCEPT") == NULL ||
	    !tt_request_accepts_sse(req))
		return tt_err_tell(err, TT_BADREQ,
		    "Accept must admit text/event-stream");
	return TT_OK;
}

static const struct tt_view_program	 program = {
	.name		= "updates.fcgi",
	.path		= "/api/updates",
	.vocabulary	= &tt_updates_vocabulary,
	.accept		= accept_stream,
	.error		= tt_updates_error,
	.rate		= tt_refusal_rate,
};

int
main(int argc, char **argv)
{
	return tt_view_main(argc, argv, &program);
}

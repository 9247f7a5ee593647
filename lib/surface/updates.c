/*
 * updates.c - see updates.h.
 */
#include "base/json.h"
#include "surface/refusal.h"
#include "surface/updates.h"
#include "web/reply.h"

static const char *const words[TT_STATUS__MAX] = {
	[TT_QUEUED]	= "waiting",
	[TT_PROCESSING]	= "processing",
	[TT_COMPLETED]	= "completed",
	[TT_FAILED]	= "failed",
	[TT_CANCELLED]	= "failed",
};

const char *
tt_updates_status(enum tt_status status)
{
	return status < TT_STATUS__MAX ? words[status] : "unknown";
}

const char *
tt_updates_action(const char *action, const char *type)
{
	return action != NULL ? action : type;
}

void
tt_updates_error(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_err *err)
{
	struct tt_json	 j;

	tt_refusal_begin(reply, req, err);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	tt_json_key(&j, "success");
	tt_json_bool(&j, false);
	tt_json_key(&j, "message");
	tt_json_string(&j, tt_refusal_text(err));
	tt_json_close(&j, '}');
}

/*
 * queue.c - see queue.h.
 */
#include <string.h>

#include "base/json.h"
#include "surface/queue.h"
#include "surface/refusal.h"
#include "web/reply.h"

static const char *const words[TT_STATUS__MAX] = {
	[TT_QUEUED]	= "pending",
	[TT_PROCESSING]	= "running",
	[TT_COMPLETED]	= "completed",
	[TT_FAILED]	= "error",
	[TT_CANCELLED]	= "cancelled",
};

const char *
tt_queue_status(enum tt_status status)
{
	return status < TT_STATUS__MAX ? words[status] : "unknown";
}

enum tt_status
tt_queue_status_read(const char *word)
{
	int	 i;

	for (i = 0; i < TT_STATUS__MAX; i++)
		if (word != NULL && strcmp(word, words[i]) == 0)
			break;
	return (enum tt_status)i;
}

void
tt_queue_error(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_err *err)
{
	struct tt_json	 j;

	tt_refusal_begin(reply, req, err);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	tt_json_key(&j, "error");
	tt_json_string(&j, tt_refusal_phrase(err->rc));
	tt_json_key(&j, "message");
	tt_json_string(&j, tt_refusal_text(err));
	if (err->rc == TT_LIMITED) {
		tt_json_key(&j, "retryAfter");
		tt_json_int(&j, tt_refusal_retry(err));
	}
	tt_json_close(&j, '}');
}

void
tt_queue_rate(struct tt_reply *reply, const struct tt_rate *rate)
{
	tt_refusal_rate_until(reply, rate);
}

/*
 * updates_rest.c - see updates_control.h.
 */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "base/json.h"
#include "job/control.h"
#include "job/items.h"
#include "surface/refusal.h"
#include "surface/updates.h"
#include "surface/updates_rest.h"
#include "web/reply.h"
#include "web/request.h"

#define LIMIT_PRESET	100
#define S_US		INT64_C(1000000)

static const char *const known[] = { "limit", "offset", NULL };

enum tt_rc
tt_updates_query(const struct tt_request *req, struct tt_items_query *q,
    struct tt_err *err)
{
	q->limit = LIMIT_PRESET;
	q->offset = 0;
	if (tt_request_known(req, known, err) == TT_OK &&
	    tt_request_number(req, "limit", 1, TT_ITEMS_MAX, &q->limit, err)
	    == TT_OK)
		(void)!tt_request_number(req, "offset", 0, INT_MAX,
		    &q->offset, err);
	return err->rc;
}

static void
put_bool(struct tt_json *j, const char *key, bool yes)
{
	tt_json_key(j, key);
	tt_json_bool(j, yes);
}

static void
put_int(struct tt_json *j, const char *key, int64_t n)
{
	tt_json_key(j, key);
	tt_json_int(j, n);
}

static void
put_string(struct tt_json *j, const char *key, const char *text)
{
	tt_json_key(j, key);
	tt_json_string(j, text);
}

static void
put_raw(struct tt_json *j, const char *key, const char *json)
{
	tt_json_key(j, key);
	tt_json_raw(j, json);
}

/* Seconds since the epoch, with a fraction; 0 is null. */
static void
put_time(struct tt_json *j, const char *key, int64_t us)
{
	char	 text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64 ".%06" PRId64,
	    us / S_US, us % S_US);
	put_raw(j, key, us == 0 ? NULL : text);
}

/*
 * What waits is called ready in the vendor's documents and waiting in his code,
 * where user_override, if it is not null, says whether the queue is to run.
 */
void
tt_updates_control(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_control *c)
{
	struct tt_json	 j;

	tt_reply_begin(reply, 200, TT_JSON_TYPE);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	put_bool(&j, "paused", c->paused);
	put_bool(&j, "manually_paused", c->manually_paused);
	put_bool(&j, "scheduler_paused", c->scheduler_paused);
	put_bool(&j, "server_paused", c->server_paused);
	put_raw(&j, "user_override", !c->by_hand ? NULL : c->hand_paused ?
	    "false" : "true");
	put_raw(&j, "failing_rules", c->failing_rules);
	put_int(&j, "total_items", c->processing + c->waiting +
	    c->cooling_down);
	put_int(&j, "cooling_down", c->cooling_down);
	put_int(&j, "waiting", c->waiting);
	put_int(&j, "ready", c->waiting);
	put_int(&j, "processing", c->processing);
	tt_json_close(&j, '}');
	tt_reply_etag(reply, req);
}

static void
put_item(struct tt_json *j, const struct tt_item *item)
{
	tt_json_open(j, '{');
	put_string(j, "id", item->job_id);
	put_string(j, "file_path", item->file_path);
	put_string(j, "action", tt_updates_action(item->action, item->type));
	put_string(j, "status", item->due_us != 0 ? "cooling_down" :
	    tt_updates_status(item->status));
	put_time(j, "enqueued_at", item->enqueued_us);
	put_time(j, "cooldown_expires_at", item->due_us);
	put_string(j, "dest_path", item->dest_path);
	put_int(j, "retry_count", item->retries);
	tt_json_close(j, '}');
}

void
tt_updates_items(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_items_query *q, const struct tt_items *items)
{
	struct tt_item	 item;
	struct tt_json	 j;
	int		 i;

	tt_reply_begin(reply, 200, TT_JSON_TYPE);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	tt_json_key(&j, "items");
	tt_json_open(&j, '[');
	for (i = 0; i < items->n; i++) {
		tt_items_read(items, i, &item);
		put_item(&j, &item);
	}
	tt_json_close(&j, ']');
	put_int(&j, "total_count", items->total);
	put_int(&j, "offset", q->offset);
	put_int(&j, "limit", q->limit);
	tt_json_close(&j, '}');
	tt_reply_etag(reply, req);
}

static void
put_document(struct tt_reply *reply, const char *json)
{
	struct tt_json	 j;

	tt_reply_begin(reply, 200, TT_JSON_TYPE);
	tt_json_init(&j, &reply->body);
	tt_json_raw(&j, json);
}

void
tt_updates_document(struct tt_reply *reply, const struct tt_request *req,
    const char *json)
{
	put_document(reply, json);
	tt_reply_etag(reply, req);
}

void
tt_updates_written(struct tt_reply *reply, const char *json)
{
	put_document(reply, json);
	tt_reply_header(reply, "Cache-Control", "no-store");
}

void
tt_updates_done(struct tt_reply *reply, const char *message)
{
	struct tt_json	 j;

	tt_reply_begin(reply, 200, TT_JSON_TYPE);
	tt_reply_header(reply, "Cache-Control", "no-store");
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	put_bool(&j, "success", true);
	put_string(&j, "message", message);
	tt_json_close(&j, '}');
}

/*
 * delivery.c - see delivery.h.
 */
#include <libpq-fe.h>

#include "base/json.h"
#include "job/delivery.h"
#include "pg/args.h"
#include "pg/db.h"
#include "pg/session.h"

enum {
	ID, EVENT, ACCOUNT, URL, BODY, SECRET, PREVIOUS_SECRET, ATTEMPT
};

static const struct tt_query	 listen_query = {
	NULL, "listen telltale_webhook", 0
};
static const struct tt_query	 claim_query = {
	"webhook_claim",
	"select delivery_id, event_id, account_id, url, body, secret, "
	"previous_secret, attempt "
	"from telltale.webhook_claim(p_max => $1, p_not => $2)", 2
};
static const struct tt_query	 next_query = {
	"webhook_next",
	"select ceil(1000 * extract(epoch from telltale.webhook_next($1)))"
	"::bigint", 1
};

/* In one order, so that two who do this do not wait for each other. */
static const struct tt_query	 tell_query = {
	"webhook_done",
	"select d from (select d, telltale.webhook_done(d, a, ok, s, e) as new "
	"from (select * from json_to_recordset($1) "
	"as j (d bigint, a integer, ok boolean, s integer, e text) "
	"order by d) as o) as t where new = 'dead'", 1
};

/* The arguments are complete: off they go. */
static bool
send(struct tt_session *s, const struct tt_query *q, struct tt_args *args,
    int64_t now)
{
	const char *const	*values;

	if ((values = tt_args_values(args)) == NULL) {
		tt_session_break(s, "out of memory", now);
		return false;
	}
	tt_session_send(s, q, values, false, now);
	return true;
}

static void
add_accounts(struct tt_args *args, const int64_t *accounts, size_t n)
{
	size_t	 i;

	tt_args_open(args);
	for (i = 0; i < n; i++)
		tt_args_item(args, accounts[i]);
	tt_args_close(args);
}

bool
tt_delivery_listen(struct tt_session *s, struct tt_args *args, int64_t now)
{
	tt_args_clear(args);
	return send(s, &listen_query, args, now);
}

bool
tt_delivery_claim(struct tt_session *s, struct tt_args *args, int max,
    const int64_t *without, size_t n, int64_t now)
{
	if (tt_session_prepare(s, &claim_query, now))
		return false;
	tt_args_clear(args);
	tt_args_int(args, max);
	add_accounts(args, without, n);
	return send(s, &claim_query, args, now);
}

bool
tt_delivery_next(struct tt_session *s, struct tt_args *args,
    const int64_t *without, size_t n, int64_t now)
{
	if (tt_session_prepare(s, &next_query, now))
		return false;
	tt_args_clear(args);
	add_accounts(args, without, n);
	return send(s, &next_query, args, now);
}

static void
put_outcome(struct tt_json *j, const struct tt_outcome *o)
{
	tt_json_open(j, '{');
	tt_json_key(j, "d");
	tt_json_int(j, o->id);
	tt_json_key(j, "a");
	tt_json_int(j, o->attempt);
	tt_json_key(j, "ok");
	tt_json_bool(j, o->delivered);
	tt_json_key(j, "s");
	if (o->status != 0)
		tt_json_int(j, o->status);
	else
		tt_json_null(j);
	tt_json_key(j, "e");
	tt_json_string(j, o->error);
	tt_json_close(j, '}');
}

bool
tt_delivery_tell(struct tt_session *s, struct tt_args *args,
    const struct tt_outcome *outcomes, size_t n, int64_t now)
{
	struct tt_json	 j;
	size_t		 i;

	if (tt_session_prepare(s, &tell_query, now))
		return false;
	tt_args_clear(args);
	tt_json_init(&j, tt_args_begin(args));
	tt_json_open(&j, '[');
	for (i = 0; i < n; i++)
		put_outcome(&j, &outcomes[i]);
	tt_json_close(&j, ']');
	tt_args_end(args);
	return send(s, &tell_query, args, now);
}

void
tt_delivery_clear(PGresult *res)
{
	PQclear(res);
}

int
tt_delivery_count(const PGresult *res)
{
	return PQntuples(res);
}

void
tt_delivery_read(const PGresult *res, int row, struct tt_delivery *d)
{
	d->id = tt_db_int(res, row, ID);
	d->account = tt_db_int(res, row, ACCOUNT);
	d->attempt = (int)tt_db_int(res, row, ATTEMPT);
	d->event_id = tt_db_text(res, row, EVENT);
	d->url = tt_db_text(res, row, URL);
	d->body = tt_db_text(res, row, BODY);
	d->secret = tt_db_text(res, row, SECRET);
	d->previous_secret = tt_db_textn(res, row, PREVIOUS_SECRET);
}

int64_t
tt_delivery_wait(const PGresult *res)
{
	if (PQntuples(res) != 1 || PQgetisnull(res, 0, 0))
		return -1;
	return tt_db_int(res, 0, 0);
}

int64_t
tt_delivery_dead(const PGresult *res, int n)
{
	return n < PQntuples(res) ? tt_db_int(res, n, 0) : -1;
}

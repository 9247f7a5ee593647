/*
 * view.c - see view.h.
 */
#include <stdlib.h>
#include <string.h>

#include "job/caller.h"
#include "job/lease.h"
#include "job/position.h"
#include "job/view.h"
#include "pg/args.h"
#include "pg/db.h"

static const struct tt_query	 query = {
	"queue_open", "select * from telltale.web_queue_open("
	"$1, $2, $3, $4, $5, $6, $7)", 7
};

void
tt_seen_free(struct tt_seen *seen)
{
	free(seen->accounts);
	memset(seen, 0, sizeof(*seen));
}

/* An array of numbers as PostgreSQL writes it: "{1,2,3}". */
static TT_MUSTUSE enum tt_rc
read_accounts(struct tt_seen *seen, const char *text, struct tt_err *err)
{
	const char	*p;
	char		*end;
	size_t		 n = 1;

	for (p = text; *p != '\0'; p++)
		n += *p == ',';
	if ((seen->accounts = calloc(n, sizeof(*seen->accounts))) == NULL)
		return tt_err_set(err, TT_INTERNAL, "out of memory");
	for (p = text; seen->n < n && (*p == '{' || *p == ','); p = end) {
		seen->accounts[seen->n] = strtoll(p + 1, &end, 10);
		if (end == p + 1)
			break;
		seen->n++;
	}
	return TT_OK;
}

static const char *
column(const PGresult *res, const char *name)
{
	return tt_db_text(res, 0, PQfnumber(res, name));
}

static TT_MUSTUSE enum tt_rc
read_row(struct tt_seen *seen, const PGresult *res, struct tt_caller *caller,
    const char *type, struct tt_lease *lease, struct tt_err *err)
{
	if (strcmp(column(res, "verdict"), "unregistered") == 0) {
		lease->listener = 0;
		return TT_OK;
	}
	if (tt_caller_verdict(caller, res, 0, err) == TT_BADREQ) {
		tt_err_clear(err);	/* what is wrong has a name here */
		return tt_err_tell(err, TT_BADREQ,
		    "type: there is no type \"%.64s\"", type);
	}
	if (err->rc != TT_OK ||
	    read_accounts(seen, column(res, "accounts"), err) != TT_OK)
		return err->rc;
	seen->account = tt_db_int(res, 0, PQfnumber(res, "account_id"));
	seen->resumable = *column(res, "resumable") == 't';
	lease->taken = *column(res, "leased") == 't';
	lease->account = seen->account;
	lease->key = tt_db_int(res, 0, PQfnumber(res, "key_id"));
	lease->class = "watch";
	return TT_OK;
}

/* How far the client was: what SQL judges it by. */
static void
put_position(struct tt_args *a, const struct tt_position *at)
{
	const struct tt_snapshot	*s = tt_position_reading(at) ?
					    &at->upto : &at->last;

	if (!tt_position_set(at)) {
		tt_args_null(a);
		tt_args_null(a);
		tt_args_null(a);
		return;
	}
	tt_args_int(a, at->generation);
	tt_args_int(a, (int64_t)s->xmax);
	tt_args_int(a, at->last_us);
}

enum tt_rc
tt_seen_open(struct tt_db *db, struct tt_caller *caller, const char *type,
    const struct tt_position *at, struct tt_lease *lease,
    struct tt_seen *seen, struct tt_err *err)
{
	struct tt_args		 a = { 0 };
	const char *const	*values;
	PGresult		*res = NULL;

	memset(seen, 0, sizeof(*seen));
	tt_args_text(&a, tt_caller_arg(caller));
	tt_args_text(&a, caller->scope);
	tt_args_text(&a, type);
	put_position(&a, at);
	if (lease->listener == 0)
		tt_args_null(&a);
	else
		tt_args_int(&a, lease->listener);
	if ((values = tt_args_values(&a)) == NULL)
		(void)tt_err_set(err, TT_INTERNAL, "out of memory");
	else if (tt_db_call(db, &query, values, &res, err) == TT_OK &&
	    read_row(seen, res, caller, type, lease, err) != TT_OK)
		tt_seen_free(seen);
	PQclear(res);
	tt_args_free(&a);
	return err->rc;
}

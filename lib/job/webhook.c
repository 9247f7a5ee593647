/*
 * webhook.c - see webhook.h.
 */
#include "job/caller.h"
#include "job/webhook.h"
#include "pg/db.h"

enum tt_rc
tt_webhook_set(struct tt_db *db, struct tt_caller *caller, const char *url,
    const char *secret, bool *replaced, struct tt_err *err)
{
	static const struct tt_query	 query = {
		"webhook_set", "select verdict, rate_per_minute, unused, "
		"replaced from telltale.web_webhook_set($1, $2, $3, $4)", 4
	};
	const char			*args[] = {
		caller->key, caller->scope, url, secret
	};
	PGresult			*res;

	*replaced = false;
	if (tt_db_call(db, &query, args, &res, err) == TT_OK &&
	    tt_caller_verdict(caller, res, 0, err) == TT_OK)
		*replaced = *tt_db_text(res, 0,
		    PQfnumber(res, "replaced")) == 't';
	PQclear(res);
	return err->rc;
}

enum tt_rc
tt_webhook_delete(struct tt_db *db, struct tt_caller *caller,
    struct tt_err *err)
{
	static const struct tt_query	 query = {
		"webhook_delete", "select verdict, rate_per_minute, unused "
		"from telltale.web_webhook_delete($1, $2)", 2
	};
	const char			*args[] = {
		caller->key, caller->scope
	};
	PGresult			*res;

	if (tt_db_call(db, &query, args, &res, err) == TT_OK)
		(void)!tt_caller_verdict(caller, res, 0, err);
	PQclear(res);
	return err->rc;
}

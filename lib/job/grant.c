/*
 * grant.c - see grant.h.
 */
#include <stdio.h>

#include "job/caller.h"
#include "job/grant.h"
#include "pg/db.h"

enum tt_rc
tt_grant_get(struct tt_db *db, struct tt_caller *caller, const char *scopes,
    char granted[TT_GRANT_SZ], struct tt_err *err)
{
	static const struct tt_query	 query = {
		"ticket", "select verdict, rate_per_minute, unused, "
		"array_to_string(scopes, ' ') as scopes "
		"from telltale.web_ticket($1, string_to_array($2, ' '))", 2
	};
	const char			*args[] = {
		tt_caller_arg(caller), scopes
	};
	PGresult			*res;

	granted[0] = '\0';
	if (tt_db_call(db, &query, args, &res, err) == TT_OK &&
	    tt_caller_verdict(caller, res, 0, err) == TT_OK)
		(void)snprintf(granted, TT_GRANT_SZ, "%s", tt_db_text(res, 0,
		    PQfnumber(res, "scopes")));
	PQclear(res);
	return err->rc;
}

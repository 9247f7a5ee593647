/*
 * ready.c - see ready.h.
 */
#include <string.h>

#include "job/ready.h"
#include "pg/db.h"

enum tt_rc
tt_ready(struct tt_db *db, struct tt_err *err)
{
	static const struct tt_query	 query = {
		"ready", "select telltale.web_ready()", 0
	};
	PGresult			*res;
	const char			*newest;

	if (tt_db_call(db, &query, NULL, &res, err) != TT_OK)
		return err->rc;
	newest = PQntuples(res) == 1 ? tt_db_text(res, 0, 0) : "";
	if (strcmp(newest, TT_SCHEMA) < 0)
		(void)tt_err_set(err, TT_CONFLICT,
		    "the schema is \"%.64s\", older than \"%s\"", newest,
		    TT_SCHEMA);
	PQclear(res);
	return err->rc;
}

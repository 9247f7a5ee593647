/*
 * control.c - see control.h.
 */
#include <assert.h>
#include <string.h>

#include "job/caller.h"
#include "job/control.h"
#include "pg/db.h"

static bool
is_true(const PGresult *res, const char *name)
{
	return *tt_db_text(res, 0, PQfnumber(res, name)) == 't';
}

static int64_t
number(const PGresult *res, const char *name)
{
	return tt_db_int(res, 0, PQfnumber(res, name));
}

static void
read_control(struct tt_control *c, const PGresult *res)
{
	c->paused = is_true(res, "paused");
	c->manually_paused = is_true(res, "manually_paused");
	c->server_paused = is_true(res, "server_paused");
	c->scheduler_paused = is_true(res, "scheduler_paused");
	if (!PQgetisnull(res, 0, PQfnumber(res, "user_override")))
		c->user_override = is_true(res, "user_override") ? "true" :
		    "false";
	c->failing_rules = tt_db_text(res, 0, PQfnumber(res, "failing_rules"));
	c->processing = number(res, "processing");
	c->waiting = number(res, "waiting");
	c->cooling_down = number(res, "cooling_down");
}

enum tt_rc
tt_control_get(struct tt_db *db, struct tt_caller *caller,
    struct tt_control *c, struct tt_err *err)
{
	static const struct tt_query	 query = {
		"control", "select * from telltale.web_queue_status($1, $2)", 2
	};
	const char			*args[] = {
		tt_caller_arg(caller), caller->scope
	};

	(void)memset(c, 0, sizeof(*c));
	if (tt_db_call(db, &query, args, &c->res, err) == TT_OK &&
	    tt_caller_verdict(caller, c->res, 0, err) == TT_OK)
		read_control(c, c->res);
	else
		tt_control_free(c);
	assert((err->rc == TT_OK) == (c->res != NULL));
	return err->rc;
}

void
tt_control_free(struct tt_control *c)
{
	PQclear(c->res);
	(void)memset(c, 0, sizeof(*c));
}

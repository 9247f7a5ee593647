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
	c->by_hand = !PQgetisnull(res, 0, PQfnumber(res, "user_override"));
	c->hand_paused = is_true(res, "user_override");
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

enum tt_rc
tt_control_pause(struct tt_db *db, struct tt_caller *caller, bool paused,
    struct tt_err *err)
{
	static const struct tt_query	 query = {
		"control_pause", "select verdict, rate_per_minute, unused "
		"from telltale.web_queue_pause($1, $2, $3)", 3
	};
	const char			*args[] = {
		caller->key, caller->scope, paused ? "true" : "false"
	};
	PGresult			*res;

	if (tt_db_call(db, &query, args, &res, err) == TT_OK)
		(void)!tt_caller_verdict(caller, res, 0, err);
	PQclear(res);
	return err->rc;
}

/* A question whose answer has the column document. */
static TT_MUSTUSE enum tt_rc
ask(struct tt_db *db, struct tt_caller *caller, const struct tt_query *query,
    const char *const *args, struct tt_document *doc, struct tt_err *err)
{
	(void)memset(doc, 0, sizeof(*doc));
	if (tt_db_call(db, query, args, &doc->res, err) == TT_OK &&
	    tt_caller_verdict(caller, doc->res, 0, err) == TT_OK)
		doc->json = tt_db_text(doc->res, 0,
		    PQfnumber(doc->res, "document"));
	return err->rc;
}

enum tt_rc
tt_control_schedule(struct tt_db *db, struct tt_caller *caller,
    const char *change, struct tt_document *doc, struct tt_err *err)
{
	static const struct tt_query	 get = {
		"schedule_get",
		"select * from telltale.web_schedule_get($1, $2)", 2
	}, set = {
		"schedule_set",
		"select * from telltale.web_schedule_set($1, $2, $3)", 3
	};
	const char			*args[] = {
		caller->key, caller->scope, change
	};

	/* What is wrong with a schedule SQL says in words. */
	if (ask(db, caller, change == NULL ? &get : &set, args, doc, err) ==
	    TT_BADREQ && doc->res != NULL) {
		tt_err_clear(err);
		(void)!tt_err_tell(err, TT_BADREQ, "%s", tt_db_text(doc->res,
		    0, PQfnumber(doc->res, "message")));
	}
	if (err->rc != TT_OK)
		tt_document_free(doc);
	return err->rc;
}

enum tt_rc
tt_control_metrics(struct tt_db *db, struct tt_caller *caller,
    struct tt_document *doc, struct tt_err *err)
{
	static const struct tt_query	 query = {
		"queue_metrics",
		"select * from telltale.web_queue_metrics($1, $2)", 2
	};
	const char			*args[] = {
		caller->key, caller->scope
	};

	if (ask(db, caller, &query, args, doc, err) != TT_OK)
		tt_document_free(doc);
	return err->rc;
}

void
tt_document_free(struct tt_document *doc)
{
	PQclear(doc->res);
	(void)memset(doc, 0, sizeof(*doc));
}

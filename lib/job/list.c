/*
 * list.c - see list.h.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "job/caller.h"
#include "job/list.h"
#include "pg/db.h"

enum {
	KEY, SCOPE, LIMIT, OFFSET, CURSOR_US, CURSOR_ID, TYPE, DECISION,
	STATUSES, SEARCH, FROM_US, TO_US, ARG__MAX
};

#define NUMBER_SZ	24
#define STATUSES_SZ	64

/* The texts that the arguments point into. */
struct arguments {
	const char	*arg[ARG__MAX];
	char		 number[ARG__MAX][NUMBER_SZ];
	char		 statuses[STATUSES_SZ];
};

static void
set_number(struct arguments *a, int i, int64_t n)
{
	(void)snprintf(a->number[i], NUMBER_SZ, "%" PRId64, n);
	a->arg[i] = a->number[i];
}

/* The stored words as PostgreSQL reads an array: "{queued,failed}". */
static void
set_statuses(struct arguments *a, const bool status[TT_STATUS__MAX])
{
	char	*p = a->statuses;
	int	 i;

	*p++ = '{';
	for (i = 0; i < TT_STATUS__MAX; i++)
		if (status[i])
			p += snprintf(p, 16, "%s%s", p[-1] == '{' ? "" : ",",
			    tt_job_status_word((enum tt_status)i));
	(void)memcpy(p, "}", 2);
	a->arg[STATUSES] = a->statuses;
}

/* One row more than the page is asked for, to know whether there is a next. */
static void
set_arguments(struct arguments *a, const struct tt_caller *caller,
    const struct tt_list_query *q)
{
	(void)memset(a, 0, sizeof(*a));
	a->arg[KEY] = tt_caller_arg(caller);
	a->arg[SCOPE] = caller->scope;
	set_number(a, LIMIT, q->limit + 1);
	set_number(a, OFFSET, q->offset);
	if (q->has_cursor) {
		set_number(a, CURSOR_US, q->cursor_us);
		set_number(a, CURSOR_ID, q->cursor_id);
	}
	a->arg[TYPE] = q->type;
	a->arg[DECISION] = q->decision;
	if (q->by_status)
		set_statuses(a, q->status);
	a->arg[SEARCH] = q->search;
	if (q->has_from)
		set_number(a, FROM_US, q->from_us);
	if (q->has_to)
		set_number(a, TO_US, q->to_us);
}

enum tt_rc
tt_list_read(struct tt_list *list, int limit, const char *type,
    struct tt_caller *caller, struct tt_err *err)
{
	int			 i, n = PQntuples(list->res) - 1;
	struct tt_job_columns	 columns;

	if (tt_caller_verdict(caller, list->res, 0, err) == TT_BADREQ) {
		tt_err_clear(err);	/* what is wrong has a name here */
		return tt_err_tell(err, TT_BADREQ,
		    "type: there is no type \"%.64s\"", type);
	}
	if (err->rc != TT_OK)
		return err->rc;

	list->total = tt_db_int(list->res, 0, PQfnumber(list->res, "total"));
	list->more = n > limit;
	list->njobs = list->more ? limit : n;
	tt_job_columns(&columns, list->res);
	for (i = 0; i < list->njobs; i++)
		tt_job_from_row(&list->job[i], list->res, &columns, i + 1);
	return TT_OK;
}

enum tt_rc
tt_list_get(struct tt_db *db, struct tt_caller *caller,
    const struct tt_list_query *q, struct tt_list *list, struct tt_err *err)
{
	static const struct tt_query	 query = {
		"job_list", "select * from telltale.web_job_list($1, $2, "
		"$3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		ARG__MAX
	};
	struct arguments		 a;

	list->res = NULL;
	assert(q->limit >= 1 && q->limit <= TT_LIST_MAX);
	set_arguments(&a, caller, q);
	if (tt_db_call(db, &query, a.arg, &list->res, err) != TT_OK ||
	    tt_list_read(list, q->limit, q->type, caller, err) != TT_OK)
		tt_list_free(list);
	assert((err->rc == TT_OK) == (list->res != NULL));
	return err->rc;
}

void
tt_list_free(struct tt_list *list)
{
	PQclear(list->res);
	list->res = NULL;
	list->njobs = 0;
}

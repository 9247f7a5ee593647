/*
 * items.c - see items.h.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "job/caller.h"
#include "job/items.h"
#include "pg/db.h"

enum tt_rc
tt_items_get(struct tt_db *db, struct tt_caller *caller, int limit,
    int offset, struct tt_items *items, struct tt_err *err)
{
	static const struct tt_query	 query = {
		"items", "select * from telltale.web_queue_items($1, $2, $3, "
		"$4)", 4
	};
	char				 max[16], from[16];
	const char			*args[] = {
		tt_caller_arg(caller), caller->scope, max, from
	};

	(void)memset(items, 0, sizeof(*items));
	assert(limit >= 1 && limit <= TT_ITEMS_MAX);
	(void)snprintf(max, sizeof(max), "%d", limit);
	(void)snprintf(from, sizeof(from), "%d", offset);

	/* The first row is the head: verdict, rate and total. */
	if (tt_db_call(db, &query, args, &items->res, err) == TT_OK &&
	    tt_caller_verdict(caller, items->res, 0, err) == TT_OK) {
		items->total = tt_db_int(items->res, 0,
		    PQfnumber(items->res, "total"));
		items->n = PQntuples(items->res) - 1;
	} else
		tt_items_free(items);
	assert((err->rc == TT_OK) == (items->res != NULL));
	return err->rc;
}

void
tt_items_free(struct tt_items *items)
{
	PQclear(items->res);
	(void)memset(items, 0, sizeof(*items));
}

void
tt_items_read(const struct tt_items *items, int i, struct tt_item *item)
{
	const PGresult	*res = items->res;
	int		 row = i + 1;

	assert(i >= 0 && i < items->n);
	item->job_id = tt_db_textn(res, row, PQfnumber(res, "job_id"));
	item->type = tt_db_textn(res, row, PQfnumber(res, "type"));
	item->status = tt_job_status_read(tt_db_textn(res, row,
	    PQfnumber(res, "status")));
	item->file_path = tt_db_textn(res, row, PQfnumber(res, "file_path"));
	item->action = tt_db_textn(res, row, PQfnumber(res, "action"));
	item->dest_path = tt_db_textn(res, row, PQfnumber(res, "dest_path"));
	item->retries = (int)tt_db_int(res, row, PQfnumber(res, "retries"));
	item->enqueued_us = tt_db_int(res, row,
	    PQfnumber(res, "enqueued_us"));
	item->due_us = tt_db_int(res, row, PQfnumber(res, "due_us"));
}

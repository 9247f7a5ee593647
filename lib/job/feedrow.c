/*
 * feedrow.c - see feedrow.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "job/feedrow.h"
#include "pg/db.h"

/* In the order of the functions' columns. */
enum column {
	EVENT_ID, XID, AT_US, ACCOUNT_ID, JOB, JOB_ID, TYPE, SEQ, KIND, DATA
};

bool
tt_feedrow(const PGresult *res, int row, int first, struct tt_event *ev)
{
	memset(ev, 0, sizeof(*ev));
	if (PQgetisnull(res, row, first + EVENT_ID))
		return false;
	ev->event_id = tt_db_int(res, row, first + EVENT_ID);
	ev->xid = strtoull(tt_db_text(res, row, first + XID), NULL, 10);
	ev->at_us = tt_db_int(res, row, first + AT_US);
	ev->account_id = tt_db_int(res, row, first + ACCOUNT_ID);
	ev->job = tt_db_int(res, row, first + JOB);
	ev->job_id = tt_db_textn(res, row, first + JOB_ID);
	ev->type = tt_db_textn(res, row, first + TYPE);
	ev->seq = tt_db_int(res, row, first + SEQ);
	ev->kind = tt_kind_parse(tt_db_text(res, row, first + KIND));
	ev->data = tt_db_text(res, row, first + DATA);

	if (ev->kind == TT_KIND__MAX) {
		tt_debug("event %lld: unknown kind %.64s",
		    (long long)ev->event_id,
		    tt_db_text(res, row, first + KIND));
		return false;
	}
	return true;
}

/*
 * queue_query.c - what queue.fcgi is asked: see queue_rest.h.
 */
#include <limits.h>
#include <string.h>

#include "base/utf8.h"
#include "job/jobs.h"
#include "surface/queue.h"
#include "surface/queue_rest.h"
#include "web/request.h"

#define LIMIT_PRESET	50
#define FILE_MAX	4096	/* characters: see telltale.submit() */

static const char *const known[] = {
	"limit", "offset", "status", "type", NULL
};

enum tt_rc
tt_queue_query(const struct tt_request *req, struct tt_jobs_query *q,
    struct tt_err *err)
{
	const char	*status = tt_request_param(req, "status");

	(void)memset(q, 0, sizeof(*q));
	q->limit = LIMIT_PRESET;
	q->status = tt_queue_status_read(status);
	q->type = tt_request_param(req, "type");
	if (tt_request_known(req, known, err) != TT_OK ||
	    tt_request_number(req, "limit", 1, TT_LIST_MAX, &q->limit, err) !=
	    TT_OK || tt_request_number(req, "offset", 0, INT_MAX, &q->offset,
	    err) != TT_OK)
		return err->rc;
	if (status != NULL && q->status == TT_STATUS__MAX)
		return tt_err_tell(err, TT_BADREQ, "status must be one of "
		    "pending, running, completed, error, cancelled");
	if (q->type != NULL && q->type[0] == '\0')
		return tt_err_tell(err, TT_BADREQ, "type must not be empty");
	return TT_OK;
}

enum tt_rc
tt_queue_job_id(const char *id, struct tt_err *err)
{
	if (!tt_job_id_ok(id))
		return tt_err_tell(err, TT_BADREQ,
		    "A job id is 1 to %d of A-Z a-z 0-9 _ -", TT_JOB_ID_MAX);
	return TT_OK;
}

enum tt_rc
tt_queue_file(const char *path, struct tt_err *err)
{
	if (tt_utf8_length(path) > FILE_MAX)
		return tt_err_tell(err, TT_BADREQ,
		    "A file's path has at most %d characters", FILE_MAX);
	return TT_OK;
}

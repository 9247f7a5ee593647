/*
 * job - GET /api/v1/job/{id}: one job as it stands.
 */
#include <stddef.h>

#include "gate/key.h"
#include "job/job.h"
#include "pg/db.h"
#include "surface/moderation.h"
#include "web/server.h"

static const char *const no_params[] = { NULL };

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct tt_job_row	 row;
	const char		*id[2];
	char			 key[TT_KEY_HEX_SZ];

	if (err->rc == TT_OK &&
	    tt_request_path(req, "/api/v1/job/{}", id, err) == TT_OK &&
	    tt_request_method(req, "GET, HEAD", err) == TT_OK &&
	    tt_moderation_job_id(id[0], err) == TT_OK &&
	    tt_request_known(req, no_params, err) == TT_OK &&
	    tt_key_read(req, key, err) == TT_OK &&
	    tt_job_get(call->db, key, id[0], &row, err) == TT_OK) {
		tt_moderation_job(&call->reply, req, &row.job);
		tt_job_row_free(&row);
	} else
		tt_moderation_error(&call->reply, req, err);
}

static const struct tt_program program = {
	.name		= "job.fcgi",
	.db_new		= tt_db_new,
	.db_free	= tt_db_free,
	.handle		= handle,
};

int
main(int argc, char **argv)
{
	return tt_server_main(argc, argv, &program);
}

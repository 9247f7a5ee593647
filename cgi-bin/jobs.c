/*
 * jobs - GET /api/v1/jobs: the account's jobs, filtered, a page at a time.
 */
#include "gate/key.h"
#include "job/list.h"
#include "pg/db.h"
#include "surface/moderation.h"
#include "web/server.h"

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct tt_list_query	 query;
	struct tt_list		 list;
	char			 key[TT_KEY_HEX_SZ];

	if (err->rc == TT_OK &&
	    tt_request_path(req, "/api/v1/jobs", NULL, err) == TT_OK &&
	    tt_request_method(req, "GET, HEAD", err) == TT_OK &&
	    tt_moderation_query(req, &query, err) == TT_OK &&
	    tt_key_read(req, key, err) == TT_OK &&
	    tt_list_get(call->db, key, &query, &list, err) == TT_OK) {
		tt_moderation_list(&call->reply, req, &query, &list);
		tt_list_free(&list);
	} else
		tt_moderation_error(&call->reply, req, err);
}

static const struct tt_program program = {
	.name		= "jobs.fcgi",
	.db_new		= tt_db_new,
	.db_free	= tt_db_free,
	.handle		= handle,
};

int
main(int argc, char **argv)
{
	return tt_server_main(argc, argv, &program);
}

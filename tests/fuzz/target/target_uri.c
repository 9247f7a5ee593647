/*
 * target_uri.c - a path and query: what the programs make of REQUEST_URI.
 */
#include <assert.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "job/list.h"
#include "surface/moderation.h"
#include "target.h"
#include "web/reply.h"
#include "web/request.h"

/* The list's parameters are understood, and come back in its Link. */
static void
check_list(const struct tt_request *req, const struct tt_list_query *q)
{
	static struct tt_list	 list;	/* too large for the stack */
	struct tt_reply		 reply = { 0 };
	char			 iso[TT_CLOCK_ISO_SZ];
	json_t			*doc;

	assert(q->limit >= 1 && q->limit <= TT_LIST_MAX && q->offset >= 0);
	if (q->has_from)
		assert(strlen(tt_clock_iso(q->from_us, iso)) == 24);
	if (q->has_to)
		assert(strlen(tt_clock_iso(q->to_us, iso)) == 24);

	list.njobs = 1;
	list.more = true;
	list.job[0].job_id = "a";
	list.job[0].type = "b";
	list.job[0].progress = "0";
	tt_moderation_list(&reply, req, q, &list);
	target_head_ok(&reply.head);
	assert(strstr(tt_buf_text(&reply.head), "\r\nLink: <?") != NULL);
	doc = json_loadb(tt_buf_text(&reply.body), reply.body.sz,
	    JSON_REJECT_DUPLICATES, NULL);
	assert(doc != NULL);
	json_decref(doc);
	tt_reply_free(&reply);
}

/* As jobs.c, job.c and progress.c ask; the paths exclude each other. */
static enum tt_rc
ask(const struct tt_request *req, struct tt_err *err)
{
	static const char *const	 none[] = { NULL };
	struct tt_list_query		 q;
	const char			*id[2];

	if (tt_request_match(req, "/api/v1/jobs", NULL)) {
		if (tt_moderation_query(req, &q, err) == TT_OK)
			check_list(req, &q);
		return err->rc;
	}
	if (tt_request_match(req, "/api/v1/job/{}", id)) {
		if (tt_moderation_job_id(id[0], err) == TT_OK &&
		    tt_request_known(req, none, err) == TT_OK)
			assert(strlen(id[0]) <= TT_JOB_ID_MAX);
		return err->rc;
	}
	return target_progress_jobs(req, err);
}

/* What was decoded is UTF-8 without what would mean something to a path. */
static void
check(const struct tt_request *req, struct tt_buf *seen)
{
	bool	 tail = false;
	int	 i;

	for (i = 0; i < req->nsegments; i++) {
		assert(target_text_ok(req->segment[i], tail ? "" : "/"));
		assert(strcmp(req->segment[i], ".") != 0 &&
		    strcmp(req->segment[i], "..") != 0);
		assert(!tail || strstr(req->segment[i], "/../") == NULL);
		tail = req->tail != NULL &&
		    strcmp(req->segment[i], req->tail) == 0;
		tt_buf_printf(seen, "/%s", req->segment[i]);
	}
	for (i = 0; i < req->nparams; i++) {
		assert(target_text_ok(req->param[i].name, ""));
		assert(target_text_ok(req->param[i].value, ""));
		tt_buf_printf(seen, "%c%s=%s", i == 0 ? '?' : '&',
		    req->param[i].name, req->param[i].value);
	}
}

enum tt_rc
target_uri(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	struct tt_request	 req = { .method = "GET" };
	struct tt_buf		 unseen = TT_BUF_INIT;
	struct tt_err		 other;

	(void)sz;

	/* First as a program has it that takes the path of a file. */
	tt_err_clear(&other);
	req.tail = "v1";
	if (tt_request_parse(&req, in, "/mount", &other) == TT_OK)
		check(&req, &unseen);
	tt_buf_free(&unseen);
	req.tail = NULL;
	if (tt_request_parse(&req, in, "/mount", err) == TT_OK) {
		check(&req, seen);
		(void)!ask(&req, err);
	}
	tt_request_free(&req);
	return err->rc;
}

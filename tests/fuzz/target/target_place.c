/*
 * target_place.c - how a client says where it was: the cursor of a list, the
 * Last-Event-ID of a stream of jobs, or of a whole queue.
 *
 * The program of the streams is in here as a whole, for the part of it that
 * reads the request.
 */
#include <assert.h>
#include <stdlib.h>

#include "job/list.h"
#include "job/position.h"
#include "job/snapshot.h"
#include "target.h"

int	 target_progress_main(int, char **);
#define main target_progress_main
#include "../../../cgi-bin/progress.c"
#undef main

enum tt_rc
target_progress_jobs(const struct tt_request *req, struct tt_err *err)
{
	struct question	 q;
	int		 i;

	q.n = 0;
	if (read_jobs(req, &q, err) != TT_OK)
		return err->rc;
	assert(q.n >= 1 && q.n <= TT_PROGRESS_JOBS);
	for (i = 0; i < q.n; i++)
		assert(tt_job_id_ok(q.ids[i]));
	read_last_id(req, &q);
	return TT_OK;
}

/* The database writes these, not a client; they are as easy to get wrong. */
static void
check_snapshot(const char *in)
{
	struct tt_snapshot	 s = TT_SNAPSHOT_INIT, again = TT_SNAPSHOT_INIT;
	struct tt_buf		 text = TT_BUF_INIT;
	struct tt_err		 err;

	tt_err_clear(&err);
	if (tt_snapshot_parse(&s, in, &err) == TT_OK) {
		assert(tt_snapshot_set(&s) && s.xmin <= s.xmax);
		assert(s.nxip == 0 || !tt_snapshot_sees(&s, s.xip[0]));
		assert(!tt_snapshot_sees(&s, s.xmax));
		tt_snapshot_text(&s, &text);
		assert(tt_snapshot_parse(&again, tt_buf_text(&text), &err)
		    == TT_OK);
		assert(again.xmin == s.xmin && again.xmax == s.xmax &&
		    again.nxip == s.nxip);
	} else
		assert(!tt_snapshot_set(&s));
	tt_snapshot_free(&s);
	tt_snapshot_free(&again);
	tt_buf_free(&text);
}

enum tt_rc
target_cursor(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	struct tt_list_query	 q;
	struct tt_job		 last = { 0 };
	char			 text[TT_LIST_CURSOR_SZ];

	(void)sz;
	(void)seen;
	check_snapshot(in);
	if (tt_list_cursor_read(in, &q, err) != TT_OK) {
		assert(!q.has_cursor);
		return err->rc;
	}
	assert(q.has_cursor && q.cursor_us >= 0 && q.cursor_id >= 0);
	last.created_us = q.cursor_us;
	last.id = q.cursor_id;
	assert(strcmp(tt_list_cursor(&last, text), in) == 0);
	return TT_OK;
}

/* First line: of how many jobs the stream is. */
enum tt_rc
target_last_event_id(char *in, size_t sz, struct tt_buf *seen,
    struct tt_err *err)
{
	struct fake_env		 env = { .n = 0 };
	FCGX_Request		 fcgi = { .envp = env.list };
	struct tt_request	 req = { .fcgi = &fcgi, .method = "GET" };
	struct question		 q;
	int			 i;

	(void)sz;
	q.n = (int)strtol(target_line(&in), NULL, 10);
	if (q.n < 1 || q.n > TT_PROGRESS_JOBS)
		q.n = 1;
	fake_env_add(&env, "HTTP_LAST_EVENT_ID", in);
	read_last_id(&req, &q);
	for (i = 0; q.resumes && i < q.n; i++) {
		assert(q.seqs[i] >= 0);
		tt_buf_printf(seen, "%s%lld", i == 0 ? "" : "-",
		    (long long)q.seqs[i]);
	}
	if (!q.resumes)
		(void)tt_err_set(err, TT_BADREQ, "ignored");
	fake_env_free(&env);
	return err->rc;
}

/* Long ones are cut short where they are written, lest they grow too long. */
#define POSITION_SHORT	(TT_POSITION_SZ - 24)

static void
show_position(const struct tt_position *p, struct tt_buf *seen)
{
	tt_buf_printf(seen, "%lld ", (long long)p->generation);
	tt_snapshot_text(&p->last, seen);
	if (tt_position_reading(p)) {
		tt_buf_putc(seen, ' ');
		tt_snapshot_text(&p->upto, seen);
		tt_buf_printf(seen, " %lld", (long long)p->after);
	}
	tt_buf_printf(seen, " %lld", (long long)p->low);
}

/* What is read is written as it was. */
enum tt_rc
target_position(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	struct tt_position	 p = { 0 };
	struct tt_buf		 text = TT_BUF_INIT;

	(void)sz;
	if (!tt_position_read(&p, in)) {
		assert(!tt_position_set(&p) && !tt_position_reading(&p));
		return tt_err_set(err, TT_BADREQ, "ignored");
	}
	assert(tt_position_set(&p) && p.last.xmin <= p.last.xmax);
	assert(p.generation >= 0 && p.low >= 0 && p.after >= 0);
	tt_position_text(&p, p.after, &text);
	assert(text.sz < TT_POSITION_SZ);
	if (strlen(in) < POSITION_SHORT)
		assert(strcmp(tt_buf_text(&text), in) == 0);
	show_position(&p, seen);
	tt_position_forget(&p);
	tt_buf_free(&text);
	return TT_OK;
}

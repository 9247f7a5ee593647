/*
 * stream.c - see stream.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "stream/held.h"
#include "stream/sse.h"
#include "stream/stream.h"
#include "stream/views.h"
#include "surface/vocabulary.h"
#include "web/frame.h"
#include "web/reply.h"
#include "web/request.h"

#define REFUSED_RETRY_MS	10000

void
tt_stream_begin(struct tt_reply *reply, int retry_ms)
{
	tt_reply_begin(reply, 200, "text/event-stream; charset=utf-8");
	tt_reply_header(reply, "Cache-Control", "no-cache, no-transform");
	tt_reply_header(reply, "X-Accel-Buffering", "no");
	tt_sse_retry(&reply->body, tt_sse_jitter(retry_ms));
}

enum tt_rc
tt_stream_accept(const struct tt_request *req, struct tt_err *err)
{
	if (!tt_request_accepts_sse(req))
		return tt_err_tell(err, TT_NOTACCEPTABLE,
		    "Accept must admit text/event-stream");
	return TT_OK;
}

const char *
tt_stream_last_id(const struct tt_request *req)
{
	const char	*last = tt_request_env(req, "HTTP_LAST_EVENT_ID");

	if (last == NULL || *last == '\0')
		last = tt_request_param(req, "lastEventId");
	return last;
}

bool
tt_stream_refuse(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_err *err)
{
	int	 ms = err->retry_s * 1000;

	if ((err->rc != TT_UNAVAIL && err->rc != TT_LIMITED) ||
	    strcmp(req->method, "GET") != 0 || !tt_request_wants_sse(req))
		return false;
	tt_warn("refused softly: %s", err->msg);
	tt_stream_begin(reply, ms > REFUSED_RETRY_MS ? ms : REFUSED_RETRY_MS);
	tt_sse_comment(&reply->body, err->rc == TT_LIMITED ?
	    "rate limit exceeded" : "service unavailable");
	return true;
}

/* The head of the answer and the first frames are one frame. */
static struct tt_frame *
first_frame(const struct tt_reply *reply)
{
	struct tt_buf	 text = TT_BUF_INIT;
	struct tt_frame	*f = NULL;

	tt_buf_printf(&text, "Status: %d\r\n%s\r\n", reply->status,
	    tt_buf_text(&reply->head));
	tt_buf_add(&text, tt_buf_text(&reply->body), reply->body.sz);
	if (!tt_buf_broken(&text) && !tt_buf_broken(&reply->head) &&
	    !tt_buf_broken(&reply->body))
		f = tt_frame_new(text.data, text.sz);
	tt_buf_free(&text);
	return f;
}

static void
watch(struct tt_stream *st, const struct tt_watch_from *from, int n)
{
	int	 i;

	st->nwatches = st->nleft = n;
	for (i = 0; i < n; i++) {
		st->watch[i].job = from[i].job;
		st->watch[i].seq = from[i].seq;
		st->watch[i].ended = from[i].ended;
		st->watch[i].stream = st;
		st->watch[i].ask = -1;
		if (from[i].ended)
			st->nleft--;
	}
}

/* The position is the view's from here on.  NULL on no memory. */
static struct tt_view *
view_new(const struct tt_view_from *from)
{
	struct tt_view	*view;

	if ((view = calloc(1, sizeof(*view))) == NULL)
		return NULL;
	if (from->npublic > 0 && (view->public = calloc(from->npublic,
	    sizeof(*view->public))) == NULL) {
		free(view);
		return NULL;
	}
	if (from->npublic > 0)
		memcpy(view->public, from->public,
		    from->npublic * sizeof(*view->public));
	view->npublic = from->npublic;
	view->watch.job = from->account;
	if (from->type != NULL)
		(void)snprintf(view->type, sizeof(view->type), "%s",
		    from->type);
	view->at = *from->at;
	memset(from->at, 0, sizeof(*from->at));
	view->fresh = !tt_position_set(&view->at);
	view->resync = from->resync;
	return view;
}

static void
view_free(struct tt_view *view)
{
	if (view == NULL)
		return;
	tt_position_forget(&view->at);
	free(view->public);
	free(view);
}

/* Who goes on is greeted as well, and keeps the id that he came with. */
static void
say_hello(struct tt_reply *reply, const struct tt_vocabulary *v)
{
	struct tt_buf	 data = TT_BUF_INIT;
	const char	*name;

	if (v->hello == NULL)
		return;
	name = v->hello(&data);
	tt_sse_event(&reply->body, NULL, name, tt_buf_text(&data));
	if (tt_buf_broken(&data))
		reply->body.broken = true;
	tt_buf_free(&data);
}

/* What a stream is made of besides itself; false on no memory. */
static bool
furnish(struct tt_stream *st, struct tt_reply *reply,
    const struct tt_opening *opening, struct tt_frame **first)
{
	if (opening->late != NULL)
		return (st->held = tt_held_new(reply, opening->late)) != NULL;
	if (opening->view != NULL) {
		if ((st->view = view_new(opening->view)) == NULL)
			return false;
		if (!st->view->fresh)
			say_hello(reply, opening->vocabulary);
	}
	return (*first = first_frame(reply)) != NULL;
}

struct tt_stream *
tt_stream_new(FCGX_Request *r, struct tt_reply *reply,
    const struct tt_opening *opening, const struct tt_watch_from *from,
    int nwatches)
{
	struct tt_stream	*st;
	struct tt_frame		*first = NULL;
	bool			 cgi = r->ipcFd == -1;

	st = calloc(1, sizeof(*st) +
	    (size_t)nwatches * sizeof(struct tt_watch));
	if (st == NULL)
		return NULL;
	if (!furnish(st, reply, opening, &first)) {
		view_free(st->view);
		free(st);
		return NULL;
	}
	st->vocabulary = opening->vocabulary;
	st->lease = opening->lease;
	st->state = TT_STREAM_BEHIND;
	st->born_ms = st->wrote_ms = tt_clock_mono_ms();
	if (opening->late != NULL)
		st->due_ms = st->born_ms + opening->late_s * 1000;
	else if (opening->ticket_us != 0)
		st->due_ms = st->born_ms +
		    (opening->ticket_us - tt_clock_now_us()) / 1000;
	watch(st, from, nwatches);

	reply->detached = true;
	if (!tt_sink_open(&st->sink, r) ||
	    (first != NULL && !tt_sink_push(&st->sink, first))) {
		tt_stream_free(st);
		st = NULL;
		reply->detached = !cgi;
	}
	tt_frame_unref(first);
	return st;
}

void
tt_stream_free(struct tt_stream *st)
{
	if (st == NULL)
		return;
	tt_sink_close(&st->sink);
	tt_held_free(st->held);
	view_free(st->view);
	free(st);
}

bool
tt_stream_open(const struct tt_stream *st)
{
	return st->state == TT_STREAM_LIVE || st->state == TT_STREAM_BEHIND;
}

void
tt_stream_id(const struct tt_stream *st, struct tt_buf *b)
{
	int	 i;

	for (i = 0; i < st->nwatches; i++)
		tt_buf_printf(b, "%s%" PRId64, i == 0 ? "" : "-",
		    st->watch[i].seq);
}

/*
 * The newest come first, so the oldest has the last word.  An end that was not
 * sent is to come yet.
 */
static void
missed(void *arg, const struct tt_frame *f)
{
	struct tt_stream	*st = arg;
	int			 i;

	for (i = 0; i < st->nwatches; i++) {
		if (st->watch[i].job != f->job)
			continue;
		st->watch[i].seq = f->seq - 1;
		st->nleft += st->watch[i].ended;
		st->watch[i].ended = false;
	}
}

void
tt_stream_fall_back(struct tt_stream *st)
{
	tt_sink_drop(&st->sink, missed, st);
}

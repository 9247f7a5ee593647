/*
 * sink.c - see sink.h.
 */
#include <sys/socket.h>
#include <sys/uio.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "web/frame.h"
#include "web/reply.h"
#include "web/sink.h"

#define RECORD_GOAL	16384	/* lighttpd passes a record on when complete */
#define IOV_COUNT	64
#define LOOK_BACK	128	/* how far to look for a frame to replace */

bool
tt_sink_open(struct tt_sink *s, FCGX_Request *r)
{
	int	 flags;

	memset(s, 0, sizeof(*s));
	s->queue = s->few;
	s->cap = TT_SINK_FEW;
	if (FCGX_IsCGI())
		s->fd = STDOUT_FILENO;
	else
		s->fd = tt_reply_detach(r, &s->request_id);

	if ((flags = fcntl(s->fd, F_GETFL)) == -1 ||
	    fcntl(s->fd, F_SETFL, flags | O_NONBLOCK) == -1) {
		tt_sink_close(s);
		return false;
	}
	return true;
}

void
tt_sink_close(struct tt_sink *s)
{
	unsigned	 i;

	for (i = 0; i < s->n; i++)
		tt_frame_unref(s->queue[i]);
	if (s->queue != s->few)
		free(s->queue);
	s->queue = s->few;
	s->cap = TT_SINK_FEW;
	s->n = s->committed = 0;
	s->queued = s->sent = s->record_left = 0;
	if (s->fd != -1)
		(void)close(s->fd);
	s->fd = -1;
}

static bool
grow(struct tt_sink *s)
{
	unsigned	  cap = s->cap * 4;
	struct tt_frame	**queue;

	queue = realloc(s->queue == s->few ? NULL : s->queue,
	    cap * sizeof(struct tt_frame *));
	if (queue == NULL)
		return false;
	if (s->queue == s->few)
		memcpy(queue, s->few, sizeof(s->few));
	s->queue = queue;
	s->cap = cap;
	return true;
}

bool
tt_sink_push(struct tt_sink *s, struct tt_frame *f)
{
	/* A record of nothing would be the end of STDOUT. */
	if (f->sz == 0)
		return true;
	if (s->n == s->cap && !grow(s))
		return false;
	s->queue[s->n++] = tt_frame_ref(f);
	s->queued += f->sz;
	return true;
}

static void
take_out(struct tt_sink *s, unsigned i)
{
	struct tt_frame	*f = s->queue[i];

	s->queued -= f->sz;
	s->n--;
	memmove(&s->queue[i], &s->queue[i + 1],
	    (s->n - i) * sizeof(struct tt_frame *));
	tt_frame_unref(f);
}

bool
tt_sink_take_back(struct tt_sink *s, int64_t job, uint64_t batch)
{
	const struct tt_frame	*f;
	unsigned		 i, looked = 0;

	for (i = s->n; i > s->committed && looked < LOOK_BACK; i--, looked++) {
		f = s->queue[i - 1];
		if (f->replaceable && f->job == job && f->batch != batch) {
			take_out(s, i - 1);
			return true;
		}
	}
	return false;
}

void
tt_sink_drop(struct tt_sink *s, void (*told)(void *, const struct tt_frame *),
    void *arg)
{
	unsigned	 i;

	for (i = s->n; i > s->committed; i--)
		if (s->queue[i - 1]->event_id != 0) {
			told(arg, s->queue[i - 1]);
			take_out(s, i - 1);
		}
}

void
tt_sink_end(struct tt_sink *s)
{
	s->ending = true;
}

/*
 * Begin the next record: as many whole frames as make a good size.  A plain
 * CGI program has no records, only their content.
 */
static void
begin_record(struct tt_sink *s)
{
	size_t	 sz = 0;

	for (s->committed = 0; s->committed < s->n && sz < RECORD_GOAL;
	    s->committed++)
		sz += s->queue[s->committed]->sz;
	sz -= s->sent;
	if (sz > TT_RECORD_MAX)
		sz = TT_RECORD_MAX;
	s->record_left = sz;
	if (s->request_id == 0)
		return;
	tt_record_head(s->control, TT_RECORD_STDOUT, s->request_id, sz);
	s->control_at = 0;
	s->control_sz = TT_RECORD_HEAD_SZ;
}

static void
begin_end(struct tt_sink *s)
{
	s->ended = true;
	if (s->request_id == 0)
		return;
	tt_record_end(s->control, s->request_id);
	s->control_at = 0;
	s->control_sz = TT_RECORD_END_SZ;
}

/* What is to be written now: the rest of the head, then of the frames. */
static int
gather(const struct tt_sink *s, struct iovec *iov)
{
	size_t		 left = s->record_left, skip = s->sent, sz;
	unsigned	 i;
	int		 n = 0;
	union {
		const void	*in;
		void		*out;
	}		 p;

	if (s->control_at < s->control_sz) {
		p.in = s->control + s->control_at;
		iov[n].iov_base = p.out;
		iov[n++].iov_len = (size_t)(s->control_sz - s->control_at);
	}
	for (i = 0; left > 0 && n < IOV_COUNT; i++, skip = 0) {
		sz = s->queue[i]->sz - skip;
		if (sz > left)
			sz = left;
		iov[n].iov_base = s->queue[i]->text + skip;
		iov[n++].iov_len = sz;
		left -= sz;
	}
	return n;
}

/* So many bytes have left. */
static void
consume(struct tt_sink *s, size_t sz)
{
	size_t		 control = (size_t)(s->control_sz - s->control_at);
	size_t		 rest;
	unsigned	 done = 0;

	if (control > sz)
		control = sz;
	s->control_at = (unsigned char)(s->control_at + control);
	sz -= control;

	s->record_left -= sz;
	s->queued -= sz;
	while (sz > 0) {
		rest = s->queue[done]->sz - s->sent;
		if (sz < rest) {
			s->sent += sz;
			break;
		}
		sz -= rest;
		s->sent = 0;
		tt_frame_unref(s->queue[done++]);
	}
	s->n -= done;
	s->committed -= done;
	memmove(s->queue, s->queue + done, s->n * sizeof(struct tt_frame *));
	if (s->n == 0 && s->queue != s->few) {
		free(s->queue);
		s->queue = s->few;
		s->cap = TT_SINK_FEW;
	}
}

/* Is there anything to write, after beginning what comes next? */
static bool
next(struct tt_sink *s)
{
	if (s->record_left > 0 || s->control_at < s->control_sz)
		return true;
	if (s->n > 0)
		begin_record(s);
	else if (s->ending && !s->ended)
		begin_end(s);
	return s->record_left > 0 || s->control_at < s->control_sz;
}

enum tt_sink_rc
tt_sink_flush(struct tt_sink *s, size_t *wrote)
{
	struct iovec	 iov[IOV_COUNT];
	ssize_t		 n;

	*wrote = 0;
	while (next(s)) {
		n = writev(s->fd, iov, gather(s, iov));
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN || errno == EWOULDBLOCK ?
			    TT_SINK_BLOCKED : TT_SINK_GONE;
		*wrote += (size_t)n;
		consume(s, (size_t)n);
	}
	if (!s->ended)
		return TT_SINK_IDLE;

	/* Let the peer see the end; a plain CGI program just exits. */
	if (s->request_id == 0)
		return TT_SINK_GONE;
	(void)shutdown(s->fd, SHUT_WR);
	return TT_SINK_ENDED;
}

/*
 * The peer has left.  If it still reads, as lighttpd does, an end in due form
 * keeps it from taking us for a program that died.
 */
static void
farewell(struct tt_sink *s)
{
	if (s->ended || s->record_left > 0 || s->control_at < s->control_sz)
		return;
	begin_end(s);
	(void)send(s->fd, s->control, s->control_sz,
	    MSG_DONTWAIT | MSG_NOSIGNAL);
}

enum tt_sink_rc
tt_sink_input(struct tt_sink *s)
{
	char	 discarded[4096];
	ssize_t	 n;

	if (s->request_id == 0) {
		s->deaf = true;
		return TT_SINK_IDLE;
	}
	do
		n = recv(s->fd, discarded, sizeof(discarded), MSG_DONTWAIT);
	while (n > 0 || (n == -1 && errno == EINTR));
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return TT_SINK_IDLE;
	if (n == 0)
		farewell(s);
	return TT_SINK_GONE;
}

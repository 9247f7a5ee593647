/*
 * send.c - how an answer leaves: see reply.h.
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "web/linger.h"
#include "web/record.h"
#include "web/reply.h"

#define SEND_MS		30000
#define DRAIN_MS	1000

int
tt_reply_detach(FCGX_Request *fcgi, int *request_id)
{
	int	 fd;

	/*
	 * libfcgi says of ipcFd: "Don't use anything below here".  It offers no
	 * other way to keep a connection beyond its request, to notice a client
	 * that leaves, or to close without waiting.  Only this function, and
	 * the one of server.c that hands the connection in, touch it.  Left as
	 * it is, the next accept would close it.
	 */
	fd = fcgi->ipcFd;
	*request_id = fcgi->requestId;
	FCGX_Free(fcgi, 0);
	fcgi->ipcFd = -1;
	return fd;
}

/* Wait until the descriptor is ready; false at the deadline. */
static bool
ready(int fd, short events, int64_t deadline)
{
	struct pollfd	 pfd = { fd, events, 0 };
	int64_t		 left;
	int		 n;

	do {
		if ((left = deadline - tt_clock_mono_ms()) <= 0)
			return false;
		n = poll(&pfd, 1, (int)left);
	} while (n == -1 && errno == EINTR);
	return n == 1;
}

/* Pass on all of it, whether the descriptor blocks or not. */
static bool
send_all(int fd, const char *p, size_t sz)
{
	int64_t	 deadline = tt_clock_mono_ms() + SEND_MS;
	ssize_t	 n;

	while (sz > 0) {
		n = send(fd, p, sz, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n > 0) {
			p += n;
			sz -= (size_t)n;
		} else if ((errno != EINTR && errno != EAGAIN &&
		    errno != EWOULDBLOCK) || !ready(fd, POLLOUT, deadline))
			return false;
	}
	return true;
}

/* Read on, for a second, what nobody wants: closing on it is a reset. */
static void
drain(int fd)
{
	int64_t	 deadline = tt_clock_mono_ms() + DRAIN_MS;
	char	 sink[4096];

	while (ready(fd, POLLIN, deadline) && read(fd, sink, sizeof(sink)) > 0)
		continue;
}

/* Does the request say that it has a body? */
static bool
has_body(const FCGX_Request *fcgi)
{
	const char	*sz = FCGX_GetParam("CONTENT_LENGTH", fcgi->envp);

	return (sz != NULL && strcmp(sz, "0") != 0 && *sz != '\0') ||
	    FCGX_GetParam("HTTP_TRANSFER_ENCODING", fcgi->envp) != NULL;
}

/*
 * Plain CGI: standard output is the connection, and the end is exit().  Where
 * it and standard input are one socket, as with Apache's mod_cgid, a body that
 * was not read would take the answer with it.
 */
static bool
print_all(const FCGX_Request *fcgi, const char *p, size_t sz)
{
	ssize_t	 n;

	for (; sz > 0; sz -= (size_t)n, p += n)
		while ((n = write(STDOUT_FILENO, p, sz)) <= 0)
			if (n == 0 || errno != EINTR)
				return false;
	if (has_body(fcgi))
		drain(STDIN_FILENO);
	return true;
}

/* Status, headers, blank line; the length even where the body is withheld. */
static void
build(struct tt_reply *reply, struct tt_buf *text, bool head_only)
{
	bool	 bodiless = reply->status == 204 || reply->status == 304;

	tt_buf_printf(text, "Status: %d\r\n", reply->status);
	tt_buf_add(text, tt_buf_text(&reply->head), reply->head.sz);
	if (!bodiless)
		tt_buf_printf(text, "Content-Length: %zu\r\n", reply->body.sz);
	tt_buf_puts(text, "\r\n");
	if (!bodiless && !head_only)
		tt_buf_add(text, tt_buf_text(&reply->body), reply->body.sz);
}

/* Replace an answer that memory did not suffice for by one that needs none. */
static void
mend(struct tt_reply *reply)
{
	if (!tt_buf_broken(&reply->head) && !tt_buf_broken(&reply->body))
		return;
	tt_error("out of memory for an answer");
	tt_reply_reset(reply);
	reply->status = 500;
}

/*
 * Has all of the request been read, to the end of its input?  Then the peer has
 * no more to say, and the connection can be closed on the answer at once.
 */
static bool
heard_out(const FCGX_Request *fcgi)
{
	char	 c;

	return (fcgi->in->isClosed || !has_body(fcgi)) &&
	    FCGX_GetStr(&c, 1, fcgi->in) == 0 && FCGX_GetError(fcgi->in) == 0;
}

static bool
send_records(struct tt_reply *reply, FCGX_Request *fcgi,
    const struct tt_buf *text)
{
	struct tt_buf	*wire = &reply->wire;
	unsigned char	 end[TT_RECORD_END_SZ];
	bool		 sent, heard = heard_out(fcgi);
	int		 id, fd = tt_reply_detach(fcgi, &id);

	tt_buf_clear(wire);
	tt_record_stdout(wire, id, tt_buf_text(text), text->sz);
	tt_record_end(end, id);
	tt_buf_add(wire, end, sizeof(end));
	sent = !tt_buf_broken(wire) && send_all(fd, wire->data, wire->sz);
	if (heard)
		(void)close(fd);
	else
		tt_linger_close(fd);
	return sent;
}

void
tt_reply_send(struct tt_reply *reply, FCGX_Request *fcgi, bool head_only)
{
	struct tt_buf	*text = &reply->text;
	bool		 sent;

	mend(reply);
	tt_buf_clear(text);
	build(reply, text, head_only);
	if (tt_buf_broken(text))
		tt_buf_clear(text);
	if (FCGX_IsCGI())
		sent = print_all(fcgi, tt_buf_text(text), text->sz);
	else
		sent = send_records(reply, fcgi, text);
	tt_trace("answered %d, %zu bytes%s", reply->status, text->sz,
	    sent ? "" : ", not taken");
}

/*
 * client.c - see client.h.
 */
#define _DEFAULT_SOURCE	/* SO_TIMESTAMPNS */

#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "client.h"

#define READ_SZ		65536
#define RETRY_MS	3000	/* until the server says */
#define SLOW_RCVBUF	4096
#define FNV_PRIME	UINT64_C(0x100000001b3)

/* How many are in the state that c leaves and in the one it takes up. */
static void
set_state(struct client *c, enum client_state to)
{
	struct load	*l = c->load;
	long		*count[] = {
		[WAITING] = &l->waiting, [CONNECTING] = &l->answering,
		[ASKED] = &l->answering, [OPEN] = &l->open,
		[FINISHED] = &l->finished
	};

	(*count[c->state])--;
	(*count[to])++;
	c->state = to;
}

/*
 * The end of a connection.
 */

static void
come_back(struct client *c)
{
	long	 ms = c->sse.retry_ms == -1 ? RETRY_MS : c->sse.retry_ms;

	c->due_us = load_now_us() + ms * 1000;
	c->load->reconnects++;
	set_state(c, WAITING);
}

static void
hang_up(struct client *c)
{
	(void)close(c->fd);
	c->fd = -1;
	c->load->comments += c->sse.comments;
	c->sse.comments = 0;
}

/*
 * As an EventSource: any answer but 200 is final, a broken link is not.  One
 * that is cut is a client of ours, who takes only 204 for an end.
 */
static bool
goes_on(const struct client *c, bool properly)
{
	return c->load->wish->reconnect && (!properly ||
	    c->http.status == 200 || (c->load->wish->cuts > 0 &&
	    c->http.status != 204));
}

static void
over(struct client *c, bool properly)
{
	struct load	*l = c->load;

	hang_up(c);
	if (!properly)
		l->errors++;
	else if (c->http.status == 200)
		l->ended++;
	else if (c->http.status == 204)
		l->stopped++;
	else
		l->refused++;
	if (goes_on(c, properly))
		come_back(c);
	else
		set_state(c, FINISHED);
}

/*
 * Cuts.
 */

/* How much may be read before the next; there is none without an id. */
static size_t
before_cut(struct client *c, size_t most)
{
	const struct wish	*w = c->load->wish;

	if (c->cuts >= w->cuts || c->ledger.last.sz == 0)
		return most;
	if (c->cut_left == 0)
		c->cut_left = 1 + randombytes_uniform(1 +
		    randombytes_uniform((uint32_t)w->cut_bytes));
	return c->cut_left < most ? c->cut_left : most;
}

/* The client is gone without a word, and at once there is another like it. */
static void
cut(struct client *c)
{
	struct load	*l = c->load;

	hang_up(c);
	c->cuts++;
	l->cuts++;
	l->cut_within += sse_within(&c->sse);
	c->due_us = load_now_us();
	set_state(c, WAITING);
}

/*
 * The beginning of one.
 */

static bool
watch(struct client *c, int op, uint32_t events)
{
	struct epoll_event	 ev = { .events = events, .data.ptr = c };

	return epoll_ctl(c->load->epoll, op, c->fd, &ev) == 0;
}

void
client_begin(struct client *c)
{
	const struct url	*u = c->url;
	int			 small = SLOW_RCVBUF, on = 1, flags;

	http_init(&c->http);
	sse_begin(&c->sse);
	set_state(c, CONNECTING);
	c->fd = socket(u->addr.ss_family, SOCK_STREAM, 0);
	if (c->fd == -1 || (flags = fcntl(c->fd, F_GETFL)) == -1 ||
	    fcntl(c->fd, F_SETFL, flags | O_NONBLOCK) == -1) {
		over(c, false);
		return;
	}
	if (c->load->wish->rate > 0)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small,
		    sizeof(small));
	if (c->load->wish->aside > 0)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on,
		    sizeof(on));
	if ((connect(c->fd, (const struct sockaddr *)&u->addr,
	    u->addr_sz) == -1 && errno != EINPROGRESS) ||
	    !watch(c, EPOLL_CTL_ADD, EPOLLOUT))
		over(c, false);
}

static void
ask(struct client *c)
{
	struct tt_buf	 b = TT_BUF_INIT;
	ssize_t		 n;

	tt_buf_printf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\n"
	    "User-Agent: sseload\r\nAccept: text/event-stream\r\n",
	    c->url->path, c->url->host);
	if (c->load->wish->key != NULL)
		tt_buf_printf(&b, "Authorization: Bearer %s\r\n",
		    c->load->wish->key);
	if (c->ledger.last.sz > 0)
		tt_buf_printf(&b, "Last-Event-ID: %s\r\n",
		    tt_buf_text(&c->ledger.last));
	tt_buf_puts(&b, "\r\n");

	/* It fits: nothing has been sent yet. */
	n = send(c->fd, tt_buf_text(&b), b.sz, MSG_NOSIGNAL);
	c->may_read = 0;
	c->read_us = load_now_us();
	if (tt_buf_broken(&b) || n != (ssize_t)b.sz ||
	    !watch(c, c->load->wish->rate > 0 ? EPOLL_CTL_DEL :
	    EPOLL_CTL_MOD, EPOLLIN))
		over(c, false);
	else
		set_state(c, ASKED);
	tt_buf_free(&b);
}

/*
 * What comes.
 */

/* Data may hold what would end the line: it is one line of JSON for us. */
static void
write_out(const struct client *c, const struct sse_event *ev)
{
	FILE		*out = c->load->wish->out;
	const char	*p;

	(void)fprintf(out, "%ld\t%s\t%s\t", (long)(c - c->load->clients),
	    ev->id == NULL ? "-" : ev->id, ev->name);
	for (p = ev->data; *p != '\0'; p++)
		(void)putc(*p == '\n' ? ' ' : *p, out);
	(void)putc('\n', out);
}

/* Of what is the same for all. */
static void
digest(struct client *c, const struct sse_event *ev)
{
	static const char *const	 own[] = { "connected", "resync",
					    "heartbeat" };
	const char			*p;
	size_t				 i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (strcmp(ev->name, own[i]) == 0)
			return;
	for (p = ev->name; *p != '\0'; p++)
		c->digest = (c->digest ^ (unsigned char)*p) * FNV_PRIME;
	for (p = ev->data; *p != '\0'; p++)
		c->digest = (c->digest ^ (unsigned char)*p) * FNV_PRIME;
}

static void
got_event(void *arg, const struct sse_event *ev)
{
	struct client	*c = arg;
	struct load	*l = c->load;

	if (ev->id != NULL && c->ledger.last.sz == 0)
		l->begun++;
	if (ev->data == NULL) {
		ledger_resume(&c->ledger, ev->id);
		return;
	}
	ledger_note(&c->ledger, ev, &l->tally);
	digest(c, ev);
	if (strcmp(ev->name, "connected") != 0)
		latency_note(&l->latency, ev->data, &c->came);
	if (l->wish->out != NULL)
		write_out(c, ev);
	l->events++;
	c->nevents++;
	if ((long)c->nevents == l->wish->events || (l->wish->until != NULL &&
	    strstr(ev->data, l->wish->until) != NULL))
		l->satisfied++;
}

static void
got_body(void *arg, const char *text, size_t sz)
{
	struct client	*c = arg;

	if (c->http.status == 200)
		sse_read(&c->sse, text, sz, got_event, c);
}

static void
answered(struct client *c)
{
	if (c->state != ASKED || c->http.status != 200)
		return;
	set_state(c, OPEN);
	if (!c->was_open)
		c->load->connected++;
	c->was_open = true;
}

/* When it came the kernel knows, if it was asked to. */
static ssize_t
receive(struct client *c, char *text, size_t most)
{
	union {
		struct cmsghdr	 align;
		char		 space[CMSG_SPACE(sizeof(struct timespec))];
	}		 control;
	struct iovec	 iov = { text, most };
	struct msghdr	 msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.space,
		.msg_controllen = sizeof(control.space)
	};
	struct cmsghdr	*cm;
	ssize_t		 n;

	if (c->load->wish->aside == 0)
		return recv(c->fd, text, most, 0);
	n = recvmsg(c->fd, &msg, 0);
	for (cm = CMSG_FIRSTHDR(&msg); n > 0 && cm != NULL;
	    cm = CMSG_NXTHDR(&msg, cm))
		if (cm->cmsg_level == SOL_SOCKET &&
		    cm->cmsg_type == SCM_TIMESTAMPNS)
			memcpy(&c->came, CMSG_DATA(cm), sizeof(c->came));
	return n;
}

/* As much as is there, but at most so much. */
static void
take(struct client *c, size_t most)
{
	static char	 text[READ_SZ];
	ssize_t		 n;

	most = before_cut(c, most < READ_SZ ? most : READ_SZ);
	n = receive(c, text, most);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		over(c, n == 0 && http_whole(&c->http));
		return;
	}
	c->load->bytes += (uint64_t)n;
	c->may_read -= (double)n;
	if (!http_read(&c->http, text, (size_t)n, got_body, c)) {
		over(c, false);
		return;
	}
	answered(c);
	if (c->http.state == HTTP_DONE)
		over(c, true);
	else if (c->cut_left > 0 && (c->cut_left -= (size_t)n) == 0)
		cut(c);
}

/* Half a second's worth may be saved up. */
void
client_take_at_rate(struct client *c, int64_t now)
{
	double	 rate = (double)c->load->wish->rate;

	c->may_read += rate * (double)(now - c->read_us) / 1e6;
	c->read_us = now;
	if (c->may_read > rate / 2)
		c->may_read = rate / 2;
	if (c->may_read >= 1)
		take(c, (size_t)c->may_read);
}

void
client_ready(struct client *c)
{
	if (c->state == CONNECTING)
		ask(c);
	else
		take(c, READ_SZ);
}

/*
 * client.c - see client.h.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

#define READ_SZ		65536
#define RETRY_MS	3000	/* until the server says */
#define SLOW_RCVBUF	4096

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

/* As an EventSource: any answer but 200 is final, a broken link is not. */
static void
over(struct client *c, bool properly)
{
	struct load	*l = c->load;

	(void)close(c->fd);
	c->fd = -1;
	l->comments += c->sse.comments;
	c->sse.comments = 0;
	if (!properly)
		l->errors++;
	else if (c->http.status == 200)
		l->ended++;
	else if (c->http.status == 204)
		l->stopped++;
	else
		l->refused++;
	if (l->wish->reconnect && (!properly || c->http.status == 200))
		come_back(c);
	else
		set_state(c, FINISHED);
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
	int			 small = SLOW_RCVBUF, flags;

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

static void
got_event(void *arg, const struct sse_event *ev)
{
	struct client	*c = arg;
	struct load	*l = c->load;

	ledger_note(&c->ledger, ev, &l->tally);
	if (strcmp(ev->name, "connected") != 0)
		latency_note(&l->latency, ev->data);
	if (l->wish->out != NULL)
		write_out(c, ev);
	l->events++;
	c->nevents++;
	if ((long)c->nevents == l->wish->events)
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

/* As much as is there, but at most so much. */
static void
take(struct client *c, size_t most)
{
	static char	 text[READ_SZ];
	ssize_t		 n;

	n = recv(c->fd, text, most < READ_SZ ? most : READ_SZ, 0);
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

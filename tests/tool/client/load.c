/*
 * load.c - see load.h.
 */
#include <sys/epoll.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "load.h"

#define TICK_MS		10

int64_t
load_now_us(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

bool
load_init(struct load *l, const struct wish *wish)
{
	long		 i;
	struct client	*c;

	memset(l, 0, sizeof(*l));
	l->wish = wish;
	l->clients = calloc((size_t)wish->streams, sizeof(*l->clients));
	if (l->clients == NULL || (l->epoll = epoll_create1(0)) == -1 ||
	    (wish->each && !latency_tell_apart(&l->latency))) {
		perror("sseload");
		return false;
	}
	for (i = 0; i < wish->streams; i++) {
		c = &l->clients[i];
		c->load = l;
		c->url = &wish->urls.url[(size_t)i % wish->urls.n];
		c->fd = -1;
		sse_init(&c->sse);
		ledger_init(&c->ledger);
		if (c->url->last_id != NULL) {
			ledger_resume(&c->ledger, c->url->last_id);
			l->begun++;
		}
	}
	l->waiting = wish->streams;
	l->began_us = load_now_us();
	return true;
}

void
load_free(struct load *l)
{
	long	 i;

	for (i = 0; i < l->wish->streams; i++) {
		if (l->clients[i].fd != -1)
			(void)close(l->clients[i].fd);
		http_free(&l->clients[i].http);
		sse_free(&l->clients[i].sse);
		ledger_free(&l->clients[i].ledger);
	}
	free(l->clients);
	latency_free(&l->latency);
	(void)close(l->epoll);
}

void
load_range(const struct load *l, uint64_t *fewest, uint64_t *most)
{
	uint64_t	 n;
	long		 i;

	*fewest = *most = l->clients[0].nevents;
	for (i = 1; i < l->wish->streams; i++) {
		n = l->clients[i].nevents;
		*fewest = n < *fewest ? n : *fewest;
		*most = n > *most ? n : *most;
	}
}

long
load_kinds(const struct load *l, uint64_t *digest)
{
	long	 i, j, n = 0;

	*digest = 0;
	for (i = 0; i < l->wish->streams; i++) {
		for (j = 0; j < i; j++)
			if (l->clients[j].digest == l->clients[i].digest)
				break;
		if (j == i) {
			*digest += l->clients[i].digest;
			n++;
		}
	}
	return n;
}

static void
begin_some(struct load *l, int64_t now)
{
	struct client	*c;
	long		 i;

	l->may_begin = l->wish->connect_rate == 0 ? (double)l->wish->streams :
	    l->may_begin + (double)l->wish->connect_rate * TICK_MS / 1000;
	if (l->may_begin > (double)l->wish->streams)
		l->may_begin = (double)l->wish->streams;
	for (i = 0; i < l->wish->streams && l->may_begin >= 1 &&
	    l->answering < l->wish->answering; i++) {
		c = &l->clients[i];
		if (c->state == WAITING && c->due_us <= now) {
			l->may_begin--;
			client_begin(c);
		}
	}
}

static void
tick(struct load *l)
{
	int64_t	 now = load_now_us();
	long	 i;

	if (l->waiting > 0)
		begin_some(l, now);
	if (l->wish->rate > 0)
		for (i = 0; i < l->wish->streams; i++)
			if (l->clients[i].state == ASKED ||
			    l->clients[i].state == OPEN)
				client_take_at_rate(&l->clients[i], now);
	if (l->wish->out != NULL)
		(void)fflush(l->wish->out);
	if (!l->told && l->connected == l->wish->streams) {
		l->told = true;
		l->connected_us = now - l->began_us;
		(void)fprintf(stderr, "sseload: %ld open\n", l->connected);
	}
	if (!l->told_begun && l->begun == l->wish->streams) {
		l->told_begun = true;
		(void)fprintf(stderr, "sseload: %ld begun\n", l->begun);
	}
}

static bool
enough(const struct load *l)
{
	return l->finished == l->wish->streams ||
	    l->satisfied == l->wish->streams ||
	    (l->wish->seconds > 0 && load_now_us() - l->began_us >=
	    l->wish->seconds * 1000000);
}

/*
 * Who reads beside the servers takes from them what they could do meanwhile.
 * So all are open, and something comes: let it come.
 */
static void
stand_aside(struct load *l, int n)
{
	struct timespec	 ts = {
		l->wish->aside / 1000, l->wish->aside % 1000 * 1000000
	};

	if (n > 0 && l->aside && l->told)
		(void)nanosleep(&ts, NULL);
	l->aside = n == 0;
}

void
load_run(struct load *l, const volatile sig_atomic_t *stop)
{
	struct epoll_event	 ready[256];
	int			 i, n, ms;

	tick(l);
	while (!*stop && !enough(l)) {
		ms = l->waiting > 0 || l->wish->rate > 0 ? TICK_MS : 100;
		if (l->wish->aside > 0 && !l->aside)
			ms = 0;
		n = epoll_wait(l->epoll, ready, 256, ms);
		stand_aside(l, n);
		for (i = 0; i < n; i++)
			client_ready(ready[i].data.ptr);
		tick(l);
	}
	for (i = 0; i < l->wish->streams; i++)
		l->comments += l->clients[i].sse.comments;
}

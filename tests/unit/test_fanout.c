/*
 * One event to all its streams, and the way back from the log.
 *
 * The log is an array here, the feed a loop over it, and a client the other
 * end of a socketpair.
 */
#include <sys/socket.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/conf.h"
#include "job/event.h"
#include "job/feed.h"
#include "stream/fanout.h"
#include "stream/stream.h"
#include "stream/watchers.h"
#include "surface/vocabulary.h"

#define BUFFER		4096	/* TELLTALE_STREAM_BUFFER */
#define LOG_MAX		20000

static struct tt_conf	 conf;
static struct tt_fanout	 fo;
static struct tt_event	 event_log[LOG_MAX];
static size_t		 nlog;
static uint64_t		 batch, life;

/* A stream, and the client that reads it. */
struct client {
	struct tt_stream	*st;
	int			 fd;
	struct tt_buf		 wire, text;
	bool			 ended;
};

static const char *
show(const struct tt_event *ev, struct tt_buf *data, bool *replaceable)
{
	if (ev->kind == TT_JOB_CREATED)
		return NULL;
	*replaceable = ev->kind == TT_JOB_PROGRESS;
	tt_buf_printf(data, "%" PRId64 ".%" PRId64 "%s", ev->job, ev->seq,
	    ev->data);
	return tt_kind_word(ev->kind);
}

static void
keepalive(struct tt_buf *b, const char *id)
{
	(void)id;
	tt_buf_puts(b, ": still here\n\n");
}

static const struct tt_vocabulary	 plain = {
	.show = show, .keepalive = keepalive
};

static int
begin(void **state)
{
	(void)state;
	memset(&conf, 0, sizeof(conf));
	conf.stream_buffer = BUFFER;
	nlog = 0;
	batch = 1;
	life = 0;
	return tt_fanout_init(&fo, &conf) ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	tt_fanout_done(&fo);
	return 0;
}

/* A client that watches these jobs after these events. */
static struct client *
watch(int n, const struct tt_watch_from *from)
{
	struct client	*c = calloc(1, sizeof(*c));
	int		 sv[2], i, small = 4096;

	c->st = calloc(1, sizeof(*c->st) + (size_t)n * sizeof(struct tt_watch));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_int_equal(fcntl(sv[0], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(sv[1], F_SETFL, O_NONBLOCK), 0);
	(void)setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	c->st->sink.fd = sv[0];
	c->st->sink.request_id = 1;
	c->st->sink.queue = c->st->sink.few;
	c->st->sink.cap = TT_SINK_FEW;
	c->fd = sv[1];
	c->st->vocabulary = &plain;
	c->st->nwatches = c->st->nleft = n;
	for (i = 0; i < n; i++) {
		c->st->watch[i].job = from[i].job;
		c->st->watch[i].seq = from[i].seq;
		c->st->watch[i].ended = from[i].ended;
		c->st->watch[i].stream = c->st;
		c->st->watch[i].ask = -1;
		c->st->nleft -= from[i].ended;
	}
	assert_true(tt_fanout_add(&fo, c->st, life));
	return c;
}

static struct client *
watch_one(int64_t job, int64_t seq)
{
	struct tt_watch_from	 from = { job, seq, false };

	return watch(1, &from);
}

static void
leave(struct client *c)
{
	tt_fanout_remove(&fo, c->st);
	tt_stream_free(c->st);
	(void)close(c->fd);
	tt_buf_free(&c->wire);
	tt_buf_free(&c->text);
	free(c);
}

/* STDOUT's content; true at END_REQUEST. */
static void
unframe(struct client *c)
{
	const unsigned char	*p = (const unsigned char *)c->wire.data;
	size_t			 at = 0, n;

	while (c->wire.sz - at >= 8) {
		n = (size_t)(p[at + 4] << 8 | p[at + 5]);
		if (c->wire.sz - at < 8 + n)
			break;
		assert_false(c->ended);
		if (p[at + 1] == 3)
			c->ended = true;
		else
			tt_buf_add(&c->text, p + at + 8, n);
		at += 8 + n;
	}
	memmove(c->wire.data, c->wire.data + at, c->wire.sz - at);
	c->wire.sz -= at;
}

/* The hub flushes and the client reads, once. */
static void
flush(struct client *c)
{
	char		 bytes[4096];
	size_t		 wrote;
	ssize_t		 n;

	(void)tt_sink_flush(&c->st->sink, &wrote);
	while ((n = read(c->fd, bytes, sizeof(bytes))) > 0)
		tt_buf_add(&c->wire, bytes, (size_t)n);
	if (c->wire.sz > 0)
		unframe(c);
}

static void
drain(struct client *c)
{
	size_t	 before;

	do {
		before = c->text.sz;
		flush(c);
	} while (c->text.sz > before || c->st->sink.n > 0);
}

/* What the client has read since the last time. */
static void
reads(struct client *c, const char *want)
{
	drain(c);
	assert_string_equal(tt_buf_text(&c->text), want);
	tt_buf_clear(&c->text);
}

/* Write to the log; the hub reads it later, or never. */
static struct tt_event *
write_event(int64_t job, int64_t seq, enum tt_kind kind)
{
	struct tt_event	*ev = &event_log[nlog++];

	assert_true(nlog <= LOG_MAX);
	memset(ev, 0, sizeof(*ev));
	ev->event_id = (int64_t)nlog;
	ev->job = job;
	ev->seq = seq;
	ev->kind = kind;
	ev->data = "";
	ev->life = life;
	ev->batch = batch;
	return ev;
}

/* An event, live, of the batch as it is. */
static void
live(int64_t job, int64_t seq, enum tt_kind kind)
{
	tt_fanout_event(&fo, write_event(job, seq, kind));
}

static void
next_batch(void)
{
	batch++;
}

/* What the feed answers to the asks that fo has, one by one. */
static void
answer(const struct tt_ask *asks, int n)
{
	struct tt_event	 ev;
	size_t		 k;
	int		 i, given;

	for (i = 0; i < n; i++)
		for (k = 0, given = 0; k < nlog && given < TT_FEED_PAGE; k++) {
			if (event_log[k].job != asks[i].job ||
			    event_log[k].seq <= asks[i].seq)
				continue;
			given++;
			ev = event_log[k];
			ev.batch = batch;
			ev.life = life;
			tt_fanout_missed(&fo, i, &ev);
		}
}

static int
catch_up(bool ok)
{
	struct tt_ask	 asks[TT_FEED_ASKS];
	int		 n = tt_fanout_asks(&fo, asks);

	answer(asks, n);
	tt_fanout_caught_up(&fo, ok);
	return n;
}

#define P(job, seq)							\
	"id: " #seq "\nevent: job.progress\ndata: " #job "." #seq "\n\n"
#define EVENT(id, kind, data)						\
	"id: " id "\nevent: " kind "\ndata: " data "\n\n"

static void
a_new_stream_is_given_what_it_missed_and_then_lives(void **state)
{
	struct client	*c;

	(void)state;
	write_event(1, 1, TT_JOB_CREATED);
	write_event(1, 2, TT_JOB_STARTED);
	write_event(1, 3, TT_JOB_PROGRESS);
	c = watch_one(1, 1);
	assert_true(tt_fanout_wants(&fo));

	/* Live events are not for a stream that is behind. */
	live(1, 4, TT_JOB_PROGRESS);
	reads(c, "");
	assert_int_equal(catch_up(true), 1);
	assert_int_equal(c->st->state, TT_STREAM_LIVE);
	assert_false(tt_fanout_wants(&fo));
	reads(c, EVENT("2", "job.started", "1.2") P(1, 3) P(1, 4));

	live(1, 5, TT_JOB_PROGRESS);
	live(2, 6, TT_JOB_PROGRESS);
	reads(c, P(1, 5));
	assert_int_equal(fo.stats.delivered, 4);
	assert_int_equal(fo.stats.caught_up, 3);
	leave(c);
	assert_int_equal(fo.stats.streams, 0);
	assert_int_equal(fo.stats.opened, 1);
}

static void
what_is_not_shown_counts_all_the_same(void **state)
{
	struct client	*c = watch_one(1, 0);

	(void)state;
	assert_int_equal(catch_up(true), 1);
	live(1, 1, TT_JOB_CREATED);
	live(1, 2, TT_JOB_PROGRESS);
	reads(c, P(1, 2));
	assert_int_equal(c->st->state, TT_STREAM_LIVE);
	leave(c);
}

static void
an_event_comes_once_however_often_it_is_read(void **state)
{
	struct client	*c = watch_one(1, 0);
	int		 i;

	(void)state;
	assert_int_equal(catch_up(true), 1);
	live(1, 1, TT_JOB_PROGRESS);
	live(1, 2, TT_JOB_PROGRESS);
	for (i = 0; i < 3; i++) {
		tt_fanout_event(&fo, &event_log[0]);
		tt_fanout_event(&fo, &event_log[1]);
	}
	reads(c, P(1, 1) P(1, 2));
	leave(c);
}

static void
a_gap_is_filled_from_the_log(void **state)
{
	struct client	*c = watch_one(1, 0);

	(void)state;
	assert_int_equal(catch_up(true), 1);
	live(1, 1, TT_JOB_PROGRESS);
	reads(c, P(1, 1));
	write_event(1, 2, TT_JOB_PROGRESS);
	next_batch();
	live(1, 3, TT_JOB_PROGRESS);
	assert_int_equal(c->st->state, TT_STREAM_BEHIND);
	assert_int_equal(catch_up(true), 1);
	live(1, 4, TT_JOB_PROGRESS);
	reads(c, P(1, 2) P(1, 3) P(1, 4));
	leave(c);
}

static void
a_catch_up_that_fails_is_asked_for_again(void **state)
{
	struct client	*c = watch_one(1, 0);
	struct tt_ask	 asks[TT_FEED_ASKS];

	(void)state;
	write_event(1, 1, TT_JOB_PROGRESS);
	write_event(1, 2, TT_JOB_PROGRESS);
	assert_int_equal(tt_fanout_asks(&fo, asks), 1);
	tt_fanout_missed(&fo, 0, &event_log[0]);
	tt_fanout_caught_up(&fo, false);
	assert_int_equal(c->st->state, TT_STREAM_BEHIND);

	assert_int_equal(tt_fanout_asks(&fo, asks), 1);
	assert_int_equal(asks[0].seq, 1);
	answer(asks, 1);
	tt_fanout_caught_up(&fo, true);
	reads(c, P(1, 1) P(1, 2));

	/* Late words of an ask that is over. */
	tt_fanout_missed(&fo, 0, &event_log[0]);
	tt_fanout_missed(&fo, -1, &event_log[0]);
	tt_fanout_caught_up(&fo, true);
	reads(c, "");
	leave(c);
}

/* A burst in one transaction reaches who reads slowly, in pages. */
static void
an_overflow_is_caught_up_page_by_page(void **state)
{
	struct client	*c = watch_one(1, 0);
	struct tt_buf	 want = TT_BUF_INIT;
	int		 i, pages = 0, n = 3000;

	(void)state;
	assert_int_equal(catch_up(true), 1);
	for (i = 1; i <= n; i++) {
		live(1, i, i == n ? TT_JOB_COMPLETED : TT_JOB_PROGRESS);
		tt_buf_printf(&want, EVENT("%d", "%s", "1.%d"), i,
		    i == n ? "job.completed" : "job.progress", i);
		assert_in_range(c->st->sink.queued, 0, BUFFER + 100);
	}
	assert_int_equal(c->st->state, TT_STREAM_BEHIND);

	/* With its queue full, it is not asked for. */
	while (c->st->state == TT_STREAM_BEHIND) {
		flush(c);
		if (!tt_fanout_wants(&fo)) {
			assert_int_equal(catch_up(true), 0);
			continue;
		}
		assert_int_equal(catch_up(true), 1);
		assert_in_range(c->st->sink.queued, 0, BUFFER + 100);
		pages++;
	}
	assert_true(pages > 10);
	assert_int_equal(c->st->state, TT_STREAM_ENDING);
	reads(c, tt_buf_text(&want));
	assert_true(c->ended);
	tt_buf_free(&want);
	leave(c);
}

/* A page that is full is no proof that there is no more. */
static void
a_full_page_is_followed_by_the_next(void **state)
{
	struct client	*c;
	int		 i;

	(void)state;
	conf.stream_buffer = 1 << 20;
	for (i = 1; i <= 2 * TT_FEED_PAGE; i++)
		write_event(1, i, TT_JOB_PROGRESS);
	c = watch_one(1, 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(catch_up(true), 1);
		assert_int_equal(c->st->state, TT_STREAM_BEHIND);
		drain(c);
	}
	assert_int_equal(catch_up(true), 1);
	assert_int_equal(c->st->state, TT_STREAM_LIVE);
	assert_int_equal(c->st->watch[0].seq, 2 * TT_FEED_PAGE);
	leave(c);
}

static void
a_newer_progress_takes_the_place_of_an_older_batch(void **state)
{
	struct client	*c = watch_one(1, 0), *d = watch_one(1, 0);

	(void)state;
	assert_int_equal(catch_up(true), 1);
	live(1, 1, TT_JOB_STARTED);
	live(1, 2, TT_JOB_PROGRESS);
	live(1, 3, TT_JOB_PROGRESS);
	live(1, 4, TT_JOB_PROGRESS);
	assert_int_equal(fo.stats.coalesced, 0);
	drain(d);

	/* The newest of what is queued goes, one for one. */
	next_batch();
	live(1, 5, TT_JOB_PROGRESS);
	live(1, 6, TT_JOB_PROGRESS);
	assert_int_equal(fo.stats.coalesced, 2);
	reads(c, EVENT("1", "job.started", "1.1") P(1, 2) P(1, 5) P(1, 6));
	reads(d, EVENT("1", "job.started", "1.1") P(1, 2) P(1, 3) P(1, 4)
	    P(1, 5) P(1, 6));
	leave(c);
	leave(d);
}

static void
only_progress_of_the_same_job_is_replaced(void **state)
{
	static const struct tt_watch_from	 from[] = {
		{ 1, 0, false }, { 2, 0, false },
	};
	struct client	*c = watch(2, from);

	(void)state;
	assert_int_equal(catch_up(true), 2);
	live(1, 1, TT_JOB_REQUEUED);
	live(2, 1, TT_JOB_PROGRESS);
	next_batch();
	live(1, 2, TT_JOB_PROGRESS);
	next_batch();
	live(1, 3, TT_JOB_COMPLETED);
	assert_int_equal(fo.stats.coalesced, 0);
	next_batch();
	live(2, 2, TT_JOB_PROGRESS);
	assert_int_equal(fo.stats.coalesced, 1);
	reads(c, EVENT("1-0", "job.requeued", "1.1")
	    EVENT("2-1", "job.progress", "1.2")
	    EVENT("3-1", "job.completed", "1.3")
	    EVENT("3-2", "job.progress", "2.2"));
	leave(c);
}

static void
the_terminal_event_is_the_last(void **state)
{
	static const enum tt_kind	 kinds[] = {
		TT_JOB_COMPLETED, TT_JOB_FAILED, TT_JOB_CANCELLED,
		TT_JOB_DELETED,
	};
	struct client			*c;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		nlog = 0;
		c = watch_one(1, 0);
		assert_int_equal(catch_up(true), 1);
		live(1, 1, kinds[i]);
		assert_int_equal(c->st->state, TT_STREAM_ENDING);
		live(1, 2, TT_JOB_REQUEUED);
		drain(c);
		assert_true(c->ended);
		assert_null(strstr(tt_buf_text(&c->text), "1.2"));
		assert_non_null(strstr(tt_buf_text(&c->text), "1.1"));
		leave(c);
	}
}

static void
a_stream_of_many_jobs_ends_with_the_last_of_them(void **state)
{
	static const struct tt_watch_from	 from[] = {
		{ 30, 7, false }, { 10, 9, true }, { 20, 0, false },
	};
	struct client	*c = watch(3, from);

	(void)state;
	assert_int_equal(catch_up(true), 2);
	live(10, 10, TT_JOB_REQUEUED);
	live(20, 1, TT_JOB_PROGRESS);
	live(30, 8, TT_JOB_COMPLETED);
	live(30, 9, TT_JOB_REQUEUED);
	assert_int_equal(c->st->state, TT_STREAM_LIVE);
	live(20, 2, TT_JOB_FAILED);
	assert_int_equal(c->st->state, TT_STREAM_ENDING);
	reads(c, EVENT("7-9-1", "job.progress", "20.1")
	    EVENT("8-9-1", "job.completed", "30.8")
	    EVENT("8-9-2", "job.failed", "20.2"));
	assert_true(c->ended);
	leave(c);
}

/* What was dropped with the queue was not sent, and so has not ended. */
static void
an_overflow_does_not_lose_the_end_of_one_of_many(void **state)
{
	static const struct tt_watch_from	 from[] = {
		{ 1, 0, false }, { 2, 0, false },
	};
	struct client	*c = watch(2, from);
	int		 i;

	(void)state;
	assert_int_equal(catch_up(true), 2);
	live(1, 1, TT_JOB_PROGRESS);
	live(1, 2, TT_JOB_COMPLETED);
	for (i = 1; i <= 200; i++)
		live(2, i, TT_JOB_PROGRESS);
	assert_int_equal(c->st->state, TT_STREAM_BEHIND);
	while (c->st->state == TT_STREAM_BEHIND) {
		drain(c);
		(void)catch_up(true);
	}
	drain(c);
	assert_non_null(strstr(tt_buf_text(&c->text), "data: 1.1\n"));
	assert_non_null(strstr(tt_buf_text(&c->text), "data: 1.2\n"));
	assert_non_null(strstr(tt_buf_text(&c->text), "data: 2.200\n"));
	assert_int_equal(c->st->state, TT_STREAM_LIVE);
	live(2, 201, TT_JOB_COMPLETED);
	drain(c);
	assert_true(c->ended);
	leave(c);
}

static void
streams_that_wait_for_the_same_share_an_ask(void **state)
{
	struct client	*c[20];
	struct tt_ask	 asks[TT_FEED_ASKS];
	int		 i;

	(void)state;
	write_event(1, 1, TT_JOB_PROGRESS);
	write_event(1, 2, TT_JOB_PROGRESS);
	for (i = 0; i < 20; i++)
		c[i] = watch_one(1, i % 2);
	assert_int_equal(tt_fanout_asks(&fo, asks), 2);
	answer(asks, 2);
	tt_fanout_caught_up(&fo, true);
	for (i = 0; i < 20; i++) {
		reads(c[i], i % 2 == 0 ? P(1, 1) P(1, 2) : P(1, 2));
		leave(c[i]);
	}
}

static void
a_stream_that_leaves_while_asked_for_takes_none_along(void **state)
{
	struct client	*c[6];
	struct tt_ask	 asks[TT_FEED_ASKS];
	int		 i, leaver;

	(void)state;
	for (leaver = 0; leaver < 3; leaver++) {
		nlog = 0;
		write_event(1, 1, TT_JOB_PROGRESS);
		for (i = 0; i < 3; i++)
			c[i] = watch_one(1, 0);
		assert_int_equal(tt_fanout_asks(&fo, asks), 1);
		leave(c[leaver]);

		/* One that comes now is not part of what is under way. */
		c[leaver] = watch_one(1, 0);
		answer(asks, 1);
		tt_fanout_caught_up(&fo, true);
		for (i = 0; i < 3; i++)
			assert_int_equal(c[i]->st->state, i == leaver ?
			    TT_STREAM_BEHIND : TT_STREAM_LIVE);
		assert_int_equal(catch_up(true), 1);
		for (i = 0; i < 3; i++) {
			reads(c[i], P(1, 1));
			leave(c[i]);
		}
	}
}

/* An ask ends for all, also for those that ended or died meanwhile. */
static void
no_stream_remembers_an_ask_that_is_over(void **state)
{
	static const struct tt_watch_from	 from[] = {
		{ 1, 0, false }, { 2, 0, false },
	};
	struct client	*one = watch_one(1, 0), *both = watch(2, from);
	struct client	*dead = watch_one(2, 0);
	struct tt_ask	 asks[TT_FEED_ASKS];

	(void)state;
	write_event(1, 1, TT_JOB_COMPLETED);
	assert_int_equal(tt_fanout_asks(&fo, asks), 2);
	tt_fanout_kill(&fo, dead->st);
	answer(asks, 2);
	assert_int_equal(one->st->state, TT_STREAM_ENDING);
	tt_fanout_caught_up(&fo, true);
	assert_int_equal(both->st->state, TT_STREAM_LIVE);
	assert_int_equal(one->st->watch[0].ask, -1);
	assert_int_equal(both->st->watch[0].ask, -1);
	assert_int_equal(both->st->watch[1].ask, -1);
	assert_int_equal(dead->st->watch[0].ask, -1);
	leave(both);
	leave(one);
	leave(dead);
}

/* The feed may ask anew without having answered: it had only prepared. */
static void
asking_anew_forgets_what_was_asked_before(void **state)
{
	struct client	*c = watch_one(1, 0), *dead = watch_one(2, 0);
	struct tt_ask	 asks[TT_FEED_ASKS];

	(void)state;
	assert_int_equal(tt_fanout_asks(&fo, asks), 2);
	tt_fanout_kill(&fo, dead->st);
	assert_int_equal(tt_fanout_asks(&fo, asks), 1);
	assert_int_equal(asks[0].job, 1);
	assert_int_equal(dead->st->watch[0].ask, -1);
	leave(dead);
	tt_fanout_caught_up(&fo, true);
	assert_int_equal(c->st->state, TT_STREAM_LIVE);
	leave(c);
}

static void
the_dead_are_told_nothing(void **state)
{
	struct client	*c = watch_one(1, 0), *d = watch_one(1, 0);

	(void)state;
	assert_int_equal(catch_up(true), 1);
	tt_fanout_kill(&fo, c->st);
	live(1, 1, TT_JOB_PROGRESS);
	reads(c, "");
	reads(d, P(1, 1));
	leave(c);
	leave(d);
}

/* All jobs of a stream at once, so some streams wait for the next time. */
static void
more_asks_than_fit_take_turns(void **state)
{
	struct tt_watch_from	 from[100];
	struct client		*c[3];
	int			 i, k, n;

	(void)state;
	memset(from, 0, sizeof(from));
	for (k = 0; k < 3; k++) {
		for (i = 0; i < 100; i++) {
			from[i].job = k * 100 + i + 1;
			write_event(from[i].job, 1, TT_JOB_PROGRESS);
		}
		c[k] = watch(100, from);
	}
	conf.stream_buffer = 1 << 20;
	for (n = 0; tt_fanout_wants(&fo); n++)
		assert_int_equal(catch_up(true), 100);
	assert_int_equal(n, 3);
	for (k = 0; k < 3; k++) {
		assert_int_equal(c[k]->st->state, TT_STREAM_LIVE);
		leave(c[k]);
	}
}

/* A crash took back what had been seen: the seqs begin anew. */
static void
in_another_life_a_seq_may_come_again(void **state)
{
	struct client	*c = watch_one(1, 0);

	(void)state;
	assert_int_equal(catch_up(true), 1);
	live(1, 1, TT_JOB_PROGRESS);
	live(1, 2, TT_JOB_PROGRESS);
	live(1, 3, TT_JOB_PROGRESS);
	reads(c, P(1, 1) P(1, 2) P(1, 3));
	life++;
	live(1, 2, TT_JOB_PROGRESS);
	live(1, 3, TT_JOB_PROGRESS);
	live(1, 3, TT_JOB_PROGRESS);
	reads(c, P(1, 2) P(1, 3));

	/* Where nothing was taken back it goes on. */
	life++;
	live(1, 4, TT_JOB_PROGRESS);
	reads(c, P(1, 4));
	assert_int_equal(c->st->state, TT_STREAM_LIVE);
	leave(c);
}

static void
few_jobs_are_named_and_many_are_not(void **state)
{
	struct client	*c[5];
	int64_t		 jobs[4];
	int		 i;

	(void)state;
	assert_int_equal(tt_watchers_jobs(fo.watchers, jobs, 4), 0);
	for (i = 0; i < 4; i++)
		c[i] = watch_one(i + 1, 0);
	assert_int_equal(tt_watchers_jobs(fo.watchers, jobs, 4), 4);
	c[4] = watch_one(5, 0);
	assert_int_equal(tt_watchers_jobs(fo.watchers, jobs, 4), -1);
	for (i = 0; i < 5; i++)
		leave(c[i]);
	assert_int_equal(tt_watchers_jobs(fo.watchers, jobs, 4), 0);
}

static void
a_word_of_its_own_is_for_one_stream_and_stays(void **state)
{
	struct client	*c = watch_one(1, 0), *d = watch_one(1, 0);
	struct tt_buf	 text = TT_BUF_INIT;
	int		 i;

	(void)state;
	assert_int_equal(catch_up(true), 1);
	keepalive(&text, NULL);
	tt_fanout_tell(&fo, c->st, &text);
	for (i = 1; i < 200; i++)
		live(1, i, TT_JOB_PROGRESS);
	drain(c);
	assert_true(strncmp(tt_buf_text(&c->text), ": still here\n\n", 14) ==
	    0);
	drain(d);
	assert_null(strstr(tt_buf_text(&d->text), "still"));
	tt_buf_free(&text);
	leave(c);
	leave(d);
}

int
main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest	 tests[] = {
		TEST(a_new_stream_is_given_what_it_missed_and_then_lives),
		TEST(what_is_not_shown_counts_all_the_same),
		TEST(an_event_comes_once_however_often_it_is_read),
		TEST(a_gap_is_filled_from_the_log),
		TEST(a_catch_up_that_fails_is_asked_for_again),
		TEST(an_overflow_is_caught_up_page_by_page),
		TEST(a_full_page_is_followed_by_the_next),
		TEST(a_newer_progress_takes_the_place_of_an_older_batch),
		TEST(only_progress_of_the_same_job_is_replaced),
		TEST(the_terminal_event_is_the_last),
		TEST(a_stream_of_many_jobs_ends_with_the_last_of_them),
		TEST(an_overflow_does_not_lose_the_end_of_one_of_many),
		TEST(streams_that_wait_for_the_same_share_an_ask),
		TEST(a_stream_that_leaves_while_asked_for_takes_none_along),
		TEST(no_stream_remembers_an_ask_that_is_over),
		TEST(asking_anew_forgets_what_was_asked_before),
		TEST(the_dead_are_told_nothing),
		TEST(more_asks_than_fit_take_turns),
		TEST(in_another_life_a_seq_may_come_again),
		TEST(few_jobs_are_named_and_many_are_not),
		TEST(a_word_of_its_own_is_for_one_stream_and_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

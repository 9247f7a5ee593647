/*
 * Streams of whole accounts: live, and after a break.
 *
 * The log is an array here, PostgreSQL's snapshots are made from it, and a
 * client is the other end of a socketpair.
 */
#include <sys/socket.h>

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <sodium.h>

#include "base/buf.h"
#include "base/conf.h"
#include "job/event.h"
#include "job/feed.h"
#include "job/position.h"
#include "stream/fanout.h"
#include "stream/stream.h"
#include "stream/views.h"
#include "surface/vocabulary.h"
#include "web/frame.h"

#define BUFFER	4096
#define LOG_MAX	20000

static struct tt_conf		 conf;
static struct tt_fanout		 fo;
static struct tt_position	 here;		/* the hub's */

/* An event of the log; it is seen from a read on, or never (ended 0). */
static struct row {
	struct tt_event	 ev;
	char		 data[24];
	uint64_t	 ended;		/* the time its transaction ended */
} rows[LOG_MAX];
static size_t			 nrows;
static uint64_t			 clock_now;	/* ends of transactions */
static uint64_t			 next_xid;
static struct { uint64_t xid, ended; } xacts[LOG_MAX];
static size_t			 nxacts;
static int64_t			 drawn;		/* as feed_beat says */

struct client {
	struct tt_stream	*st;
	int			 fd;
	struct tt_buf		 wire, text;
};

static const char *
show(const struct tt_event *ev, struct tt_buf *data, bool *replaceable)
{
	*replaceable = ev->kind == TT_JOB_PROGRESS;
	tt_buf_puts(data, ev->data);
	return "e";
}

static const char *
hello(struct tt_buf *data)
{
	tt_buf_puts(data, "hello");
	return "connected";
}

static void
keepalive(struct tt_buf *b, const char *id)
{
	tt_buf_printf(b, ": %s\n\n", id == NULL ? "-" : id);
}

static const struct tt_vocabulary	 plain = {
	.show		= show,
	.hello		= hello,
	.keepalive	= keepalive,
};

static int
begin(void **state)
{
	(void)state;
	memset(&conf, 0, sizeof(conf));
	conf.stream_buffer = BUFFER;
	nrows = nxacts = 0;
	clock_now = 1;
	next_xid = 100;
	tt_position_forget(&here);
	if (sodium_init() < 0 || !tt_fanout_init(&fo, &conf))
		return -1;
	tt_views_here(fo.views, &here);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	tt_fanout_done(&fo);
	tt_position_forget(&here);
	return 0;
}

/*
 * PostgreSQL.
 */

static uint64_t
start_xact(void)
{
	xacts[nxacts].xid = next_xid;
	xacts[nxacts++].ended = 0;
	assert_true(nxacts < LOG_MAX);
	return next_xid++;
}

static void
end_xact(uint64_t xid)
{
	size_t	 i;

	for (i = nxacts; xacts[i - 1].xid != xid; i--)
		continue;
	xacts[i - 1].ended = ++clock_now;
}

/* In the transaction; its data is its number. */
static void
insert(uint64_t xid, int64_t account, enum tt_kind kind, const char *type)
{
	struct row	*r = &rows[nrows++];

	assert_true(nrows < LOG_MAX);
	memset(r, 0, sizeof(*r));
	r->ev.event_id = (int64_t)nrows;
	r->ev.xid = xid;
	r->ev.at_us = (int64_t)++clock_now * 1000;
	r->ev.account_id = account;
	r->ev.kind = kind;
	r->ev.type = type;
	(void)snprintf(r->data, sizeof(r->data), "%zu", nrows);
	r->ev.data = r->data;
}

static void
write_event(int64_t account)
{
	uint64_t	 xid = start_xact();

	insert(xid, account, TT_NOTICE, NULL);
	end_xact(xid);
}

/* xmax is one above what has ended: others may be under way above it. */
static void
snapshot(struct tt_snapshot *s)
{
	size_t	 i;

	s->nxip = 0;
	s->xmin = s->xmax = 100;
	for (i = 0; i < nxacts; i++)
		if (xacts[i].ended != 0)
			s->xmin = s->xmax = xacts[i].xid + 1;
	for (i = 0; i < nxacts; i++)
		if (xacts[i].ended == 0 && xacts[i].xid < s->xmax) {
			s->xmin = s->xmin < xacts[i].xid ? s->xmin :
			    xacts[i].xid;
			assert_true(tt_snapshot_add(s, xacts[i].xid));
		}
}

/*
 * The hub.
 */

/* A transaction that begins after the ids were drawn, and ends. */
static void
beat(void)
{
	drawn = (int64_t)nrows;
	end_xact(start_xact());
}

static void
open_hub(void)
{
	beat();
	tt_position_forget(&here);
	here.generation = 1;
	snapshot(&here.last);
	here.last_us = (int64_t)++clock_now * 1000;
	here.low = drawn;
}

/* A read, of the events that became visible, as many as are left to take. */
static void
read_some(size_t n)
{
	size_t	 i;

	if (!tt_position_reading(&here)) {
		snapshot(&here.upto);
		here.upto_us = (int64_t)++clock_now * 1000;
	}
	for (i = 0; i < nrows; i++) {
		if (rows[i].ev.event_id <= here.after ||
		    tt_snapshot_sees(&here.last, rows[i].ev.xid) ||
		    !tt_snapshot_sees(&here.upto, rows[i].ev.xid))
			continue;
		if (n-- == 0)
			return;
		here.after = rows[i].ev.event_id;
		tt_fanout_event(&fo, &rows[i].ev);
	}
	tt_position_done(&here);
	here.low = drawn;
}

static void
read_all(void)
{
	read_some(LOG_MAX);
}

static bool
asked_for(const struct tt_view_ask *ask, const struct tt_event *ev)
{
	const struct tt_position	*had = ask->had;

	if (ask->n != 1 || ask->accounts[0] != ev->account_id ||
	    !tt_snapshot_sees(ask->upto, ev->xid) ||
	    ev->at_us > ask->upto_us)
		return false;
	if (tt_position_reading(had))
		return ev->event_id > had->after &&
		    !(tt_snapshot_sees(&had->last, ev->xid) &&
		    ev->at_us <= had->last_us);
	if (ev->event_id > had->low)
		return !(tt_snapshot_sees(&had->last, ev->xid) &&
		    ev->at_us <= had->last_us);
	return !tt_snapshot_sees(&had->last, ev->xid) &&
	    ev->xid < had->last.xmax;
}

/* One ask, answered; breaks: so many events come, and then nothing more. */
static bool
answer(int breaks)
{
	struct tt_view_ask	 ask;
	size_t			 i;
	int			 n = 0;

	if (!tt_views_ask(fo.views, &ask))
		return false;
	for (i = 0; i < nrows; i++) {
		if (!asked_for(&ask, &rows[i].ev))
			continue;
		if (n == breaks || n == TT_FEED_PAGE) {
			tt_views_caught_up(fo.views, false);
			return true;
		}
		n++;
		tt_views_missed(fo.views, &rows[i].ev);
		tt_views_looked(fo.views, rows[i].ev.event_id);
	}
	tt_views_caught_up(fo.views, true);
	return true;
}

/*
 * Clients.
 */

/* NULL: a new one.  Otherwise it comes back with that id. */
static struct client *
come_to(int64_t account, const char *id, size_t npublic, const int64_t *public)
{
	struct client	*c = calloc(1, sizeof(*c));
	int		 sv[2], small = 4096;

	c->st = calloc(1, sizeof(*c->st));
	c->st->view = calloc(1, sizeof(*c->st->view));
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
	c->st->view->watch.job = account;
	tt_position_forget(&c->st->view->at);
	c->st->view->fresh = id == NULL;
	if (id != NULL)
		assert_true(tt_position_read(&c->st->view->at, id));
	if (npublic > 0) {
		c->st->view->public = calloc(npublic, sizeof(*public));
		assert_non_null(c->st->view->public);
		memcpy(c->st->view->public, public, npublic * sizeof(*public));
		c->st->view->npublic = npublic;
	}
	assert_true(tt_fanout_add(&fo, c->st, 0));
	return c;
}

static struct client *
come(int64_t account, const char *id)
{
	return come_to(account, id, 0, NULL);
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

static void
unframe(struct client *c)
{
	const unsigned char	*p = (const unsigned char *)c->wire.data;
	size_t			 at = 0, n;

	while (c->wire.sz - at >= 8) {
		n = (size_t)(p[at + 4] << 8 | p[at + 5]);
		if (c->wire.sz - at < 8 + n)
			break;
		if (p[at + 1] == 6)
			tt_buf_add(&c->text, p + at + 8, n);
		at += 8 + n;
	}
	memmove(c->wire.data, c->wire.data + at, c->wire.sz - at);
	c->wire.sz -= at;
}

static void
drain(struct client *c)
{
	char	 bytes[4096];
	size_t	 wrote, before;
	ssize_t	 n;

	do {
		before = c->text.sz;
		(void)tt_sink_flush(&c->st->sink, &wrote);
		while ((n = read(c->fd, bytes, sizeof(bytes))) > 0)
			tt_buf_add(&c->wire, bytes, (size_t)n);
		if (c->wire.sz > 0)
			unframe(c);
	} while (c->text.sz > before || c->st->sink.n > 0);
}

/*
 * What the client has read: the data of its events, joined.  id: the last
 * one's, where it has one.
 */
static void
events(struct client *c, struct tt_buf *data, char id[TT_POSITION_SZ])
{
	char	*line, *rest;

	drain(c);
	tt_buf_puts(&c->text, "");
	for (line = c->text.data; line != NULL && *line != '\0'; line = rest) {
		if ((rest = strchr(line, '\n')) == NULL)
			break;
		*rest++ = '\0';
		if (strncmp(line, "id: ", 4) == 0)
			(void)snprintf(id, TT_POSITION_SZ, "%s", line + 4);
		else if (strncmp(line, "data: ", 6) == 0)
			tt_buf_printf(data, "%s%s", data->sz == 0 ? "" : " ",
			    line + 6);
	}
	tt_buf_clear(&c->text);
}

static void
reads(struct client *c, const char *want, char id[TT_POSITION_SZ])
{
	struct tt_buf	 data = TT_BUF_INIT;

	events(c, &data, id);
	assert_string_equal(tt_buf_text(&data), want);
	tt_buf_free(&data);
}

/* All that can be given is. */
static void
catch_up(void)
{
	while (answer(-1))
		continue;
}

static void
a_new_one_begins_where_the_hub_is(void **state)
{
	struct client	*c;
	char		 id[TT_POSITION_SZ] = "";

	(void)state;
	c = come(1, NULL);
	assert_false(answer(-1));	/* the hub is nowhere yet */
	write_event(1);
	open_hub();
	assert_true(tt_fanout_wants(&fo));
	catch_up();
	assert_int_equal(c->st->state, TT_STREAM_LIVE);
	assert_false(tt_fanout_wants(&fo));
	reads(c, "hello", id);
	assert_string_not_equal(id, "");

	write_event(1);
	write_event(2);
	write_event(1);
	read_all();
	reads(c, "2 4", id);
	leave(c);

	/* Who comes back with it misses nothing and has nothing twice. */
	write_event(1);
	read_all();
	c = come(1, id);
	catch_up();
	reads(c, "5", id);
	write_event(1);
	read_all();
	reads(c, "6", id);
	leave(c);
}

static void
an_id_within_a_read_goes_on_after_that_event(void **state)
{
	struct client	*c, *d;
	char		 id[TT_POSITION_SZ] = "", other[TT_POSITION_SZ];
	uint64_t	 late;

	(void)state;
	open_hub();
	c = come(1, NULL);
	catch_up();
	late = start_xact();
	insert(late, 1, TT_NOTICE, NULL);	/* 1, seen last of all */
	write_event(1);
	write_event(1);
	write_event(1);
	read_some(2);
	reads(c, "hello 2 3", id);
	leave(c);

	/* Whatever became of the hub's read. */
	read_all();
	d = come(1, id);
	catch_up();
	reads(d, "4", other);
	end_xact(late);
	read_all();
	reads(d, "1", other);
	leave(d);

	d = come(1, id);
	catch_up();
	reads(d, "4 1", other);
	leave(d);
}

static void
what_was_open_is_not_lost(void **state)
{
	struct client	*c;
	char		 id[TT_POSITION_SZ] = "";
	uint64_t	 a, b, gone;

	(void)state;
	a = start_xact();
	insert(a, 1, TT_NOTICE, NULL);		/* 1 */
	open_hub();
	c = come(1, NULL);
	catch_up();
	b = start_xact();
	gone = start_xact();
	insert(b, 1, TT_NOTICE, NULL);		/* 2 */
	write_event(1);				/* 3 */
	insert(a, 1, TT_NOTICE, NULL);		/* 4 */
	read_all();
	reads(c, "hello 3", id);
	leave(c);
	insert(gone, 2, TT_NOTICE, NULL);	/* 5, another account's */
	end_xact(gone);
	end_xact(a);
	read_all();
	end_xact(b);
	write_event(1);				/* 6 */
	read_all();

	c = come(1, id);
	catch_up();
	reads(c, "1 2 4 6", id);
	leave(c);
}

/* Above the highest that has ended, one is under way, with a lower id. */
static void
what_has_begun_above_all_that_ended_is_not_lost(void **state)
{
	struct client	*c;
	char		 id[TT_POSITION_SZ] = "";
	uint64_t	 first, second;

	(void)state;
	open_hub();
	c = come(1, NULL);
	catch_up();
	first = start_xact();
	second = start_xact();
	insert(second, 1, TT_NOTICE, NULL);	/* 1 */
	insert(first, 1, TT_NOTICE, NULL);	/* 2 */
	end_xact(first);
	read_all();
	assert_int_equal(here.last.xmax, second);
	read_all();
	reads(c, "hello 2", id);
	leave(c);
	end_xact(second);
	read_all();
	c = come(1, id);
	catch_up();
	reads(c, "1", id);
	leave(c);
}

/* A transaction's number that was given out again after a crash. */
static void
a_number_given_out_again_loses_nothing(void **state)
{
	struct client	*c;
	char		 id[TT_POSITION_SZ] = "";
	uint64_t	 undone;

	(void)state;
	open_hub();
	c = come(1, NULL);
	catch_up();
	write_event(1);
	undone = start_xact();
	end_xact(undone);		/* rolled back, and never on disk */
	read_all();
	reads(c, "hello 1", id);
	leave(c);

	next_xid = undone;
	nxacts--;
	write_event(1);
	assert_int_equal(rows[1].ev.xid, undone);
	open_hub();
	here.generation = 2;
	c = come(1, id);
	catch_up();
	reads(c, "2", id);
	leave(c);
}

/*
 * The hub goes back to before what it has read; who stays, and who comes back
 * with an id of before, has had that.
 */
static void
a_crash_amid_a_read_loses_nothing(void **state)
{
	struct client		*stays, *leaves;
	struct tt_position	 before = { 0 };
	char			 id[TT_POSITION_SZ] = "";
	uint64_t		 undone;

	(void)state;
	open_hub();
	assert_true(tt_position_copy(&before, &here));
	stays = come(1, NULL);
	leaves = come(1, NULL);
	catch_up();
	write_event(1);
	read_all();
	write_event(1);
	write_event(1);
	undone = start_xact();
	end_xact(undone);
	read_some(1);
	reads(leaves, "hello 1 2", id);
	leave(leaves);
	reads(stays, "hello 1 2", id);
	tt_views_stay(fo.views, stays->st);
	assert_int_equal(stays->st->state, TT_STREAM_BEHIND);

	before.generation = 2;
	before.last_us = here.upto_us;
	assert_true(tt_position_copy(&here, &before));
	next_xid = undone;
	nxacts--;
	write_event(1);
	assert_int_equal(rows[3].ev.xid, undone);
	leaves = come(1, id);
	read_all();
	assert_true(answer(1));
	reads(leaves, "3", id);
	leave(leaves);
	leaves = come(1, id);
	catch_up();
	write_event(1);
	read_all();
	reads(leaves, "4 5", id);
	reads(stays, "3 4 5", id);
	leave(leaves);
	leave(stays);
	tt_position_forget(&before);
}

/* What another hub knows of a new life, this one is yet to hear. */
static void
who_is_of_a_later_life_waits(void **state)
{
	struct client	*c;
	char		 id[TT_POSITION_SZ] = "";

	(void)state;
	open_hub();
	here.generation = 2;
	c = come(1, NULL);
	catch_up();
	reads(c, "hello", id);
	leave(c);
	here.generation = 1;
	c = come(1, id);
	assert_false(tt_fanout_wants(&fo));
	here.generation = 2;
	assert_true(tt_fanout_wants(&fo));
	leave(c);
}

static void
a_slow_one_gets_all_of_it_in_order(void **state)
{
	struct client	*c;
	struct tt_buf	 data = TT_BUF_INIT, want = TT_BUF_INIT;
	char		 id[TT_POSITION_SZ] = "";
	int		 i;

	(void)state;
	open_hub();
	c = come(1, NULL);
	catch_up();
	tt_buf_puts(&want, "hello");
	for (i = 1; i <= 10000; i++) {
		write_event(1);
		tt_buf_printf(&want, " %d", i);
		if (i % 3000 == 0)
			read_all();
	}
	read_all();
	assert_int_equal(c->st->state, TT_STREAM_BEHIND);
	assert_true(c->st->sink.queued < 2 * BUFFER);
	while (c->st->state != TT_STREAM_LIVE) {
		events(c, &data, id);
		while (tt_fanout_wants(&fo) && answer(-1))
			assert_true(c->st->sink.queued < 2 * BUFFER);
	}
	events(c, &data, id);
	assert_string_equal(tt_buf_text(&data), tt_buf_text(&want));
	leave(c);
	tt_buf_free(&data);
	tt_buf_free(&want);
}

static void
a_page_that_breaks_off_is_gone_on_with(void **state)
{
	struct client	*c;
	char		 id[TT_POSITION_SZ] = "", none[TT_POSITION_SZ];
	int		 i;

	(void)state;
	open_hub();
	c = come(1, NULL);
	catch_up();
	reads(c, "hello", id);
	leave(c);
	for (i = 0; i < 6; i++)
		write_event(1);
	read_all();
	c = come(1, id);
	assert_true(answer(2));
	assert_true(answer(0));
	assert_true(answer(1));
	reads(c, "1 2 3", id);
	catch_up();
	reads(c, "4 5 6", none);
	leave(c);
	c = come(1, id);
	catch_up();
	reads(c, "4 5 6", none);
	leave(c);
}

/* Another hub was ahead of us when the client left it. */
static void
a_position_ahead_of_us_waits(void **state)
{
	struct client	*c;
	char		 id[TT_POSITION_SZ] = "";
	struct tt_position	 other = { 0 };
	struct tt_buf	 text = TT_BUF_INIT;

	(void)state;
	open_hub();
	write_event(1);
	tt_position_forget(&other);
	other.generation = 1;
	snapshot(&other.last);
	other.last_us = (int64_t)++clock_now * 1000;
	other.low = 0;
	tt_position_text(&other, 0, &text);
	c = come(1, tt_buf_text(&text));
	assert_false(tt_fanout_wants(&fo));
	assert_false(answer(-1));
	assert_int_equal(c->st->state, TT_STREAM_BEHIND);
	read_all();
	assert_true(tt_fanout_wants(&fo));
	catch_up();
	write_event(1);
	read_all();
	reads(c, "2", id);
	leave(c);
	tt_position_forget(&other);
	tt_buf_free(&text);
}

static void
those_who_have_had_the_same_share_an_ask(void **state)
{
	struct client	*c[40];
	char		 id[TT_POSITION_SZ] = "", none[TT_POSITION_SZ];
	size_t		 i, asks;

	(void)state;
	open_hub();
	c[0] = come(1, NULL);
	catch_up();
	write_event(1);
	read_all();
	reads(c[0], "hello 1", id);
	leave(c[0]);
	write_event(1);
	read_all();
	for (i = 0; i < 40; i++)
		c[i] = come(i % 2 + 1, id);
	for (asks = 0; answer(-1); asks++)
		continue;

	/* Two accounts, each to the end of its read and then from there. */
	assert_int_equal(asks, 4);
	for (i = 0; i < 40; i++) {
		reads(c[i], i % 2 == 0 ? "2" : "", none);
		assert_int_equal(c[i]->st->state, TT_STREAM_LIVE);
		leave(c[i]);
	}
}

static void
one_type_is_shown_and_what_has_none(void **state)
{
	struct client	*c;
	char		 id[TT_POSITION_SZ];
	uint64_t	 xid = start_xact();

	(void)state;
	end_xact(xid);
	open_hub();
	c = come(1, NULL);
	(void)strcpy(c->st->view->type, "video");
	catch_up();
	xid = start_xact();
	insert(xid, 1, TT_JOB_STARTED, "video");
	insert(xid, 1, TT_JOB_STARTED, "image");
	insert(xid, 1, TT_NOTICE, NULL);
	end_xact(xid);
	read_all();
	reads(c, "hello 1 3", id);
	leave(c);
}

static void
set_public(int n, const int64_t *accounts)
{
	int	 i;

	tt_views_public_asked(fo.views);
	tt_views_public_begin(fo.views);
	for (i = 0; i < n; i++)
		tt_views_public_add(fo.views, accounts[i]);
	tt_views_public_end(fo.views);
}

static void
the_public_sees_what_is_public(void **state)
{
	static const int64_t	 some[] = { 1, 2 }, more[] = { 1, 2, 3 };
	struct client		*c;
	char			 id[TT_POSITION_SZ];
	int64_t			 accounts[8];

	(void)state;
	open_hub();
	c = come(0, NULL);
	catch_up();
	set_public(2, some);
	catch_up();
	write_event(1);
	write_event(3);
	read_all();
	reads(c, "hello 1", id);
	set_public(3, more);
	assert_int_equal(tt_views_accounts(fo.views, accounts, 8), 3);
	write_event(3);
	read_all();
	reads(c, "3", id);

	/* One that is public no longer ends all that showed it. */
	set_public(2, some);
	assert_int_equal(c->st->state, TT_STREAM_ENDING);
	leave(c);
	assert_int_equal(tt_views_accounts(fo.views, accounts, 8), 0);
}

/* Opened after account 2 had become public, which the beat did not know yet. */
static void
what_was_asked_before_it_was_told_is_old(void **state)
{
	static const int64_t	 told[] = { 1, 2 };
	struct client		*c, *d;
	char			 id[TT_POSITION_SZ];

	(void)state;
	open_hub();
	set_public(1, told);
	c = come(0, NULL);
	catch_up();
	tt_views_public_asked(fo.views);
	d = come_to(0, NULL, 2, told);
	catch_up();
	tt_views_public_begin(fo.views);
	tt_views_public_add(fo.views, 1);
	tt_views_public_end(fo.views);
	assert_true(tt_stream_open(c->st));
	write_event(2);
	read_all();
	reads(c, "hello 1", id);
	reads(d, "hello 1", id);
	leave(c);
	leave(d);
}

/* Who replays much does not keep him waiting who missed a little. */
static void
turns_are_taken(void **state)
{
	struct client	*much, *little;
	char		 id[TT_POSITION_SZ] = "", none[TT_POSITION_SZ];
	int		 i;

	(void)state;
	open_hub();
	much = come(1, NULL);
	catch_up();
	reads(much, "hello", id);
	leave(much);
	for (i = 0; i < 3 * TT_FEED_PAGE; i++)
		write_event(1);
	read_all();
	write_event(2);
	read_all();
	little = come(2, id);
	much = come(1, id);
	conf.stream_buffer = 1 << 20;
	assert_true(answer(-1));
	assert_true(answer(-1));
	reads(little, "1501", none);
	assert_int_equal(much->st->state, TT_STREAM_BEHIND);
	leave(little);
	leave(much);
}

/* Whatever is cut where, together the parts are the log. */
static void
cut_anywhere_the_parts_make_the_whole(void **state)
{
	struct client	*c;
	struct tt_buf	 data = TT_BUF_INIT;
	char		 id[TT_POSITION_SZ] = "", *word, *rest;
	uint64_t	 open_ones[8] = { 0 };
	static int	 seen[LOG_MAX];
	size_t		 i, k, wanted = 0;

	(void)state;
	memset(seen, 0, sizeof(seen));
	open_hub();
	c = come(1, NULL);
	catch_up();
	for (i = 0; i < 6000; i++) {
		k = randombytes_uniform(8);
		if (open_ones[k] == 0)
			open_ones[k] = start_xact();
		insert(open_ones[k], 1 + randombytes_uniform(2),
		    TT_NOTICE, NULL);
		if (randombytes_uniform(3) == 0) {
			end_xact(open_ones[k]);
			open_ones[k] = 0;
		}
		if (!tt_position_reading(&here) &&
		    randombytes_uniform(200) == 0)
			beat();
		if (randombytes_uniform(20) == 0)
			read_some(randombytes_uniform(30));
		if (randombytes_uniform(10) == 0)
			(void)answer((int)randombytes_uniform(20) - 1);
		if (randombytes_uniform(15) == 0)
			events(c, &data, id);
		if (randombytes_uniform(60) == 0 && id[0] != '\0') {
			events(c, &data, id);
			leave(c);
			c = come(1, id);
		}
	}
	for (k = 0; k < 8; k++)
		if (open_ones[k] != 0)
			end_xact(open_ones[k]);
	read_all();
	read_all();
	for (i = 0; i < 10000 && c->st->state != TT_STREAM_LIVE; i++) {
		events(c, &data, id);
		catch_up();
	}
	events(c, &data, id);
	assert_int_equal(c->st->state, TT_STREAM_LIVE);
	tt_buf_puts(&data, "");
	for (word = strtok_r(data.data, " ", &rest); word != NULL;
	    word = strtok_r(NULL, " ", &rest))
		if (*word != 'h')
			seen[strtol(word, NULL, 10) - 1]++;
	for (i = 0; i < nrows; i++) {
		assert_int_equal(seen[i], rows[i].ev.account_id == 1);
		wanted += rows[i].ev.account_id == 1;
	}
	assert_true(wanted > 2000);
	leave(c);
	tt_buf_free(&data);
}

int
main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest	 tests[] = {
		TEST(a_new_one_begins_where_the_hub_is),
		TEST(an_id_within_a_read_goes_on_after_that_event),
		TEST(what_was_open_is_not_lost),
		TEST(what_has_begun_above_all_that_ended_is_not_lost),
		TEST(a_number_given_out_again_loses_nothing),
		TEST(a_crash_amid_a_read_loses_nothing),
		TEST(who_is_of_a_later_life_waits),
		TEST(a_slow_one_gets_all_of_it_in_order),
		TEST(a_page_that_breaks_off_is_gone_on_with),
		TEST(a_position_ahead_of_us_waits),
		TEST(those_who_have_had_the_same_share_an_ask),
		TEST(one_type_is_shown_and_what_has_none),
		TEST(the_public_sees_what_is_public),
		TEST(what_was_asked_before_it_was_told_is_old),
		TEST(turns_are_taken),
		TEST(cut_anywhere_the_parts_make_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

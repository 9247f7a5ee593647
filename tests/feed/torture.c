/*
 * torture.c - the feed among writers who do what writers do, and a server that
 * is hit while they do it.
 *
 *	torture [-f] [-c COMMAND] [-n TIMES] [-s SECONDS] [-w WRITERS]
 *	    [-d DSN] storm|quiet|wink|reuse
 *
 * storm	writers of every kind beside four feeds (all or few jobs, rung
 *		or polling), each with watchers that come late; COMMAND is run
 *		TIMES times meanwhile
 * quiet	an event now and then, to a feed that has fallen asleep
 * wink		a writer who looks while the feed is just saying that it sleeps
 * reuse	transaction ids that COMMAND, a crash, has given out again
 *
 * -f takes the floor away: a feed that sleeps reads only when it is rung.  DSN
 * is a superuser's; TELLTALE_DSN is the feeds'.
 *
 * What the log holds in the end is what every feed must have handed over: each
 * event once, those of a job in order, and nothing else.  Exit: 0 it was so; 1
 * not; 2 usage.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "job/event.h"
#include "job/feed.h"
#include "pg/args.h"

/* The doorbell is ours: what was read can be seen, and the floor taken away. */
#define tt_doorbell_read	doorbell_read
#include "job/doorbell.c"
#undef tt_doorbell_read
void	 tt_doorbell_read(struct tt_doorbell *, const struct tt_snapshot *,
	    size_t, int64_t);

#define READERS		4
#define WRITERS_MAX	16
#define SHARED		4	/* jobs that all writers write about */
#define LATE		3	/* watchers that come late, for each reader */
#define FEW		3	/* jobs that a narrowed reader is told of */
#define COMMITS_MAX	400000
#define SETTLE_MS	20000

/* Of an event: all that must be the same in the log. */
struct seen {
	int64_t		 event_id, job, seq;
	uint64_t	 xid;
	int64_t		 us;		/* when it was handed over */
};

struct seens {
	struct seen	*at;
	size_t		 n, cap;
};

/* Somebody who comes late to a job, again and again. */
struct late {
	int64_t		 job, seq;
	bool		 behind, asked;
	int		 got;		/* in the ask under way */
};

struct reader {
	const char		*name;
	pthread_t		 thread;
	struct tt_conf		 conf;
	struct tt_feed		*feed;
	struct tt_feed_stats	 stats;
	bool			 narrow;
	struct seens		 seen;
	atomic_size_t		 nseen;
	struct late		 late[LATE];
	int			 asked[LATE];
	uint64_t		 dice;
	size_t			 missed, gaps;
	int			 lost;

	/* From the doorbell. */
	_Atomic uint64_t	 xmax;
	atomic_int		 state;
	atomic_size_t		 reads, sleeps;
};

struct writer {
	pthread_t	 thread;
	PGconn		*conn;
	uint64_t	 dice;
	int		 id;
	char		 job[64];	/* its own */
	int		 attempt;
};

struct job {
	char		 id[64];
	int64_t		 number;
	int		 attempt;
};

static const char	*super = "";
static const char	*command = "true";
static int		 times, seconds = 5, nwriters = 6;
static bool		 floorless;
static struct reader	 readers[READERS];
static int		 nreaders;
static struct job	 jobs[WRITERS_MAX + SHARED];	/* the shared first */
static int64_t		 first_event;	/* none up to this one counts */
static atomic_bool	 writing, reading;
static int		 failures;

/* Transactions, and when their commit returned. */
static struct commit {
	uint64_t	 xid;
	int64_t		 us;
} commits[COMMITS_MAX];
static atomic_size_t	 ncommits;

static _Thread_local struct reader	*self;

static void	 fail(const char *fmt, ...) TT_PRINTF(1, 2);

static void
fail(const char *fmt, ...)
{
	va_list	 ap;

	failures++;
	va_start(ap, fmt);
	(void)printf("FAILED: ");
	(void)vprintf(fmt, ap);
	(void)printf("\n");
	va_end(ap);
}

static void
nap(int64_t ms)
{
	struct timespec	 ts = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&ts, NULL);
}

/* A number below n. */
static unsigned
roll(uint64_t *dice, unsigned n)
{
	*dice ^= *dice << 13;
	*dice ^= *dice >> 7;
	*dice ^= *dice << 17;
	return (unsigned)(*dice % n);
}

/*
 * Readers.
 */

void
tt_doorbell_read(struct tt_doorbell *d, const struct tt_snapshot *s,
    size_t nevents, int64_t now_ms)
{
	int	 before = (int)d->state;

	doorbell_read(d, s, nevents, now_ms);
	if (floorless && d->interval_ms == FLOOR_MS)
		d->interval_ms = 3600 * 1000;
	self->reads++;
	self->sleeps += before != TT_ASLEEP && d->state == TT_ASLEEP;
	atomic_store(&self->state, (int)d->state);
	atomic_store(&self->xmax, s->xmax);
}

static void
push(struct seens *s, const struct seen *one)
{
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 4096 : s->cap * 2;
		if ((s->at = realloc(s->at, s->cap * sizeof(*one))) == NULL)
			abort();
	}
	s->at[s->n++] = *one;
}

static void
on_event(void *arg, const struct tt_event *ev)
{
	struct reader	*r = arg;
	struct seen	 one = { ev->event_id, ev->job, ev->seq, ev->xid,
			    tt_clock_now_us() };
	int		 i;

	push(&r->seen, &one);
	atomic_store(&r->nseen, r->seen.n);
	for (i = 0; i < LATE; i++) {
		if (r->late[i].behind || r->late[i].job != ev->job ||
		    ev->seq <= r->late[i].seq)
			continue;
		r->gaps += ev->seq != r->late[i].seq + 1;
		r->late[i].seq = ev->seq;
	}
}

static void
on_watched(void *arg, struct tt_args *a)
{
	const struct reader	*r = arg;
	int			 i;

	if (!r->narrow) {
		tt_args_null(a);
		tt_args_null(a);
		return;
	}
	tt_args_open(a);
	for (i = 0; i < FEW; i++)
		tt_args_item(a, jobs[i].number);
	tt_args_close(a);
	tt_args_open(a);
	tt_args_close(a);
}

static bool
no_view_ask(void *arg, struct tt_view_ask *ask)
{
	(void)arg;
	(void)ask;
	return false;
}

static void
on_account(void *arg, int64_t account)
{
	(void)arg;
	(void)account;
}

static int
on_asks(void *arg, struct tt_ask asks[TT_FEED_ASKS])
{
	struct reader	*r = arg;
	int		 i, n = 0;

	for (i = 0; i < LATE; i++) {
		r->late[i].asked = r->late[i].behind;
		if (!r->late[i].behind)
			continue;
		asks[n].job = r->late[i].job;
		asks[n].seq = r->late[i].seq;
		r->late[i].got = 0;
		r->asked[n++] = i;
	}
	return n;
}

static void
on_missed(void *arg, int ask, const struct tt_event *ev)
{
	struct reader	*r = arg;
	struct late	*l = &r->late[r->asked[ask]];

	l->got++;
	r->missed++;
	r->gaps += ev->job != l->job || ev->seq != l->seq + 1;
	l->seq = ev->seq;
}

static void
on_caught_up(void *arg, bool ok)
{
	struct reader	*r = arg;
	int		 i;

	for (i = 0; ok && i < LATE; i++)
		if (r->late[i].asked && r->late[i].got < TT_FEED_PAGE)
			r->late[i].behind = r->late[i].asked = false;
}

static void
on_lost(void *arg)
{
	struct reader	*r = arg;

	r->lost++;
}

/* These readers hold no leases and no keys. */

static void
on_known(void *arg, int64_t listener)
{
	(void)arg;
	(void)listener;
}

static bool
no_leases(void *arg)
{
	(void)arg;
	return false;
}

static void
put_leases(void *arg, struct tt_args *a, bool all)
{
	int	 i;

	(void)arg;
	(void)all;
	for (i = 0; i < 3; i++)
		tt_args_null(a);
}

static void
put_keys(void *arg, struct tt_args *a)
{
	(void)arg;
	tt_args_null(a);
}

static void
on_key_dead(void *arg, int64_t key)
{
	(void)arg;
	(void)key;
}

static void
nothing(void *arg)
{
	(void)arg;
}

static const struct tt_feed_calls	 calls = {
	.event		= on_event,
	.put_watched	= on_watched,
	.view_ask	= no_view_ask,
	.public_begin	= nothing,
	.public_account	= on_account,
	.public_end	= nothing,
	.asks		= on_asks,
	.missed		= on_missed,
	.caught_up	= on_caught_up,
	.goes_back	= nothing,
	.lost		= on_lost,
	.known		= on_known,
	.unreachable	= nothing,
	.leases		= no_leases,
	.put_leases	= put_leases,
	.leases_told	= nothing,
	.put_keys	= put_keys,
	.key_dead	= on_key_dead,
	.tick_due	= nothing,
};

/* Watchers leave, and come back with an older event as their last. */
static void
come_late(struct reader *r)
{
	struct late	*l = &r->late[roll(&r->dice, LATE)];
	int64_t		 back = roll(&r->dice, 60);

	if (roll(&r->dice, 40) == 0 && !l->behind) {
		l->seq = l->seq > back ? l->seq - back : 0;
		l->behind = true;	/* but not of an ask under way */
		l->asked = false;
	}
	if (l->behind)
		tt_feed_catch_up(r->feed);
}

static void
turn(struct reader *r)
{
	struct pollfd	 pfd = { tt_feed_fd(r->feed), tt_feed_events(r->feed),
			    0 };
	int64_t		 left = tt_feed_due(r->feed) - tt_clock_mono_ms();

	if (left > 20)
		left = 20;	/* to see that it is to stop */
	if (poll(&pfd, pfd.fd == -1 ? 0 : 1, left < 0 ? 0 : (int)left) > 0 ||
	    tt_clock_mono_ms() >= tt_feed_due(r->feed))
		tt_feed_step(r->feed, tt_clock_mono_ms());
}

static void *
read_all(void *arg)
{
	struct reader	*r = self = arg;
	int64_t		 until;

	tt_feed_on(r->feed);
	while (atomic_load(&reading)) {
		come_late(r);
		turn(r);
	}
	tt_feed_off(r->feed);
	until = tt_clock_mono_ms() + SETTLE_MS;
	while (tt_feed_fd(r->feed) != -1 && tt_clock_mono_ms() < until)
		turn(r);
	return NULL;
}

static void
add_reader(const char *name, bool narrow, bool polls)
{
	struct reader	*r = &readers[nreaders++];
	struct tt_err	 err;
	int		 i;

	tt_err_clear(&err);
	if (tt_conf_load(&r->conf, &err) != TT_OK) {
		fail("%s", err.msg);
		exit(1);
	}
	r->name = name;
	r->narrow = narrow;
	r->conf.feed_poll = polls;
	r->dice = (uint64_t)(nreaders * 77777);
	r->stats.streams = 1;
	for (i = 0; i < LATE; i++) {
		r->late[i].job = jobs[i].number;
		r->late[i].behind = true;
	}
	if ((r->feed = tt_feed_new(&r->conf, "torture", &calls, r,
	    &r->stats)) == NULL)
		abort();
}

static void
start_readers(void)
{
	int	 i, live;

	atomic_store(&reading, true);
	for (i = 0; i < nreaders; i++)
		if (pthread_create(&readers[i].thread, NULL, read_all,
		    &readers[i]) != 0)
			abort();
	do {
		nap(5);
		for (i = live = 0; i < nreaders; i++)
			live += atomic_load(&readers[i].reads) > 0;
	} while (live < nreaders);
}

static void
stop_readers(void)
{
	int	 i;

	atomic_store(&reading, false);
	for (i = 0; i < nreaders; i++)
		(void)pthread_join(readers[i].thread, NULL);
}

/* Wait until a reader's doorbell is in this state. */
static bool
await_state(const struct reader *r, enum tt_watchfulness state, int64_t ms)
{
	int64_t	 until = tt_clock_mono_ms() + ms;

	while (atomic_load(&r->state) != (int)state)
		if (tt_clock_mono_ms() > until)
			return false;
		else
			nap(1);
	return true;
}

/*
 * Writers.
 */

/* A connection that works, however long that takes. */
static PGconn *
connect_super(void)
{
	PGconn	*conn;

	for (;;) {
		conn = PQconnectdb(super);
		if (PQstatus(conn) == CONNECTION_OK)
			return conn;
		PQfinish(conn);
		nap(20);
	}
}

static PGresult	*ask(PGconn *, const char *fmt, ...) TT_PRINTF(2, 3);

/* The result if it has rows or is a command's; else NULL. */
static PGresult *
ask(PGconn *conn, const char *fmt, ...)
{
	char		 sql[1024];
	PGresult	*res;
	ExecStatusType	 st;
	va_list		 ap;

	va_start(ap, fmt);
	(void)vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	res = PQexec(conn, sql);
	st = PQresultStatus(res);
	if (st == PGRES_TUPLES_OK || st == PGRES_COMMAND_OK)
		return res;
	PQclear(res);
	return NULL;
}

static bool	 tell(PGconn *, const char *fmt, ...) TT_PRINTF(2, 3);

static bool
tell(PGconn *conn, const char *fmt, ...)
{
	char		 sql[1024];
	PGresult	*res;
	va_list		 ap;

	va_start(ap, fmt);
	(void)vsnprintf(sql, sizeof(sql), fmt, ap);
	va_end(ap);
	res = ask(conn, "%s", sql);
	PQclear(res);
	return res != NULL;
}

static uint64_t
xid_of(PGconn *conn)
{
	PGresult	*res = ask(conn, "select pg_current_xact_id()");
	uint64_t	 xid = 0;

	if (res != NULL)
		xid = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
	PQclear(res);
	return xid;
}

static void
committed(uint64_t xid)
{
	size_t	 i = ncommits++;

	if (i >= COMMITS_MAX)
		abort();
	commits[i].xid = xid;
	commits[i].us = tt_clock_now_us();
}

/* An event that concerns no job. */
static bool
notice(PGconn *conn, const char *what)
{
	return tell(conn, "select telltale.event_append(1, null, null, null, "
	    "null, 'notice', jsonb_build_object('opcode', '%s'))", what);
}

/* Progress of a job: mostly the writer's own, else one that all want. */
static bool
report(struct writer *w)
{
	const struct job	*j = roll(&w->dice, 3) == 0 ?
				    &jobs[roll(&w->dice, SHARED)] :
				    &jobs[SHARED + w->id];

	return tell(w->conn, "select telltale.progress('%s', %d, 1, '%08x')",
	    j->id, j->attempt, roll(&w->dice, 0x7fffffff));
}

/* One transaction a statement, as most workers do. */
static void
write_plainly(struct writer *w)
{
	const struct job	*j = &jobs[roll(&w->dice, 4) == 0 ?
				    roll(&w->dice, SHARED) :
				    (unsigned)(SHARED + w->id)];
	PGresult		*res;

	res = ask(w->conn, "select telltale.progress('%s', %d, 1, '%08x'), "
	    "pg_current_xact_id()", j->id, j->attempt,
	    roll(&w->dice, 0x7fffffff));
	if (res != NULL)
		committed(strtoull(PQgetvalue(res, 0, 1), NULL, 10));
	PQclear(res);
}

/*
 * Several events, some of them undone, with time to think before the end; any
 * error ends it.
 */
static void
write_at_length(struct writer *w)
{
	static const char *const	 levels[] = {
		"read committed", "repeatable read", "serializable"
	};
	int		 i, n = 1 + (int)roll(&w->dice, 5);
	bool		 good;
	uint64_t	 xid = 0;

	good = tell(w->conn, "begin isolation level %s",
	    levels[roll(&w->dice, 3)]);
	for (i = 0; good && i < n; i++)
		switch (roll(&w->dice, 4)) {
		case 0:
			good = notice(w->conn, "at length");
			break;
		case 1:
			good = tell(w->conn, "savepoint s") && report(w) &&
			    tell(w->conn, "rollback to s");
			break;
		case 2:
			good = tell(w->conn, "savepoint s") && report(w) &&
			    tell(w->conn, "release s");
			break;
		default:
			good = report(w);
		}
	if (good && (xid = xid_of(w->conn)) != 0)
		nap(roll(&w->dice, 4) == 0 ? roll(&w->dice, 60) : 0);
	if (!good || xid == 0 || roll(&w->dice, 5) == 0)
		(void)tell(w->conn, "rollback");
	else if (tell(w->conn, "commit"))
		committed(xid);
}

/* A job's whole life. */
static void
work(struct writer *w)
{
	PGresult	*res;

	(void)tell(w->conn, "select telltale.submit('torture', 'index')");
	res = ask(w->conn, "select job_id, attempt from telltale.claim("
	    "'torture', array['index'], 1, '1 hour', array['torture'])");
	if (res != NULL && PQntuples(res) == 1) {
		(void)tell(w->conn, "select telltale.progress('%s', %s, 50)",
		    PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1));
		(void)tell(w->conn, "select telltale.complete('%s', %s)",
		    PQgetvalue(res, 0, 0), PQgetvalue(res, 0, 1));
	}
	PQclear(res);
}

static void
burst(struct writer *w)
{
	(void)tell(w->conn, "select count(telltale.progress('%s', %d, 1, "
	    "'%08x ' || n)) from generate_series(1, %d) as n",
	    jobs[SHARED + w->id].id, jobs[SHARED + w->id].attempt,
	    roll(&w->dice, 0x7fffffff), 100 + (int)roll(&w->dice, 900));
}

/* Long enough for a feed to fall asleep meanwhile, and to wake again. */
static void
dawdle(struct writer *w)
{
	uint64_t	 xid;

	if (!tell(w->conn, "begin"))
		return;
	if (notice(w->conn, "slow") && (xid = xid_of(w->conn)) != 0) {
		nap(300 + roll(&w->dice, 900));
		if (roll(&w->dice, 2) == 0) {
			if (tell(w->conn, "commit"))
				committed(xid);
			return;
		}
	}
	(void)tell(w->conn, "rollback");
}

/* 700 ms of noise, 500 ms of silence; what is awake then is asleep soon. */
static void
heed_tide(struct writer *w)
{
	int64_t	 in = tt_clock_mono_ms() % 1200;

	if (in >= 700)
		nap(1200 - in + roll(&w->dice, 30));
}

static void *
write_on(void *arg)
{
	struct writer	*w = arg;

	w->conn = connect_super();
	while (atomic_load(&writing)) {
		heed_tide(w);
		switch (roll(&w->dice, 60)) {
		case 0:
			burst(w);
			break;
		case 1: case 2:
			work(w);
			break;
		case 3:
			if (w->id == 0)
				dawdle(w);
			break;
		case 4: case 5: case 6: case 7: case 8: case 9: case 10:
		case 11: case 12: case 13: case 14: case 15: case 16:
			write_at_length(w);
			break;
		default:
			write_plainly(w);
		}
		if (PQstatus(w->conn) != CONNECTION_OK) {
			PQfinish(w->conn);
			w->conn = connect_super();
		}
	}
	PQfinish(w->conn);
	return NULL;
}

/* Jobs to write about, claimed by us, and where the log stands. */
static void
prepare(void)
{
	PGconn		*conn = connect_super();
	PGresult	*res;
	int		 i;

	(void)tell(conn, "select telltale.account_add('torture')");
	for (i = 0; i < SHARED + nwriters; i++) {
		(void)tell(conn, "select telltale.submit('torture', 'video')");
		res = ask(conn, "select c.job_id, c.attempt, j.id "
		    "from telltale.claim('torture', array['video'], 1, "
		    "'1 day', array['torture']) as c "
		    "join telltale.job as j on j.job_id = c.job_id");
		if (res == NULL || PQntuples(res) != 1) {
			fail("no job: %s", PQerrorMessage(conn));
			exit(1);
		}
		(void)snprintf(jobs[i].id, sizeof(jobs[i].id), "%s",
		    PQgetvalue(res, 0, 0));
		jobs[i].attempt = atoi(PQgetvalue(res, 0, 1));
		jobs[i].number = strtoll(PQgetvalue(res, 0, 2), NULL, 10);
		PQclear(res);
	}
	res = ask(conn, "select max(event_id) from telltale.job_event");
	first_event = res == NULL ? 0 : strtoll(PQgetvalue(res, 0, 0), NULL,
	    10);
	PQclear(res);
	PQfinish(conn);
}

/*
 * The end: what each reader was given, beside what the log holds.
 */

static int
by_event(const void *a, const void *b)
{
	const struct seen	*x = a, *y = b;

	if (x->event_id != y->event_id)
		return x->event_id < y->event_id ? -1 : 1;
	return x->xid < y->xid ? -1 : x->xid > y->xid;
}

static int
by_xid(const void *a, const void *b)
{
	const struct commit	*x = a, *y = b;

	return x->xid < y->xid ? -1 : x->xid > y->xid;
}

static int
by_value(const void *a, const void *b)
{
	int64_t	 x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void
load_truth(struct seens *truth, bool narrow)
{
	PGconn		*conn = connect_super();
	PGresult	*res;
	struct seen	 one;
	int		 i;

	res = ask(conn, "select event_id, xid, coalesce(job, 0), "
	    "coalesce(seq, 0) from telltale.job_event "
	    "where event_id > %" PRId64 " and (not %s or job in (%" PRId64
	    ", %" PRId64 ", %" PRId64 ")) order by event_id", first_event,
	    narrow ? "true" : "false", jobs[0].number, jobs[1].number,
	    jobs[2].number);
	if (res == NULL) {
		fail("the log: %s", PQerrorMessage(conn));
		exit(1);
	}
	memset(&one, 0, sizeof(one));
	for (i = 0; i < PQntuples(res); i++) {
		one.event_id = strtoll(PQgetvalue(res, i, 0), NULL, 10);
		one.xid = strtoull(PQgetvalue(res, i, 1), NULL, 10);
		one.job = strtoll(PQgetvalue(res, i, 2), NULL, 10);
		one.seq = strtoll(PQgetvalue(res, i, 3), NULL, 10);
		push(truth, &one);
	}
	PQclear(res);
	PQfinish(conn);
}

/* The seqs of each job, in the order in which they came. */
static void
check_order(struct reader *r)
{
	struct { int64_t job, seq; }	*last;
	size_t				 i, k, n = 0, bad = 0;

	last = calloc(r->seen.n + 1, sizeof(*last));
	for (i = 0; i < r->seen.n; i++) {
		if (r->seen.at[i].job == 0)
			continue;
		/* The jobs of now are at the end. */
		for (k = n; k > 0 && last[k - 1].job != r->seen.at[i].job; k--)
			continue;
		if (k == 0) {
			k = ++n;
			last[k - 1].job = r->seen.at[i].job;
		} else
			bad += r->seen.at[i].seq != last[k - 1].seq + 1;
		last[k - 1].seq = r->seen.at[i].seq;
	}
	free(last);
	if (bad > 0)
		fail("%s: %zu events out of their job's order", r->name, bad);
}

static void
compare(struct reader *r, const struct seens *truth)
{
	size_t	 i = 0, k = 0, lost = 0, twice = 0, made_up = 0;
	int	 c;

	check_order(r);
	qsort(r->seen.at, r->seen.n, sizeof(struct seen), by_event);
	while (i < truth->n || k < r->seen.n) {
		c = i == truth->n ? 1 : k == r->seen.n ? -1 :
		    by_event(&truth->at[i], &r->seen.at[k]);
		if (k > 0 && k < r->seen.n && by_event(&r->seen.at[k - 1],
		    &r->seen.at[k]) == 0) {
			twice++;
			k++;
		} else if (c < 0) {
			if (lost++ < 3)
				(void)printf("lost: event %" PRId64 " of job %"
				    PRId64 ", xid %" PRIu64 "\n",
				    truth->at[i].event_id, truth->at[i].job,
				    truth->at[i].xid);
			i++;
		} else if (c > 0) {
			made_up++;
			k++;
		} else {
			i++;
			k++;
		}
	}
	if (lost + twice + made_up > 0)
		fail("%s: of %zu events %zu lost, %zu twice, %zu never "
		    "committed", r->name, truth->n, lost, twice, made_up);
	if (r->gaps > 0)
		fail("%s: %zu gaps for those who came late", r->name, r->gaps);
	if (r->lost > 0)
		fail("%s: lost its place %d times", r->name, r->lost);
}

/* From the return of the commit to the hand-over; crashes make it senseless. */
static void
print_latency(const struct reader *r)
{
	struct commit	*c, key = { 0, 0 };
	int64_t		*us = calloc(r->seen.n + 1, sizeof(*us));
	size_t		 i, n = 0, total = atomic_load(&ncommits);

	for (i = 0; i < r->seen.n; i++) {
		key.xid = r->seen.at[i].xid;
		c = bsearch(&key, commits, total, sizeof(key), by_xid);
		if (c != NULL)
			us[n++] = r->seen.at[i].us - c->us;
	}
	qsort(us, n, sizeof(*us), by_value);
	if (n > 0)
		(void)printf("%-12s commit to call: p50 %.1f ms, p99 %.1f ms, "
		    "max %.1f ms (%zu)\n", r->name, (double)us[n / 2] / 1000,
		    (double)us[n * 99 / 100] / 1000, (double)us[n - 1] / 1000,
		    n);
	free(us);
}

static void
finish(void)
{
	struct seens	 truth[2];
	int64_t		 until = tt_clock_mono_ms() + SETTLE_MS;
	int		 i;

	memset(truth, 0, sizeof(truth));
	load_truth(&truth[0], false);
	load_truth(&truth[1], true);
	for (i = 0; i < nreaders; i++)
		while (atomic_load(&readers[i].nseen) <
		    truth[readers[i].narrow].n && tt_clock_mono_ms() < until)
			nap(10);
	nap(100);	/* for what comes twice */
	stop_readers();

	qsort(commits, atomic_load(&ncommits), sizeof(commits[0]), by_xid);
	for (i = 0; i < nreaders; i++) {
		compare(&readers[i], &truth[readers[i].narrow]);
		if (times == 0)
			print_latency(&readers[i]);
		(void)printf("%-12s %zu events in %zu reads, fell asleep %zu "
		    "times, %zu missed ones fetched\n", readers[i].name,
		    readers[i].seen.n, readers[i].reads, readers[i].sleeps,
		    readers[i].missed);
		tt_feed_free(readers[i].feed);
		tt_conf_free(&readers[i].conf);
		free(readers[i].seen.at);
	}
	(void)printf("%zu events in the log\n", truth[0].n);
	free(truth[0].at);
	free(truth[1].at);
}

/*
 * The scenes.
 */

static void
run_command(void)
{
	if (system(command) != 0)
		fail("%s", command);
}

static void
storm(void)
{
	struct writer	 writers[WRITERS_MAX];
	int		 i;

	prepare();
	add_reader("all", false, false);
	add_reader("few", true, false);
	add_reader("all, polled", false, true);
	add_reader("few, polled", true, true);
	start_readers();

	atomic_store(&writing, true);
	memset(writers, 0, sizeof(writers));
	for (i = 0; i < nwriters; i++) {
		writers[i].id = i;
		writers[i].dice = (uint64_t)(i + 1) * 0x9e3779b9 +
		    (uint64_t)tt_clock_now_us();
		if (pthread_create(&writers[i].thread, NULL, write_on,
		    &writers[i]) != 0)
			abort();
	}
	for (i = 0; i <= times; i++) {
		nap(seconds * 1000 / (times + 1));
		if (i < times)
			run_command();
	}
	atomic_store(&writing, false);
	for (i = 0; i < nwriters; i++)
		(void)pthread_join(writers[i].thread, NULL);
	finish();
}

static void
quiet(void)
{
	PGconn		*conn;
	uint64_t	 xid;
	int		 i;

	prepare();
	add_reader("quiet", false, false);
	start_readers();
	conn = connect_super();
	for (i = 0; i < seconds * 10; i++) {
		if (!await_state(&readers[0], TT_ASLEEP, SETTLE_MS))
			fail("it does not fall asleep");
		/* It sleeps on after some, and is woken by others. */
		nap(20 + i % 3 * 20);
		if (tell(conn, "begin") && notice(conn, "quiet") &&
		    (xid = xid_of(conn)) != 0 && tell(conn, "commit"))
			committed(xid);
	}
	PQfinish(conn);
	finish();
}

/* Is the feed's session held up by a lock? */
static bool
held_up(PGconn *conn)
{
	PGresult	*res;
	bool		 yes;

	res = ask(conn, "select from pg_stat_activity where wait_event_type = "
	    "'Lock' and query like '%%feed_sleep%%' and pid <> "
	    "pg_backend_pid()");
	yes = res != NULL && PQntuples(res) > 0;
	PQclear(res);
	return yes;
}

/* It takes two rings, one soon after the other. */
static bool
rouse(PGconn *writer)
{
	int64_t	 until = tt_clock_mono_ms() + SETTLE_MS;

	do {
		if (!notice(writer, "wake"))
			return false;
	} while (!await_state(&readers[0], TT_AWAKE, 10) &&
	    tt_clock_mono_ms() < until);
	return atomic_load(&readers[0].state) == TT_AWAKE;
}

/* The row is ours, and says awake. */
static bool
holds_awake(PGconn *holder)
{
	PGresult	*res;
	bool		 yes;

	if (!tell(holder, "begin"))
		return false;
	res = ask(holder, "select from telltale.listener_sleep "
	    "where not asleep for update");
	yes = res != NULL && PQntuples(res) == 1;
	PQclear(res);
	if (!yes)
		(void)tell(holder, "rollback");
	return yes;
}

/* A wake-up, so that the row says awake when it is held. */
static bool
wake_and_hold(PGconn *holder, PGconn *writer)
{
	int64_t	 until = tt_clock_mono_ms() + SETTLE_MS;

	do {
		if (!await_state(&readers[0], TT_ASLEEP, SETTLE_MS) ||
		    !rouse(writer))
			return false;
		nap(20);
		if (holds_awake(holder))
			return true;
		/* We came too late: it sleeps again. */
	} while (tt_clock_mono_ms() < until);
	return false;
}

/*
 * The feed's word has its transaction id, but waits for us to let go of its
 * row.  The writer gets a newer id then, and sees that nobody sleeps.
 */
static void
wink_once(PGconn *holder, PGconn *writer)
{
	int64_t	 until = tt_clock_mono_ms() + SETTLE_MS;

	if (!wake_and_hold(holder, writer))
		fail("it is not held while awake: %s", PQerrorMessage(holder));
	while (!held_up(writer) && tt_clock_mono_ms() < until)
		nap(2);
	if (!held_up(writer))
		fail("it says nothing");
	if (!tell(writer, "begin") || !notice(writer, "winked at"))
		fail("%s", PQerrorMessage(writer));
	if (!tell(holder, "rollback"))
		fail("%s", PQerrorMessage(holder));

	/* Where the protocol is right, it will not sleep while we are at it. */
	if (await_state(&readers[0], TT_ASLEEP, 800))
		(void)printf("asleep, and an event to come unrung\n");
	if (!tell(writer, "commit"))
		fail("%s", PQerrorMessage(writer));
}

static void
wink(void)
{
	PGconn	*holder, *writer;
	int	 i;

	floorless = true;
	prepare();
	add_reader("winked at", false, false);
	start_readers();
	holder = connect_super();
	writer = connect_super();
	for (i = 0; i < 2; i++)
		wink_once(holder, writer);
	PQfinish(holder);
	PQfinish(writer);
	finish();
}

/* So many ids are taken and given up; a read has seen the end of all. */
static void
take_xids(PGconn *conn, int n)
{
	uint64_t	 xid = 0;
	int64_t		 until = tt_clock_mono_ms() + 3000;
	int		 i;

	for (i = 0; i < n; i++) {
		(void)tell(conn, "begin");
		(void)notice(conn, "taken back");
		xid = xid_of(conn);
		(void)tell(conn, "rollback");
	}
	while (atomic_load(&readers[0].xmax) <= xid &&
	    tt_clock_mono_ms() < until)
		nap(1);
}

static void
reuse(void)
{
	PGconn		*conn;
	uint64_t	 xid, xmax;
	int		 i, round, reused = 0;

	times = 1;
	prepare();
	add_reader("after crash", false, false);
	start_readers();
	for (round = 0; round < 8 && (round < 2 || reused == 0); round++) {
		conn = connect_super();
		(void)notice(conn, "flushed");
		take_xids(conn, 40);
		xmax = atomic_load(&readers[0].xmax);
		run_command();
		PQfinish(conn);

		conn = connect_super();
		for (i = 0; i < 60; i++) {
			if (!tell(conn, "begin") || !notice(conn, "again") ||
			    (xid = xid_of(conn)) == 0 || !tell(conn, "commit"))
				fail("%s", PQerrorMessage(conn));
			else
				reused += xid < xmax;
		}
		PQfinish(conn);
	}
	(void)printf("%d crashes: %d events of transactions whose ids had been "
	    "seen ended before\n", round, reused);
	if (reused == 0)
		fail("no id was given out again");
	finish();
}

int
main(int argc, char **argv)
{
	static const struct {
		const char	*name;
		void		 (*play)(void);
	} scenes[] = {
		{ "storm", storm }, { "quiet", quiet }, { "wink", wink },
		{ "reuse", reuse },
	};
	size_t	 i;
	int	 c;

	while ((c = getopt(argc, argv, "c:d:fn:s:w:")) != -1)
		switch (c) {
		case 'c':	command = optarg;		break;
		case 'd':	super = optarg;			break;
		case 'f':	floorless = true;		break;
		case 'n':	times = atoi(optarg);		break;
		case 's':	seconds = atoi(optarg);		break;
		case 'w':	nwriters = atoi(optarg);	break;
		default:	return 2;
		}
	if (nwriters < 1 || nwriters > WRITERS_MAX || optind != argc - 1)
		return 2;
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	tt_log_open("torture", TT_LOG_WARN, false);
	for (i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		if (strcmp(scenes[i].name, argv[optind]) == 0) {
			scenes[i].play();
			return failures > 0;
		}
	return 2;
}

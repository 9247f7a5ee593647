/*
 * courier.c - see courier.h.
 *
 * One command of the database is under way at a time.  When none is,
 * next_command() chooses: that function is the order of things.
 */
#include <inttypes.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "hook/courier.h"
#include "hook/transfer.h"
#include "job/delivery.h"
#include "pg/args.h"
#include "pg/session.h"

#define FLOOR_MS	30000	/* asks even when nobody rings */
#define POLL_MS		1000	/* the same, where nobody can ring */
#define STOP_MS		(TT_TRANSFER_MS + 2000)
#define SHARES		4	/* see tt_courier.share */

enum state { FREE, SENDING, ENDED, TELLING };
enum command { NONE, PREPARE, LISTEN, CLAIM, NEXT, TELL };
enum plan { TO_CLAIM, TO_ASK, TO_REST };

/* A delivery in our hands. */
struct slot {
	enum state		 state;
	int64_t			 id, account;
	int			 attempt;
	struct tt_transfer	*transfer;
	struct tt_verdict	 verdict;
};

struct tt_courier {
	const struct tt_conf	*conf;
	bool			 once;
	CURLM			*multi;
	struct tt_session	*session;
	struct tt_args		 args;
	struct slot		*slots;
	struct tt_outcome	*outcomes;	/* room for all slots */
	int64_t			*accounts;	/* the same */
	int			 nslots, nfree;

	/*
	 * As many are claimed at once, at most, and an account that has as
	 * many under way gets no more: so whose receiver hangs has not even
	 * half of the slots, and the others go on.
	 */
	int			 share;
	bool			 left_out;	/* of what was last asked */

	enum command		 command;	/* under way */
	int			 asked;		/* by CLAIM */
	bool			 listening;
	enum plan		 plan;
	int64_t			 due_ms;	/* TO_REST until then */
	int64_t			 stop_ms;	/* 0: no end is in sight */
	bool			 away;		/* the database, once */
	uint64_t		 delivered, failed;
};

struct tt_courier *
tt_courier_new(const struct tt_conf *conf, int concurrency, bool once)
{
	struct tt_courier	*c;
	size_t			 n = (size_t)concurrency;
	int			 i;

	if ((c = calloc(1, sizeof(*c))) == NULL)
		return NULL;
	c->conf = conf;
	c->once = once;
	c->share = concurrency < SHARES ? 1 : concurrency / SHARES;
	c->multi = curl_multi_init();
	c->session = tt_session_new(conf, "telltale webhookd");
	c->slots = calloc(n, sizeof(*c->slots));
	c->outcomes = calloc(n, sizeof(*c->outcomes));
	c->accounts = calloc(n, sizeof(*c->accounts));
	if (c->multi == NULL || c->session == NULL || c->slots == NULL ||
	    c->outcomes == NULL || c->accounts == NULL)
		goto fail;
	for (i = 0; i < concurrency; i++, c->nslots++, c->nfree++)
		if ((c->slots[i].transfer =
		    tt_transfer_new(&conf->webhook_allow)) == NULL)
			goto fail;
	(void)curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS,
	    (long)concurrency);
	return c;
fail:
	tt_courier_free(c);
	return NULL;
}

void
tt_courier_free(struct tt_courier *c)
{
	int	 i;

	if (c == NULL)
		return;
	for (i = 0; i < c->nslots; i++)
		tt_transfer_free(c->slots[i].transfer);
	(void)curl_multi_cleanup(c->multi);
	tt_session_free(c->session);
	tt_args_free(&c->args);
	free(c->slots);
	free(c->outcomes);
	free(c->accounts);
	free(c);
}

/*
 * Slots.
 */

static int
by_number(const void *a, const void *b)
{
	const int64_t	*x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The accounts that have their share under way, into c->accounts. */
static size_t
busy_accounts(struct tt_courier *c)
{
	size_t	 n = 0, found = 0, run = 0, i;
	int	 k;

	for (k = 0; k < c->nslots; k++)
		if (c->slots[k].state != FREE)
			c->accounts[n++] = c->slots[k].account;
	qsort(c->accounts, n, sizeof(*c->accounts), by_number);
	for (i = 0; i < n; i++) {
		run = i > 0 && c->accounts[i] == c->accounts[i - 1] ?
		    run + 1 : 1;
		if (run == (size_t)c->share)
			c->accounts[found++] = c->accounts[i];
	}
	c->left_out = found > 0;
	return found;
}

static void
set_free(struct tt_courier *c, struct slot *s)
{
	s->state = FREE;
	c->nfree++;
	if (c->left_out)	/* perhaps because of this one */
		c->plan = TO_CLAIM;
}

static void
ended(struct tt_courier *c, struct slot *s)
{
	s->state = ENDED;
	if (s->verdict.delivered) {
		c->delivered++;
		tt_debug("delivery %" PRId64 ", attempt %d: delivered", s->id,
		    s->attempt);
	} else {
		c->failed++;
		tt_info("delivery %" PRId64 ", attempt %d: %s", s->id,
		    s->attempt, s->verdict.error);
	}
}

static void
start(struct tt_courier *c, struct slot *s, const struct tt_delivery *d)
{
	struct tt_err	 err;

	tt_err_clear(&err);
	s->state = SENDING;
	s->id = d->id;
	s->account = d->account;
	s->attempt = d->attempt;
	c->nfree--;
	if (tt_transfer_begin(s->transfer, c->multi, d, s, &err) == TT_OK)
		return;
	s->verdict = (struct tt_verdict){ .error = "cannot set up a request" };
	ended(c, s);
}

static void
start_all(struct tt_courier *c, const struct pg_result *res)
{
	struct tt_delivery	 d;
	int			 i, row = 0, n = tt_delivery_count(res);

	for (i = 0; i < c->nslots && row < n; i++) {
		if (c->slots[i].state != FREE)
			continue;
		tt_delivery_read(res, row++, &d);
		start(c, &c->slots[i], &d);
	}
	c->plan = n < c->asked ? TO_ASK : TO_CLAIM;
}

/* What curl has ended. */
static void
collect(struct tt_courier *c)
{
	struct CURLMsg	*msg;
	struct slot	*s;
	int		 left;

	while ((msg = curl_multi_info_read(c->multi, &left)) != NULL) {
		CURLcode	 code = msg->data.result;

		if (msg->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE,
		    &s) != CURLE_OK)
			continue;
		tt_transfer_end(s->transfer, code, &s->verdict);
		ended(c, s);
	}
}

/*
 * Commands.
 */

/* What has ended, into c->outcomes: how many. */
static size_t
outcomes(struct tt_courier *c)
{
	struct slot	*s;
	size_t		 n = 0;
	int		 i;

	for (i = 0; i < c->nslots; i++) {
		s = &c->slots[i];
		if (s->state != ENDED)
			continue;
		c->outcomes[n].id = s->id;
		c->outcomes[n].attempt = s->attempt;
		c->outcomes[n].delivered = s->verdict.delivered;
		c->outcomes[n].status = s->verdict.status;
		c->outcomes[n++].error = s->verdict.delivered ? NULL :
		    s->verdict.error;
	}
	return n;
}

/* From one state to another, all of them. */
static void
told(struct tt_courier *c, enum state from, enum state to)
{
	int	 i;

	for (i = 0; i < c->nslots; i++) {
		if (c->slots[i].state != from)
			continue;
		if (to == FREE)
			set_free(c, &c->slots[i]);
		else
			c->slots[i].state = to;
	}
}

static bool
tell(struct tt_courier *c, size_t n, int64_t now)
{
	if (!tt_delivery_tell(c->session, &c->args, c->outcomes, n, now))
		return false;
	told(c, ENDED, TELLING);
	return true;
}

static bool
claim(struct tt_courier *c, int64_t now)
{
	size_t	 n = busy_accounts(c);

	c->asked = c->nfree < c->share ? c->nfree : c->share;
	return tt_delivery_claim(c->session, &c->args, c->asked, c->accounts,
	    n, now);
}

static bool
ask(struct tt_courier *c, int64_t now)
{
	size_t	 n = busy_accounts(c);

	return tt_delivery_next(c->session, &c->args, c->accounts, n, now);
}

/*
 * Choose a command and begin it: NONE if there is nothing to say, PREPARE if
 * it is not sent yet.
 */
static enum command
next_command(struct tt_courier *c, int64_t now)
{
	size_t	 n;

	if (!c->listening && !c->conf->feed_poll && !c->once)
		return tt_delivery_listen(c->session, &c->args, now) ?
		    LISTEN : PREPARE;
	if ((n = outcomes(c)) > 0)
		return tell(c, n, now) ? TELL : PREPARE;
	if (c->stop_ms != 0 || c->nfree == 0)
		return NONE;
	if (c->plan == TO_REST && now >= c->due_ms)
		c->plan = TO_CLAIM;
	if (c->plan == TO_CLAIM)
		return claim(c, now) ? CLAIM : PREPARE;
	if (c->plan == TO_ASK && !c->once)
		return ask(c, now) ? NEXT : PREPARE;
	return NONE;
}

/* What is due after the floor is asked for then. */
static void
rest(struct tt_courier *c, int64_t wait, int64_t now)
{
	int64_t	 floor = c->conf->feed_poll ? POLL_MS : FLOOR_MS;

	c->plan = TO_REST;
	c->due_ms = now + (wait < 0 || wait > floor ? floor : wait);
}

static void
got_result(struct tt_courier *c, const struct pg_result *res, int64_t now)
{
	int64_t	 id;
	int	 i;

	switch (c->command) {
	case CLAIM:
		start_all(c, res);
		break;
	case NEXT:
		rest(c, tt_delivery_wait(res), now);
		break;
	case TELL:
		for (i = 0; (id = tt_delivery_dead(res, i)) != -1; i++)
			tt_warn("delivery %" PRId64 ": given up", id);
		told(c, TELLING, FREE);
		break;
	case LISTEN:
	case PREPARE:
	case NONE:
		break;
	}
}

/* What was told may not have been heard, so it is told again. */
static void
session_over(struct tt_courier *c)
{
	told(c, TELLING, ENDED);
	c->command = NONE;
	c->listening = false;
	c->plan = TO_CLAIM;
	c->away = true;
}

/* As far as it goes without waiting. */
static void
step_session(struct tt_courier *c)
{
	struct pg_result	*res;
	int64_t			 now = tt_clock_mono_ms();

	for (;;) {
		switch (tt_session_step(c->session, now, &res)) {
		case TT_SESSION_RESULT:
			got_result(c, res, now);
			tt_delivery_clear(res);
			break;
		case TT_SESSION_DONE:
			c->listening |= c->command == LISTEN;
			c->command = NONE;
			break;
		case TT_SESSION_BROKEN:
			session_over(c);
			break;
		case TT_SESSION_IDLE:
			if (tt_session_notified(c->session) > 0)
				c->plan = TO_CLAIM;
			c->command = next_command(c, now);
			if (c->command == NONE)
				return;
			if (!tt_session_is_open(c->session))
				session_over(c);
			break;
		case TT_SESSION_NOTHING:
			return;
		}
	}
}

/*
 * The loop.
 */

/* Begin to end; what is claimed is still brought, and told of. */
static void
stop(struct tt_courier *c, int64_t now)
{
	if (c->stop_ms == 0)
		c->stop_ms = now + STOP_MS;
}

static bool
is_over(const struct tt_courier *c, int64_t now)
{
	bool	 idle = c->nfree == c->nslots;

	if (c->stop_ms != 0)
		return idle || now >= c->stop_ms;
	return c->once && idle && c->plan != TO_CLAIM && c->command == NONE;
}

/* The session's own time only counts while it is at something. */
static int
wait_ms(const struct tt_courier *c, int64_t now)
{
	int64_t	 due = FLOOR_MS + now;

	if (!tt_session_is_open(c->session) || c->command != NONE)
		due = tt_session_due(c->session);
	else if (c->plan == TO_REST && c->nfree > 0 && c->due_ms < due)
		due = c->due_ms;
	if (c->stop_ms != 0 && c->stop_ms < due)
		due = c->stop_ms;
	return due <= now ? 0 : due - now > FLOOR_MS ? FLOOR_MS :
	    (int)(due - now);
}

/* Until curl, the database or the end has something for us. */
static void
sleep_well(struct tt_courier *c, int stop_fd)
{
	struct curl_waitfd	 fds[2];
	unsigned int		 n = 0;
	int64_t			 now = tt_clock_mono_ms();
	int			 fd = tt_session_fd(c->session);

	if (fd != -1) {
		fds[n].fd = fd;
		fds[n].events = (tt_session_events(c->session) & POLLIN) ?
		    CURL_WAIT_POLLIN : CURL_WAIT_POLLOUT;
		fds[n++].revents = 0;
	}
	if (c->stop_ms == 0) {
		fds[n].fd = stop_fd;
		fds[n].events = CURL_WAIT_POLLIN;
		fds[n++].revents = 0;
	}
	(void)curl_multi_poll(c->multi, fds, n, wait_ms(c, now), NULL);
	if (c->stop_ms == 0 && fds[n - 1].revents != 0) {
		tt_debug("stopping: %d under way", c->nslots - c->nfree);
		stop(c, now);
	}
}

enum tt_rc
tt_courier_run(struct tt_courier *c, int stop_fd, struct tt_err *err)
{
	int	 running;

	tt_session_open(c->session);
	for (;;) {
		step_session(c);
		(void)curl_multi_perform(c->multi, &running);
		collect(c);
		step_session(c);
		if (c->once && c->away)
			stop(c, tt_clock_mono_ms());
		if (is_over(c, tt_clock_mono_ms()))
			break;
		sleep_well(c, stop_fd);
	}

	tt_info("%" PRIu64 " delivered, %" PRIu64 " attempts failed, %d left "
	    "to others", c->delivered, c->failed, c->nslots - c->nfree);
	if (c->once && c->away)
		return tt_err_set(err, TT_UNAVAIL,
		    "the database was away; run again");
	return TT_OK;
}

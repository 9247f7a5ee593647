/*
 * command.c - see command.h.
 */
#include <unistd.h>

#include "job/command.h"
#include "job/position.h"
#include "pg/args.h"
#include "pg/db.h"

static const struct tt_query	 queries[TT_COMMAND__MAX] = {
	[TT_LISTEN] = { NULL, "listen telltale", 0 },
	[TT_OPEN] = { NULL, "select * from telltale.feed_open("
	    "$1, $2, $3, $4, $5, $6, $7, $8)", 8 },
	[TT_READ] = { "feed_read", "select * from telltale.feed_read("
	    "$1, $2, $3, $4, $5, $6, $7)", 7 },
	[TT_CATCH_UP] = { "feed_catch_up", "select * from "
	    "telltale.feed_catch_up($1, $2, $3, $4, $5)", 5 },
	[TT_VIEW] = { "feed_view", "select * from telltale.feed_view("
	    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", 10 },
	[TT_LEASE] = { "feed_lease", "select telltale.feed_lease("
	    "$1, $2, $3, $4)", 4 },
	[TT_SLEEP] = { "feed_sleep", "select telltale.feed_sleep($1, $2)", 2 },
	[TT_BEAT] = { "feed_beat", "select known, tick_due, "
	    "array_to_json(dead), array_to_json(public), drawn from "
	    "telltale.feed_beat($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", 10 },
	[TT_CLOSE] = { NULL, "select telltale.feed_close($1)", 1 },
};

const struct tt_query *
tt_command_query(enum tt_command c)
{
	return &queries[c];
}

void
tt_command_open(struct tt_args *a, const char *program, bool listening,
    int64_t previous)
{
	char	 host[256] = "";

	(void)gethostname(host, sizeof(host) - 1);
	tt_args_text(a, host);
	tt_args_text(a, program);
	tt_args_int(a, (int64_t)getpid());
	tt_args_bool(a, listening);
	if (previous == 0)
		tt_args_null(a);
	else
		tt_args_int(a, previous);
}

static void
put_snapshot(struct tt_args *a, const struct tt_snapshot *s)
{
	tt_snapshot_text(s, tt_args_begin(a));
	tt_args_end(a);
}

void
tt_command_read(struct tt_args *a, const struct tt_position *at, int64_t floor)
{
	put_snapshot(a, &at->last);
	if (tt_position_reading(at))
		put_snapshot(a, &at->upto);
	else
		tt_args_null(a);
	tt_args_int(a, at->after);
	tt_args_time(a, at->oldest_us);
	tt_args_int(a, floor);
}

void
tt_command_catch_up(struct tt_args *a, const struct tt_snapshot *last,
    int64_t floor, const struct tt_ask *asks, int nasks)
{
	int	 i;

	put_snapshot(a, last);
	tt_args_int(a, floor);
	tt_args_open(a);
	for (i = 0; i < nasks; i++)
		tt_args_item(a, asks[i].job);
	tt_args_close(a);
	tt_args_open(a);
	for (i = 0; i < nasks; i++)
		tt_args_item(a, asks[i].seq);
	tt_args_close(a);
	tt_args_int(a, TT_FEED_PAGE);
}

/* What it has had of upto, if a read of that was under way. */
void
tt_command_view(struct tt_args *a, const struct tt_view_ask *ask,
    int64_t floor)
{
	const struct tt_position	*p = ask->had;
	bool				 begins = !tt_position_reading(p);
	size_t				 i;

	tt_args_open(a);
	for (i = 0; i < ask->n; i++)
		tt_args_item(a, ask->accounts[i]);
	tt_args_close(a);
	tt_args_bool(a, ask->public);
	put_snapshot(a, &p->last);
	tt_args_int(a, p->last_us);
	put_snapshot(a, ask->upto);
	tt_args_int(a, ask->upto_us);
	tt_args_bool(a, begins);
	tt_args_int(a, begins ? p->low : p->after);
	tt_args_int(a, floor);
	tt_args_int(a, TT_FEED_PAGE);
}

void
tt_command_beat(struct tt_args *a, int64_t listener,
    const struct tt_feed_stats *st, uint64_t wakes, uint64_t reconnects)
{
	tt_args_int(a, listener);
	tt_args_int(a, st->streams);
	tt_args_int(a, (int64_t)st->opened);
	tt_args_int(a, (int64_t)st->delivered);
	tt_args_int(a, (int64_t)st->coalesced);
	tt_args_int(a, (int64_t)st->slow_cut);
	tt_args_int(a, (int64_t)st->caught_up);
	tt_args_int(a, (int64_t)wakes);
	tt_args_int(a, (int64_t)reconnects);
}

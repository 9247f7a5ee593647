/*
 * position.c - see position.h.
 */
#include "base/log.h"
#include "job/position.h"

#define MARGIN_US	(3600 * INT64_C(1000000))	/* clocks step */

bool
tt_position_set(const struct tt_position *p)
{
	return tt_snapshot_set(&p->last);
}

bool
tt_position_reading(const struct tt_position *p)
{
	return tt_snapshot_set(&p->upto);
}

static bool
parse(struct tt_snapshot *s, const char *text)
{
	struct tt_err	 err;

	tt_err_clear(&err);
	if (tt_snapshot_parse(s, text, &err) == TT_OK)
		return true;
	tt_error("feed: %s", err.msg);
	return false;
}

void
tt_position_forget(struct tt_position *p)
{
	tt_snapshot_free(&p->last);
	tt_snapshot_free(&p->upto);
	p->after = 0;
	p->nevents = 0;
	p->oldest_us = p->last_us = INT64_MIN;
}

bool
tt_position_begin(struct tt_position *p, const char *snapshot)
{
	tt_position_forget(p);
	return parse(&p->last, snapshot);
}

bool
tt_position_upto(struct tt_position *p, const char *snapshot, int64_t us)
{
	p->upto_us = us;
	return parse(&p->upto, snapshot);
}

/*
 * What was open in the old snapshot may have written long ago; what came after
 * it, not before the old one was taken.
 */
void
tt_position_done(struct tt_position *p)
{
	struct tt_snapshot	 old = p->last;

	if (p->upto.xmin >= old.xmax)
		p->oldest_us = p->last_us == INT64_MIN ? INT64_MIN :
		    p->last_us - MARGIN_US;
	p->last = p->upto;
	p->last_us = p->upto_us;

	/* The old one's memory serves the next read. */
	p->upto = old;
	p->upto.xmin = p->upto.xmax = 0;
	p->upto.nxip = 0;
	p->after = 0;
	p->nevents = 0;
}

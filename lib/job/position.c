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
	p->generation = p->after = 0;
	p->low = -1;
	p->nevents = 0;
	p->oldest_us = p->last_us = INT64_MIN;
}

bool
tt_position_begin(struct tt_position *p, const char *snapshot, int64_t us)
{
	tt_position_forget(p);
	p->last_us = us;
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

bool
tt_position_copy(struct tt_position *to, const struct tt_position *from)
{
	struct tt_snapshot	 last = to->last, upto = to->upto;
	struct tt_err		 err;

	tt_err_clear(&err);
	*to = *from;
	to->last = last;
	to->upto = upto;
	if (tt_snapshot_copy(&to->last, &from->last, &err) == TT_OK &&
	    tt_snapshot_copy(&to->upto, &from->upto, &err) == TT_OK)
		return true;
	tt_position_forget(to);
	return false;
}

bool
tt_position_equal(const struct tt_position *a, const struct tt_position *b)
{
	return a->generation == b->generation && a->last_us == b->last_us &&
	    a->low == b->low && a->after == b->after &&
	    tt_snapshot_equal(&a->last, &b->last) &&
	    tt_snapshot_equal(&a->upto, &b->upto);
}

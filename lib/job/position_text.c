/*
 * position_text.c - a position as the id of an event, and back: see position.h.
 *
 * base64url of: the version, the generation, when `last` was taken in
 * milliseconds (rounded up), `last`; 0, or 1 and how much later upto was taken,
 * upto, and the event's id; low.  Numbers are seven bits a byte, the lowest
 * first; a snapshot is xmin, what xmax is above it, how many were open, and how
 * far each is above the one before.
 */
#include <limits.h>
#include <string.h>

#include <sodium.h>

#include "base/base64.h"
#include "base/buf.h"
#include "job/position.h"

#define VERSION		1
#define BYTES_MAX	((TT_POSITION_SZ - 1) / 4 * 3)
#define NUMBER_MAX	10	/* bytes of 64 bits */
#define MS_MAX		INT64_C(253402300799999)	/* the year 9999 */

struct writer {
	unsigned char	 bytes[BYTES_MAX];
	size_t		 n;
	bool		 full;
};

struct reader {
	const unsigned char	*p, *end;
	bool			 bad;
};

static void
put(struct writer *w, uint64_t v)
{
	if (w->n + NUMBER_MAX > BYTES_MAX) {
		w->full = true;
		return;
	}
	for (; v >= 0x80; v >>= 7)
		w->bytes[w->n++] = (unsigned char)(v | 0x80);
	w->bytes[w->n++] = (unsigned char)v;
}

static void
put_snapshot(struct writer *w, const struct tt_snapshot *s)
{
	uint64_t	 before = s->xmin;
	size_t		 i;

	put(w, s->xmin);
	put(w, s->xmax - s->xmin);
	put(w, s->nxip);
	for (i = 0; i < s->nxip; i++) {
		put(w, s->xip[i] - before);
		before = s->xip[i];
	}
}

static int64_t
ms(int64_t us)
{
	return us <= 0 ? 0 : (us + 999) / 1000;
}

static void
put_position(struct writer *w, const struct tt_position *p, int64_t after)
{
	int64_t	 later = ms(p->upto_us) - ms(p->last_us);

	put(w, VERSION);
	put(w, (uint64_t)p->generation);
	put(w, (uint64_t)ms(p->last_us));
	put_snapshot(w, &p->last);
	put(w, tt_position_reading(p));
	if (tt_position_reading(p)) {
		put(w, later < 0 ? 0 : (uint64_t)later);
		put_snapshot(w, &p->upto);
		put(w, (uint64_t)after);
	}
	put(w, p->low < 0 ? 0 : (uint64_t)p->low);
}

/* What is sure: all before the oldest open transaction, and no more. */
static void
put_less(struct writer *w, const struct tt_position *p)
{
	const struct tt_position	 less = {
		.generation	= p->generation,
		.last_us	= p->last_us,
		.last		= { p->last.xmin, p->last.xmin, NULL, 0, 0 }
	};

	w->n = 0;
	w->full = false;
	put_position(w, &less, 0);
}

void
tt_position_text(const struct tt_position *p, int64_t after, struct tt_buf *b)
{
	struct writer	 w = { .n = 0 };
	char		 text[TT_POSITION_SZ];

	put_position(&w, p, after);
	if (w.full)
		put_less(&w, p);
	tt_buf_puts(b, sodium_bin2base64(text, sizeof(text), w.bytes, w.n,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING));
}

/* A number of at most max, written as short as it can be. */
static uint64_t
get(struct reader *r, uint64_t max)
{
	uint64_t	 v = 0, bits;
	unsigned	 shift;

	for (shift = 0; r->p < r->end && shift < 64; shift += 7) {
		bits = *r->p & 0x7f;
		if (shift == 63 && bits > 1)
			break;
		v |= bits << shift;
		if ((*r->p++ & 0x80) != 0)
			continue;
		if (v > max || (bits == 0 && shift > 0))
			break;
		return v;
	}
	r->bad = true;
	return 0;
}

static void
get_snapshot(struct reader *r, struct tt_snapshot *s)
{
	uint64_t	 n, xid;

	s->nxip = 0;
	s->xmin = xid = get(r, INT64_MAX);
	s->xmax = s->xmin + get(r, INT64_MAX - s->xmin);
	r->bad = r->bad || s->xmin == 0;
	for (n = get(r, BYTES_MAX); n > 0 && !r->bad; n--) {
		xid += get(r, INT64_MAX - xid);
		r->bad = r->bad || xid >= s->xmax || (s->nxip > 0 &&
		    xid == s->xip[s->nxip - 1]) || !tt_snapshot_add(s, xid);
	}
}

static void
get_position(struct reader *r, struct tt_position *p)
{
	int64_t	 last_ms;
	bool	 reading;

	r->bad = get(r, VERSION) != VERSION;
	p->generation = (int64_t)get(r, INT64_MAX);
	last_ms = (int64_t)get(r, MS_MAX);
	p->last_us = last_ms * 1000;
	get_snapshot(r, &p->last);
	reading = get(r, 1) == 1;
	if (reading) {
		p->upto_us = (last_ms + (int64_t)get(r, MS_MAX)) * 1000;
		get_snapshot(r, &p->upto);
		p->after = (int64_t)get(r, INT64_MAX);
	}
	p->low = (int64_t)get(r, INT64_MAX);
	r->bad = r->bad || r->p != r->end;
}

bool
tt_position_read(struct tt_position *p, const char *text)
{
	unsigned char	 bytes[BYTES_MAX];
	struct reader	 r = { bytes, bytes, false };
	size_t		 n;

	tt_position_forget(p);
	if (!tt_base64_read(text, bytes, sizeof(bytes), &n))
		return false;
	r.end = bytes + n;
	get_position(&r, p);
	if (r.bad)
		tt_position_forget(p);
	return !r.bad;
}

/*
 * cursor.c - where a page ended, as text: see list.h.
 *
 * A version, the time and the number of the last job, in base64url.  It is
 * opaque but no secret: whatever a client makes of it, it can only begin
 * elsewhere in its own account's list.
 */
#include <sodium.h>

#include "base/base64.h"
#include "job/list.h"

#define VERSION		1
#define CURSOR_BYTES	17	/* version, time, number */
#define VARIANT		sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define YEAR_10000_US	253402300800000000LL

static void
put64(unsigned char *p, int64_t n)
{
	uint64_t	 u = (uint64_t)n;
	int		 i;

	for (i = 7; i >= 0; i--, u >>= 8)
		p[i] = (unsigned char)(u & 0xff);
}

/* What is above INT64_MAX comes out as -1, which is no time and no number. */
static int64_t
get64(const unsigned char *p)
{
	uint64_t	 u = 0;
	int		 i;

	for (i = 0; i < 8; i++)
		u = u << 8 | p[i];
	return u > INT64_MAX ? -1 : (int64_t)u;
}

char *
tt_list_cursor(const struct tt_job *last, char out[TT_LIST_CURSOR_SZ])
{
	unsigned char	 raw[CURSOR_BYTES];

	raw[0] = VERSION;
	put64(raw + 1, last->created_us);
	put64(raw + 9, last->id);
	return sodium_bin2base64(out, TT_LIST_CURSOR_SZ, raw, sizeof(raw),
	    VARIANT);
}

enum tt_rc
tt_list_cursor_read(const char *text, struct tt_list_query *q,
    struct tt_err *err)
{
	unsigned char	 raw[CURSOR_BYTES];
	size_t		 sz;

	q->has_cursor = false;
	if (!tt_base64_read(text, raw, sizeof(raw), &sz) ||
	    sz != sizeof(raw) || raw[0] != VERSION)
		goto bad;
	q->cursor_us = get64(raw + 1);
	q->cursor_id = get64(raw + 9);
	if (q->cursor_us < 0 || q->cursor_us >= YEAR_10000_US ||
	    q->cursor_id < 0)
		goto bad;
	q->has_cursor = true;
	return TT_OK;
bad:
	return tt_err_tell(err, TT_BADREQ,
	    "cursor: not one that next_cursor gave");
}

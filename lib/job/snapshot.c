/*
 * snapshot.c - see snapshot.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "job/snapshot.h"

void
tt_snapshot_free(struct tt_snapshot *s)
{
	free(s->xip);
	memset(s, 0, sizeof(*s));
}

bool
tt_snapshot_set(const struct tt_snapshot *s)
{
	return s->xmax != 0;
}

static bool
reserve(struct tt_snapshot *s, size_t n)
{
	uint64_t	*xip;

	if (n <= s->cap)
		return true;
	n = n < 8 ? 8 : n * 2;
	if ((xip = realloc(s->xip, n * sizeof(*xip))) == NULL)
		return false;
	s->xip = xip;
	s->cap = n;
	return true;
}

/* A number that ends at one of the given bytes (or at the end of the text). */
static bool
number(const char **p, const char *ends, uint64_t *n)
{
	char	*end;

	if (**p < '0' || **p > '9')
		return false;
	errno = 0;
	*n = strtoull(*p, &end, 10);
	if (errno != 0 || strchr(ends, *end) == NULL)
		return false;
	*p = end + (*end != '\0');
	return true;
}

static bool
parse(struct tt_snapshot *s, const char *text, bool *memory)
{
	uint64_t	 xid;

	if (!number(&text, ":", &s->xmin) || text[-1] != ':' ||
	    !number(&text, ":", &s->xmax) || text[-1] != ':' ||
	    s->xmin == 0 || s->xmin > s->xmax)
		return false;
	while (*text != '\0') {
		if (!number(&text, ",", &xid) || xid < s->xmin ||
		    xid >= s->xmax ||
		    (s->nxip > 0 && xid <= s->xip[s->nxip - 1]))
			return false;
		if (!reserve(s, s->nxip + 1)) {
			*memory = false;
			return false;
		}
		s->xip[s->nxip++] = xid;
	}
	return text[-1] != ',';
}

enum tt_rc
tt_snapshot_parse(struct tt_snapshot *s, const char *text, struct tt_err *err)
{
	bool	 memory = true;

	s->nxip = 0;
	if (parse(s, text, &memory))
		return TT_OK;
	s->xmin = s->xmax = 0;
	s->nxip = 0;
	if (!memory)
		return tt_err_set(err, TT_INTERNAL, "out of memory");
	return tt_err_set(err, TT_BADREQ, "not a snapshot: %.64s", text);
}

enum tt_rc
tt_snapshot_copy(struct tt_snapshot *to, const struct tt_snapshot *from,
    struct tt_err *err)
{
	if (!reserve(to, from->nxip))
		return tt_err_set(err, TT_INTERNAL, "out of memory");
	to->xmin = from->xmin;
	to->xmax = from->xmax;
	to->nxip = from->nxip;
	if (from->nxip > 0)
		memcpy(to->xip, from->xip, from->nxip * sizeof(*to->xip));
	return TT_OK;
}

void
tt_snapshot_text(const struct tt_snapshot *s, struct tt_buf *b)
{
	size_t	 i;

	tt_buf_printf(b, "%" PRIu64 ":%" PRIu64 ":", s->xmin, s->xmax);
	for (i = 0; i < s->nxip; i++)
		tt_buf_printf(b, "%s%" PRIu64, i == 0 ? "" : ",", s->xip[i]);
}

bool
tt_snapshot_equal(const struct tt_snapshot *a, const struct tt_snapshot *b)
{
	return a->xmin == b->xmin && a->xmax == b->xmax &&
	    a->nxip == b->nxip && (a->nxip == 0 ||
	    memcmp(a->xip, b->xip, a->nxip * sizeof(*a->xip)) == 0);
}

bool
tt_snapshot_covers(const struct tt_snapshot *s, const struct tt_snapshot *other)
{
	size_t	 i;

	if (other->xmax > s->xmax)
		return false;
	for (i = 0; i < s->nxip; i++)
		if (tt_snapshot_sees(other, s->xip[i]))
			return false;
	return true;
}

bool
tt_snapshot_add(struct tt_snapshot *s, uint64_t xid)
{
	if (!reserve(s, s->nxip + 1))
		return false;
	s->xip[s->nxip++] = xid;
	return true;
}

static int
compare(const void *a, const void *b)
{
	uint64_t	 x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

bool
tt_snapshot_sees(const struct tt_snapshot *s, uint64_t xid)
{
	if (xid < s->xmin)
		return true;
	if (xid >= s->xmax)
		return false;
	return s->nxip == 0 || bsearch(&xid, s->xip, s->nxip,
	    sizeof(*s->xip), compare) == NULL;
}

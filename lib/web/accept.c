/*
 * accept.c - the header fields in which a client says what it would take.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/request.h"

#define BLANK	" \t"

/* How exactly a media range names text/event-stream; 0: not at all. */
static int
range_rank(const char *range, size_t sz)
{
	static const char *const	 ranges[] = {
		"*/*", "text/*", "text/event-stream"
	};
	int				 i;

	for (i = 0; i < 3; i++)
		if (strlen(ranges[i]) == sz &&
		    strncasecmp(ranges[i], range, sz) == 0)
			return i + 1;
	return 0;
}

/* Does this element, up to end, have the parameter q=0? */
static bool
refused(const char *p, const char *end)
{
	while ((p = memchr(p, ';', (size_t)(end - p))) != NULL) {
		p += 1 + strspn(p + 1, BLANK);
		if (end - p > 2 && (*p == 'q' || *p == 'Q') && p[1] == '=')
			return p[2] == '0' && strtod(p + 2, NULL) <= 0;
	}
	return false;
}

/* The rank of the most exact range that applies, negative if it refuses. */
static int
best_rank(const char *accept)
{
	const char	*end;
	int		 rank, best = 0;

	for (;; accept = end + 1) {
		accept += strspn(accept, BLANK);
		end = accept + strcspn(accept, ",");
		rank = range_rank(accept, strcspn(accept, BLANK ",;"));
		if (rank > abs(best))
			best = refused(accept, end) ? -rank : rank;
		if (*end == '\0')
			return best;
	}
}

bool
tt_request_accepts_sse(const struct tt_request *req)
{
	const char	*accept = tt_request_env(req, "HTTP_ACCEPT");

	return accept == NULL || accept[strspn(accept, BLANK)] == '\0' ||
	    best_rank(accept) > 0;
}

bool
tt_request_wants_sse(const struct tt_request *req)
{
	const char	*accept = tt_request_env(req, "HTTP_ACCEPT");

	return accept != NULL && best_rank(accept) == 3;
}

/* Weak comparison: whether a tag is marked W/ does not matter. */
bool
tt_request_has_etag(const struct tt_request *req, const char *etag)
{
	const char	*p = tt_request_env(req, "HTTP_IF_NONE_MATCH");
	size_t		 n, sz;

	if (p == NULL)
		return false;
	if (strncmp(etag, "W/", 2) == 0)
		etag += 2;
	sz = strlen(etag);
	for (; *p != '\0'; p += n) {
		p += strspn(p, BLANK ",");
		if (strncmp(p, "W/", 2) == 0)
			p += 2;
		n = strcspn(p, BLANK ",");
		if ((n == 1 && *p == '*') ||
		    (n == sz && strncmp(p, etag, sz) == 0))
			return true;
	}
	return false;
}

/*
 * multipart.h - takes a multipart/form-data body apart, in place.
 *
 * Nothing is copied, nothing nests, and each byte is looked at a bounded
 * number of times.  The body's line ends are CRLF, as RFC 2046 has them.
 */
#ifndef TT_MULTIPART_H
#define TT_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "base/rc.h"

#define TT_MULTIPART_BOUNDARY	70	/* RFC 2046 allows no longer one */
#define TT_MULTIPART_HEADERS	16	/* of one part */
#define TT_MULTIPART_HEADER_SZ	4096	/* all of them together */

struct tt_multipart {
	char	*p, *end;		/* what is still to be read */
	char	 delimiter[4 + TT_MULTIPART_BOUNDARY + 1];
	size_t	 delimiter_sz;
};

/* All of it points into the body. */
struct tt_part {
	const char	*name;
	const char	*filename;	/* NULL if it has none: a text */
	const char	*type;		/* its Content-Type, or "" */
	const char	*data;		/* sz bytes, as they came */
	size_t		 sz;
};

/* Begin with a body of sz bytes.  TT_BADREQ if there is no boundary. */
enum tt_rc	 tt_multipart_begin(struct tt_multipart *,
		    const char *content_type, char *body, size_t sz,
		    struct tt_err *) TT_MUSTUSE;

/*
 * The next part; *more is false, and there is none, at the end.  Name, file
 * name and type are UTF-8 without control characters; the data is anything.
 */
enum tt_rc	 tt_multipart_next(struct tt_multipart *, struct tt_part *,
		    bool *more, struct tt_err *) TT_MUSTUSE;

#endif /* !TT_MULTIPART_H */

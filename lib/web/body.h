/*
 * body.h - the bytes of a request's body, within bounds of size and time.
 */
#ifndef TT_BODY_H
#define TT_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/rc.h"

struct tt_request;

#define TT_BODY_UNTOLD	SIZE_MAX	/* up to its end, wherever that is */

/*
 * Of so many accepting threads, half may be reading bodies at a time, and at
 * least one: the others stay free for short requests.  Call it at start-up;
 * before, it is one.
 */
void		 tt_body_threads(int threads);

/*
 * How long the body is: 0 if there is none, TT_BODY_UNTOLD if the client did
 * not say.  Reads nothing of it.  TT_BADREQ for a malformed length,
 * TT_TOOLARGE for one above max.
 */
enum tt_rc	 tt_body_length(const struct tt_request *, size_t max,
		    size_t *sz, struct tt_err *) TT_MUSTUSE;

/*
 * Append the body, sz as above, within so many milliseconds in all.
 * TT_TOOLARGE, TT_BADREQ (too slow or cut short) and TT_UNAVAIL (too many at
 * once), each with a text for the client.
 */
enum tt_rc	 tt_body_read(const struct tt_request *, size_t sz, size_t max,
		    int ms, struct tt_buf *, struct tt_err *) TT_MUSTUSE;

#endif /* !TT_BODY_H */

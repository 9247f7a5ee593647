/*
 * reply.h - one whole answer: head and body built in buffers, sent in one go.
 *
 * Under FastCGI that is one write of STDOUT records (one for an answer of less
 * than 64 KiB), the end of the stream and END_REQUEST, then our own close:
 * libfcgi would wait up to two seconds for a mute peer.
 */
#ifndef TT_REPLY_H
#define TT_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include <fcgiapp.h>

#include "base/buf.h"

struct tt_conf;
struct tt_request;

struct tt_reply {
	int		 status;	/* 0: nothing was answered yet */
	struct tt_buf	 head;		/* "Name: value\r\n" lines, no Status */
	struct tt_buf	 body;
	struct tt_buf	 text, wire;	/* tt_reply_send()'s own */
	size_t		 common_sz;	/* how much of head is common */
	bool		 detached;	/* the connection is a sink's now */
};

void	 tt_reply_reset(struct tt_reply *);
void	 tt_reply_free(struct tt_reply *);

/*
 * Headers that every answer carries: X-Request-Id, nosniff, CORS as
 * configured.  First after tt_reply_reset(); they stay whatever begins next.
 */
void	 tt_reply_common(struct tt_reply *, const struct tt_request *,
	    const struct tt_conf *);

/* One more header that stays; before anything begins. */
void	 tt_reply_always(struct tt_reply *, const char *name,
	    const char *value);

/* Begin anew; a type of NULL means an answer without a body. */
void	 tt_reply_begin(struct tt_reply *, int status, const char *type);
void	 tt_reply_header(struct tt_reply *, const char *name,
	    const char *value);		/* control characters are dropped */

/* The answer to OPTIONS: 204, and what another site's page may send. */
void	 tt_reply_preflight(struct tt_reply *, const struct tt_request *);

/*
 * Give the finished body an ETag, and the client leave to keep it if it asks
 * each time.  Becomes 304 if the request shows that it has this one.
 */
void	 tt_reply_etag(struct tt_reply *, const struct tt_request *);

/*
 * Send it (no body for HEAD, 204 and 304), and close the connection.  What
 * fails here is the client's loss: traced, never retried.  Takes 30 s at most.
 */
void	 tt_reply_send(struct tt_reply *, FCGX_Request *, bool head_only);

/*
 * Take the connection away from libfcgi: returns its descriptor, which is the
 * caller's to close, and the id for its records.  The request's streams and
 * environment are freed; the thread may accept again.
 */
int	 tt_reply_detach(FCGX_Request *, int *request_id);

#endif /* !TT_REPLY_H */

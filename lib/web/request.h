/*
 * request.h - one request, as CGI or FastCGI hands it over, checked.
 *
 * The path is that of REQUEST_URI, so that a web server's rewriting does not
 * matter: its query is cut off, TELLTALE_MOUNT is taken away, each segment is
 * decoded once, a trailing slash is dropped.  "." and ".." segments, NUL, an
 * encoded slash, malformed escapes and what is not UTF-8 are TT_BADREQ.
 *
 * Where a program takes the path of a file, at the end of its own, tail is the
 * segment before that.  All that follows is one segment then, with its slashes,
 * encoded or not, the last one too; "." and ".." stay TT_BADREQ.
 *
 * Everything points into the request's own buffers and lives until the next
 * request of the thread.
 */
#ifndef TT_REQUEST_H
#define TT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include <fcgiapp.h>

#include "base/buf.h"
#include "base/rc.h"

#define TT_REQUEST_SEGMENTS	16
#define TT_REQUEST_PARAMS	64
#define TT_REQUEST_ID_SZ	65

struct tt_param {
	const char	*name;		/* decoded */
	const char	*value;		/* decoded; "" if there was no '=' */
};

struct tt_request {
	FCGX_Request	*fcgi;		/* borrowed; NULL in unit tests */
	const char	*tail;		/* the caller's, before it is read:
					   "video-status"; mostly NULL */
	const char	*method;	/* "GET"; never NULL */
	const char	*allow;		/* what tt_request_method() asked for */
	const char	*segment[TT_REQUEST_SEGMENTS];
	int		 nsegments;
	struct tt_param	 param[TT_REQUEST_PARAMS];
	int		 nparams;
	char		 id[TT_REQUEST_ID_SZ];	/* X-Request-Id */
	struct tt_buf	 text;		/* what the pointers point into */
};

/*
 * Read the request's path and query out of its environment.  Safe to call
 * again and again on one struct (zeroed before the first); its buffer is
 * reused.  Even when it fails, id and method are set.  The id is the web
 * server's (or the client's) if it is a word of up to 64 characters, else 16
 * random bytes in hex.
 */
enum tt_rc	 tt_request_read(struct tt_request *, FCGX_Request *,
		    const char *mount, struct tt_err *) TT_MUSTUSE;
void		 tt_request_free(struct tt_request *);

/* The same from a given URI: what tt_request_read() does after the lookup. */
enum tt_rc	 tt_request_parse(struct tt_request *, const char *uri,
		    const char *mount, struct tt_err *) TT_MUSTUSE;

/* A header ("HTTP_ACCEPT") or other CGI variable; NULL if there is none. */
const char	*tt_request_env(const struct tt_request *, const char *name);

/* The value of the parameter, NULL if it was not given. */
const char	*tt_request_param(const struct tt_request *, const char *name);

/*
 * The number that it is: digits only, from min to max.  *out is left as it is,
 * a default, if it was not given.  TT_BADREQ naming the parameter.
 */
enum tt_rc	 tt_request_number(const struct tt_request *, const char *name,
		    int min, int max, int *out, struct tt_err *) TT_MUSTUSE;

/*
 * Does the path match?  A pattern is "/api/v1/job/{}/progress": "{}" is one
 * segment, put into capture (borrowed, up to two; NULL if there is none).  The
 * pattern may begin at any slash and reaches to the path's end, so an
 * undeclared mount prefix does no harm.
 */
bool		 tt_request_match(const struct tt_request *,
		    const char *pattern, const char *capture[2]);

/* The same as a gate: TT_NOPATH if it does not match. */
enum tt_rc	 tt_request_path(const struct tt_request *,
		    const char *pattern, const char *capture[2],
		    struct tt_err *) TT_MUSTUSE;

/*
 * TT_METHOD unless the method is one of the allowed ("GET, HEAD"), a literal
 * that an answer's Allow header can show; HEAD must be named.  OPTIONS is
 * answered before, by the server.
 */
enum tt_rc	 tt_request_method(struct tt_request *, const char *allowed,
		    struct tt_err *) TT_MUSTUSE;

/*
 * TT_BADREQ, naming it, if a parameter was given twice or is none of known
 * (NULL-terminated).
 */
enum tt_rc	 tt_request_known(const struct tt_request *,
		    const char *const *known, struct tt_err *) TT_MUSTUSE;

/*
 * The client's word for the request, by which it is done once; NULL if it gave
 * none.  TT_BADREQ if Idempotency-Key is empty, too long or not ASCII.
 */
enum tt_rc	 tt_request_idempotency(const struct tt_request *,
		    const char **key, struct tt_err *) TT_MUSTUSE;

/* Append the text with all but letters, digits and -._~ percent-encoded. */
void		 tt_request_encode(struct tt_buf *, const char *);

/* Would the client take text/event-stream?  A missing header means yes. */
bool		 tt_request_accepts_sse(const struct tt_request *);
/* Did it name text/event-stream itself, as EventSource does? */
bool		 tt_request_wants_sse(const struct tt_request *);

/* Is one of the entity tags in If-None-Match this one, or "*"? */
bool		 tt_request_has_etag(const struct tt_request *,
		    const char *etag);

#endif /* !TT_REQUEST_H */

/*
 * body.c - see body.h.
 */
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "web/body.h"
#include "web/request.h"

#define CHUNK_SZ	8192
#define END_MS		1000
#define PLACE_MS	500
#define PLACE_STEP_MS	5

static atomic_int	 most = 1;	/* bodies at once */
static atomic_int	 reading;
static atomic_int	 waiting;	/* for a place */

void
tt_body_threads(int threads)
{
	atomic_store(&most, threads < 4 ? 1 : threads / 2);
}

/* False for what is not all digits; what is too large for it is UNTOLD - 1. */
static bool
parse_length(const char *s, size_t *sz)
{
	const size_t	 top = TT_BODY_UNTOLD - 1;
	size_t		 digit;

	for (*sz = 0; *s >= '0' && *s <= '9'; s++) {
		digit = (size_t)(*s - '0');
		*sz = *sz > (top - digit) / 10 ? top : *sz * 10 + digit;
	}
	return *s == '\0';
}

/* Is that variable there, with a value? */
static bool
given(const struct tt_request *req, const char *name)
{
	const char	*value = tt_request_env(req, name);

	return value != NULL && *value != '\0';
}

static TT_MUSTUSE enum tt_rc
too_large(size_t max, struct tt_err *err)
{
	return tt_err_tell(err, TT_TOOLARGE,
	    "The body may have up to %zu bytes here", max);
}

/*
 * A body without a length is announced by its coding; in HTTP/2, which has
 * none, by its type.
 */
enum tt_rc
tt_body_length(const struct tt_request *req, size_t max, size_t *sz,
    struct tt_err *err)
{
	*sz = 0;
	if (!given(req, "CONTENT_LENGTH")) {
		if (given(req, "HTTP_TRANSFER_ENCODING") ||
		    given(req, "CONTENT_TYPE"))
			*sz = TT_BODY_UNTOLD;
		return TT_OK;
	}
	if (!parse_length(tt_request_env(req, "CONTENT_LENGTH"), sz))
		return tt_err_tell(err, TT_BADREQ, "Malformed Content-Length");
	return *sz > max ? too_large(max, err) : TT_OK;
}

/*
 * Bound the next read by libfcgi to so many milliseconds.  It says of ipcFd
 * not to use it, but offers no other way to bound one; nor can we poll, since
 * we cannot see whether it has bytes left in its own buffer.
 */
static void
bound_read(const FCGX_Request *fcgi, int64_t ms)
{
	struct timeval	 tv;

	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000 * 1000);
	(void)setsockopt(fcgi->ipcFd, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv));
}

/*
 * As read(2), of the request's input.  FCGX_GetStr() reads again and again
 * until it has all that it was asked for: so ask for what it has, or for one
 * byte, which fills its buffer.
 */
static ssize_t
read_stream(const FCGX_Request *fcgi, char *p, size_t sz, int64_t ms)
{
	FCGX_Stream	*in = fcgi->in;
	size_t		 have = (size_t)(in->stop - in->rdNext);
	int		 n;

	if (have == 0)
		bound_read(fcgi, ms);
	if (have < sz)
		sz = have == 0 ? 1 : have;
	n = FCGX_GetStr(p, (int)sz, in);
	if (n > 0 || FCGX_GetError(in) == 0)
		return n;
	errno = FCGX_GetError(in) > 0 ? FCGX_GetError(in) : EIO;
	return -1;
}

/* The same of plain CGI's standard input. */
static ssize_t
read_stdin(char *p, size_t sz, int64_t ms)
{
	struct pollfd	 pfd = { STDIN_FILENO, POLLIN, 0 };
	int		 n;

	if ((n = poll(&pfd, 1, (int)ms)) == 1)
		return read(STDIN_FILENO, p, sz);
	if (n == 0)
		errno = EAGAIN;
	return -1;
}

static TT_MUSTUSE enum tt_rc
failed(int why, struct tt_err *err)
{
	if (why == EAGAIN || why == EWOULDBLOCK)
		return tt_err_tell(err, TT_BADREQ,
		    "The body came too slowly");
	return tt_err_tell(err, TT_BADREQ, "The body could not be read");
}

/* Up to end bytes, or to the end of input. */
static TT_MUSTUSE enum tt_rc
read_up_to(const FCGX_Request *fcgi, size_t end, int64_t deadline,
    struct tt_buf *buf, struct tt_err *err)
{
	char	 chunk[CHUNK_SZ];
	int64_t	 left;
	size_t	 got = 0, want;
	ssize_t	 n;

	for (; got < end; got += (size_t)n) {
		want = end - got < sizeof(chunk) ? end - got : sizeof(chunk);
		if ((left = deadline - tt_clock_mono_ms()) <= 0)
			return failed(EAGAIN, err);
		n = fcgi->in != NULL ? read_stream(fcgi, chunk, want, left) :
		    read_stdin(chunk, want, left);
		if (n == 0)
			break;
		if (n == -1 && (fcgi->in != NULL || errno != EINTR))
			return failed(errno, err);
		if (n == -1)
			n = 0;
		tt_buf_add(buf, chunk, (size_t)n);
		if (tt_buf_broken(buf))
			return tt_err_set(err, TT_INTERNAL, "out of memory");
	}
	return TT_OK;
}

/*
 * The body is here, and the web server has still to say that there is no more.
 * Answered and closed on before that, Apache's mod_proxy_fcgi finds its pipe
 * broken, and makes a 503 of the answer.
 */
static void
read_end(const FCGX_Request *fcgi)
{
	char	 c;

	if (fcgi->in != NULL)
		(void)!read_stream(fcgi, &c, 1, END_MS);
}

static bool
try_place(void)
{
	if (atomic_fetch_add(&reading, 1) < atomic_load(&most))
		return true;
	(void)atomic_fetch_sub(&reading, 1);
	return false;
}

/*
 * A body takes milliseconds to read unless its sender is slow: so one that
 * finds no place may wait for it.  But not many may, or the slow would hold
 * all threads after all.
 */
static bool
take_place(void)
{
	int64_t	 deadline = tt_clock_mono_ms() + PLACE_MS;
	int	 may = (atomic_load(&most) + 1) / 2;
	bool	 got = false;

	if (try_place())
		return true;
	if (atomic_fetch_add(&waiting, 1) < may)
		while (!(got = try_place()) && tt_clock_mono_ms() < deadline)
			(void)poll(NULL, 0, PLACE_STEP_MS);
	(void)atomic_fetch_sub(&waiting, 1);
	return got;
}

enum tt_rc
tt_body_read(const struct tt_request *req, size_t sz, size_t max, int ms,
    struct tt_buf *buf, struct tt_err *err)
{
	int64_t	 deadline = tt_clock_mono_ms() + ms;
	bool	 told = sz != TT_BODY_UNTOLD;
	size_t	 before = buf->sz, got;

	if (sz == 0)
		return TT_OK;
	if (!take_place())
		return tt_err_tell(err, TT_UNAVAIL,
		    "Too many requests are being sent here; try again");
	if (read_up_to(req->fcgi, told ? sz : max + 1, deadline, buf, err) ==
	    TT_OK && told)
		read_end(req->fcgi);
	(void)atomic_fetch_sub(&reading, 1);
	if (err->rc != TT_OK)
		return err->rc;

	got = buf->sz - before;
	if (told && got < sz)
		return tt_err_tell(err, TT_BADREQ,
		    "The body has %zu bytes, not %zu", got, sz);
	return got > max ? too_large(max, err) : TT_OK;
}

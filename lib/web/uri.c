/*
 * uri.c - a request's path and query, taken apart: see request.h.
 */
#include <string.h>

#include "web/percent.h"
#include "web/request.h"

static const char	 plain_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

/* Is one of the parts between slashes "." or ".."? */
static bool
has_dots(const char *s)
{
	size_t	 n;

	for (;; s += n + 1) {
		n = strcspn(s, "/");
		if ((n == 1 || n == 2) && strncmp(s, "..", n) == 0)
			return true;
		if (s[n] == '\0')
			return false;
	}
}

static TT_MUSTUSE enum tt_rc
add_segment(struct tt_request *req, char *s, bool is_tail, struct tt_err *err)
{
	if (!tt_percent_decode(s, false))
		return tt_err_tell(err, TT_BADREQ, "Malformed path");
	if (has_dots(s) || (!is_tail && strchr(s, '/') != NULL))
		return tt_err_tell(err, TT_BADREQ, "A path may not have "
		    "\".\" or \"..\"%s", is_tail ? "" :
		    " or an encoded slash");
	if (req->nsegments == TT_REQUEST_SEGMENTS)
		return tt_err_tell(err, TT_NOPATH, "No such path");
	req->segment[req->nsegments++] = s;
	return TT_OK;
}

/* Is the last segment the one that all the rest follows as one? */
static bool
begins_tail(const struct tt_request *req)
{
	return req->tail != NULL && req->nsegments > 0 &&
	    strcmp(req->segment[req->nsegments - 1], req->tail) == 0;
}

/* The path, without its first slash. */
static TT_MUSTUSE enum tt_rc
split_path(struct tt_request *req, char *path, struct tt_err *err)
{
	char	*slash;
	bool	 tail = false;

	while (!tail && (slash = strchr(path, '/')) != NULL) {
		*slash = '\0';
		if (add_segment(req, path, false, err) != TT_OK)
			return err->rc;
		path = slash + 1;
		tail = begins_tail(req);
	}
	return *path == '\0' ? TT_OK : add_segment(req, path, tail, err);
}

static TT_MUSTUSE enum tt_rc
add_param(struct tt_request *req, char *pair, struct tt_err *err)
{
	char	*value = strchr(pair, '=');

	if (req->nparams == TT_REQUEST_PARAMS)
		return tt_err_tell(err, TT_BADREQ, "Too many parameters");
	if (value == NULL)
		value = pair + strlen(pair);
	else
		*value++ = '\0';
	if (!tt_percent_decode(pair, true))
		return tt_err_tell(err, TT_BADREQ, "Malformed query");
	if (!tt_percent_decode(value, true))
		return tt_err_tell(err, TT_BADREQ,
		    "Parameter %.64s is malformed", pair);
	req->param[req->nparams].name = pair;
	req->param[req->nparams++].value = value;
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
split_query(struct tt_request *req, char *query, struct tt_err *err)
{
	char	*next;

	for (; query != NULL; query = next) {
		if ((next = strchr(query, '&')) != NULL)
			*next++ = '\0';
		if (*query != '\0' && add_param(req, query, err) != TT_OK)
			return err->rc;
	}
	return TT_OK;
}

/* Past the scheme and host of an absolute URI, and past the mount point. */
static char *
skip_to_path(char *uri, const char *mount)
{
	size_t	 n = strlen(mount);
	char	*host;

	if (*uri != '/' && (host = strstr(uri, "://")) != NULL)
		uri = host + 3 + strcspn(host + 3, "/");
	if (strncmp(uri, mount, n) == 0 && (uri[n] == '/' || uri[n] == '\0'))
		uri += n;
	return *uri == '/' ? uri + 1 : uri;
}

/* Decoding shortens, so all is done in one copy, which never moves. */
enum tt_rc
tt_request_parse(struct tt_request *req, const char *uri, const char *mount,
    struct tt_err *err)
{
	char	*text, *query;

	req->nsegments = req->nparams = 0;
	tt_buf_clear(&req->text);
	tt_buf_puts(&req->text, uri);
	if (tt_buf_broken(&req->text))
		return tt_err_set(err, TT_INTERNAL, "out of memory");

	text = req->text.data;
	text[strcspn(text, "#")] = '\0';
	if ((query = strchr(text, '?')) != NULL)
		*query++ = '\0';
	if (split_path(req, skip_to_path(text, mount), err) != TT_OK)
		return err->rc;
	return split_query(req, query, err);
}

void
tt_request_encode(struct tt_buf *buf, const char *s)
{
	for (; *s != '\0'; s++)
		if (strchr(plain_chars, *s) != NULL)
			tt_buf_putc(buf, *s);
		else
			tt_buf_printf(buf, "%%%02X", (unsigned char)*s);
}

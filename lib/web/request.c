/*
 * request.c - see request.h.
 */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "web/request.h"

#define IDEMPOTENCY_MAX	255
#define NUMBER_DIGITS	10

static const char	 id_chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "abcdefghijklmnopqrstuvwxyz0123456789_.-";

static bool
word_ok(const char *s)
{
	size_t	 n = s == NULL ? 0 : strlen(s);

	return n > 0 && n < TT_REQUEST_ID_SZ && strspn(s, id_chars) == n;
}

static void
set_id(struct tt_request *req)
{
	static const char *const	 names[] = {
		"HTTP_X_REQUEST_ID", "UNIQUE_ID", "REQUEST_ID"
	};
	unsigned char			 random[16];
	const char			*given;
	size_t				 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (word_ok(given = tt_request_env(req, names[i]))) {
			(void)memcpy(req->id, given, strlen(given) + 1);
			return;
		}
	randombytes_buf(random, sizeof(random));
	(void)sodium_bin2hex(req->id, sizeof(req->id), random, sizeof(random));
}

enum tt_rc
tt_request_read(struct tt_request *req, FCGX_Request *fcgi, const char *mount,
    struct tt_err *err)
{
	const char	*uri;

	req->fcgi = fcgi;
	req->allow = NULL;
	req->nsegments = req->nparams = 0;
	if ((req->method = tt_request_env(req, "REQUEST_METHOD")) == NULL)
		req->method = "";
	set_id(req);
	if ((uri = tt_request_env(req, "REQUEST_URI")) == NULL)
		return tt_err_set(err, TT_INTERNAL,
		    "the web server gives no REQUEST_URI");
	return tt_request_parse(req, uri, mount, err);
}

void
tt_request_free(struct tt_request *req)
{
	tt_buf_free(&req->text);
}

const char *
tt_request_env(const struct tt_request *req, const char *name)
{
	return req->fcgi == NULL ? NULL :
	    FCGX_GetParam(name, req->fcgi->envp);
}

const char *
tt_request_param(const struct tt_request *req, const char *name)
{
	int	 i;

	for (i = 0; i < req->nparams; i++)
		if (strcmp(req->param[i].name, name) == 0)
			return req->param[i].value;
	return NULL;
}

enum tt_rc
tt_request_number(const struct tt_request *req, const char *name, int min,
    int max, int *out, struct tt_err *err)
{
	const char	*s = tt_request_param(req, name);
	size_t		 n = s == NULL ? 0 : strlen(s);
	long long	 v;

	if (s == NULL)
		return TT_OK;
	v = n > 0 && n <= NUMBER_DIGITS && strspn(s, "0123456789") == n ?
	    strtoll(s, NULL, 10) : -1;
	if (v < min || v > max)
		return tt_err_tell(err, TT_BADREQ,
		    "%s must be a whole number from %d to %d", name, min,
		    max);
	*out = (int)v;
	return TT_OK;
}

/* How many segments the pattern has: one after each of its slashes. */
static int
count_slashes(const char *pattern)
{
	int	 n = 0;

	for (; *pattern != '\0'; pattern++)
		n += *pattern == '/';
	return n;
}

bool
tt_request_match(const struct tt_request *req, const char *pattern,
    const char *capture[2])
{
	int		 i = req->nsegments - count_slashes(pattern);
	int		 ncaptures = 0;
	const char	*seg;
	size_t		 n;

	if (i < 0)
		return false;
	for (; *pattern == '/'; pattern += n, i++) {
		seg = req->segment[i];
		n = strcspn(++pattern, "/");
		if (n == 2 && strncmp(pattern, "{}", 2) == 0) {
			if (*seg == '\0')
				return false;
			capture[ncaptures++] = seg;
		} else if (strlen(seg) != n || strncmp(pattern, seg, n) != 0)
			return false;
	}
	return true;
}

enum tt_rc
tt_request_path(const struct tt_request *req, const char *pattern,
    const char *capture[2], struct tt_err *err)
{
	if (!tt_request_match(req, pattern, capture))
		return tt_err_tell(err, TT_NOPATH, "No such path");
	return TT_OK;
}

/* Is word one of the comma-separated list? */
static bool
listed(const char *list, const char *word)
{
	size_t	 n, sz = strlen(word);

	for (; *list != '\0'; list += n) {
		list += strspn(list, ", ");
		n = strcspn(list, ", ");
		if (n == sz && n > 0 && strncmp(list, word, n) == 0)
			return true;
	}
	return false;
}

enum tt_rc
tt_request_method(struct tt_request *req, const char *allowed,
    struct tt_err *err)
{
	req->allow = allowed;
	if (!listed(allowed, req->method))
		return tt_err_tell(err, TT_METHOD, "Use %s here", allowed);
	return TT_OK;
}

enum tt_rc
tt_request_known(const struct tt_request *req, const char *const *known,
    struct tt_err *err)
{
	const char *const	*k;
	const char		*name;
	int			 i;

	for (i = 0; i < req->nparams; i++) {
		name = req->param[i].name;
		for (k = known; *k != NULL && strcmp(*k, name) != 0; k++)
			continue;
		if (*k == NULL)
			return tt_err_tell(err, TT_BADREQ,
			    "Unknown parameter: %.64s", name);
		if (tt_request_param(req, name) != req->param[i].value)
			return tt_err_tell(err, TT_BADREQ,
			    "Parameter %s was given more than once", name);
	}
	return TT_OK;
}

enum tt_rc
tt_request_idempotency(const struct tt_request *req, const char **key,
    struct tt_err *err)
{
	const char	*p;

	*key = p = tt_request_env(req, "HTTP_IDEMPOTENCY_KEY");
	if (p == NULL)
		return TT_OK;
	while (*p >= ' ' && *p <= '~')
		p++;
	if (*p != '\0' || p == *key || p - *key > IDEMPOTENCY_MAX)
		return tt_err_tell(err, TT_BADREQ, "Idempotency-Key must be "
		    "1 to %d characters of ASCII", IDEMPOTENCY_MAX);
	return TT_OK;
}

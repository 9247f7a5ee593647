/*
 * multipart.c - see multipart.h.
 */
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "web/header.h"
#include "web/multipart.h"

#define BLANK		" \t"
#define BOUNDARY_CHARS	"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ" \
			"abcdefghijklmnopqrstuvwxyz'()+_,-./:=? "

/* Where those bytes next are between p and end; NULL if nowhere. */
static char *
find(char *p, const char *end, const char *what, size_t sz)
{
	while (p < end && (p = memchr(p, *what, (size_t)(end - p))) != NULL) {
		if ((size_t)(end - p) < sz)
			return NULL;
		if (memcmp(p, what, sz) == 0)
			return p;
		p++;
	}
	return NULL;
}

/* Is that what comes next?  Then it is behind us. */
static bool
skip(struct tt_multipart *m, const char *what, size_t sz)
{
	if ((size_t)(m->end - m->p) < sz || memcmp(m->p, what, sz) != 0)
		return false;
	m->p += sz;
	return true;
}

static TT_MUSTUSE enum tt_rc
malformed(struct tt_err *err)
{
	return tt_err_tell(err, TT_BADREQ, "Malformed headers of a part");
}

static TT_MUSTUSE enum tt_rc
set_delimiter(struct tt_multipart *m, const char *content_type,
    struct tt_err *err)
{
	struct tt_header_param	 b;
	char			*boundary = m->delimiter + 4;

	if (!tt_header_param(content_type, "boundary", &b) || b.p == NULL ||
	    b.sz == 0 || b.sz > TT_MULTIPART_BOUNDARY ||
	    b.p[b.sz - 1] == ' ')
		return tt_err_tell(err, TT_BADREQ,
		    "The Content-Type lacks a proper boundary");
	(void)memcpy(m->delimiter, "\r\n--", 4);
	(void)memcpy(boundary, b.p, b.sz);
	boundary[b.sz] = '\0';
	if (strspn(boundary, BOUNDARY_CHARS) != b.sz)
		return tt_err_tell(err, TT_BADREQ,
		    "The boundary has characters that it may not have");
	m->delimiter_sz = 4 + b.sz;
	return TT_OK;
}

enum tt_rc
tt_multipart_begin(struct tt_multipart *m, const char *content_type,
    char *body, size_t sz, struct tt_err *err)
{
	if (set_delimiter(m, content_type, err) != TT_OK)
		return err->rc;
	m->p = body;
	m->end = body + sz;

	/* Where there is no preamble, there is no line end before it. */
	if (skip(m, m->delimiter + 2, m->delimiter_sz - 2))
		return TT_OK;
	m->p = find(body, m->end, m->delimiter, m->delimiter_sz);
	if (m->p == NULL)
		return tt_err_tell(err, TT_BADREQ,
		    "The boundary is nowhere in the body");
	m->p += m->delimiter_sz;
	return TT_OK;
}

/* Can the header's line be a text that we hand out? */
static bool
clean(const char *p, const char *end)
{
	size_t	 n;

	for (; p < end; p += n)
		if ((n = tt_utf8_next(p, (size_t)(end - p))) == 0 ||
		    ((unsigned char)*p < ' ' && *p != '\t') || *p == 0x7f)
			return false;
	return true;
}

/* form-data; name="a"; filename="b".  A filename* is none of RFC 7578's. */
static TT_MUSTUSE enum tt_rc
take_disposition(struct tt_part *part, char *value, struct tt_err *err)
{
	struct tt_header_param	 name, filename;
	char			*p;

	if (part->name != NULL || !tt_header_is(value, "form-data") ||
	    !tt_header_param(value, "name", &name) || name.p == NULL ||
	    !tt_header_param(value, "filename", &filename))
		return malformed(err);

	/* Only now, since ending one may cut what follows off. */
	p = value + (name.p - value);
	tt_header_unescape(p, name.sz);
	part->name = p;
	if (filename.p != NULL) {
		p = value + (filename.p - value);
		tt_header_unescape(p, filename.sz);
		part->filename = p;
	}
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
take_type(struct tt_part *part, const char *value, struct tt_err *err)
{
	if (*part->type != '\0')
		return malformed(err);
	if (strncasecmp(value, "multipart/", 10) == 0)
		return tt_err_tell(err, TT_BADREQ,
		    "A part may not be a multipart itself");
	part->type = value;
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
take_encoding(const char *value, struct tt_err *err)
{
	if (!tt_header_is(value, "7bit") && !tt_header_is(value, "8bit") &&
	    !tt_header_is(value, "binary"))
		return tt_err_tell(err, TT_BADREQ,
		    "Send the parts as they are, not as %.64s", value);
	return TT_OK;
}

/* One header, which ends at end: a byte that is ours to overwrite. */
static TT_MUSTUSE enum tt_rc
take_header(struct tt_part *part, char *line, char *end, struct tt_err *err)
{
	char	*value;

	if (!clean(line, end))
		return malformed(err);
	while (end > line && strchr(BLANK, end[-1]) != NULL)
		end--;
	*end = '\0';
	value = line + strcspn(line, BLANK ":");
	if (value == line || *value != ':')
		return malformed(err);
	*value++ = '\0';
	value += strspn(value, BLANK);

	if (strcasecmp(line, "Content-Disposition") == 0)
		return take_disposition(part, value, err);
	if (strcasecmp(line, "Content-Type") == 0)
		return take_type(part, value, err);
	if (strcasecmp(line, "Content-Transfer-Encoding") == 0)
		return take_encoding(value, err);
	return TT_OK;
}

/* The headers and the empty line that ends them; the data is what is left. */
static TT_MUSTUSE enum tt_rc
take_headers(struct tt_part *part, char *p, const char *end,
    struct tt_err *err)
{
	const char	*limit = end;
	char		*eol;
	int		 n;

	if (end - p > TT_MULTIPART_HEADER_SZ)
		limit = p + TT_MULTIPART_HEADER_SZ;
	for (n = 0; (eol = find(p, limit, "\r\n", 2)) != p; n++) {
		if (eol == NULL || n == TT_MULTIPART_HEADERS)
			return malformed(err);
		if (take_header(part, p, eol, err) != TT_OK)
			return err->rc;
		p = eol + 2;
	}
	if (part->name == NULL)
		return malformed(err);
	part->data = p + 2;
	part->sz = (size_t)(end - part->data);
	return TT_OK;
}

/* We are behind a delimiter, always. */
enum tt_rc
tt_multipart_next(struct tt_multipart *m, struct tt_part *part, bool *more,
    struct tt_err *err)
{
	char	*p, *end;

	(void)memset(part, 0, sizeof(*part));
	part->type = "";
	*more = false;
	if (skip(m, "--", 2))
		return TT_OK;
	while (m->p < m->end && strchr(BLANK, *m->p) != NULL && *m->p != '\0')
		m->p++;
	if (!skip(m, "\r\n", 2))
		return tt_err_tell(err, TT_BADREQ,
		    "A boundary is not a line of its own");

	p = m->p;
	if ((end = find(p, m->end, m->delimiter, m->delimiter_sz)) == NULL)
		return tt_err_tell(err, TT_BADREQ,
		    "The body ends before its last boundary");
	m->p = end + m->delimiter_sz;
	*more = true;
	return take_headers(part, p, end, err);
}

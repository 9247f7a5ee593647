/*
 * formdata.c - see formdata.h.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "web/body.h"
#include "web/formdata.h"
#include "web/header.h"
#include "web/multipart.h"
#include "web/percent.h"
#include "web/request.h"

#define BODY_MS		10000
#define BODY_KEPT	65536	/* a larger buffer is not kept for the next */

static TT_MUSTUSE enum tt_rc
no_memory(struct tt_err *err)
{
	return tt_err_set(err, TT_INTERNAL, "out of memory");
}

static void
clear_values(struct tt_form *form)
{
	json_decref(form->fields);
	form->fields = json_object();
	form->nfiles = 0;
	form->multipart = false;
	form->json = false;
}

void
tt_form_free(struct tt_form *form)
{
	json_decref(form->fields);
	form->fields = NULL;
	form->nfiles = 0;
	tt_buf_free(&form->body);
}

/* May there be one more, of that name? */
static TT_MUSTUSE enum tt_rc
check_new(const struct tt_form *form, const char *name, struct tt_err *err)
{
	bool	 twice = json_object_get(form->fields, name) != NULL;
	int	 i;

	for (i = 0; i < form->nfiles; i++)
		twice |= strcmp(form->file[i].field, name) == 0;
	if (twice)
		return tt_err_tell(err, TT_BADREQ,
		    "Field %.64s was given more than once", name);
	if (json_object_size(form->fields) + (size_t)form->nfiles >=
	    TT_FORM_FIELDS)
		return tt_err_tell(err, TT_BADREQ, "More than %d fields",
		    TT_FORM_FIELDS);
	return TT_OK;
}

static bool
text_ok(const char *p, size_t sz)
{
	size_t	 n;

	for (; sz > 0; p += n, sz -= n)
		if (*p == '\0' || (n = tt_utf8_next(p, sz)) == 0)
			return false;
	return true;
}

/* One more text of that name: the first becomes a list of them. */
static TT_MUSTUSE enum tt_rc
append_text(struct tt_form *form, const char *name, const char *p, size_t sz,
    struct tt_err *err)
{
	json_t	*v = json_object_get(form->fields, name);
	json_t	*list;

	if (json_is_string(v)) {
		if ((list = json_pack("[O]", v)) == NULL ||
		    json_object_set_new(form->fields, name, list) == -1)
			return no_memory(err);
		v = list;
	}
	if (json_array_size(v) >= TT_FORM_FIELDS)
		return tt_err_tell(err, TT_BADREQ,
		    "Field %.64s was given too often", name);
	if (json_array_append_new(v, json_stringn(p, sz)) == -1)
		return no_memory(err);
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
add_text(struct tt_form *form, const char *name, const char *p, size_t sz,
    struct tt_err *err)
{
	bool	 again = form->repeated &&
		    json_object_get(form->fields, name) != NULL;

	if (!again && check_new(form, name, err) != TT_OK)
		return err->rc;
	if (!text_ok(p, sz))
		return tt_err_tell(err, TT_BADREQ,
		    "Field %.64s is not UTF-8, or has a NUL", name);
	if (again)
		return append_text(form, name, p, sz, err);
	if (json_object_set_new(form->fields, name, json_stringn(p, sz)) == -1)
		return no_memory(err);
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
parse_json(struct tt_form *form, const char *content_type, struct tt_err *err)
{
	json_t	*v;

	(void)content_type;
	form->json = true;
	if (tt_form_load(form->body.data, form->body.sz, &v, err) != TT_OK)
		return err->rc;
	json_decref(form->fields);
	form->fields = v;
	if (!json_is_object(v))
		return tt_err_tell(err, TT_BADREQ,
		    "The JSON must be one object");
	if (json_object_size(v) > TT_FORM_FIELDS)
		return tt_err_tell(err, TT_BADREQ, "More than %d fields",
		    TT_FORM_FIELDS);
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
add_pair(struct tt_form *form, char *pair, struct tt_err *err)
{
	char	*value = strchr(pair, '=');

	if (value == NULL)
		value = pair + strlen(pair);
	else
		*value++ = '\0';
	if (!tt_percent_decode(pair, true))
		return tt_err_tell(err, TT_BADREQ, "Malformed name of a field");
	if (!tt_percent_decode(value, true))
		return tt_err_tell(err, TT_BADREQ, "Field %.64s is malformed",
		    pair);
	return add_text(form, pair, value, strlen(value), err);
}

static TT_MUSTUSE enum tt_rc
parse_urlencoded(struct tt_form *form, const char *content_type,
    struct tt_err *err)
{
	char	*p = form->body.data, *next;

	(void)content_type;
	if (memchr(p, '\0', form->body.sz) != NULL)
		return tt_err_tell(err, TT_BADREQ, "A NUL in the form");
	for (; p != NULL; p = next) {
		if ((next = strchr(p, '&')) != NULL)
			*next++ = '\0';
		if (*p != '\0' && add_pair(form, p, err) != TT_OK)
			return err->rc;
	}
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
add_part(struct tt_form *form, const struct tt_part *part, struct tt_err *err)
{
	struct tt_file	*file;

	if (part->filename == NULL)
		return add_text(form, part->name, part->data, part->sz, err);
	if (check_new(form, part->name, err) != TT_OK)
		return err->rc;
	file = &form->file[form->nfiles++];
	file->field = part->name;
	file->name = part->filename;
	file->type = part->type;
	file->data = part->data;
	file->sz = part->sz;
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
parse_multipart(struct tt_form *form, const char *content_type,
    struct tt_err *err)
{
	struct tt_multipart	 m;
	struct tt_part		 part;
	bool			 more = true;

	form->multipart = true;
	if (tt_multipart_begin(&m, content_type, form->body.data,
	    form->body.sz, err) != TT_OK)
		return err->rc;
	while (tt_multipart_next(&m, &part, &more, err) == TT_OK && more)
		if (add_part(form, &part, err) != TT_OK)
			break;
	return err->rc;
}

static const struct media {
	unsigned	 bit;
	const char	*type;
	enum tt_rc	 (*parse)(struct tt_form *, const char *content_type,
			    struct tt_err *);
} media[] = {
	{ TT_FORM_JSON, "application/json", parse_json },
	{ TT_FORM_URLENCODED, "application/x-www-form-urlencoded",
	    parse_urlencoded },
	{ TT_FORM_MULTIPART, "multipart/form-data", parse_multipart },
};

#define NMEDIA	(sizeof(media) / sizeof(media[0]))

static TT_MUSTUSE enum tt_rc
not_taken(unsigned takes, struct tt_err *err)
{
	char	 list[128] = "";
	size_t	 i, n = 0;

	for (i = 0; i < NMEDIA; i++)
		if ((takes & media[i].bit) != 0)
			n += (size_t)snprintf(list + n, sizeof(list) - n,
			    "%s%s", n == 0 ? "" : ", ", media[i].type);
	return tt_err_tell(err, TT_MEDIATYPE,
	    n == 0 ? "Send no body here%s" : "Send the body as one of: %s",
	    list);
}

/* Which of those taken it is. */
static TT_MUSTUSE enum tt_rc
find_media(const char *content_type, unsigned takes, const struct media **m,
    struct tt_err *err)
{
	struct tt_header_param	 charset;
	size_t			 i;

	for (i = 0; i < NMEDIA; i++)
		if ((takes & media[i].bit) != 0 && content_type != NULL &&
		    tt_header_is(content_type, media[i].type))
			break;
	if (i == NMEDIA)
		return not_taken(takes, err);
	*m = &media[i];
	if (!tt_header_param(content_type, "charset", &charset))
		return tt_err_tell(err, TT_BADREQ, "Malformed Content-Type");
	if (charset.p != NULL && media[i].bit != TT_FORM_MULTIPART &&
	    (charset.sz != 5 || strncasecmp(charset.p, "utf-8", 5) != 0))
		return tt_err_tell(err, TT_MEDIATYPE,
		    "Send the body as UTF-8");
	return TT_OK;
}

enum tt_rc
tt_form_parse(struct tt_form *form, const char *content_type, unsigned takes,
    struct tt_err *err)
{
	const struct media	*m;

	clear_values(form);
	if (form->fields == NULL)
		return no_memory(err);
	form->repeated = (takes & TT_FORM_REPEATED) != 0;
	if (form->body.sz == 0)
		return TT_OK;
	if (find_media(content_type, takes, &m, err) == TT_OK &&
	    m->parse(form, content_type, err) != TT_OK)
		clear_values(form);	/* nothing half-read is left */
	return err->rc;
}

enum tt_rc
tt_form_read(struct tt_form *form, const struct tt_request *req, size_t max,
    unsigned takes, struct tt_err *err)
{
	const struct media	*m;
	const char		*type = tt_request_env(req, "CONTENT_TYPE");
	size_t			 sz;

	clear_values(form);
	if (form->body.cap > BODY_KEPT)
		tt_buf_free(&form->body);
	tt_buf_clear(&form->body);

	/* What we would not take need not come. */
	if (tt_body_length(req, max, &sz, err) != TT_OK ||
	    (sz != 0 && sz != TT_BODY_UNTOLD &&
	    find_media(type, takes, &m, err) != TT_OK) ||
	    tt_body_read(req, sz, max, BODY_MS, &form->body, err) != TT_OK)
		return err->rc;
	return tt_form_parse(form, type, takes, err);
}

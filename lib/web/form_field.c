/*
 * form_field.c - what a program asks of a form: see formdata.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "web/formdata.h"

#define NONE_MAX	4096	/* bytes of a body without fields */

static bool
listed(const char *const *list, const char *name)
{
	while (*list != NULL && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

enum tt_rc
tt_form_known(const struct tt_form *form, const char *const *known,
    struct tt_err *err)
{
	const char	*name;
	json_t		*value;
	int		 i;

	json_object_foreach(form->fields, name, value)
		if (!listed(known, name))
			return tt_err_tell(err, TT_BADREQ,
			    "Unknown field: %.64s", name);
	for (i = 0; i < form->nfiles; i++)
		if (!listed(known, form->file[i].field))
			return tt_err_tell(err, TT_BADREQ,
			    "Unknown field: %.64s", form->file[i].field);
	return TT_OK;
}

enum tt_rc
tt_form_none(const struct tt_request *req, struct tt_err *err)
{
	static const char *const	 nothing[] = { NULL };
	struct tt_form			 form = { 0 };

	if (tt_form_read(&form, req, NONE_MAX, TT_FORM_JSON |
	    TT_FORM_URLENCODED | TT_FORM_MULTIPART, err) == TT_OK)
		(void)!tt_form_known(&form, nothing, err);
	tt_form_free(&form);
	return err->rc;
}

const json_t *
tt_form_json(const struct tt_form *form, const char *name)
{
	return json_object_get(form->fields, name);
}

/* What is asked for as something else must not have come as a file. */
static bool
is_file(const struct tt_form *form, const char *name)
{
	int	 i;

	for (i = 0; i < form->nfiles; i++)
		if (strcmp(form->file[i].field, name) == 0)
			return true;
	return false;
}

static TT_MUSTUSE enum tt_rc
wrong(const char *name, const char *what, struct tt_err *err)
{
	return tt_err_tell(err, TT_BADREQ, "Field %.64s must be %s", name,
	    what);
}

/* The value, NULL if there is none; a file is what it cannot be. */
static TT_MUSTUSE enum tt_rc
find(const struct tt_form *form, const char *name, const char *what,
    const json_t **value, struct tt_err *err)
{
	*value = tt_form_json(form, name);
	if (json_is_null(*value))
		*value = NULL;
	return is_file(form, name) ? wrong(name, what, err) : TT_OK;
}

enum tt_rc
tt_form_text(const struct tt_form *form, const char *name, size_t max,
    const char **text, struct tt_err *err)
{
	const json_t	*value;

	*text = NULL;
	if (find(form, name, "a text", &value, err) != TT_OK || value == NULL)
		return err->rc;
	if (!json_is_string(value))
		return wrong(name, "a text", err);
	if ((size_t)tt_utf8_length(json_string_value(value)) > max)
		return tt_err_tell(err, TT_BADREQ,
		    "Field %.64s may have up to %zu characters", name, max);
	*text = json_string_value(value);
	return TT_OK;
}

enum tt_rc
tt_form_bool(const struct tt_form *form, const char *name, bool *value,
    struct tt_err *err)
{
	static const char	 what[] = "true or false";
	const json_t		*v;
	const char		*text;

	if (find(form, name, what, &v, err) != TT_OK || v == NULL)
		return err->rc;
	text = json_string_value(v);
	if (json_is_true(v) || (text != NULL &&
	    (strcmp(text, "true") == 0 || strcmp(text, "1") == 0)))
		*value = true;
	else if (json_is_false(v) || (text != NULL &&
	    (strcmp(text, "false") == 0 || strcmp(text, "0") == 0)))
		*value = false;
	else
		return wrong(name, what, err);
	return TT_OK;
}

/* Digits with or without a minus, in full; false also where it overflows. */
static bool
parse_int(const char *s, int64_t *n)
{
	const char	*digits = *s == '-' ? s + 1 : s;
	long long	 value;

	if (*digits == '\0' || digits[strspn(digits, "0123456789")] != '\0')
		return false;
	errno = 0;
	value = strtoll(s, NULL, 10);
	*n = value;
	return errno == 0;
}

enum tt_rc
tt_form_int(const struct tt_form *form, const char *name, int64_t min,
    int64_t max, int64_t *value, bool *given, struct tt_err *err)
{
	static const char	 what[] = "a whole number";
	const json_t		*v;
	int64_t			 n;

	*given = false;
	if (find(form, name, what, &v, err) != TT_OK || v == NULL)
		return err->rc;
	if (json_is_integer(v))
		n = json_integer_value(v);
	else if (!json_is_string(v) || !parse_int(json_string_value(v), &n))
		return wrong(name, what, err);
	if (n < min || n > max)
		return tt_err_tell(err, TT_BADREQ,
		    "Field %.64s must be from %" PRId64 " to %" PRId64, name,
		    min, max);
	*value = n;
	*given = true;
	return TT_OK;
}

enum tt_rc
tt_form_any(const struct tt_form *form, const char *name, json_t **value,
    struct tt_err *err)
{
	static const char	 what[] = "JSON";
	const json_t		*v;
	struct tt_err		 why;

	*value = NULL;
	if (find(form, name, what, &v, err) != TT_OK || v == NULL)
		return err->rc;
	if (form->json) {
		*value = json_incref(json_object_get(form->fields, name));
		return TT_OK;
	}
	tt_err_clear(&why);
	if (!json_is_string(v))
		return wrong(name, what, err);
	if (tt_form_load(json_string_value(v), json_string_length(v), value,
	    &why) != TT_OK)
		return why.told ? tt_err_tell(err, why.rc,
		    "Field %.64s: %.256s", name, why.msg) :
		    tt_err_set(err, why.rc, "%s", why.msg);
	return TT_OK;
}

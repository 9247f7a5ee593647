/*
 * target_form.c - the body of a POST: its first line is the Content-Type, but
 * for the target of JSON, which has none.
 */
#include <assert.h>
#include <string.h>

#include "target.h"
#include "web/form.h"

#define ALL	(TT_FORM_JSON | TT_FORM_URLENCODED | TT_FORM_MULTIPART)

static const char *const known[] = {
	"prompt", "image", "count", "dry_run", "meta", NULL
};

/* No text of a document has a NUL or is other than UTF-8, at any depth. */
static void
check_value(const json_t *value, int depth)
{
	json_t		*v = (json_t *)(uintptr_t)value, *item;
	const char	*key;
	size_t		 i;

	assert(depth <= TT_FORM_DEPTH);
	if (json_is_string(v)) {
		assert(strlen(json_string_value(v)) == json_string_length(v));
		assert(target_text_ok(json_string_value(v), ""));
	} else if (json_is_array(v)) {
		for (i = 0; i < json_array_size(v); i++)
			check_value(json_array_get(v, i), depth + 1);
	} else if (json_is_object(v)) {
		json_object_foreach(v, key, item) {
			assert(target_text_ok(key, ""));
			check_value(item, depth + 1);
		}
	}
}

/* Files point into the body, and nowhere else. */
static void
check_files(const struct tt_form *form)
{
	const struct tt_file	*f;
	int			 i;

	assert(form->nfiles >= 0 && form->nfiles <= TT_FORM_FIELDS);
	for (i = 0; i < form->nfiles; i++) {
		f = &form->file[i];
		assert(f->field != NULL && f->name != NULL && f->type != NULL);
		assert(target_text_ok(f->field, "") &&
		    target_text_ok(f->name, ""));
		assert(strpbrk(f->type, "\r\n") == NULL);
		assert(f->data >= form->body.data && f->data + f->sz <=
		    form->body.data + form->body.sz);
	}
}

/* As a program asks, one thing after the other. */
static enum tt_rc
ask(const struct tt_form *form, struct tt_buf *seen, struct tt_err *err)
{
	const char	*prompt;
	int64_t		 count = 0;
	bool		 given, dry_run = false;

	if (tt_form_known(form, known, err) != TT_OK ||
	    tt_form_text(form, "prompt", 100, &prompt, err) != TT_OK ||
	    tt_form_int(form, "count", 1, 10, &count, &given, err) != TT_OK ||
	    tt_form_bool(form, "dry_run", &dry_run, err) != TT_OK)
		return err->rc;
	assert(prompt == NULL || strlen(prompt) <= 400);
	assert(given ? count >= 1 && count <= 10 : true);
	(void)tt_form_json(form, "meta");
	tt_buf_printf(seen, "%s", prompt == NULL ? "-" : prompt);
	if (given)
		tt_buf_printf(seen, ", %d", (int)count);
	if (dry_run)
		tt_buf_puts(seen, ", dry run");
	if (form->nfiles > 0)
		tt_buf_printf(seen, ", %zu of %s", form->file[0].sz,
		    form->file[0].type);
	return TT_OK;
}

static enum tt_rc
read_body(const char *type, const char *body, size_t sz, struct tt_buf *seen,
    struct tt_err *err)
{
	struct tt_form	 form = { 0 };

	tt_buf_add(&form.body, body, sz);
	if (tt_form_parse(&form, type, ALL, err) == TT_OK) {
		assert(json_is_object(form.fields));
		check_value(form.fields, 0);
		check_files(&form);
		(void)!ask(&form, seen, err);
	}
	if (err->rc != TT_OK)
		assert(err->rc != TT_INTERNAL && err->told);
	tt_form_free(&form);
	return err->rc;
}

enum tt_rc
target_form(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	char	*body = in, *type = target_line(&body);

	return read_body(type, body, sz - (size_t)(body - in), seen, err);
}

enum tt_rc
target_json(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	return read_body("application/json", in, sz, seen, err);
}

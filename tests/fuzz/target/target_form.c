/*
 * target_form.c - the body of a POST, after its headers and an empty line; or
 * one of JSON alone.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"
#include "web/formdata.h"
#include "web/request.h"

#define BODY_MAX	6000
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

/* libfcgi would now read from the web server: there is no more. */
static void
no_more(FCGX_Stream *in)
{
	in->isClosed = 1;
}

/* As it comes from the web server. */
static enum tt_rc
read_form(struct tt_form *form, struct fake_env *env, char *body, size_t sz,
    struct tt_err *err)
{
	FCGX_Stream		 in = { .isReader = 1,
				    .fillBuffProc = no_more };
	FCGX_Request		 fcgi = { .envp = env->list, .in = &in,
				    .ipcFd = -1 };
	struct tt_request	 req = { .fcgi = &fcgi, .method = "POST" };

	in.rdNext = in.stopUnget = (unsigned char *)body;
	in.stop = in.rdNext + sz;
	return tt_form_read(form, &req, BODY_MAX, ALL, err);
}

/* Once more from a buffer without a byte to spare, and to the same effect. */
static void
check_again(const char *type, const char *body, size_t sz,
    const struct tt_err *before)
{
	struct tt_form	 form = { .body = { malloc(sz + 1), sz, sz + 1,
			    false } };
	struct tt_err	 err;

	assert(form.body.data != NULL);
	(void)memcpy(form.body.data, body, sz);
	form.body.data[sz] = '\0';
	tt_err_clear(&err);
	(void)!tt_form_parse(&form, type, ALL, &err);
	assert(err.rc == before->rc && strcmp(err.msg, before->msg) == 0);
	tt_form_free(&form);
}

static enum tt_rc
read_body(struct fake_env *env, char *body, size_t sz, struct tt_buf *seen,
    struct tt_err *err)
{
	const FCGX_Request	 fcgi = { .envp = env->list };
	const char		*type = FCGX_GetParam("CONTENT_TYPE",
				    fcgi.envp);
	struct tt_form		 form = { 0 };
	char			 length[24];
	bool			 told;

	told = FCGX_GetParam("CONTENT_LENGTH", fcgi.envp) != NULL ||
	    FCGX_GetParam("HTTP_TRANSFER_ENCODING", fcgi.envp) != NULL;
	if (!told) {
		(void)snprintf(length, sizeof(length), "%zu", sz);
		fake_env_add(env, "CONTENT_LENGTH", length);
	}
	if (read_form(&form, env, body, sz, err) == TT_OK) {
		assert(json_is_object(form.fields));
		check_value(form.fields, 0);
		check_files(&form);
	}
	if (!told && sz <= BODY_MAX)
		check_again(type, body, sz, err);
	if (err->rc == TT_OK)
		(void)!ask(&form, seen, err);
	else
		assert(err->rc != TT_INTERNAL && err->told);
	tt_form_free(&form);
	return err->rc;
}

enum tt_rc
target_form(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	struct fake_env	 env = { .n = 0 };
	char		*body = in;

	while (fake_env_header(&env, &body))
		continue;
	(void)!read_body(&env, body, sz - (size_t)(body - in), seen, err);
	fake_env_free(&env);
	return err->rc;
}

enum tt_rc
target_json(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	struct fake_env	 env = { .n = 0 };

	fake_env_add(&env, "CONTENT_TYPE", "application/json");
	(void)!read_body(&env, in, sz, seen, err);
	fake_env_free(&env);
	return err->rc;
}

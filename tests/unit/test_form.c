/*
 * What web/form makes of a body in memory, and of what it is asked for.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/formdata.h"

#define JSON		"application/json"
#define URLENCODED	"application/x-www-form-urlencoded"
#define MULTIPART	"multipart/form-data; boundary=b"
#define ALL		(TT_FORM_JSON | TT_FORM_URLENCODED | TT_FORM_MULTIPART)
#define PART(name, x)	"--b\r\nContent-Disposition: form-data; name=\"" name \
			"\"\r\n\r\n" x "\r\n"
#define FILE_PART(name)	"--b\r\nContent-Disposition: form-data; name=\"" name \
			"\"; filename=n\r\n\r\nx\r\n"

static struct tt_form	 form;
static struct tt_err	 err;

static enum tt_rc
parse_bytes(const char *type, const char *body, size_t sz, unsigned takes)
{
	tt_err_clear(&err);
	tt_buf_clear(&form.body);
	tt_buf_add(&form.body, body, sz);
	(void)!tt_form_parse(&form, type, takes, &err);
	assert_true(json_is_object(form.fields));
	if (err.rc != TT_OK) {
		assert_true(err.told);
		assert_int_equal(json_object_size(form.fields), 0);
		assert_int_equal(form.nfiles, 0);
	}
	return err.rc;
}

static enum tt_rc
parse(const char *type, const char *body)
{
	return parse_bytes(type, body, strlen(body), ALL);
}

static int
free_form(void **state)
{
	(void)state;
	tt_form_free(&form);
	tt_form_free(&form);
	return 0;
}

static const struct {
	const char	*type, *body;
	const char	*fields;	/* as JSON, or "!" and the text */
} bodies[] = {
	{ JSON, "", "{}" },
	{ NULL, "", "{}" },
	{ "text/plain", "", "{}" },
	{ JSON, "{}", "{}" },
	{ JSON, " \r\n{ \"a\" : \"b\" }\n", "{\"a\":\"b\"}" },
	{ JSON, "{\"a\":[1,-2.5,true,null,{\"b\":\"c\"}]}",
	    "{\"a\":[1,-2.5,true,null,{\"b\":\"c\"}]}" },
	{ JSON, "{\"a\":\"\\ud83d\\ude00\\u00e9\"}",
	    "{\"a\":\"\xf0\x9f\x98\x80\xc3\xa9\"}" },
	{ JSON, "{\"a\":{\"x\":1},\"b\":{\"x\":1}}",
	    "{\"a\":{\"x\":1},\"b\":{\"x\":1}}" },
	{ JSON, " ", "!The JSON ends too early" },
	{ JSON, "{", "!The JSON ends too early" },
	{ JSON, "{\"a\":\"", "!The JSON ends too early" },
	{ JSON, "{\"a\":\"\\", "!Malformed JSON" },
	{ JSON, "{\"a\":1} x", "!Something follows the JSON" },
	{ JSON, "{}{}", "!Something follows the JSON" },
	{ JSON, "x", "!Malformed JSON" },
	{ JSON, "{a:1}", "!Malformed JSON" },
	{ JSON, "{\"a\":1,}", "!Malformed JSON" },
	{ JSON, "{'a':1}", "!Malformed JSON" },
	{ JSON, "{\"a\":01}", "!Malformed JSON" },
	{ JSON, "{\"a\":NaN}", "!Malformed JSON" },
	{ JSON, "{\"a\":\"\n\"}", "!Malformed JSON" },
	{ JSON, "{\"a\":\"\\ud800\"}", "!Malformed JSON" },
	{ JSON, "\xef\xbb\xbf{}", "!Malformed JSON" },
	{ JSON, "[]", "!The JSON must be one object" },
	{ JSON, "[{}]", "!The JSON must be one object" },
	{ JSON, "\"a\"", "!The JSON must be one object" },
	{ JSON, "null", "!The JSON must be one object" },
	{ JSON, "{\"a\":1,\"a\":1}",
	    "!A name given twice in the JSON" },
	{ JSON, "{\"b\":[{\"a\":1,\"\\u0061\":2}]}",
	    "!A name given twice in the JSON" },
	{ JSON, "{\"a\":\"b\\u0000c\"}", "!A NUL in the JSON" },
	{ JSON, "{\"a\\u0000\":1}", "!A NUL in the JSON" },
	{ JSON, "{\"a\":[[\"\\u0000\"]]}", "!A NUL in the JSON" },
	{ JSON, "{\"a\":\"\xff\"}", "!JSON that is not UTF-8" },
	{ JSON, "{\"a\":\"\xc0\xaf\"}", "!JSON that is not UTF-8" },
	{ JSON, "{\"a\":\"\xed\xa0\x80\"}",
	    "!JSON that is not UTF-8" },
	{ JSON, "{\"\xc3\":1}", "!JSON that is not UTF-8" },
	{ JSON, "{\"a\":1e999}", "!Too large a number in the JSON" },
	{ JSON, "{\"a\":9223372036854775808}",
	    "!Too large a number in the JSON" },

	{ URLENCODED, "a=1", "{\"a\":\"1\"}" },
	{ URLENCODED, "&&a=&b&c=d=e&",
	    "{\"a\":\"\",\"b\":\"\",\"c\":\"d=e\"}" },
	{ URLENCODED, "a+b=%41+%2b%26%3D", "{\"a b\":\"A +&=\"}" },
	{ URLENCODED, "a=%c3%a9", "{\"a\":\"\xc3\xa9\"}" },
	{ URLENCODED, "a=\xc3\xa9", "{\"a\":\"\xc3\xa9\"}" },
	{ URLENCODED, "a=%2541", "{\"a\":\"%41\"}" },
	{ URLENCODED, "=1", "{\"\":\"1\"}" },
	{ URLENCODED, "a=1;b=2", "{\"a\":\"1;b=2\"}" },
	{ URLENCODED, "a=%", "!Field a is malformed" },
	{ URLENCODED, "a=%4", "!Field a is malformed" },
	{ URLENCODED, "a=%4&b=1", "!Field a is malformed" },
	{ URLENCODED, "a=%zz", "!Field a is malformed" },
	{ URLENCODED, "a=%00", "!Field a is malformed" },
	{ URLENCODED, "a=%ff", "!Field a is malformed" },
	{ URLENCODED, "a=\xff", "!Field a is malformed" },
	{ URLENCODED, "%=1", "!Malformed name of a field" },
	{ URLENCODED, "%00=1", "!Malformed name of a field" },
	{ URLENCODED, "\xc3=1", "!Malformed name of a field" },
	{ URLENCODED, "a=1&b=2&%61=3", "!Field a was given more than once" },

	{ MULTIPART, PART("a", "1") PART("b", "\xc3\xa9\r\n") "--b--",
	    "{\"a\":\"1\",\"b\":\"\xc3\xa9\\r\\n\"}" },
	{ MULTIPART, "--b--\r\n", "{}" },
	{ MULTIPART, "--b\r\n", "!The body ends before its last boundary" },
	{ MULTIPART, "x", "!The boundary is nowhere in the body" },
	{ MULTIPART, PART("a", "\xff") "--b--",
	    "!Field a is not UTF-8, or has a NUL" },
	{ MULTIPART, PART("a", "\xc3") "--b--",
	    "!Field a is not UTF-8, or has a NUL" },
	{ MULTIPART, PART("a", "1") PART("a", "1") "--b--",
	    "!Field a was given more than once" },
	{ MULTIPART, FILE_PART("a") PART("a", "1") "--b--",
	    "!Field a was given more than once" },
	{ MULTIPART, PART("a", "1") FILE_PART("a") "--b--",
	    "!Field a was given more than once" },
	{ MULTIPART, FILE_PART("a") FILE_PART("a") "--b--",
	    "!Field a was given more than once" },
	{ "multipart/form-data", "--b--",
	    "!The Content-Type lacks a proper boundary" },
};

/* Versions of jansson differ in where they see a fault. */
static const char *
without_place(void)
{
	static char	 text[sizeof(err.msg) + 1];

	(void)snprintf(text, sizeof(text), "!%s", err.msg);
	if (strstr(text, " (byte ") != NULL)
		*strstr(text, " (byte ") = '\0';
	return text;
}

static void
bodies_become_fields(void **state)
{
	const char	*got;
	char		*json;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		(void)parse(bodies[i].type, bodies[i].body);
		json = json_dumps(form.fields, JSON_COMPACT | JSON_SORT_KEYS);
		assert_non_null(json);
		got = err.rc == TT_OK ? json : without_place();
		if (strcmp(got, bodies[i].fields) != 0)
			fail_msg("%s\n-> %s", bodies[i].body, got);
		if (err.rc != TT_OK)
			assert_int_equal(err.rc, TT_BADREQ);
		free(json);
	}
}

static void
nul_is_no_text(void **state)
{
	static const char	 part[] = PART("a", "\0") "--b--";
	static const char	 file[] = FILE_PART("a\0") "--b--";

	(void)state;
	assert_int_equal(parse_bytes(JSON, "{\"a\":\"\0\"}", 9, ALL),
	    TT_BADREQ);
	assert_int_equal(parse_bytes(JSON, "{}\0", 3, ALL), TT_BADREQ);
	assert_int_equal(parse_bytes(JSON, "\0", 1, ALL), TT_BADREQ);
	assert_int_equal(parse_bytes(URLENCODED, "a=1\0", 4, ALL), TT_BADREQ);
	assert_int_equal(parse_bytes(URLENCODED, "a=1\0&b=2", 8, ALL),
	    TT_BADREQ);
	assert_int_equal(parse_bytes(MULTIPART, part, sizeof(part) - 1, ALL),
	    TT_BADREQ);
	assert_int_equal(parse_bytes(MULTIPART, file, sizeof(file) - 1, ALL),
	    TT_BADREQ);
}

static void
files_point_into_the_body(void **state)
{
	static const char	 body[] = PART("t", "1") "--b\r\n"
				    "Content-Disposition: form-data; name=f; "
				    "filename=\"x.png\"\r\nContent-Type: "
				    "image/png\r\n\r\nP\0\xff\r\n--b--";
	const struct tt_file	*f = &form.file[0];

	(void)state;
	assert_int_equal(parse_bytes(MULTIPART, body, sizeof(body) - 1, ALL),
	    TT_OK);
	assert_int_equal(form.nfiles, 1);
	assert_string_equal(f->field, "f");
	assert_string_equal(f->name, "x.png");
	assert_string_equal(f->type, "image/png");
	assert_int_equal(f->sz, 3);
	assert_memory_equal(f->data, "P\0\xff", 3);
	assert_true(f->data > form.body.data &&
	    f->data + f->sz < form.body.data + form.body.sz);
	assert_int_equal(json_object_size(form.fields), 1);

	/* The next body leaves nothing of this one. */
	assert_int_equal(parse(URLENCODED, "b=1"), TT_OK);
	assert_int_equal(form.nfiles, 0);
	assert_null(tt_form_json(&form, "t"));
}

#define SEND_ALL	"Send the body as one of: " JSON ", " URLENCODED ", " \
			"multipart/form-data"

static const struct {
	const char	*type;
	unsigned	 takes;
	enum tt_rc	 rc;
	const char	*text;
} types[] = {
	{ JSON, ALL, TT_OK, "" },
	{ "Application/JSON", ALL, TT_OK, "" },
	{ " application/json ;x=y", ALL, TT_OK, "" },
	{ "application/json; charset=utf-8", ALL, TT_OK, "" },
	{ "application/json;CHARSET=\"UTF-8\"", TT_FORM_JSON, TT_OK, "" },
	{ "application/json; charset=utf-16", ALL, TT_MEDIATYPE,
	    "Send the body as UTF-8" },
	{ "application/json; charset=utf-88", ALL, TT_MEDIATYPE,
	    "Send the body as UTF-8" },
	{ "application/json; charset=\"\"", ALL, TT_MEDIATYPE,
	    "Send the body as UTF-8" },
	{ URLENCODED "; charset=iso-8859-1", ALL, TT_MEDIATYPE,
	    "Send the body as UTF-8" },
	{ "application/json; charset", ALL, TT_BADREQ,
	    "Malformed Content-Type" },
	{ NULL, ALL, TT_MEDIATYPE, SEND_ALL },
	{ "", ALL, TT_MEDIATYPE, SEND_ALL },
	{ "text/plain", ALL, TT_MEDIATYPE, SEND_ALL },
	{ "application/jsonp", ALL, TT_MEDIATYPE, SEND_ALL },
	{ "application/json, text/plain", ALL, TT_MEDIATYPE, SEND_ALL },
	{ "multipart/mixed; boundary=b", ALL, TT_MEDIATYPE, SEND_ALL },
	{ MULTIPART, TT_FORM_JSON, TT_MEDIATYPE,
	    "Send the body as one of: " JSON },
	{ JSON, TT_FORM_URLENCODED | TT_FORM_MULTIPART, TT_MEDIATYPE,
	    "Send the body as one of: " URLENCODED ", multipart/form-data" },
	{ JSON, 0, TT_MEDIATYPE, "Send no body here" },
};

static void
only_what_is_taken_is_parsed(void **state)
{
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (parse_bytes(types[i].type, "{}", 2, types[i].takes) !=
		    types[i].rc || strcmp(err.msg, types[i].text) != 0)
			fail_msg("%s: %d, %s", types[i].type, err.rc, err.msg);
	assert_int_equal(parse(MULTIPART "; charset=x", "--b--"), TT_OK);
}

/* {"a":[[[...]]]} of so many levels, with middle in the midst. */
static enum tt_rc
nested(int depth, const char *middle)
{
	struct tt_buf	 b = TT_BUF_INIT;
	int		 i;

	tt_buf_puts(&b, "{\"a[[\\\"{\":");
	for (i = 1; i < depth; i++)
		tt_buf_putc(&b, '[');
	tt_buf_puts(&b, middle);
	for (i = 1; i < depth; i++)
		tt_buf_putc(&b, ']');
	tt_buf_putc(&b, '}');
	(void)parse(JSON, tt_buf_text(&b));
	tt_buf_free(&b);
	return err.rc;
}

static void
depth_is_bounded(void **state)
{
	(void)state;
	assert_int_equal(nested(TT_FORM_DEPTH, "\"[[{{\\\"[[\""), TT_OK);
	assert_int_equal(nested(TT_FORM_DEPTH, "{}"), TT_BADREQ);
	assert_string_equal(err.msg, "JSON of more than 32 levels");
	assert_int_equal(nested(TT_FORM_DEPTH - 1, "[],{},[[1],[2]"),
	    TT_BADREQ);
	assert_int_equal(nested(TT_FORM_DEPTH - 1, "[],{},[1],[2]"), TT_OK);
	assert_int_equal(nested(1000000, ""), TT_BADREQ);
	assert_string_equal(err.msg, "JSON of more than 32 levels");
}

/* So many fields, each written so, with a number in it. */
static enum tt_rc
many(const char *type, const char *begin, const char *before,
    const char *after, const char *end, int n)
{
	struct tt_buf	 b = TT_BUF_INIT;
	int		 i;

	tt_buf_puts(&b, begin);
	for (i = 0; i < n; i++)
		tt_buf_printf(&b, "%s%d%s", before, i, after);
	tt_buf_puts(&b, end);
	(void)parse(type, tt_buf_text(&b));
	tt_buf_free(&b);
	return err.rc;
}

static void
there_is_room_for_64_fields(void **state)
{
	static const struct {
		const char	*type, *begin, *before, *after, *end;
	} cases[] = {
		{ JSON, "{", "\"", "\":1,", "\"x\":1}" },
		{ URLENCODED, "", "f", "=1&", "x=1" },
		{ MULTIPART, "", "--b\r\nContent-Disposition: form-data; "
		    "name=", "\r\n\r\n1\r\n", PART("x", "1") "--b--" },
		{ MULTIPART, "", "--b\r\nContent-Disposition: form-data; "
		    "filename=a; name=", "\r\n\r\n1\r\n",
		    PART("x", "1") "--b--" },
		{ MULTIPART, "", "--b\r\nContent-Disposition: form-data; "
		    "filename=a; name=", "\r\n\r\n1\r\n",
		    FILE_PART("x") "--b--" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(many(cases[i].type, cases[i].begin,
		    cases[i].before, cases[i].after, cases[i].end,
		    TT_FORM_FIELDS - 1), TT_OK);
		assert_int_equal(json_object_size(form.fields) +
		    (size_t)form.nfiles, TT_FORM_FIELDS);
		assert_int_equal(many(cases[i].type, cases[i].begin,
		    cases[i].before, cases[i].after, cases[i].end,
		    TT_FORM_FIELDS), TT_BADREQ);
		assert_string_equal(err.msg, "More than 64 fields");
	}
}

/* No more than 64 bytes of what the client sent, whatever it sent. */
static void
texts_echo_little(void **state)
{
	char	 name[200];

	(void)state;
	(void)memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)memcpy(name + 150, "=%", 3);
	assert_int_equal(parse(URLENCODED, name), TT_BADREQ);
	assert_int_equal(strspn(err.msg + strlen("Field "), "x"), 64);
	(void)memcpy(name, "{\"a\":", 5);
	assert_int_equal(parse(JSON, name), TT_BADREQ);
	assert_null(strstr(err.msg, "xx"));
	assert_non_null(strstr(err.msg, " (byte "));
}

static void
what_is_not_known_is_named(void **state)
{
	static const char *const	 known[] = { "a", "f", NULL };
	static const struct {
		const char	*type, *body, *text;
	} cases[] = {
		{ JSON, "", "" },
		{ JSON, "{\"a\":1}", "" },
		{ MULTIPART, PART("a", "") FILE_PART("f") "--b--", "" },
		{ JSON, "{\"A\":1}", "Unknown field: A" },
		{ URLENCODED, "=1", "Unknown field: " },
		{ MULTIPART, FILE_PART("g") "--b--", "Unknown field: g" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].type, cases[i].body), TT_OK);
		assert_int_equal(tt_form_known(&form, known, &err),
		    *cases[i].text == '\0' ? TT_OK : TT_BADREQ);
		assert_string_equal(err.msg, cases[i].text);
	}
}

static void
texts_are_texts(void **state)
{
	static const struct {
		const char	*type, *body, *value, *text;
	} cases[] = {
		{ JSON, "", NULL, "" },
		{ JSON, "{\"a\":null}", NULL, "" },
		{ JSON, "{\"a\":\"\"}", "", "" },
		{ JSON, "{\"a\":\"xyz\"}", "xyz", "" },
		{ URLENCODED, "a=%c3%a9%c3%a9%c3%a9",
		    "\xc3\xa9\xc3\xa9\xc3\xa9", "" },
		{ JSON, "{\"a\":\"xyzz\"}", NULL,
		    "Field a may have up to 3 characters" },
		{ JSON, "{\"a\":1}", NULL, "Field a must be a text" },
		{ JSON, "{\"a\":{}}", NULL, "Field a must be a text" },
		{ MULTIPART, FILE_PART("a") "--b--", NULL,
		    "Field a must be a text" },
		{ MULTIPART, FILE_PART("b") "--b--", NULL, "" },
	};
	const char	*value;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].type, cases[i].body), TT_OK);
		assert_int_equal(tt_form_text(&form, "a", 3, &value, &err),
		    *cases[i].text == '\0' ? TT_OK : TT_BADREQ);
		assert_string_equal(err.msg, cases[i].text);
		assert_true((value == NULL) == (cases[i].value == NULL));
		if (value != NULL)
			assert_string_equal(value, cases[i].value);
	}
}

static void
booleans_are_words_or_digits(void **state)
{
	static const struct {
		const char	*type, *body;
		int		 value;		/* 2: as it was; -1: none */
	} cases[] = {
		{ JSON, "{}", 2 }, { JSON, "{\"a\":null}", 2 },
		{ JSON, "{\"a\":true}", 1 }, { JSON, "{\"a\":false}", 0 },
		{ JSON, "{\"a\":\"true\"}", 1 }, { URLENCODED, "a=1", 1 },
		{ URLENCODED, "a=false", 0 }, { URLENCODED, "a=0", 0 },
		{ URLENCODED, "a=", -1 }, { URLENCODED, "a=TRUE", -1 },
		{ URLENCODED, "a=10", -1 }, { JSON, "{\"a\":1}", -1 },
		{ JSON, "{\"a\":[]}", -1 },
		{ MULTIPART, FILE_PART("a") "--b--", -1 },
	};
	size_t	 i;
	bool	 value;

	(void)state;
	for (i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i / 2].type, cases[i / 2].body),
		    TT_OK);
		value = i % 2 == 0;
		(void)!tt_form_bool(&form, "a", &value, &err);
		if (cases[i / 2].value == -1) {
			assert_int_equal(err.rc, TT_BADREQ);
			assert_string_equal(err.msg,
			    "Field a must be true or false");
		} else {
			assert_int_equal(err.rc, TT_OK);
			assert_int_equal(value, cases[i / 2].value == 2 ?
			    i % 2 == 0 : cases[i / 2].value);
		}
	}
}

#define WHOLE	"Field a must be a whole number"
#define RANGE	"Field a must be from -5 to 100"

static void
numbers_are_whole_and_in_range(void **state)
{
	static const struct {
		const char	*type, *body, *text;
		int64_t		 value;		/* 7: as it was */
	} cases[] = {
		{ JSON, "{}", "", 7 }, { JSON, "{\"a\":null}", "", 7 },
		{ JSON, "{\"a\":100}", "", 100 },
		{ JSON, "{\"a\":-5}", "", -5 },
		{ JSON, "{\"a\":\"12\"}", "", 12 },
		{ URLENCODED, "a=-0", "", 0 }, { URLENCODED, "a=007", "", 7 },
		{ URLENCODED, "a=101", RANGE, 7 },
		{ URLENCODED, "a=-6", RANGE, 7 },
		{ JSON, "{\"a\":9223372036854775807}", RANGE, 7 },
		{ URLENCODED, "a=-9223372036854775808", RANGE, 7 },
		{ URLENCODED, "a=9223372036854775808", WHOLE, 7 },
		{ URLENCODED, "a=99999999999999999999999", WHOLE, 7 },
		{ URLENCODED, "a=", WHOLE, 7 }, { URLENCODED, "a=-", WHOLE, 7 },
		{ URLENCODED, "a=%2B1", WHOLE, 7 },
		{ URLENCODED, "a=+1", WHOLE, 7 },
		{ URLENCODED, "a=1+", WHOLE, 7 },
		{ URLENCODED, "a=0x1", WHOLE, 7 },
		{ URLENCODED, "a=1.0", WHOLE, 7 },
		{ JSON, "{\"a\":1.0}", WHOLE, 7 },
		{ JSON, "{\"a\":1e1}", WHOLE, 7 },
		{ JSON, "{\"a\":true}", WHOLE, 7 },
		{ MULTIPART, FILE_PART("a") "--b--", WHOLE, 7 },
	};
	int64_t	 value;
	size_t	 i;
	bool	 given;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].type, cases[i].body), TT_OK);
		value = 7;
		given = true;
		(void)!tt_form_int(&form, "a", -5, 100, &value, &given, &err);
		if (strcmp(err.msg, cases[i].text) != 0 ||
		    value != cases[i].value)
			fail_msg("%s: %s, %d", cases[i].body, err.msg,
			    (int)value);
		assert_int_equal(given, err.rc == TT_OK && i > 1);
	}
}

static void
a_value_can_be_asked_for_as_it_is(void **state)
{
	(void)state;
	assert_int_equal(parse(JSON, "{\"a\":[1],\"b\":null}"), TT_OK);
	assert_true(json_is_array(tt_form_json(&form, "a")));
	assert_true(json_is_null(tt_form_json(&form, "b")));
	assert_null(tt_form_json(&form, "c"));
}

static const struct {
	const char	*type, *body, *value;	/* as JSON; NULL: refused */
} anys[] = {
	{ JSON, "{\"a\":[1,{\"b\":null}]}", "[1,{\"b\":null}]" },
	{ JSON, "{\"a\":\"[1]\"}", "\"[1]\"" },
	{ JSON, "{\"a\":false}", "false" },
	{ JSON, "{\"a\":null}", "" },
	{ JSON, "{}", "" },
	{ URLENCODED, "a=[1,%202]", "[1,2]" },
	{ URLENCODED, "a=%22b%22", "\"b\"" },
	{ URLENCODED, "a=-7", "-7" },
	{ URLENCODED, "a=null", "null" },
	{ URLENCODED, "b=1", "" },
	{ URLENCODED, "a=", NULL },
	{ URLENCODED, "a=b", NULL },
	{ URLENCODED, "a={%22b%22:1,%22b%22:2}", NULL },
	{ URLENCODED, "a=1%202", NULL },
	{ MULTIPART, PART("a", "{\"b\":1}") "--b--\r\n", "{\"b\":1}" },
	{ MULTIPART, FILE_PART("a") "--b--\r\n", NULL },
};

static void
any_value_may_come_as_a_text_of_json(void **state)
{
	json_t	*v;
	char	*text;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(anys) / sizeof(anys[0]); i++) {
		assert_int_equal(parse(anys[i].type, anys[i].body), TT_OK);
		if (tt_form_any(&form, "a", &v, &err) != TT_OK) {
			assert_null(anys[i].value);
			assert_int_equal(err.rc, TT_BADREQ);
			assert_non_null(strstr(err.msg, "Field a"));
			assert_null(v);
			continue;
		}
		assert_non_null(anys[i].value);
		text = v == NULL ? NULL : json_dumps(v, JSON_COMPACT |
		    JSON_ENCODE_ANY);
		assert_string_equal(text == NULL ? "" : text, anys[i].value);
		free(text);
		json_decref(v);
	}
}

/* Bytes of a whole body changed at random: nothing but answers comes of it. */
static void
noise_does_no_harm(void **state)
{
	static const struct {
		const char	*type, *body;
	} seeds[] = {
		{ JSON, "{\"a\":[1,\"\\u00e9\",{\"b\":null}],"
		    "\"c\":\"\xc3\xa9\"}" },
		{ URLENCODED, "a=b+c&d=%c3%a9&e" },
		{ MULTIPART, PART("a", "1") FILE_PART("f") "--b--\r\n" },
	};
	static const char	 noise[] = "\"\\{}[]=&%-\r\n;:, b0\xff\xc3";
	char			 body[256];
	unsigned		 n = 1, i;
	size_t			 s, sz;

	(void)state;
	for (i = 0; i < 60000; i++) {
		s = i % (sizeof(seeds) / sizeof(seeds[0]));
		sz = strlen(seeds[s].body);
		(void)memcpy(body, seeds[s].body, sz);
		for (n = n * 1103515245 + 12345; n % 4 != 0;
		    n = (n >> 3) * 1103515245 + 12345)
			body[(n >> 8) % sz] =
			    noise[(n >> 20) % sizeof(noise)];
		(void)parse_bytes(seeds[s].type, body, sz, ALL);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(bodies_become_fields),
		cmocka_unit_test(nul_is_no_text),
		cmocka_unit_test(files_point_into_the_body),
		cmocka_unit_test(only_what_is_taken_is_parsed),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(there_is_room_for_64_fields),
		cmocka_unit_test(texts_echo_little),
		cmocka_unit_test(what_is_not_known_is_named),
		cmocka_unit_test(texts_are_texts),
		cmocka_unit_test(booleans_are_words_or_digits),
		cmocka_unit_test(numbers_are_whole_and_in_range),
		cmocka_unit_test(a_value_can_be_asked_for_as_it_is),
		cmocka_unit_test(any_value_may_come_as_a_text_of_json),
		cmocka_unit_test(noise_does_no_harm),
	};

	return cmocka_run_group_tests_name("form", tests, NULL, free_form);
}

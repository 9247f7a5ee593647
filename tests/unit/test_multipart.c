/*
 * What web/multipart makes of a body, whole or broken.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "web/multipart.h"

#define TYPE		"multipart/form-data; boundary=b"
#define NAME(name)	"Content-Disposition: form-data; name=\"" name "\"\r\n"
#define FILENAME(name)	"Content-Disposition: form-data; name=f; filename=" \
			name "\r\n"
#define PART(name, x)	"--b\r\n" NAME(name) "\r\n" x "\r\n"
#define WITH(header)	"--b\r\n" NAME("a") header "\r\nx\r\n--b--"

static struct tt_err	 err;

/*
 * The parts as they were understood, "name=data" or "name[file,type]=data",
 * with "|" between them; "!" and the text where it failed.  The body is in a
 * block of its own size, for AddressSanitizer to watch.
 */
static const char *
parse(const char *type, const char *body, size_t sz, struct tt_buf *out)
{
	struct tt_multipart	 m;
	struct tt_part		 part;
	char			*copy = malloc(sz == 0 ? 1 : sz);
	bool			 more = true;

	assert_non_null(copy);
	(void)memcpy(copy, body, sz);
	tt_buf_clear(out);
	tt_err_clear(&err);
	if (tt_multipart_begin(&m, type, copy, sz, &err) == TT_OK)
		while (tt_multipart_next(&m, &part, &more, &err) == TT_OK &&
		    more) {
			tt_buf_puts(out, out->sz > 0 ? "|" : "");
			tt_buf_puts(out, part.name);
			if (part.filename != NULL || *part.type != '\0')
				tt_buf_printf(out, "[%s,%s]",
				    part.filename == NULL ? "-" :
				    part.filename, part.type);
			tt_buf_putc(out, '=');
			tt_buf_add(out, part.data, part.sz);
		}
	free(copy);
	if (err.rc != TT_OK) {
		assert_int_equal(err.rc, TT_BADREQ);
		assert_true(err.told);
		tt_buf_clear(out);
		tt_buf_printf(out, "!%s", err.msg);
	}
	return tt_buf_text(out);
}

#define HEADERS		"!Malformed headers of a part"
#define TRUNCATED	"!The body ends before its last boundary"
#define NOWHERE		"!The boundary is nowhere in the body"
#define NOLINE		"!A boundary is not a line of its own"
#define NESTED		"!A part may not be a multipart itself"

static const struct {
	const char	*body, *parts;
} bodies[] = {
	{ PART("a", "1") "--b--\r\n", "a=1" },
	{ PART("a", "1") "--b--", "a=1" },
	{ PART("a", "1") PART("b", "") PART("c", "3") "--b--", "a=1|b=|c=3" },
	{ "--b--", "" },
	{ "--b--\r\n", "" },
	{ "\r\n--b--\r\n", "" },
	/* What is before and after the parts says nothing. */
	{ "hello\r\n\r\nx--b\r\n-\r\n" PART("a", "1") "--b--\r\n--b\r\nbye",
	    "a=1" },
	{ PART("a", "1") "--b--bye", "a=1" },
	{ "--b \t\r\n" NAME("a") "\r\n1\r\n--b-- \r\n", "a=1" },
	/* Data that resembles a boundary. */
	{ PART("a", "\r\n--\r\n-b\r\r\n \r\n--c--b") "--b--",
	    "a=\r\n--\r\n-b\r\r\n \r\n--c--b" },
	{ PART("a", "x--b--") "--b--", "a=x--b--" },
	{ PART("a", "--b--") "--b--", HEADERS },
	{ PART("a", "\r\n") "--b--", "a=\r\n" },
	{ PART("a", "\n--b--\n") "--b--", "a=\n--b--\n" },
	/* A text with a type is a text. */
	{ WITH("Content-Type: application/json\r\n"),
	    "a[-,application/json]=x" },
	{ WITH("content-type:\tText/Plain; charset=utf-8 \r\n"),
	    "a[-,Text/Plain; charset=utf-8]=x" },
	{ WITH("X-Other: 1\r\nX-Other: 2\r\n"), "a=x" },
	{ WITH("Content-Transfer-Encoding: 8Bit\r\n"), "a=x" },
	{ WITH("Content-Transfer-Encoding: binary\r\n"), "a=x" },
	{ WITH("Content-Transfer-Encoding: 7bit\r\n"), "a=x" },
	/* Files. */
	{ "--b\r\nContent-Type: image/png\r\n" FILENAME("x.png") "\r\nP\r\n"
	    "--b--", "f[x.png,image/png]=P" },
	{ "--b\r\n" FILENAME("\"\"") "\r\n\r\n--b--", "f[,]=" },
	{ "--b\r\n" FILENAME("\"a \\\"b\\\"; \\\\c\\d\"") "\r\n\r\n--b--",
	    "f[a \"b\"; \\c\\d,]=" },
	{ "--b\r\n" FILENAME("\"../%22\xc3\xa9\"; filename*=utf-8''no") "\r\n"
	    "\r\n--b--", "f[../%22\xc3\xa9,]=" },
	{ "--b\r\ncontent-disposition: Form-Data; FILENAME=\"y\"; NAME=f\r\n"
	    "\r\n\r\n--b--", "f[y,]=" },
	{ "--b\r\n" NAME("a\\\"b") "\r\n\r\n--b--", "a\"b=" },
	/* Cut short. */
	{ "", NOWHERE },
	{ "--", NOWHERE },
	{ "-", NOWHERE },
	{ "\r\n--", NOWHERE },
	{ "a=1&b=2", NOWHERE },
	{ "--c\r\n" NAME("a") "\r\n1\r\n--c--", NOWHERE },
	{ "--b", NOLINE },
	{ "--b-", NOLINE },
	{ "--b ", NOLINE },
	{ "--b\r", NOLINE },
	{ "--bb\r\n" NAME("a") "\r\n1\r\n--bb--", NOLINE },
	{ "--b\n" NAME("a") "\r\n1\r\n--b--", NOLINE },
	{ "--b\r\n", TRUNCATED },
	{ "--b\r\n--b--", TRUNCATED },
	{ "--b\r\nContent-Disp", TRUNCATED },
	{ "--b\r\n" NAME("a"), TRUNCATED },
	{ "--b\r\n" NAME("a") "\r\n", TRUNCATED },
	{ "--b\r\n" NAME("a") "\r\n1", TRUNCATED },
	{ "--b\r\n" NAME("a") "\r\n1\r\n--", TRUNCATED },
	{ PART("a", "1"), TRUNCATED },
	{ PART("a", "1") "--b", NOLINE },
	{ PART("a", "1") "--b\r\n", TRUNCATED },
	{ PART("a", "1") "--b-\r\n", NOLINE },
	{ PART("a", "1") "--bx\r\n" NAME("b") "\r\n\r\n--b--", NOLINE },
	/* Headers. */
	{ "--b\r\n\r\nx\r\n--b--", HEADERS },
	{ "--b\r\n\r\n\r\n--b--", HEADERS },
	{ "--b\r\n" NAME("a") "--b--", HEADERS },
	{ "--b\r\n" NAME("a") "\r\n--b--", HEADERS },
	{ "--b\r\nContent-Type: a/b\r\n\r\nx\r\n--b--", HEADERS },
	{ "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", HEADERS },
	{ "--b\r\nContent-Disposition: form-data; filename=a\r\n\r\nx\r\n"
	    "--b--", HEADERS },
	{ "--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--",
	    HEADERS },
	{ "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--b--",
	    HEADERS },
	{ "--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n"
	    "--b--", HEADERS },
	{ "--b\r\n" FILENAME("a; filename=b") "\r\nx\r\n--b--", HEADERS },
	{ "--b\r\n" FILENAME("") "\r\nx\r\n--b--", HEADERS },
	{ "--b\r\n" NAME("\xff") "\r\nx\r\n--b--", HEADERS },
	{ "--b\r\n" NAME("\x01") "\r\nx\r\n--b--", HEADERS },
	{ "--b\r\n" NAME("\x7f") "\r\nx\r\n--b--", HEADERS },
	{ "--b\r\n" NAME("a\nb") "\r\nx\r\n--b--", HEADERS },
	{ "--b\r\n" NAME("a\rb") "\r\nx\r\n--b--", HEADERS },
	{ WITH(NAME("a")), HEADERS },
	{ WITH("nothing\r\n"), HEADERS },
	{ WITH(" folded: 1\r\n"), HEADERS },
	{ WITH(": 1\r\n"), HEADERS },
	{ WITH("A : 1\r\n"), HEADERS },
	{ WITH("A: \xc3\r\n"), HEADERS },
	{ WITH("Content-Type: a/b\r\nContent-Type: a/c\r\n"), HEADERS },
	{ WITH("Content-Type: Multipart/mixed; boundary=c\r\n"), NESTED },
	{ WITH("Content-Transfer-Encoding: base64\r\n"),
	    "!Send the parts as they are, not as base64" },
	{ WITH("Content-Transfer-Encoding: quoted-printable\r\n"),
	    "!Send the parts as they are, not as quoted-printable" },
	{ WITH("Content-Transfer-Encoding:\r\n"),
	    "!Send the parts as they are, not as " },
};

static void
bodies_are_taken_apart(void **state)
{
	struct tt_buf	 out = TT_BUF_INIT;
	const char	*got;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		got = parse(TYPE, bodies[i].body, strlen(bodies[i].body),
		    &out);
		if (strcmp(got, bodies[i].parts) != 0)
			fail_msg("%s\n-> %s", bodies[i].body, got);
	}
	tt_buf_free(&out);
}

/* Wherever a body is cut, it is refused, and nothing beyond it is read. */
static void
no_cut_is_taken_for_a_whole(void **state)
{
	static const char	 body[] = "p\r\n" PART("a", "1")
				    "--b\r\nContent-Type: x/y\r\n"
				    FILENAME("\"n\\\"\"") "\r\nzz\r\n--b--";
	struct tt_buf		 out = TT_BUF_INIT;
	size_t			 sz;

	(void)state;
	for (sz = 0; sz < sizeof(body) - 1; sz++)
		if (*parse(TYPE, body, sz, &out) != '!')
			fail_msg("%zu: %s", sz, tt_buf_text(&out));
	assert_string_equal(parse(TYPE, body, sz, &out), "a=1|f[n\",x/y]=zz");
	tt_buf_free(&out);
}

static void
data_may_be_any_bytes(void **state)
{
	static const char	 head[] = "--b\r\n" FILENAME("x") "\r\n";
	static const char	 nul[] = WITH("X: \0\r\n");
	struct tt_buf		 body = TT_BUF_INIT, out = TT_BUF_INIT;
	int			 i;

	(void)state;
	tt_buf_puts(&body, head);
	for (i = 0; i < 512; i++)
		tt_buf_putc(&body, (char)(i & 255));
	tt_buf_puts(&body, "\r\n--b--");
	(void)parse(TYPE, body.data, body.sz, &out);
	assert_int_equal(out.sz, strlen("f[x,]=") + 512);
	assert_memory_equal(out.data + strlen("f[x,]="),
	    body.data + sizeof(head) - 1, 512);

	/* But not where there are texts. */
	assert_string_equal(parse(TYPE, nul, sizeof(nul) - 1, &out), HEADERS);
	tt_buf_free(&body);
	tt_buf_free(&out);
}

#define LACKS	"!The Content-Type lacks a proper boundary"
#define CHARS	"!The boundary has characters that it may not have"
#define TEN	"0123456789"
#define SEVENTY	TEN TEN TEN TEN TEN TEN TEN

static const struct {
	const char	*type, *body, *parts;
} types[] = {
	{ "multipart/form-data", "--b--", LACKS },
	{ "multipart/form-data; boundary", "--b--", LACKS },
	{ "multipart/form-data; boundary=", "----", LACKS },
	{ "multipart/form-data; boundary=\"\"", "----", LACKS },
	{ "multipart/form-data; boundary=b; boundary=c", "--b--", LACKS },
	{ "multipart/form-data; boundary=\"b", "--b--", LACKS },
	{ "multipart/form-data; boundary=\"b \"", "--b --", LACKS },
	{ "multipart/form-data; boundary=" SEVENTY "x", "--", LACKS },
	{ "multipart/form-data; boundary=\"a\\\\b\"", "--a\\b--", CHARS },
	{ "multipart/form-data; boundary=\xc3\xa9", "--\xc3\xa9--", CHARS },
	{ "multipart/form-data; boundary=a@b", "--a@b--", CHARS },
	{ "multipart/form-data; boundary=" SEVENTY, "--" SEVENTY "--", "" },
	{ "multipart/form-data; BOUNDARY=\"b c\"", "--b c--", "" },
	{ "multipart/form-data; charset=x; boundary=a'()+_,-./:=?b",
	    "--a'()+_,-./:=?b--", "" },
	{ "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
	    "------WebKitFormBoundary7MA4YWxkTrZu0gW--", "" },
	{ "multipart/form-data; boundary=B", "--b--", NOWHERE },
};

static void
boundaries_are_those_of_rfc_2046(void **state)
{
	struct tt_buf	 out = TT_BUF_INIT;
	const char	*got;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		got = parse(types[i].type, types[i].body,
		    strlen(types[i].body), &out);
		if (strcmp(got, types[i].parts) != 0)
			fail_msg("%s\n-> %s", types[i].type, got);
	}
	tt_buf_free(&out);
}

/* A part with so many headers more, each of so many bytes. */
static const char *
with_headers(int n, int sz, struct tt_buf *out)
{
	struct tt_buf	 body = TT_BUF_INIT;
	int		 i;

	tt_buf_puts(&body, "--b\r\n" NAME("a"));
	for (i = 0; i < n; i++)
		tt_buf_printf(&body, "X:%*d\r\n", sz - 4, i);
	tt_buf_puts(&body, "\r\n1\r\n--b--");
	(void)parse(TYPE, body.data, body.sz, out);
	tt_buf_free(&body);
	return tt_buf_text(out);
}

static void
headers_are_bounded(void **state)
{
	static const int	 name_sz = sizeof(NAME("a")) - 1;
	struct tt_buf		 out = TT_BUF_INIT;
	int			 left = TT_MULTIPART_HEADER_SZ - name_sz - 2;

	(void)state;
	assert_string_equal(with_headers(TT_MULTIPART_HEADERS - 1, 10, &out),
	    "a=1");
	assert_string_equal(with_headers(TT_MULTIPART_HEADERS, 10, &out),
	    HEADERS);
	assert_string_equal(with_headers(1, left, &out), "a=1");
	assert_string_equal(with_headers(1, left + 1, &out), HEADERS);
	assert_string_equal(with_headers(2, left, &out), HEADERS);
	tt_buf_free(&out);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(bodies_are_taken_apart),
		cmocka_unit_test(no_cut_is_taken_for_a_whole),
		cmocka_unit_test(data_may_be_any_bytes),
		cmocka_unit_test(boundaries_are_those_of_rfc_2046),
		cmocka_unit_test(headers_are_bounded),
	};

	return cmocka_run_group_tests_name("multipart", tests, NULL, NULL);
}

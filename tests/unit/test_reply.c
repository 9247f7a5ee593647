/*
 * How an answer is put together, and what every answer carries.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/conf.h"
#include "gate/key.h"
#include "web/reply.h"
#include "web/request.h"

/* A request with these variables, up to three. */
struct fixture {
	char			 text[3][128];
	char			*env[4];
	FCGX_Request		 fcgi;
	struct tt_request	 req;
	struct tt_reply		 reply;
};

static void
begin(struct fixture *f, const char *a, const char *b)
{
	(void)memset(f, 0, sizeof(*f));
	(void)snprintf(f->text[0], sizeof(f->text[0]), "%s", a);
	(void)snprintf(f->text[1], sizeof(f->text[1]), "%s", b);
	f->env[0] = f->text[0];
	f->env[1] = f->text[1];
	f->fcgi.envp = f->env;
	f->req.fcgi = &f->fcgi;
	(void)snprintf(f->req.id, sizeof(f->req.id), "id-1");
}

static void
common(struct fixture *f, const char *origins)
{
	char		 list[128];
	struct tt_conf	 conf = { .cors_origins = list };

	(void)snprintf(list, sizeof(list), "%s", origins);
	tt_reply_reset(&f->reply);
	tt_reply_common(&f->reply, &f->req, &conf);
}

static bool
has(const struct fixture *f, const char *line)
{
	return strstr(tt_buf_text(&f->reply.head), line) != NULL;
}

static void
a_value_cannot_begin_a_line(void **state)
{
	struct fixture	 f;

	(void)state;
	begin(&f, "", "");
	tt_reply_reset(&f.reply);
	tt_reply_begin(&f.reply, 200, NULL);
	tt_reply_header(&f.reply, "X", "a\r\nSet-Cookie: b\x01\x7f\xc3\xa9");
	assert_string_equal(tt_buf_text(&f.reply.head),
	    "X: aSet-Cookie: b\xc3\xa9\r\n");
	tt_reply_free(&f.reply);
}

static void
common_headers_outlive_a_second_beginning(void **state)
{
	struct fixture	 f;

	(void)state;
	begin(&f, "", "");
	common(&f, "");
	tt_reply_begin(&f.reply, 200, "text/plain");
	tt_buf_puts(&f.reply.body, "half an answer");
	tt_reply_begin(&f.reply, 500, "application/json");
	assert_int_equal(f.reply.status, 500);
	assert_int_equal(f.reply.body.sz, 0);
	assert_true(has(&f, "X-Request-Id: id-1\r\n"));
	assert_true(has(&f, "X-Content-Type-Options: nosniff\r\n"));
	assert_true(has(&f, "Content-Type: application/json\r\n"));
	assert_false(has(&f, "text/plain"));

	tt_reply_reset(&f.reply);
	assert_int_equal(f.reply.head.sz, 0);
	assert_int_equal(f.reply.status, 0);
	tt_reply_free(&f.reply);
}

static const struct {
	const char	*origins, *origin;
	const char	*allowed;	/* NULL: none */
	bool		 vary;
} cors[] = {
	{ "", "https://a.example", NULL, false },
	{ "https://a.example", "https://a.example", "https://a.example",
	    true },
	{ "https://a.example", NULL, NULL, true },
	{ "https://b.example, https://a.example", "https://a.example",
	    "https://a.example", true },
	{ "https://b.example,https://a.example", "https://a.example",
	    "https://a.example", true },
	{ "https://a.example", "https://a.example.evil", NULL, true },
	{ "https://a.example.evil", "https://a.example", NULL, true },
	{ "https://a.example", "http://a.example", NULL, true },
	{ "https://a.example", "", NULL, true },
	{ "https://a.example", "null", NULL, true },
	{ "*", "https://a.example", "*", true },
	{ "https://b.example,*", "https://a.example", "*", true },
};

static void
only_listed_origins_are_allowed(void **state)
{
	struct fixture	 f;
	char		 origin[128], want[128];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cors) / sizeof(cors[0]); i++) {
		(void)snprintf(origin, sizeof(origin), "%s%s",
		    cors[i].origin == NULL ? "X=" : "HTTP_ORIGIN=",
		    cors[i].origin == NULL ? "" : cors[i].origin);
		begin(&f, origin, "");
		common(&f, cors[i].origins);
		(void)snprintf(want, sizeof(want),
		    "Access-Control-Allow-Origin: %s\r\n",
		    cors[i].allowed == NULL ? "" : cors[i].allowed);
		if (has(&f, "Access-Control-Allow-Origin") !=
		    (cors[i].allowed != NULL) || (cors[i].allowed != NULL &&
		    !has(&f, want)) || has(&f, "Vary: Origin") != cors[i].vary)
			fail_msg("%s, %s", cors[i].origins, origin);
		tt_reply_free(&f.reply);
	}
}

static void
a_preflight_is_told_what_it_may_send(void **state)
{
	struct fixture	 f;

	(void)state;
	begin(&f, "HTTP_ORIGIN=https://a.example",
	    "HTTP_ACCESS_CONTROL_REQUEST_METHOD=GET");
	common(&f, "https://a.example");
	tt_reply_preflight(&f.reply, &f.req);
	assert_int_equal(f.reply.status, 204);
	assert_true(has(&f, "Access-Control-Allow-Origin: https://a.example"));
	assert_true(has(&f, "Access-Control-Allow-Headers: Authorization"));
	assert_true(has(&f, "Last-Event-ID"));
	assert_true(has(&f, "Allow: GET, HEAD"));
	tt_reply_free(&f.reply);

	begin(&f, "", "");
	common(&f, "");
	tt_reply_preflight(&f.reply, &f.req);
	assert_int_equal(f.reply.status, 204);
	assert_false(has(&f, "Access-Control"));
	tt_reply_free(&f.reply);
}

/* The SHA-256 of this key, by another's program. */
#define KEY	"tt_0123456789abcdefghijABCDEFGHIJ01"
#define HASH	"\\xcc78c3197dc9558cc2b4d516be336bb4" \
	"29d9c24daacbd6587ef8fdbb88e54b70"

static const struct {
	const char	*header;
	bool		 taken;
} keys[] = {
	{ "HTTP_AUTHORIZATION=Bearer " KEY, true },
	{ "REDIRECT_HTTP_AUTHORIZATION=Bearer " KEY, true },
	{ "HTTP_AUTHORIZATION=bearer   " KEY, true },
	{ "HTTP_AUTHORIZATION=Bearer " KEY " ", true },
	{ "HTTP_X_AUTHORIZATION=Bearer " KEY, false },
	{ "HTTP_AUTHORIZATION=", false },
	{ "HTTP_AUTHORIZATION=Bearer", false },
	{ "HTTP_AUTHORIZATION=Bearer ", false },
	{ "HTTP_AUTHORIZATION=" KEY, false },
	{ "HTTP_AUTHORIZATION=Bearer" KEY, false },
	{ "HTTP_AUTHORIZATION=Basic " KEY, false },
	{ "HTTP_AUTHORIZATION=Bearer " KEY "x", false },
	{ "HTTP_AUTHORIZATION=Bearer " KEY " x", false },
	{ "HTTP_AUTHORIZATION=Bearer tt_short", false },
	{ "HTTP_AUTHORIZATION=Bearer tt_0123456789abcdefghijABCDEFGHIJ0-",
	    false },
	{ "HTTP_AUTHORIZATION=Bearer TT_0123456789abcdefghijABCDEFGHIJ01",
	    false },
};

static void
a_key_is_read_and_hashed(void **state)
{
	struct fixture	 f;
	struct tt_err	 err;
	unsigned char	 hash[TT_KEY_HASH_SZ];
	struct tt_caller caller;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		begin(&f, keys[i].header, "");
		tt_err_clear(&err);
		if ((tt_key_read(&f.req, hash, &err) == TT_OK) !=
		    keys[i].taken)
			fail_msg("%s", keys[i].header);
		if (!keys[i].taken) {
			assert_int_equal(err.rc, TT_UNAUTHORIZED);
			assert_null(strstr(err.msg, "0123"));
			continue;
		}
		tt_caller_key(&caller, hash);
		assert_string_equal(caller.key, HASH);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_value_cannot_begin_a_line),
		cmocka_unit_test(common_headers_outlive_a_second_beginning),
		cmocka_unit_test(only_listed_origins_are_allowed),
		cmocka_unit_test(a_preflight_is_told_what_it_may_send),
		cmocka_unit_test(a_key_is_read_and_hashed),
	};

	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}

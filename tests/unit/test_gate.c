/*
 * test_gate.c - who comes in as what, and who pays for it.
 */
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/conf.h"
#include "gate/gate.h"
#include "web/request.h"

#define SECRET	"0123456789abcdef0123456789abcdef"
#define KEY	"tt_0123456789abcdefghijklmnopqrstuv"

static char		 folder[] = "/tmp/test-gate.XXXXXX";
static char		 path[sizeof(folder) + 8], secret[] = SECRET;
static struct tt_conf	 conf = {
	.rate_file = path, .secret = secret, .address_rate = 3
};
static struct tt_err	 err;

/* A request from ada's address with this header or this query, or neither. */
static enum tt_rc
come(struct tt_visitor *who, const char *header, const char *query,
    bool stream)
{
	static char		 address[] = "REMOTE_ADDR=192.0.2.1";
	static char		 line[TT_TICKET_SZ + 64];
	static char		 uri[TT_TICKET_SZ + 64];
	static char		*env[] = { address, NULL, NULL };
	static FCGX_Request	 fcgi = { .envp = env };
	static struct tt_request req = { .fcgi = &fcgi, .method = "GET" };

	(void)snprintf(line, sizeof(line), "%s", header == NULL ? "" : header);
	(void)snprintf(uri, sizeof(uri), "/?%s", query == NULL ? "" : query);
	env[1] = header == NULL ? NULL : line;
	(void)memset(who, 0, sizeof(*who));
	tt_err_clear(&err);
	tt_request_free(&req);
	assert_int_equal(tt_request_parse(&req, uri, "", &err), TT_OK);
	return tt_gate_enter_public(who, &req, "queue:read", stream, &err);
}

/* What SQL says of him, and what he may still ask. */
static enum tt_rc
settle(struct tt_visitor *who, enum tt_rc rc, int rate_per_minute)
{
	who->caller.judged = true;
	who->caller.rate_per_minute = rate_per_minute;
	if (rc != TT_OK)
		(void)!tt_err_tell(&err, rc, "no");
	return tt_gate_settle(who, NULL, &err);
}

/* A ticket of a key for this scope, as it stands in a URL or a cookie. */
static const char *
ticket(const char *before, const char *scope, int64_t seconds, bool is_cookie)
{
	static char		 text[TT_TICKET_SZ + 64];
	char			 sealed[TT_TICKET_SZ];
	struct tt_ticket	 t = {
		.key = { 7 }, .scopes = tt_scope_bit(scope),
		.born_us = tt_clock_now_us(), .cookie = is_cookie,
		.expires_us = tt_clock_now_us() + seconds * 1000000
	};

	assert_true(tt_ticket_seal(secret, &t, sealed));
	(void)snprintf(text, sizeof(text), "%s%s", before, sealed);
	return text;
}

static void
who_shows_nothing_is_the_public_and_his_address_pays(void **state)
{
	struct tt_visitor	 who;
	int			 left;

	(void)state;
	for (left = 2; left >= 0; left--) {
		assert_int_equal(come(&who, NULL, NULL, left == 1), TT_OK);
		assert_true(tt_caller_public(&who.caller));
		assert_null(tt_caller_arg(&who.caller));
		assert_string_equal(who.caller.scope, "queue:read");
		assert_int_equal(settle(&who, TT_OK, 0), TT_OK);
		assert_int_equal(who.rate.limit, 3);
		assert_int_equal(who.rate.remaining, left);
	}
	assert_int_equal(come(&who, NULL, NULL, false), TT_LIMITED);
	assert_true(err.retry_s > 0);
	assert_int_equal(come(&who, "HTTP_AUTHORIZATION=", "", true),
	    TT_LIMITED);
}

static void
he_pays_for_what_is_refused_but_not_where_nobody_judged(void **state)
{
	struct tt_visitor	 who;
	int			 i;

	(void)state;
	assert_int_equal(come(&who, NULL, NULL, false), TT_OK);
	assert_int_equal(settle(&who, TT_UNAUTHORIZED, 0), TT_UNAUTHORIZED);
	assert_int_equal(come(&who, NULL, NULL, false), TT_OK);
	assert_int_equal(settle(&who, TT_NOTFOUND, 0), TT_NOTFOUND);
	for (i = 0; i < 9; i++) {
		assert_int_equal(come(&who, NULL, NULL, false), TT_OK);
		(void)!tt_err_set(&err, TT_UNAVAIL, "no database");
		assert_int_equal(tt_gate_settle(&who, NULL, &err), TT_UNAVAIL);
	}
	assert_int_equal(come(&who, NULL, NULL, false), TT_OK);
	assert_int_equal(come(&who, NULL, NULL, false), TT_LIMITED);
}

static void
a_key_or_ticket_that_is_shown_is_judged(void **state)
{
	static const struct {
		const char	*what, *header, *query;
		bool		 stream;
	} bad[] = {
		{ "no key of ours", "HTTP_AUTHORIZATION=Bearer x", NULL,
		    false },
		{ "another scheme", "HTTP_AUTHORIZATION=Basic eDp5", NULL,
		    true },
		{ "beside a ticket", "HTTP_AUTHORIZATION=Bearer x",
		    "ticket=x", true },
		{ "no ticket", NULL, "ticket=x", true },
		{ "an empty ticket", NULL, "ticket=", true },
		{ "no cookie", "HTTP_COOKIE=" TT_COOKIE "=x", NULL, false },
	};
	struct tt_visitor	 who;
	size_t			 i;

	(void)state;
	conf.address_rate = 100;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (come(&who, bad[i].header, bad[i].query, bad[i].stream) !=
		    TT_UNAUTHORIZED)
			fail_msg("%s: %d", bad[i].what, err.rc);
	assert_int_equal(come(&who, NULL, ticket("ticket=", "job:read", 60,
	    false), true), TT_FORBIDDEN);
	assert_int_equal(come(&who, NULL, ticket("ticket=", "queue:read", -1,
	    false), true), TT_UNAUTHORIZED);

	assert_int_equal(come(&who, "HTTP_AUTHORIZATION=Bearer " KEY, NULL,
	    false), TT_OK);
	assert_string_not_equal(who.caller.key, "");
	assert_string_equal(tt_caller_arg(&who.caller), who.caller.key);
	assert_int_equal(come(&who, NULL, ticket("ticket=", "queue:read", 60,
	    false), true), TT_OK);
	assert_true(who.by_ticket && !tt_caller_public(&who.caller));
	assert_int_equal(come(&who, ticket("HTTP_COOKIE=" TT_COOKIE "=",
	    "queue:read", 60, true), NULL, false), TT_OK);
	assert_true(who.by_cookie && !tt_caller_public(&who.caller));
}

static void
a_key_pays_for_itself(void **state)
{
	struct tt_visitor	 who;
	int			 i;

	(void)state;
	for (i = 0; i < 9; i++) {
		assert_int_equal(come(&who, "HTTP_AUTHORIZATION=Bearer " KEY,
		    NULL, false), TT_OK);
		assert_int_equal(settle(&who, TT_OK, 60), TT_OK);
		assert_int_equal(who.rate.limit, 60);
	}
	assert_int_equal(come(&who, NULL, NULL, false), TT_OK);
	assert_int_equal(who.rate.limit, 3);
	assert_int_equal(who.rate.remaining, 2);
}

static int
start(void **state)
{
	(void)state;
	(void)unlink(path);
	conf.address_rate = 3;
	tt_err_clear(&err);
	return tt_gate_start(&conf, &err) == TT_OK ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	tt_gate_end();
	return 0;
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		TEST(who_shows_nothing_is_the_public_and_his_address_pays),
		TEST(he_pays_for_what_is_refused_but_not_where_nobody_judged),
		TEST(a_key_or_ticket_that_is_shown_is_judged),
		TEST(a_key_pays_for_itself),
	};
	int			 failed;

	if (mkdtemp(folder) == NULL)
		return 1;
	(void)snprintf(path, sizeof(path), "%s/rates", folder);
	failed = cmocka_run_group_tests_name("gate", tests, NULL, NULL);
	(void)unlink(path);
	(void)rmdir(folder);
	return failed;
}

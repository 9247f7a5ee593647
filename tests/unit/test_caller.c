/*
 * test_caller.c - what SQL says of a caller becomes a code.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "job/caller.h"

static PGresult *
answer(char *verdict, char *rate, char *unused)
{
	static char	 names[3][16] = {
		"verdict", "rate_per_minute", "unused"
	};
	PGresAttDesc	 columns[3] = {
		{ .name = names[0] }, { .name = names[1] },
		{ .name = names[2] }
	};
	char		*values[3] = { verdict, rate, unused };
	PGresult	*res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	int		 i;

	assert_non_null(res);
	assert_true(PQsetResultAttrs(res, 3, columns));
	for (i = 0; i < 3; i++)
		assert_true(PQsetvalue(res, 0, i, values[i],
		    values[i] == NULL ? -1 : (int)strlen(values[i])));
	return res;
}

static void
verdicts_become_codes(void **state)
{
	static struct {
		char		 word[16];
		enum tt_rc	 rc;
	} cases[] = {
		{ "ok", TT_OK }, { "unauthorized", TT_UNAUTHORIZED },
		{ "terminated", TT_TERMINATED }, { "forbidden", TT_FORBIDDEN },
		{ "not_found", TT_NOTFOUND }, { "unknown_type", TT_BADREQ },
		{ "limited", TT_LIMITED }, { "", TT_INTERNAL },
		{ "OK", TT_INTERNAL }, { "okay", TT_INTERNAL },
	};
	struct tt_caller	 caller;
	struct tt_err		 err;
	PGresult		*res;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&caller, 0, sizeof(caller));
		tt_err_clear(&err);
		res = answer(cases[i].word, NULL, NULL);
		assert_int_equal(tt_caller_verdict(&caller, res, 0, &err),
		    cases[i].rc);
		assert_int_equal(caller.rate_per_minute, 0);
		assert_false(caller.unused);
		PQclear(res);
	}
}

static void
what_else_sql_says_is_kept(void **state)
{
	char			 verdict[] = "forbidden", rate[] = "60";
	char			 yes[] = "t";
	struct tt_caller	 caller;
	struct tt_err		 err;
	PGresult		*res = answer(verdict, rate, yes);

	(void)state;
	memset(&caller, 0, sizeof(caller));
	tt_err_clear(&err);
	assert_int_equal(tt_caller_verdict(&caller, res, 0, &err),
	    TT_FORBIDDEN);
	assert_int_equal(caller.rate_per_minute, 60);
	assert_true(caller.unused);

	tt_err_clear(&err);
	assert_int_equal(tt_caller_verdict(&caller, res, 1, &err),
	    TT_INTERNAL);
	PQclear(res);
}

/* He is told what is wrong with his key, or that he has shown none. */
static void
who_shows_no_key_is_told_how(void **state)
{
	char			 verdict[] = "unauthorized";
	struct tt_caller	 caller;
	struct tt_err		 err;
	PGresult		*res = answer(verdict, NULL, NULL);

	(void)state;
	memset(&caller, 0, sizeof(caller));
	assert_null(tt_caller_arg(&caller));
	tt_err_clear(&err);
	assert_int_equal(tt_caller_verdict(&caller, res, 0, &err),
	    TT_UNAUTHORIZED);
	assert_true(err.told && caller.judged);
	assert_string_equal(err.msg, TT_KEY_NEEDED);

	tt_caller_key(&caller, (const unsigned char *)
	    "a hash of thirty-two bytes, here");
	assert_string_equal(tt_caller_arg(&caller), caller.key);
	tt_err_clear(&err);
	assert_int_equal(tt_caller_verdict(&caller, res, 0, &err),
	    TT_UNAUTHORIZED);
	assert_string_equal(err.msg, "Invalid API key");
	PQclear(res);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(verdicts_become_codes),
		cmocka_unit_test(what_else_sql_says_is_kept),
		cmocka_unit_test(who_shows_no_key_is_told_how),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What web/header makes of a header's value and its parameters.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "web/header.h"

static void
a_value_is_compared_without_case_and_parameters(void **state)
{
	static const struct {
		const char	*header;
		bool		 is;
	} cases[] = {
		{ "text/plain", true }, { "TEXT/Plain", true },
		{ " \ttext/plain ", true }, { "text/plain;a=b", true },
		{ "text/plain ; a=b", true }, { "text/plain;", true },
		{ "text/plainx", false }, { "text/plai", false },
		{ "text/plain, a/b", false }, { "a/b; text/plain", false },
		{ "text/plain\r", false }, { "", false }, { ";", false },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (tt_header_is(cases[i].header, "text/plain") !=
		    cases[i].is)
			fail_msg("%s", cases[i].header);
}

static const struct {
	const char	*header;
	bool		 ok;
	const char	*a;		/* the parameter a, or NULL */
} params[] = {
	{ "", true, NULL },
	{ "x/y", true, NULL },
	{ "x/y;", true, NULL },
	{ "x/y;;; ;", true, NULL },
	{ "x/y; b=1", true, NULL },
	{ "x/y; a=1", true, "1" },
	{ "x/y;A=1", true, "1" },
	{ "x/y\t;\ta=1\t", true, "1" },
	{ "x/y; aa=1; a=2; b=3", true, "2" },
	{ "x/y; a=\"1\"", true, "1" },
	{ "x/y; a=\"\"", true, "" },
	{ "x/y; a=\" 1; b=2 \" ; c=3", true, " 1; b=2 " },
	{ "x/y; a=\"\\\"\"", true, "\"" },
	{ "x/y; a=\"\\\\\"", true, "\\" },
	{ "x/y; a=\"\\\\\\\"\"", true, "\\\"" },
	{ "x/y; a=\"c:\\new\\x.png\"", true, "c:\\new\\x.png" },
	{ "x/y; b=\"; a=1\"", true, NULL },
	{ "x/y; a*=utf-8''1", true, NULL },
	{ "x/y; a=1=2", true, "1=2" },
	{ "x/y; a", false, NULL },
	{ "x/y; =1", false, NULL },
	{ "x/y; a=", false, NULL },
	{ "x/y; a=;b=1", false, NULL },
	{ "x/y; a =1", false, NULL },
	{ "x/y; a= 1", false, NULL },
	{ "x/y; a=1 2", false, NULL },
	{ "x/y; a=1\"2\"", false, NULL },
	{ "x/y; a=\"1\"2", false, NULL },
	{ "x/y; a=\"1", false, NULL },
	{ "x/y; a=\"", false, NULL },
	{ "x/y; a=\"1\\\"", false, NULL },
	{ "x/y; a=\"\\", false, NULL },
	{ "x/y; \"a\"=1", false, NULL },
	{ "x/y; a=1; a=1", false, NULL },
	{ "x/y; a=1; A=\"\"", false, NULL },
	{ "x/y; a=1; b", false, NULL },
};

static void
a_parameter_is_found_and_unescaped(void **state)
{
	struct tt_header_param	 param;
	char			 value[64];
	size_t			 i;
	bool			 ok;

	(void)state;
	for (i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		ok = tt_header_param(params[i].header, "a", &param);
		if (ok != params[i].ok)
			fail_msg("%s", params[i].header);
		if (!ok)
			continue;
		if ((param.p != NULL) != (params[i].a != NULL))
			fail_msg("%s", params[i].header);
		if (param.p == NULL)
			continue;
		assert_true(param.sz < sizeof(value));
		(void)memcpy(value, param.p, param.sz);
		tt_header_unescape(value, param.sz);
		assert_string_equal(value, params[i].a);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    a_value_is_compared_without_case_and_parameters),
		cmocka_unit_test(a_parameter_is_found_and_unescaped),
	};

	return cmocka_run_group_tests_name("header", tests, NULL, NULL);
}

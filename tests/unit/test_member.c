/*
 * test_member.c - members are found in the text of an object, and nothing is
 * read beyond it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/member.h"

/* An object, and what of it is "a": NULL for nothing. */
static const struct {
	const char	*object, *a;
} cases[] = {
	{ "{\"a\": 1}", "1" },
	{ "{\"a\":1}", "1" },
	{ " {\n\"a\"\t: 1, \"b\": 2}", "1" },
	{ "{\"b\": 2, \"a\": -1.50}", "-1.50" },
	{ "{\"a\": 12345678901234567890}", "12345678901234567890" },
	{ "{\"a\": null, \"b\": 1}", "null" },
	{ "{\"a\": \"\"}", "\"\"" },
	{ "{\"a\": \"},{\\\"a\\\":2\\\\\"}", "\"},{\\\"a\\\":2\\\\\"" },
	{ "{\"a\": {\"a\": [1, \"]}\", {}], \"b\": {}}, \"c\": 1}",
	    "{\"a\": [1, \"]}\", {}], \"b\": {}}" },
	{ "{\"b\": {\"a\": 1}, \"c\": [{\"a\": 2}], \"a\": 3}", "3" },
	{ "{\"b\": \"\\\", \\\"a\\\": 1\", \"a\": 2}", "2" },
	{ "{\"aa\": 1, \"\": 2, \"A\": 3, \"a\": 4}", "4" },
	{ "{\"a\": 1, \"a\": 2}", "1" },
	{ "{\"\\u0061\": 1}", NULL },
	{ "{}", NULL },
	{ "{\"b\": \"a\"}", NULL },
	/* What is no object, or ends too soon. */
	{ "", NULL },
	{ "null", NULL },
	{ "[\"a\"]", NULL },
	{ "\"a\"", NULL },
	{ "{", NULL },
	{ "{\"", NULL },
	{ "{\"a", NULL },
	{ "{\"a\"", NULL },
	{ "{\"a\\", NULL },
	{ "{\"a\":", "" },
	{ "{\"a\": \"", "\"" },
	{ "{\"a\": \"\\", "\"\\" },
	{ "{\"a\": [{", "[{" },
	{ "{\"b\": 1,", NULL },
	{ "{,\"a\": 1}", NULL },
	{ "{\"b\" 1, \"a\": 2}", NULL },
};

/* No byte is behind the text, so a sanitizer sees one that is read. */
static void
members_are_found_by_name(void **state)
{
	struct tt_member	 m = { .name = "a" };
	char			*object;
	size_t			 i, sz;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sz = strlen(cases[i].object) + 1;
		assert_non_null(object = malloc(sz));
		(void)memcpy(object, cases[i].object, sz);
		tt_members_find(object, &m, 1);
		if ((m.text == NULL) != (cases[i].a == NULL) ||
		    (m.text != NULL && (m.sz != strlen(cases[i].a) ||
		    memcmp(m.text, cases[i].a, m.sz) != 0)))
			fail_msg("%s: %.*s", object, (int)m.sz,
			    m.text == NULL ? "" : m.text);
		free(object);
	}
}

static void
several_are_found_at_once_and_written(void **state)
{
	struct tt_member	 m[] = {
		{ .name = "path" }, { .name = "none" }, { .name = "n" }
	};
	struct tt_buf		 b = TT_BUF_INIT;
	struct tt_json		 j;
	size_t			 i;

	(void)state;
	tt_members_find("{\"n\": 1e400, \"x\": [], \"path\": \"<\\n>\"}", m, 3);
	tt_json_init(&j, &b);
	tt_json_open(&j, '{');
	for (i = 0; i < 3; i++)
		tt_member_put(&j, &m[i]);
	for (i = 0; i < 3; i++)
		tt_member_add(&j, &m[i]);
	tt_json_close(&j, '}');
	assert_string_equal(tt_buf_text(&b), "{\"path\":\"\\u003c\\n\\u003e\","
	    "\"none\":null,\"n\":1e400,\"path\":\"\\u003c\\n\\u003e\","
	    "\"n\":1e400}");

	/* What was found before is forgotten. */
	tt_members_find("{}", m, 3);
	for (i = 0; i < 3; i++)
		assert_null(m[i].text);
	tt_buf_free(&b);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(members_are_found_by_name),
		cmocka_unit_test(several_are_found_at_once_and_written),
	};

	return cmocka_run_group_tests_name("member", tests, NULL, NULL);
}

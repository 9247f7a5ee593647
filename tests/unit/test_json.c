/*
 * What base/json writes: commas, escapes, and valid JSON whatever comes in.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"

#define FFFD	"\xef\xbf\xbd"

static const struct {
	const char	*in, *out;
} strings[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "\"", "\\\"" },
	{ "\\", "\\\\" },
	{ "/", "/" },
	{ "'", "'" },
	{ "\b\f\n\r\t", "\\b\\f\\n\\r\\t" },
	{ "\x01\x0b\x1f\x7f", "\\u0001\\u000b\\u001f\\u007f" },
	{ "</script>", "\\u003c/script\\u003e" },
	{ "a&b", "a\\u0026b" },
	{ "\xc3\xa9", "\xc3\xa9" },
	{ "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "\xf0\x9f\x92\xa9", "\xf0\x9f\x92\xa9" },
	{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf" },
	{ "\xed\x9f\xbf", "\xed\x9f\xbf" },
	{ "\xe2\x80\xa8", "\\u2028" },
	{ "\xe2\x80\xa9", "\\u2029" },
	{ "\xe2\x80\xaa", "\xe2\x80\xaa" },
	/* What is not UTF-8: each byte that belongs to nothing. */
	{ "\x80", FFFD },
	{ "\xff" "a", FFFD "a" },
	{ "a\xc3", "a" FFFD },
	{ "\xc3(", FFFD "(" },
	{ "\xc0\xaf", FFFD FFFD },
	{ "\xc1\xbf", FFFD FFFD },
	{ "\xe0\x9f\xbf", FFFD FFFD FFFD },
	{ "\xe2\x82", FFFD FFFD },
	{ "\xe2\x82\"", FFFD FFFD "\\\"" },
	{ "\xed\xa0\x80", FFFD FFFD FFFD },
	{ "\xf0\x8f\xbf\xbf", FFFD FFFD FFFD FFFD },
	{ "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD },
	{ "\xf5\x80\x80\x80", FFFD FFFD FFFD FFFD },
	{ "\xf0\x9f\x92", FFFD FFFD FFFD },
};

static void
strings_are_escaped(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;
	struct tt_json	 j;
	char		 want[256];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		tt_buf_clear(&b);
		tt_json_init(&j, &b);
		tt_json_string(&j, strings[i].in);
		(void)snprintf(want, sizeof(want), "\"%s\"", strings[i].out);
		assert_string_equal(tt_buf_text(&b), want);
	}
	tt_buf_free(&b);
}

/* Every string of one and two bytes, read back by another's parser. */
static void
any_bytes_make_valid_json(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;
	struct tt_json	 j;
	char		 in[2];
	json_t		*v;
	int		 i;

	(void)state;
	for (i = 0; i < 65536; i++) {
		in[0] = (char)(i >> 8);
		in[1] = (char)(i & 255);
		tt_buf_clear(&b);
		tt_json_init(&j, &b);
		tt_json_stringn(&j, in, sizeof(in));
		v = json_loadb(b.data, b.sz, JSON_DECODE_ANY | JSON_ALLOW_NUL,
		    NULL);
		assert_non_null(v);
		assert_null(strchr(b.data, '\n'));
		assert_null(strchr(b.data, '<'));
		if (in[0] >= 0 && in[1] >= 0) {
			assert_int_equal(json_string_length(v), 2);
			assert_memory_equal(json_string_value(v), in, 2);
		}
		json_decref(v);
	}
	tt_buf_free(&b);
}

/* JSON that is copied: in, out. */
static const struct {
	const char	*in, *out;
} texts[] = {
	{ "12345678901234567890", "12345678901234567890" },
	{ "{\"a\": [1, 1e400, \"\\\"\\n\\\\\"]}",
	    "{\"a\": [1, 1e400, \"\\\"\\n\\\\\"]}" },
	{ "{\r\n\t\"a\":\n1}", "{   \"a\": 1}" },
	{ "\"</script>&\"", "\"\\u003c/script\\u003e\\u0026\"" },
	{ "\"\\\\<\"", "\"\\\\\\u003c\"" },
	{ "\"\xe2\x80\xa8 \x7f \xc3\xa9\"",
	    "\"\\u2028 \\u007f \xc3\xa9\"" },
	{ "\"\xff\"", "\"" FFFD "\"" },
};

static void
json_is_copied_as_it_is_but_harmless(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;
	struct tt_json	 j;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		tt_buf_clear(&b);
		tt_json_init(&j, &b);
		tt_json_copy(&j, texts[i].in, strlen(texts[i].in));
		assert_string_equal(tt_buf_text(&b), texts[i].out);
	}
	tt_buf_clear(&b);
	tt_json_init(&j, &b);
	tt_json_open(&j, '[');
	tt_json_copy(&j, "12345", 2);
	tt_json_copy(&j, NULL, 0);
	tt_json_close(&j, ']');
	assert_string_equal(tt_buf_text(&b), "[12,null]");
	tt_buf_free(&b);
}

static void
commas_come_by_themselves(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;
	struct tt_json	 j;

	(void)state;
	tt_json_init(&j, &b);
	tt_json_open(&j, '{');
	tt_json_key(&j, "empty");
	tt_json_open(&j, '[');
	tt_json_close(&j, ']');
	tt_json_key(&j, "list");
	tt_json_open(&j, '[');
	tt_json_int(&j, INT64_MIN);
	tt_json_bool(&j, true);
	tt_json_bool(&j, false);
	tt_json_null(&j);
	tt_json_string(&j, NULL);
	tt_json_raw(&j, "{\"a\": 1}");
	tt_json_raw(&j, NULL);
	tt_json_open(&j, '{');
	tt_json_close(&j, '}');
	tt_json_open(&j, '{');
	tt_json_key(&j, "t");
	tt_json_time(&j, 0);
	tt_json_close(&j, '}');
	tt_json_close(&j, ']');
	tt_json_key(&j, "last");
	tt_json_int(&j, 47);
	tt_json_close(&j, '}');
	assert_string_equal(tt_buf_text(&b), "{\"empty\":[],\"list\":"
	    "[-9223372036854775808,true,false,null,null,{\"a\": 1},null,{},"
	    "{\"t\":\"1970-01-01T00:00:00.000Z\"}],\"last\":47}");
	tt_buf_free(&b);
}

static void
characters_are_counted(void **state)
{
	(void)state;
	assert_int_equal(tt_utf8_length(""), 0);
	assert_int_equal(tt_utf8_length("abc"), 3);
	assert_int_equal(tt_utf8_length("\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa9"),
	    3);
	assert_int_equal(tt_utf8_length("a\xff"), -1);
	assert_int_equal(tt_utf8_next("\xc3\xa9", 1), 0);
	assert_int_equal(tt_utf8_next("", 0), 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(strings_are_escaped),
		cmocka_unit_test(any_bytes_make_valid_json),
		cmocka_unit_test(json_is_copied_as_it_is_but_harmless),
		cmocka_unit_test(commas_come_by_themselves),
		cmocka_unit_test(characters_are_counted),
	};

	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}

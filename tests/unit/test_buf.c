/*
 * The growable buffer, and how it fails.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void
an_empty_one_is_an_empty_text(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;

	(void)state;
	assert_string_equal(tt_buf_text(&b), "");
	tt_buf_clear(&b);
	tt_buf_add(&b, NULL, 0);
	tt_buf_puts(&b, "");
	assert_string_equal(tt_buf_text(&b), "");
	assert_int_equal(b.sz, 0);
	assert_false(tt_buf_broken(&b));
	tt_buf_free(&b);
	tt_buf_free(&b);
	assert_string_equal(tt_buf_text(&b), "");
}

static void
what_is_appended_stays_together(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;

	(void)state;
	tt_buf_puts(&b, "job ");
	tt_buf_printf(&b, "%d of %s", 7, "many");
	tt_buf_putc(&b, '\n');
	tt_buf_add(&b, "a\0b", 3);
	assert_int_equal(b.sz, 17);
	assert_memory_equal(b.data, "job 7 of many\na\0b", 17);
	tt_buf_clear(&b);
	assert_string_equal(tt_buf_text(&b), "");
	tt_buf_printf(&b, "%s", "");
	tt_buf_puts(&b, "again");
	assert_string_equal(tt_buf_text(&b), "again");
	tt_buf_free(&b);
}

/* Around every size at which it grows, by each way to append. */
static void
it_grows_and_ends_with_a_nul(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;
	char		 text[4096];
	size_t		 n, i;
	int		 way;

	(void)state;
	memset(text, 'x', sizeof(text));
	for (way = 0; way < 3; way++)
		for (n = 1; n < sizeof(text); n++) {
			if (n > 600 && n < 1000)
				continue;
			text[n] = '\0';
			if (way == 0)
				tt_buf_puts(&b, text);
			else if (way == 1)
				tt_buf_printf(&b, "%s", text);
			else
				for (i = 0; i < n; i += n > 600 ? n : 1)
					tt_buf_add(&b, text, n > 600 ? n : 1);
			text[n] = 'x';
			assert_int_equal(b.sz, n);
			assert_true(b.cap > n);
			assert_int_equal(strlen(tt_buf_text(&b)), n);
			if (n % 7 == 0)
				tt_buf_free(&b);
			else
				tt_buf_clear(&b);
		}
	tt_buf_free(&b);
}

static void
a_broken_one_takes_nothing_until_it_is_cleared(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;
	volatile size_t	 huge = SIZE_MAX / 2;	/* the compiler would object */

	(void)state;
	tt_buf_puts(&b, "before");
	tt_buf_add(&b, "x", huge);
	assert_true(tt_buf_broken(&b));
	assert_string_equal(tt_buf_text(&b), "before");
	tt_buf_puts(&b, "after");
	tt_buf_putc(&b, 'x');
	tt_buf_printf(&b, "%d", 1);
	assert_string_equal(tt_buf_text(&b), "before");
	assert_int_equal(b.sz, 6);

	tt_buf_clear(&b);
	assert_false(tt_buf_broken(&b));
	tt_buf_puts(&b, "anew");
	assert_string_equal(tt_buf_text(&b), "anew");
	tt_buf_free(&b);
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(an_empty_one_is_an_empty_text),
		cmocka_unit_test(what_is_appended_stays_together),
		cmocka_unit_test(it_grows_and_ends_with_a_nul),
		cmocka_unit_test(
		    a_broken_one_takes_nothing_until_it_is_cleared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * FastCGI records as web/record frames them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "web/record.h"

static void
a_head_has_its_eight_bytes(void **state)
{
	static const unsigned char	 want[] = {
		1, 6, 0x12, 0x34, 0xab, 0xcd, 0, 0
	};
	unsigned char			 head[TT_RECORD_HEAD_SZ];

	(void)state;
	tt_record_head(head, TT_RECORD_STDOUT, 0x1234, 0xabcd);
	assert_memory_equal(head, want, sizeof(want));
}

static void
the_end_closes_stdout_and_the_request(void **state)
{
	static const unsigned char	 want[TT_RECORD_END_SZ] = {
		1, 6, 0, 1, 0, 0, 0, 0,
		1, 3, 0, 1, 0, 8, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0
	};
	unsigned char			 end[TT_RECORD_END_SZ];

	(void)state;
	tt_record_end(end, 1);
	assert_memory_equal(end, want, sizeof(want));
}

/* Take the records apart again: how many there are, and what they hold. */
static int
unframe(const struct tt_buf *framed, struct tt_buf *content)
{
	const unsigned char	*p = (const unsigned char *)framed->data;
	size_t			 n, left = framed->sz;
	int			 records;

	for (records = 0; left > 0; records++) {
		assert_true(left > TT_RECORD_HEAD_SZ);
		assert_int_equal(p[0], 1);
		assert_int_equal(p[1], TT_RECORD_STDOUT);
		assert_int_equal(p[2] << 8 | p[3], 7);
		n = (size_t)(p[4] << 8 | p[5]);
		assert_true(n > 0 && n <= left - TT_RECORD_HEAD_SZ);
		tt_buf_add(content, p + TT_RECORD_HEAD_SZ, n);
		p += TT_RECORD_HEAD_SZ + n;
		left -= TT_RECORD_HEAD_SZ + n;
	}
	return records;
}

static void
any_length_fits_into_records(void **state)
{
	static const struct {
		size_t	 sz;
		int	 records;
	} cases[] = {
		{ 0, 0 }, { 1, 1 }, { 65534, 1 }, { 65535, 1 }, { 65536, 2 },
		{ 131070, 2 }, { 131071, 3 }, { 1000000, 16 },
	};
	struct tt_buf	 framed = TT_BUF_INIT, content = TT_BUF_INIT;
	char		*data = malloc(1000000);
	size_t		 i;

	(void)state;
	assert_non_null(data);
	for (i = 0; i < 1000000; i++)
		data[i] = (char)(i * 7 >> 3);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tt_buf_clear(&framed);
		tt_buf_clear(&content);
		tt_record_stdout(&framed, 7, data, cases[i].sz);
		assert_int_equal(unframe(&framed, &content), cases[i].records);
		assert_int_equal(content.sz, cases[i].sz);
		assert_memory_equal(tt_buf_text(&content), data, cases[i].sz);
	}
	free(data);
	tt_buf_free(&framed);
	tt_buf_free(&content);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(a_head_has_its_eight_bytes),
		cmocka_unit_test(the_end_closes_stdout_and_the_request),
		cmocka_unit_test(any_length_fits_into_records),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}

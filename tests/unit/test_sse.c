/*
 * Server-Sent Events, framed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/buf.h"
#include "stream/sse.h"

static void
each_line_of_data_has_a_field_of_its_own(void **state)
{
	static const struct {
		const char	*data, *want;
	} cases[] = {
		{ "", "data: \n" },
		{ "{}", "data: {}\n" },
		{ " leading", "data:  leading\n" },
		{ "a\nb", "data: a\ndata: b\n" },
		{ "a\rb", "data: a\ndata: b\n" },
		{ "a\r\nb", "data: a\ndata: b\n" },
		{ "a\n\rb", "data: a\ndata: \ndata: b\n" },
		{ "a\n\nb", "data: a\ndata: \ndata: b\n" },
		{ "a\r\rb", "data: a\ndata: \ndata: b\n" },
		{ "a\n", "data: a\ndata: \n" },
		{ "a\r\n", "data: a\ndata: \n" },
		{ "\r\n", "data: \ndata: \n" },
		{ "\r", "data: \ndata: \n" },
		{ "a\nevent: forged\nid: 9", "data: a\ndata: event: forged\n"
		    "data: id: 9\n" },
		{ "a\r\n\r\nretry: 1", "data: a\ndata: \ndata: retry: 1\n" },
		{ "\xe2\x80\xa8 is no line end", "data: \xe2\x80\xa8 is no "
		    "line end\n" },
	};
	struct tt_buf	 b = TT_BUF_INIT, want = TT_BUF_INIT;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tt_buf_clear(&b);
		tt_buf_clear(&want);
		tt_sse_event(&b, "7", "progress", cases[i].data);
		tt_buf_printf(&want, "id: 7\nevent: progress\n%s\n",
		    cases[i].want);
		assert_string_equal(tt_buf_text(&b), tt_buf_text(&want));
	}
	tt_buf_free(&b);
	tt_buf_free(&want);
}

static void
an_event_may_have_no_id(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;

	(void)state;
	tt_sse_event(&b, NULL, "connected", "{}");
	tt_sse_event(&b, "", "progress", "{}");
	assert_string_equal(tt_buf_text(&b), "event: connected\ndata: {}\n\n"
	    "id: \nevent: progress\ndata: {}\n\n");
	tt_buf_free(&b);
}

static void
a_comment_stays_on_its_line(void **state)
{
	static const struct {
		const char	*text, *want;
	} cases[] = {
		{ "keepalive", ": keepalive\n\n" },
		{ "", ": \n\n" },
		{ "a\nb", ": a b\n\n" },
		{ "a\rb", ": a b\n\n" },
		{ "a\r\nb", ": a  b\n\n" },
		{ "\ndata: forged\n\n", ":  data: forged  \n\n" },
	};
	struct tt_buf	 b = TT_BUF_INIT;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tt_buf_clear(&b);
		tt_sse_comment(&b, cases[i].text);
		assert_string_equal(tt_buf_text(&b), cases[i].want);
	}
	tt_buf_free(&b);
}

static void
retry_is_a_number_alone(void **state)
{
	struct tt_buf	 b = TT_BUF_INIT;

	(void)state;
	tt_sse_retry(&b, 2500);
	assert_string_equal(tt_buf_text(&b), "retry: 2500\n\n");
	tt_buf_free(&b);
}

static void
clients_are_spread_around_the_middle(void **state)
{
	static const int	 middles[] = { 1, 2, 3, 100, 3000, 600000 };
	size_t			 i;
	int			 k, ms, low, high;

	(void)state;
	for (i = 0; i < sizeof(middles) / sizeof(middles[0]); i++) {
		low = high = middles[i];
		for (k = 0; k < 2000; k++) {
			ms = tt_sse_jitter(middles[i]);
			assert_in_range(ms, middles[i] - middles[i] / 3,
			    middles[i] + middles[i] / 3);
			low = ms < low ? ms : low;
			high = ms > high ? ms : high;
		}
		if (middles[i] >= 100)
			assert_true(high - low > middles[i] / 3);
	}
}

int
main(void)
{
	static const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(each_line_of_data_has_a_field_of_its_own),
		cmocka_unit_test(an_event_may_have_no_id),
		cmocka_unit_test(a_comment_stays_on_its_line),
		cmocka_unit_test(retry_is_a_number_alone),
		cmocka_unit_test(clients_are_spread_around_the_middle),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

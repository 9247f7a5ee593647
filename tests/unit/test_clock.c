/*
 * How base/clock reads and writes time.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"

#define S	1000000LL

/* Both ways: what is written is read as the same. */
static const struct {
	int64_t		 us;
	const char	*iso;
} times[] = {
	{ 0, "1970-01-01T00:00:00.000Z" },
	{ 1000, "1970-01-01T00:00:00.001Z" },
	{ -1000, "1969-12-31T23:59:59.999Z" },
	{ 86399999000, "1970-01-01T23:59:59.999Z" },
	{ 951782400 * S, "2000-02-29T00:00:00.000Z" },
	{ 951868800 * S, "2000-03-01T00:00:00.000Z" },
	{ 4107542400 * S, "2100-03-01T00:00:00.000Z" },
	{ 1709164800 * S, "2024-02-29T00:00:00.000Z" },
	{ 1735689599 * S + 999000, "2024-12-31T23:59:59.999Z" },
	{ 1777604646683000, "2026-05-01T03:04:06.683Z" },
	{ -62135596800 * S, "0001-01-01T00:00:00.000Z" },
	{ 253402300799 * S + 999000, "9999-12-31T23:59:59.999Z" },
};

static void
times_go_both_ways(void **state)
{
	char	 iso[TT_CLOCK_ISO_SZ];
	int64_t	 us;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_string_equal(tt_clock_iso(times[i].us, iso),
		    times[i].iso);
		assert_int_equal(tt_clock_parse(times[i].iso, &us), TT_OK);
		assert_true(us == times[i].us);
	}
}

static void
microseconds_are_cut_and_not_rounded(void **state)
{
	char	 iso[TT_CLOCK_ISO_SZ];

	(void)state;
	assert_string_equal(tt_clock_iso(999999, iso),
	    "1970-01-01T00:00:00.999Z");
	assert_string_equal(tt_clock_iso(-1, iso), "1969-12-31T23:59:59.999Z");
}

/* Each day of 800 years is the one after the day before. */
static void
the_calendar_has_no_hole(void **state)
{
	char	 iso[TT_CLOCK_ISO_SZ], before[TT_CLOCK_ISO_SZ] = "";
	int64_t	 day, us;

	(void)state;
	for (day = -146097; day < 146097; day++) {
		(void)tt_clock_iso(day * 86400 * S, iso);
		assert_int_equal(strlen(iso), 24);
		assert_string_not_equal(iso, before);
		assert_int_equal(tt_clock_parse(iso, &us), TT_OK);
		assert_true(us == day * 86400 * S);
		(void)snprintf(before, sizeof(before), "%s", iso);
	}
}

static const struct {
	const char	*text;
	int64_t		 us;
} readable[] = {
	{ "1970-01-02", 86400 * S },
	{ "2024-02-29", 1709164800 * S },
	{ "1970-01-01T00:00Z", 0 },
	{ "1970-01-01t00:00:01z", S },
	{ "1970-01-01 00:00:01Z", S },
	{ "1970-01-01T00:00:00.5Z", 500000 },
	{ "1970-01-01T00:00:00,25Z", 250000 },
	{ "1970-01-01T00:00:00.123456Z", 123456 },
	{ "1970-01-01T00:00:00.1234569Z", 123456 },
	{ "1970-01-01T00:00:00.000000999999Z", 0 },
	{ "1970-01-01T02:00:00+02:00", 0 },
	{ "1970-01-01T02:00:00+0200", 0 },
	{ "1970-01-01T02:00:00+02", 0 },
	{ "1970-01-01T02:00+02", 0 },
	{ "1969-12-31T18:30:00-05:30", 0 },
	{ "1970-01-01T00:00:00-00:00", 0 },
	{ "1970-01-01T23:59:00+23:59", 0 },
};

static void
what_iso_8601_allows_is_read(void **state)
{
	int64_t	 us;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(readable) / sizeof(readable[0]); i++) {
		if (tt_clock_parse(readable[i].text, &us) != TT_OK ||
		    us != readable[i].us)
			fail_msg("%s", readable[i].text);
	}
}

static const char *const bad[] = {
	"", "now", "2026", "2026-05", "2026-5-1", "26-05-01", "20260501",
	"2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32", "2026-04-31",
	"2023-02-29", "1900-02-29", "2100-02-29", "2026-02-30", "0000-01-01",
	"10000-01-01", "+2026-01-01", "-001-01-01", " 2026-01-01",
	"2026-01-01 ", "2026-01-01T", "2026-01-01T00", "2026-01-01T00:00",
	"2026-01-01T00:00:00", "2026-01-01T00:00:00.5", "2026-01-01Z",
	"2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
	"2026-01-01T00:00:00.Z", "2026-01-01T0:00:00Z", "2026-01-01T00:00:0Z",
	"2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00 Z",
	"2026-01-01T00:00:00 02:00", "2026-01-01T00:00:00+", "2026-01-01T00+02",
	"2026-01-01T00:00:00+2", "2026-01-01T00:00:00+24:00",
	"2026-01-01T00:00:00+02:60", "2026-01-01T00:00:00+02:",
	"2026-01-01T00:00:00+02:0", "2026-01-01T00:00:00+020",
	"2026-01-01T00:00:00+02000", "2026-01-01_00:00:00Z", "2026-W01-1",
	"2026/01/01", "1777604646", "2026-01-01T00:00:00Z; drop",
};

static void
what_is_no_time_is_refused(void **state)
{
	int64_t	 us;
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (tt_clock_parse(bad[i], &us) != TT_BADREQ)
			fail_msg("%s", bad[i]);
}

static void
the_clocks_run(void **state)
{
	int64_t	 ms = tt_clock_mono_ms();

	(void)state;
	assert_true(tt_clock_now_us() > 1700000000 * S);
	assert_true(tt_clock_mono_ms() >= ms);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(times_go_both_ways),
		cmocka_unit_test(microseconds_are_cut_and_not_rounded),
		cmocka_unit_test(the_calendar_has_no_hole),
		cmocka_unit_test(what_iso_8601_allows_is_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(the_clocks_run),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}

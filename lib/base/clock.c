/*
 * clock.c - see clock.h.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

#define US_PER_S	1000000LL
#define DAY_S		86400LL

int64_t
tt_clock_now_us(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

int64_t
tt_clock_mono_ms(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/*
 * Days and dates of the Gregorian calendar, without libc's time zones: years
 * are counted from March, so that the leap day is the last of its year, and in
 * eras of 400 years, which all have the same 146097 days.
 */
static int64_t
days_from_date(int64_t y, int64_t m, int64_t d)
{
	int64_t	 era, year_of_era, day_of_year;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	year_of_era = y - era * 400;
	day_of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 -
	    year_of_era / 100 + day_of_year - 719468;
}

static void
date_from_days(int64_t days, int64_t *y, int64_t *m, int64_t *d)
{
	int64_t	 era, day_of_era, year_of_era, day_of_year, month;

	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	day_of_era = days - era * 146097;
	year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
	    day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 -
	    year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	*d = day_of_year - (153 * month + 2) / 5 + 1;
	*m = month < 10 ? month + 3 : month - 9;
	*y = year_of_era + era * 400 + (*m <= 2);
}

/* n / by, rounded down. */
static int64_t
floor_div(int64_t n, int64_t by)
{
	return n / by - (n % by < 0);
}

/* A number in so many digits, and what follows it; returns where that ends. */
static char *
put(char *out, int64_t number, int digits, char after)
{
	int	 i;

	for (i = digits - 1; i >= 0; i--, number /= 10)
		out[i] = (char)('0' + number % 10);
	out[digits] = after;
	return out + digits + 1;
}

static char *
put_date(char *out, int64_t days)
{
	int64_t	 y, m, d;

	date_from_days(days, &y, &m, &d);
	if (y >= 0 && y <= 9999)
		out = put(out, y, 4, '-');
	else
		out += snprintf(out, TT_CLOCK_ISO_SZ / 2, "%04lld-",
		    (long long)y);
	out = put(out, m, 2, '-');
	return put(out, d, 2, 'T');
}

/* By hand, and not by printf(): a list of jobs has three hundred times. */
char *
tt_clock_iso(int64_t us, char *out)
{
	int64_t	 s = floor_div(us, US_PER_S), days = floor_div(s, DAY_S);
	int	 ms = (int)((us - s * US_PER_S) / 1000);
	int	 in_day = (int)(s - days * DAY_S);
	char	*p = put_date(out, days);

	p = put(p, in_day / 3600, 2, ':');
	p = put(p, in_day / 60 % 60, 2, ':');
	p = put(p, in_day % 60, 2, '.');
	p = put(p, ms, 3, 'Z');
	*p = '\0';
	return out;
}

/* Take n digits as a number from min to max; *p is left after them. */
static bool
digits(const char **p, int n, int min, int max, int *out)
{
	*out = 0;
	for (; n > 0; n--, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		*out = *out * 10 + (**p - '0');
	}
	return *out >= min && *out <= max;
}

static bool
literal(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool
parse_date(const char **p, int64_t *days)
{
	static const int	 lengths[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};
	int			 y, m, d;
	bool			 leap;

	if (!digits(p, 4, 1, 9999, &y) || !literal(p, '-') ||
	    !digits(p, 2, 1, 12, &m) || !literal(p, '-') ||
	    !digits(p, 2, 1, 31, &d))
		return false;
	leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
	if (d > lengths[m - 1] + (m == 2 && leap))
		return false;
	*days = days_from_date(y, m, d);
	return true;
}

/* At least one digit after a point or comma; those after the sixth are cut. */
static bool
parse_fraction(const char **p, int *us)
{
	int	 n, scale = 100000;

	*us = 0;
	if (**p != '.' && **p != ',')
		return true;
	(*p)++;
	for (n = 0; **p >= '0' && **p <= '9'; n++, (*p)++) {
		*us += (**p - '0') * scale;
		scale /= 10;
	}
	return n > 0;
}

static bool
parse_time(const char **p, int64_t *us)
{
	int	 h, m, s = 0, fraction = 0;

	if (!digits(p, 2, 0, 23, &h) || !literal(p, ':') ||
	    !digits(p, 2, 0, 59, &m))
		return false;
	if (literal(p, ':') && (!digits(p, 2, 0, 59, &s) ||
	    !parse_fraction(p, &fraction)))
		return false;
	*us = (h * 3600LL + m * 60LL + s) * US_PER_S + fraction;
	return true;
}

/* Z, or an offset as hh, hhmm or hh:mm after its sign, in seconds. */
static bool
parse_zone(const char **p, int64_t *offset)
{
	int	 sign, h, m = 0;

	*offset = 0;
	if (literal(p, 'Z') || literal(p, 'z'))
		return true;
	if (**p != '+' && **p != '-')
		return false;
	sign = *(*p)++ == '-' ? -1 : 1;
	if (!digits(p, 2, 0, 23, &h))
		return false;
	if ((literal(p, ':') || **p != '\0') && !digits(p, 2, 0, 59, &m))
		return false;
	*offset = sign * (h * 3600LL + m * 60LL);
	return true;
}

enum tt_rc
tt_clock_parse(const char *s, int64_t *us)
{
	int64_t	 days, in_day = 0, offset = 0;

	*us = 0;
	if (!parse_date(&s, &days))
		return TT_BADREQ;
	if (*s != '\0') {
		if (strchr("Tt ", *s) == NULL)
			return TT_BADREQ;
		s++;
		if (!parse_time(&s, &in_day) || !parse_zone(&s, &offset) ||
		    *s != '\0')
			return TT_BADREQ;
	}
	*us = (days * DAY_S - offset) * US_PER_S + in_day;

	/* Its zone may have led out of the years that there are. */
	return *us >= days_from_date(1, 1, 1) * DAY_S * US_PER_S &&
	    *us < days_from_date(10000, 1, 1) * DAY_S * US_PER_S ?
	    TT_OK : TT_BADREQ;
}

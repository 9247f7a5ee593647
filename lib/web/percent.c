/*
 * percent.c - see percent.h.
 */
#include "base/utf8.h"
#include "web/percent.h"

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
tt_percent_decode(char *s, bool plus_is_space)
{
	char	*in = s, *out = s;
	int	 hi, lo;

	for (; *in != '\0'; in++) {
		if (*in == '+' && plus_is_space) {
			*out++ = ' ';
			continue;
		}
		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		if ((hi = hex_value(in[1])) == -1 ||
		    (lo = hex_value(in[2])) == -1 || hi + lo == 0)
			return false;
		*out++ = (char)(hi << 4 | lo);
		in += 2;
	}
	*out = '\0';
	return tt_utf8_length(s) != -1;
}

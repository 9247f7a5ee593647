/*
 * log.c - see log.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/utf8.h"

#define LINE_SZ	1024

static const char		*program = "telltale";
static enum tt_log_level	 threshold = TT_LOG_INFO;
static bool			 tracing;
static _Thread_local const char	*request;

static const char *const words[] = {
	[TT_LOG_ERROR]	= "error",
	[TT_LOG_WARN]	= "warning",
	[TT_LOG_INFO]	= "info",
	[TT_LOG_DEBUG]	= "debug",
};

void
tt_log_open(const char *name, enum tt_log_level level, bool trace)
{
	program = name;
	threshold = level;
	tracing = trace;
}

void
tt_log_request(const char *id)
{
	request = id;
}

/*
 * How many bytes of the text cannot stand in a log as they are: a control, also
 * one of C1, what turns the direction of writing, and what is no UTF-8.
 */
static size_t
unfit(const char *text)
{
	const unsigned char	*c = (const unsigned char *)text;
	size_t			 n;

	if (c[0] < 0x20 || c[0] == 0x7f)
		return 1;
	if ((n = tt_utf8_next(text, strnlen(text, 4))) == 0)
		return 1;
	if ((c[0] == 0xc2 && c[1] < 0xa0) ||
	    (c[0] == 0xe2 && c[1] == 0x80 && ((c[2] >= 0x8b && c[2] <= 0x8f) ||
	    (c[2] >= 0xa8 && c[2] <= 0xae))) ||
	    (c[0] == 0xe2 && c[1] == 0x81 && c[2] >= 0xa0 && c[2] <= 0xaf))
		return n;
	return 0;
}

/* Copy text, with such bytes as \xNN; sz is at least 8. */
static size_t
escape(char *out, size_t sz, const char *text)
{
	static const char	 hex[] = "0123456789abcdef";
	size_t			 n = 0, bad = 0, good = 0;
	unsigned char		 c;

	for (; (c = (unsigned char)*text) != '\0' && n + 5 < sz; text++) {
		if (bad == 0 && good == 0 && (bad = unfit(text)) == 0)
			good = tt_utf8_next(text, strnlen(text, 4));
		if (good > 0) {
			good--;
			out[n++] = (char)c;
			continue;
		}
		bad--;
		out[n++] = '\\';
		out[n++] = 'x';
		out[n++] = hex[c >> 4];
		out[n++] = hex[c & 15];
	}
	return n;
}

/* One write() a line, so that lines of several processes do not mix. */
static TT_PRINTF(2, 0) void
put(const char *word, const char *fmt, va_list ap)
{
	char	 text[LINE_SZ / 2];
	char	 line[LINE_SZ];
	size_t	 n, end;
	int	 head;

	(void)vsnprintf(text, sizeof(text), fmt, ap);
	for (end = strlen(text); end > 0 && text[end - 1] == '\n'; end--)
		text[end - 1] = '\0';

	head = snprintf(line, sizeof(line), "telltale %s[%ld] %s %s: ", program,
	    (long)getpid(), request == NULL ? "-" : request, word);
	if (head < 0 || (size_t)head >= sizeof(line) - 16)
		return;
	n = (size_t)head;
	n += escape(line + n, sizeof(line) - n - 1, text);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) == -1)
		return;		/* nowhere left to say so */
}

#define LEVEL(name, level)						\
void									\
name(const char *fmt, ...)						\
{									\
	va_list	 ap;							\
									\
	if (threshold < (level))					\
		return;							\
	va_start(ap, fmt);						\
	put(words[level], fmt, ap);					\
	va_end(ap);							\
}

LEVEL(tt_error, TT_LOG_ERROR)
LEVEL(tt_warn, TT_LOG_WARN)
LEVEL(tt_info, TT_LOG_INFO)
LEVEL(tt_debug, TT_LOG_DEBUG)

void
tt_trace(const char *fmt, ...)
{
	va_list	 ap;

	if (!tracing)
		return;
	va_start(ap, fmt);
	put("trace", fmt, ap);
	va_end(ap);
}

/*
 * json.c - see json.h.
 */
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"

void
tt_json_init(struct tt_json *j, struct tt_buf *buf)
{
	j->buf = buf;
	j->comma = false;
}

/* Before every value: the comma that the one before it left owing. */
static void
begin(struct tt_json *j)
{
	if (j->comma)
		tt_buf_putc(j->buf, ',');
	j->comma = true;
}

void
tt_json_open(struct tt_json *j, char bracket)
{
	begin(j);
	tt_buf_putc(j->buf, bracket);
	j->comma = false;
}

void
tt_json_close(struct tt_json *j, char bracket)
{
	tt_buf_putc(j->buf, bracket);
	j->comma = true;
}

/* Most bytes of most texts: ASCII that is written as it is, wherever. */
static bool
plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '<' &&
	    c != '>' && c != '&';
}

/* What one byte of ASCII must be written as; NULL if as it is. */
static const char *
escape(unsigned char c, char out[7])
{
	static const char	 hex[] = "0123456789abcdef";
	static const char	 named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	const char		*p;

	for (p = named; *p != '\0'; p += 2)
		if ((unsigned char)p[0] == c) {
			out[0] = '\\';
			out[1] = p[1];
			out[2] = '\0';
			return out;
		}
	if (c >= 0x20 && c != 0x7f && strchr("<>&", c) == NULL)
		return NULL;
	(void)memcpy(out, "\\u00", 4);
	out[4] = hex[c >> 4];
	out[5] = hex[c & 15];
	out[6] = '\0';
	return out;
}

/* The escape for the character of n bytes at s; NULL if none is needed. */
static const char *
replacement(const char *s, size_t n, char out[7])
{
	if (n == 0)
		return "\xef\xbf\xbd";
	if (n == 1)
		return escape((unsigned char)*s, out);
	if (n == 3 && memcmp(s, "\xe2\x80\xa8", 3) == 0)
		return "\\u2028";
	if (n == 3 && memcmp(s, "\xe2\x80\xa9", 3) == 0)
		return "\\u2029";
	return NULL;
}

/* The same for what is JSON: its own escapes stay, its line ends are blanks. */
static const char *
replacement_in_json(const char *s, size_t n, char out[7])
{
	if (*s == '"' || *s == '\\')
		return NULL;
	if (n == 1 && (unsigned char)*s < 0x20)
		return " ";
	return replacement(s, n, out);
}

/* Runs of what needs no replacement are appended in one go. */
static void
copy(struct tt_buf *b, const char *s, size_t sz,
    const char *(*replace)(const char *, size_t, char *))
{
	const char	*end = s + sz, *run, *with;
	char		 esc[7];
	size_t		 n;

	for (run = s; s < end; s += n == 0 ? 1 : n) {
		while (s < end && plain(*s))
			s++;
		if (s == end)
			break;
		n = tt_utf8_next(s, (size_t)(end - s));
		if ((with = replace(s, n, esc)) == NULL)
			continue;
		tt_buf_add(b, run, (size_t)(s - run));
		tt_buf_puts(b, with);
		run = s + (n == 0 ? 1 : n);
	}
	tt_buf_add(b, run, (size_t)(end - run));
}

void
tt_json_stringn(struct tt_json *j, const char *s, size_t sz)
{
	if (s == NULL) {
		tt_json_null(j);
		return;
	}
	begin(j);
	tt_buf_putc(j->buf, '"');
	copy(j->buf, s, sz, replacement);
	tt_buf_putc(j->buf, '"');
}

void
tt_json_copy(struct tt_json *j, const char *text, size_t sz)
{
	if (text == NULL) {
		tt_json_null(j);
		return;
	}
	begin(j);
	copy(j->buf, text, sz, replacement_in_json);
}

void
tt_json_string(struct tt_json *j, const char *s)
{
	tt_json_stringn(j, s, s == NULL ? 0 : strlen(s));
}

void
tt_json_raw(struct tt_json *j, const char *text)
{
	begin(j);
	tt_buf_puts(j->buf, text == NULL ? "null" : text);
}

void
tt_json_int(struct tt_json *j, int64_t n)
{
	begin(j);
	tt_buf_printf(j->buf, "%lld", (long long)n);
}

void
tt_json_bool(struct tt_json *j, bool v)
{
	tt_json_raw(j, v ? "true" : "false");
}

void
tt_json_null(struct tt_json *j)
{
	tt_json_raw(j, NULL);
}

void
tt_json_time(struct tt_json *j, int64_t us)
{
	char	 iso[TT_CLOCK_ISO_SZ];

	begin(j);
	tt_buf_putc(j->buf, '"');
	tt_buf_puts(j->buf, tt_clock_iso(us, iso));
	tt_buf_putc(j->buf, '"');
}

void
tt_json_add_string(struct tt_json *j, const char *key, const char *value)
{
	if (value == NULL)
		return;
	tt_json_key(j, key);
	tt_json_string(j, value);
}

void
tt_json_add_raw(struct tt_json *j, const char *key, const char *value)
{
	if (value == NULL)
		return;
	tt_json_key(j, key);
	tt_json_raw(j, value);
}

/*
 * sse.c - see sse.h.
 */
#include <string.h>

#include <sodium.h>

#include "base/buf.h"
#include "stream/sse.h"

/* A field per line; CR, LF and CR LF all end one. */
static void
lines(struct tt_buf *b, const char *field, const char *text)
{
	size_t	 n;

	for (;;) {
		n = strcspn(text, "\r\n");
		tt_buf_puts(b, field);
		tt_buf_add(b, text, n);
		tt_buf_putc(b, '\n');
		text += n;
		if (*text == '\0')
			return;
		text += text[0] == '\r' && text[1] == '\n' ? 2 : 1;
	}
}

void
tt_sse_event(struct tt_buf *b, const char *id, const char *name,
    const char *data)
{
	if (id != NULL)
		tt_buf_printf(b, "id: %s\n", id);
	tt_buf_printf(b, "event: %s\n", name);
	lines(b, "data: ", data);
	tt_buf_putc(b, '\n');
}

void
tt_sse_retry(struct tt_buf *b, int ms)
{
	tt_buf_printf(b, "retry: %d\n\n", ms);
}

void
tt_sse_comment(struct tt_buf *b, const char *text)
{
	size_t	 n;

	tt_buf_puts(b, ": ");
	while (*text != '\0') {
		n = strcspn(text, "\r\n");
		tt_buf_add(b, text, n);
		text += n;
		if (*text != '\0') {
			tt_buf_putc(b, ' ');
			text++;
		}
	}
	tt_buf_puts(b, "\n\n");
}

int
tt_sse_jitter(int ms)
{
	int	 third = ms / 3;

	return ms - third + (int)randombytes_uniform((uint32_t)(2 * third + 1));
}

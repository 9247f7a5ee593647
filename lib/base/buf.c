/*
 * buf.c - see buf.h.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define BUF_MIN	256

void
tt_buf_clear(struct tt_buf *b)
{
	b->sz = 0;
	b->broken = false;
	if (b->data != NULL)
		b->data[0] = '\0';
}

void
tt_buf_free(struct tt_buf *b)
{
	free(b->data);
	b->data = NULL;
	b->sz = b->cap = 0;
	b->broken = false;
}

bool
tt_buf_broken(const struct tt_buf *b)
{
	return b->broken;
}

const char *
tt_buf_text(const struct tt_buf *b)
{
	return b->data == NULL ? "" : b->data;
}

bool
tt_buf_reserve(struct tt_buf *b, size_t sz)
{
	size_t	 cap = b->cap == 0 ? BUF_MIN : b->cap;
	char	*data;

	if (b->broken)
		return false;
	if (sz < b->cap - b->sz)
		return true;
	if (sz >= SIZE_MAX / 2 - b->sz) {
		b->broken = true;
		return false;
	}
	while (cap < b->sz + sz + 1)
		cap *= 2;
	if ((data = realloc(b->data, cap)) == NULL) {
		b->broken = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void
tt_buf_puts(struct tt_buf *b, const char *s)
{
	tt_buf_add(b, s, strlen(s));
}

void
tt_buf_printf(struct tt_buf *b, const char *fmt, ...)
{
	va_list	 ap;
	int	 n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !tt_buf_reserve(b, (size_t)n)) {
		b->broken = true;
		return;
	}

	va_start(ap, fmt);
	(void)vsnprintf(b->data + b->sz, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->sz += (size_t)n;
}

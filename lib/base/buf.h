/*
 * buf.h - a growable buffer with sticky failure.
 *
 * When memory runs out the buffer is broken: what is appended from then on is
 * dropped, and the caller looks once, at the end, with tt_buf_broken().  A
 * buffer is meant to be reused: tt_buf_clear() keeps the memory.
 */
#ifndef TT_BUF_H
#define TT_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/rc.h"

struct tt_buf {
	char	*data;		/* NUL-terminated once anything was appended */
	size_t	 sz;		/* bytes in use, without the NUL */
	size_t	 cap;
	bool	 broken;
};

#define TT_BUF_INIT	{ NULL, 0, 0, false }

void		 tt_buf_clear(struct tt_buf *);
void		 tt_buf_free(struct tt_buf *);
bool		 tt_buf_broken(const struct tt_buf *);

/* Room for sz more bytes and the NUL; false if broken.  For what follows. */
bool		 tt_buf_reserve(struct tt_buf *, size_t sz);

void		 tt_buf_puts(struct tt_buf *, const char *);
void		 tt_buf_printf(struct tt_buf *, const char *fmt, ...)
		    TT_PRINTF(2, 3);

/* These are here since JSON is made of single characters and short literals. */
static inline void
tt_buf_add(struct tt_buf *b, const void *p, size_t sz)
{
	if ((b->broken || sz >= b->cap - b->sz) && !tt_buf_reserve(b, sz))
		return;
	if (sz > 0)
		(void)memcpy(b->data + b->sz, p, sz);
	b->sz += sz;
	b->data[b->sz] = '\0';
}

static inline void
tt_buf_putc(struct tt_buf *b, char c)
{
	tt_buf_add(b, &c, 1);
}

/* The text, "" while empty; valid until the next append. */
const char	*tt_buf_text(const struct tt_buf *);

#endif /* !TT_BUF_H */

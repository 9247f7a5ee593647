/*
 * args.h - the arguments of a statement, as PostgreSQL reads them.
 *
 * They are added in order; the struct is cleared and used again, and keeps its
 * memory.  Running out of memory shows once, at the end.
 */
#ifndef TT_ARGS_H
#define TT_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define TT_ARGS_MAX	24

struct tt_args {
	struct tt_buf	 text;
	size_t		 at[TT_ARGS_MAX];	/* in text */
	const char	*value[TT_ARGS_MAX];
	int		 n;
};

void	 tt_args_clear(struct tt_args *);	/* also a zeroed one */
void	 tt_args_free(struct tt_args *);

void	 tt_args_null(struct tt_args *);
void	 tt_args_text(struct tt_args *, const char *);	/* NULL: null */
void	 tt_args_int(struct tt_args *, int64_t);
void	 tt_args_bool(struct tt_args *, bool);

/* Microseconds since the epoch as a timestamptz; INT64_MIN: -infinity. */
void	 tt_args_time(struct tt_args *, int64_t us);

/* An array: open, items, close.  Words need no quoting: A-Za-z0-9_-. */
void	 tt_args_open(struct tt_args *);
void	 tt_args_item(struct tt_args *, int64_t);
void	 tt_args_word(struct tt_args *, const char *);
void	 tt_args_close(struct tt_args *);

/* An argument whose text somebody else appends to the buffer, until end. */
struct tt_buf		*tt_args_begin(struct tt_args *);
void			 tt_args_end(struct tt_args *);

/* What libpq takes; valid until the next change.  NULL on no memory. */
const char *const	*tt_args_values(struct tt_args *);

#endif /* !TT_ARGS_H */

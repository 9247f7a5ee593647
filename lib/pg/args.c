/*
 * args.c - see args.h.
 */
#include <assert.h>
#include <inttypes.h>

#include "base/clock.h"
#include "pg/args.h"

#define NO_TEXT	SIZE_MAX	/* where a null is */

void
tt_args_clear(struct tt_args *a)
{
	tt_buf_clear(&a->text);
	a->n = 0;
}

void
tt_args_free(struct tt_args *a)
{
	tt_buf_free(&a->text);
	a->n = 0;
}

struct tt_buf *
tt_args_begin(struct tt_args *a)
{
	assert(a->n < TT_ARGS_MAX);
	a->at[a->n++] = a->text.sz;
	return &a->text;
}

void
tt_args_end(struct tt_args *a)
{
	tt_buf_putc(&a->text, '\0');
}

void
tt_args_null(struct tt_args *a)
{
	assert(a->n < TT_ARGS_MAX);
	a->at[a->n++] = NO_TEXT;
}

void
tt_args_text(struct tt_args *a, const char *text)
{
	if (text == NULL) {
		tt_args_null(a);
		return;
	}
	tt_buf_puts(tt_args_begin(a), text);
	tt_args_end(a);
}

void
tt_args_int(struct tt_args *a, int64_t n)
{
	tt_buf_printf(tt_args_begin(a), "%" PRId64, n);
	tt_args_end(a);
}

void
tt_args_bool(struct tt_args *a, bool yes)
{
	tt_args_text(a, yes ? "true" : "false");
}

void
tt_args_time(struct tt_args *a, int64_t us)
{
	char	 iso[TT_CLOCK_ISO_SZ];

	tt_args_text(a, us == INT64_MIN ? "-infinity" : tt_clock_iso(us, iso));
}

void
tt_args_open(struct tt_args *a)
{
	tt_buf_putc(tt_args_begin(a), '{');
}

/* Before every item but the first. */
static void
comma(struct tt_args *a)
{
	if (a->text.sz > a->at[a->n - 1] + 1)
		tt_buf_putc(&a->text, ',');
}

void
tt_args_item(struct tt_args *a, int64_t n)
{
	comma(a);
	tt_buf_printf(&a->text, "%" PRId64, n);
}

void
tt_args_word(struct tt_args *a, const char *word)
{
	comma(a);
	tt_buf_puts(&a->text, word);
}

void
tt_args_close(struct tt_args *a)
{
	tt_buf_putc(&a->text, '}');
	tt_args_end(a);
}

const char *const *
tt_args_values(struct tt_args *a)
{
	int	 i;

	if (tt_buf_broken(&a->text))
		return NULL;
	for (i = 0; i < a->n; i++)
		a->value[i] = a->at[i] == NO_TEXT ? NULL :
		    a->text.data + a->at[i];
	return a->value;
}

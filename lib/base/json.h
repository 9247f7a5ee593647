/*
 * json.h - writes JSON straight into a buffer.
 *
 * No tree is built: open, key, value, close, in the order of the text.  The
 * writer puts the commas.  Strings are escaped so that the text is valid JSON
 * on one line and harmless inside HTML (<, >, &, U+2028 and U+2029 too); bytes
 * that are not UTF-8 become U+FFFD.
 */
#ifndef TT_JSON_H
#define TT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

struct tt_json {
	struct tt_buf	*buf;		/* borrowed */
	bool		 comma;		/* does a comma come before the next? */
};

void	 tt_json_init(struct tt_json *, struct tt_buf *);

void	 tt_json_open(struct tt_json *, char bracket);	/* '{' or '[' */
void	 tt_json_close(struct tt_json *, char bracket);	/* '}' or ']' */

/*
 * A literal, or another text that needs no escapes.  Here, so that the compiler
 * knows how long it is.
 */
static inline void
tt_json_key(struct tt_json *j, const char *key)
{
	if (j->comma)
		tt_buf_putc(j->buf, ',');
	tt_buf_putc(j->buf, '"');
	tt_buf_add(j->buf, key, strlen(key));
	tt_buf_add(j->buf, "\":", 2);
	j->comma = false;
}

/* Values.  A NULL string is written as null. */
void	 tt_json_string(struct tt_json *, const char *);
void	 tt_json_stringn(struct tt_json *, const char *, size_t sz);
void	 tt_json_int(struct tt_json *, int64_t);
void	 tt_json_bool(struct tt_json *, bool);
void	 tt_json_null(struct tt_json *);

/* A number or document that is JSON already (from PostgreSQL); NULL is null. */
void	 tt_json_raw(struct tt_json *, const char *);

/*
 * The same for a part of such a text.  It comes out on one line and harmless
 * inside HTML, as strings do, and else as it is.
 */
void	 tt_json_copy(struct tt_json *, const char *, size_t sz);

/* A key and its value; nothing at all where the value is NULL. */
void	 tt_json_add_string(struct tt_json *, const char *key,
	    const char *value);
void	 tt_json_add_raw(struct tt_json *, const char *key, const char *value);

/* Microseconds since the epoch as "2026-05-01T03:04:06.683Z". */
void	 tt_json_time(struct tt_json *, int64_t us);

#endif /* !TT_JSON_H */

/*
 * formdata.h - the body of a request, as named values and files.
 *
 * JSON (one object), application/x-www-form-urlencoded, or
 * multipart/form-data, told apart by Content-Type and read into the same
 * fields, so that no program knows which it was.
 */
#ifndef TT_FORMDATA_H
#define TT_FORMDATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/rc.h"

struct tt_request;

#define TT_FORM_FIELDS	64
#define TT_FORM_DEPTH	32	/* of JSON in JSON */

/* A file of a multipart body. */
struct tt_file {
	const char	*field;
	const char	*name;		/* as the client said; hostile */
	const char	*type;		/* its Content-Type, or "" */
	const char	*data;		/* sz bytes; may hold NUL */
	size_t		 sz;
};

struct tt_form {
	json_t		*fields;	/* an object: texts, or JSON's values */
	struct tt_file	 file[TT_FORM_FIELDS];
	int		 nfiles;
	bool		 multipart, json;	/* what the body was */
	bool		 repeated;	/* may names come again? */
	struct tt_buf	 body;		/* what was sent, altered in place */
};

/* For tt_form_read(): the bodies that a path takes. */
#define TT_FORM_JSON		1
#define TT_FORM_URLENCODED	2
#define TT_FORM_MULTIPART	4
#define TT_FORM_REPEATED	8	/* in a multipart: a list of texts */

/*
 * Read the request's whole body, of at most max bytes, and take it apart.  No
 * body at all is an empty form.  Zero the struct before the first time; it may
 * be read into again.
 *
 *	TT_TOOLARGE	longer than max, by Content-Length or in fact
 *	TT_MEDIATYPE	of a type that is not among takes
 *	TT_BADREQ	malformed: not JSON, not one object, a name given twice
 *			(also in JSON, at any depth), too deep, not UTF-8, NUL
 *			in a text, a truncated multipart, more than
 *			TT_FORM_FIELDS
 *	TT_UNAVAIL	too many bodies are being read at once
 *
 * All with a text for the client.  A body that does not come within ten
 * seconds in all is TT_BADREQ: a slow client must not hold a thread.  Where it
 * fails, the form is empty.
 */
enum tt_rc	 tt_form_read(struct tt_form *, const struct tt_request *,
		    size_t max, unsigned takes, struct tt_err *) TT_MUSTUSE;
void		 tt_form_free(struct tt_form *);

/* The same from a body in memory: what tt_form_read() does after reading. */
enum tt_rc	 tt_form_parse(struct tt_form *, const char *content_type,
		    unsigned takes, struct tt_err *) TT_MUSTUSE;

/* TT_BADREQ, naming it, if a field or file is none of the NULL-ended known. */
enum tt_rc	 tt_form_known(const struct tt_form *,
		    const char *const *known, struct tt_err *) TT_MUSTUSE;

/*
 * There is nothing to say: the body is empty, or a form without fields.  As
 * tt_form_read() and tt_form_known().
 */
enum tt_rc	 tt_form_none(const struct tt_request *, struct tt_err *)
		    TT_MUSTUSE;

/*
 * The text of that field, NULL if it was not given (or is null).  TT_BADREQ
 * naming it where it is no text, or longer than max characters (code points).
 */
enum tt_rc	 tt_form_text(const struct tt_form *, const char *name,
		    size_t max, const char **text, struct tt_err *) TT_MUSTUSE;

/*
 * The same for a boolean (JSON's, or "true"/"false"/"1"/"0"); the value is left
 * as it is, a default, where none was given.
 */
enum tt_rc	 tt_form_bool(const struct tt_form *, const char *name,
		    bool *value, struct tt_err *) TT_MUSTUSE;

/*
 * And a whole number, JSON's or in digits; *given says whether there was one,
 * and if not, the value is left as it is too.
 */
enum tt_rc	 tt_form_int(const struct tt_form *, const char *name,
		    int64_t min, int64_t max, int64_t *value, bool *given,
		    struct tt_err *) TT_MUSTUSE;

/* The JSON value of a field (borrowed), NULL if there is none. */
const json_t	*tt_form_json(const struct tt_form *, const char *name);

/*
 * The same where any value may come: in a form it is a text that is JSON.  The
 * value is the caller's, to be json_decref()ed; NULL if there is none.
 * TT_BADREQ naming the field.
 */
enum tt_rc	 tt_form_any(const struct tt_form *, const char *name,
		    json_t **value, struct tt_err *) TT_MUSTUSE;

/*
 * A value out of JSON that somebody sent, any one: the caller's, as above.
 * TT_BADREQ saying what is wrong with it.
 */
enum tt_rc	 tt_form_load(const char *, size_t sz, json_t **value,
		    struct tt_err *) TT_MUSTUSE;

#endif /* !TT_FORMDATA_H */

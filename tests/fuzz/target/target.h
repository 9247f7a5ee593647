/*
 * target.h - what hostile input is fed to, as the programs would feed it.
 *
 * The fuzzers and tests/cases have these in common.  A target asserts what must
 * hold whatever the input is, and frees all that it took.
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/rc.h"

struct tt_request;

/*
 * in is the caller's to spoil: sz bytes, and a NUL that is not counted.  What
 * the input was taken for may be written to seen, for a case to compare.
 */
typedef enum tt_rc (*target_run)(char *in, size_t sz, struct tt_buf *seen,
		    struct tt_err *);

struct target {
	const char	*name;
	target_run	 run;
	bool		 http;		/* a refusal is an answer of /api/v1 */
};

/* NULL if there is none of that name (of so many bytes). */
const struct target	*target_find(const char *name, size_t sz);

/*
 * Run it on a copy of its own size, so that a sanitizer sees each byte too
 * many.  Returns err->rc.
 */
enum tt_rc	 target_feed(const struct target *, const void *in, size_t sz,
		    struct tt_buf *seen, struct tt_err *);

/* How a refusal is answered. */
struct refusal {
	int	 status;
	char	 word[32];		/* "INVALID_REQUEST" */
	char	 message[512];
};

/* Render the error, and assert that the answer is what an answer must be. */
void		 target_refuse(const struct tt_err *, struct refusal *);

/* A request with this environment, NULL-terminated "NAME=value". */
#define TARGET_ENV	16

struct fake_env {
	char	*list[TARGET_ENV + 1];
	int	 n;
};

/* Without room for it, or without a value, it is left out. */
void		 fake_env_add(struct fake_env *, const char *name,
		    const char *value);
/* Take a line "Name: value" off the text; false for an empty line, or none. */
bool		 fake_env_header(struct fake_env *, char **);
void		 fake_env_free(struct fake_env *);

/* For an assertion: UTF-8, and none of the bytes in not. */
bool		 target_text_ok(const char *, const char *not);

/* Assert of the head of an answer that each line is one header. */
void		 target_head_ok(const struct tt_buf *head);

/* The first line of *p, which is cut there; *p is what follows. */
char		*target_line(char **p);

/* The jobs that a progress stream is asked for: target_place.c has them. */
enum tt_rc	 target_progress_jobs(const struct tt_request *,
		    struct tt_err *);

enum tt_rc	 target_uri(char *, size_t, struct tt_buf *, struct tt_err *);
enum tt_rc	 target_headers(char *, size_t, struct tt_buf *,
		    struct tt_err *);
enum tt_rc	 target_authorization(char *, size_t, struct tt_buf *,
		    struct tt_err *);
enum tt_rc	 target_ticket(char *, size_t, struct tt_buf *,
		    struct tt_err *);
enum tt_rc	 target_cursor(char *, size_t, struct tt_buf *,
		    struct tt_err *);
enum tt_rc	 target_last_event_id(char *, size_t, struct tt_buf *,
		    struct tt_err *);
enum tt_rc	 target_position(char *, size_t, struct tt_buf *,
		    struct tt_err *);
enum tt_rc	 target_address(char *, size_t, struct tt_buf *,
		    struct tt_err *);
enum tt_rc	 target_form(char *, size_t, struct tt_buf *, struct tt_err *);
enum tt_rc	 target_json(char *, size_t, struct tt_buf *, struct tt_err *);
enum tt_rc	 target_conf(char *, size_t, struct tt_buf *, struct tt_err *);
enum tt_rc	 target_event(char *, size_t, struct tt_buf *,
		    struct tt_err *);

#endif /* !TARGET_H */

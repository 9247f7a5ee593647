/*
 * submit.c - see submit.h.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "job/caller.h"
#include "job/job.h"
#include "job/lease.h"
#include "job/submit.h"
#include "pg/args.h"
#include "pg/db.h"
#include "web/formdata.h"

#define NARGS	19

static const struct tt_query	 submit_query = {
	"submit", "select * from telltale.web_submit($1, $2, $3, $4, $5, $6, "
	"$7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)", NARGS
};

void
tt_submit_secret(char out[TT_SECRET_SZ])
{
	static const char	 prefix[] = "whsec_";
	unsigned char		 bytes[32];

	randombytes_buf(bytes, sizeof(bytes));
	(void)memcpy(out, prefix, sizeof(prefix));
	(void)sodium_bin2base64(out + sizeof(prefix) - 1,
	    TT_SECRET_SZ - sizeof(prefix) + 1, bytes, sizeof(bytes),
	    sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(bytes, sizeof(bytes));
}

/*
 * What tells one request from another under the same key: all that is asked,
 * each with its length before it, so that no two run into one.
 */
static void
add(crypto_hash_sha256_state *h, const char *p, size_t sz)
{
	uint64_t	 n = p == NULL ? UINT64_MAX : sz;

	(void)crypto_hash_sha256_update(h, (const unsigned char *)&n,
	    sizeof(n));
	if (p != NULL)
		(void)crypto_hash_sha256_update(h, (const unsigned char *)p,
		    sz);
}

static void
add_text(crypto_hash_sha256_state *h, const char *s)
{
	add(h, s, s == NULL ? 0 : strlen(s));
}

static void
add_number(crypto_hash_sha256_state *h, int64_t n)
{
	add(h, (const char *)&n, sizeof(n));
}

static void
hash_request(const struct tt_submission *s,
    unsigned char hash[TT_REQUEST_HASH_SZ])
{
	crypto_hash_sha256_state	 h;
	int				 i;

	(void)crypto_hash_sha256_init(&h);
	add_text(&h, s->type);
	add_text(&h, s->payload);
	add_text(&h, s->variant);
	add_text(&h, s->file_path);
	add_text(&h, s->webhook_url);
	add_text(&h, s->callback_id);
	add_number(&h, s->has_priority ? s->priority : INT64_MIN);
	add_number(&h, s->has_run_after ? s->run_after_us : INT64_MIN);
	add_number(&h, s->max_attempts);
	for (i = 0; i < s->nfiles; i++) {
		add_text(&h, s->files[i].field);
		add_text(&h, s->files[i].name);
		add_text(&h, s->files[i].type);
		add(&h, s->files[i].data, s->files[i].sz);
	}
	(void)crypto_hash_sha256_final(&h, hash);
}

static void
put_hex(struct tt_buf *b, const char *p, size_t sz)
{
	static const char	 digits[] = "0123456789abcdef";

	for (; sz > 0; sz--, p++) {
		tt_buf_putc(b, digits[(unsigned char)*p >> 4]);
		tt_buf_putc(b, digits[(unsigned char)*p & 15]);
	}
}

/* A text of a client's as an element of an array. */
static void
put_quoted(struct tt_buf *b, const char *s)
{
	tt_buf_putc(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			tt_buf_putc(b, '\\');
		tt_buf_putc(b, *s);
	}
	tt_buf_putc(b, '"');
}

/* One array of the files' texts: the member at that place of each struct. */
static void
put_texts(struct tt_args *a, const struct tt_submission *s, size_t offset)
{
	struct tt_buf	*b = tt_args_begin(a);
	const char	*text;
	int		 i;

	tt_buf_putc(b, '{');
	for (i = 0; i < s->nfiles; i++) {
		(void)memcpy(&text, (const char *)&s->files[i] + offset,
		    sizeof(text));
		if (i > 0)
			tt_buf_putc(b, ',');
		put_quoted(b, text);
	}
	tt_buf_putc(b, '}');
	tt_args_end(a);
}

static void
put_files(struct tt_args *a, const struct tt_submission *s)
{
	struct tt_buf	*b;
	int		 i;

	put_texts(a, s, offsetof(struct tt_file, field));
	put_texts(a, s, offsetof(struct tt_file, name));
	put_texts(a, s, offsetof(struct tt_file, type));
	b = tt_args_begin(a);
	tt_buf_putc(b, '{');
	for (i = 0; i < s->nfiles; i++) {
		tt_buf_puts(b, i == 0 ? "\"\\\\x" : ",\"\\\\x");
		put_hex(b, s->files[i].data, s->files[i].sz);
		tt_buf_putc(b, '"');
	}
	tt_buf_putc(b, '}');
	tt_args_end(a);
}

static void
put_number(struct tt_args *a, bool given, int64_t n)
{
	if (given)
		tt_args_int(a, n);
	else
		tt_args_null(a);
}

/*
 * A client without a key gets one for this call, since a call is made again
 * where its connection died.
 */
static void
put_key(struct tt_args *a, const char *key)
{
	char		 random[16];
	struct tt_buf	*b;

	if (key != NULL) {
		tt_args_text(a, key);
		return;
	}
	randombytes_buf(random, sizeof(random));
	b = tt_args_begin(a);
	tt_buf_puts(b, "once-");
	put_hex(b, random, sizeof(random));
	tt_args_end(a);
}

static void
put_args(struct tt_args *a, const struct tt_caller *caller,
    const struct tt_submission *s, const struct tt_lease *lease)
{
	unsigned char	 hash[TT_REQUEST_HASH_SZ];
	struct tt_buf	*b;

	tt_args_text(a, tt_caller_arg(caller));
	tt_args_text(a, caller->scope);
	tt_args_text(a, s->type);
	tt_args_text(a, s->payload);
	tt_args_text(a, s->file_path);
	put_number(a, s->has_priority, s->priority);
	put_number(a, s->has_run_after, s->run_after_us);
	put_number(a, s->max_attempts != 0, s->max_attempts);
	tt_args_text(a, s->webhook_url);
	tt_args_text(a, s->callback_id);
	tt_args_text(a, s->webhook_secret);
	put_key(a, s->idempotency_key);
	hash_request(s, hash);
	b = tt_args_begin(a);
	tt_buf_puts(b, "\\x");
	put_hex(b, (const char *)hash, sizeof(hash));
	tt_args_end(a);
	put_files(a, s);
	put_number(a, lease->listener != 0, lease->listener);
	tt_args_text(a, lease->class);
}

void
tt_submitted_free(struct tt_submitted *made)
{
	PQclear(made->res);
	(void)memset(made, 0, sizeof(*made));
}

static const char *
text(const struct tt_submitted *made, const char *name)
{
	return tt_db_textn(made->res, 0, PQfnumber(made->res, name));
}

static int64_t
number(const struct tt_submitted *made, const char *name)
{
	return tt_db_int(made->res, 0, PQfnumber(made->res, name));
}

static bool
is_true(const struct tt_submitted *made, const char *name)
{
	const char	*s = text(made, name);

	return s != NULL && *s == 't';
}

static bool
has_ended(const struct tt_submitted *made)
{
	const char	*word = text(made, "status");

	switch (tt_job_status_read(word == NULL ? "" : word)) {
	case TT_COMPLETED:
	case TT_FAILED:
	case TT_CANCELLED:
		return true;
	default:
		return false;
	}
}

static TT_MUSTUSE enum tt_rc
read_row(struct tt_submitted *made, struct tt_caller *caller,
    struct tt_lease *lease, struct tt_err *err)
{
	if (PQntuples(made->res) > 0 &&
	    strcmp(text(made, "verdict"), "unregistered") == 0) {
		lease->listener = 0;
		return TT_OK;
	}
	if (tt_caller_verdict(caller, made->res, 0, err) != TT_OK)
		return err->rc;
	made->id = number(made, "id");
	made->seq = number(made, "seq");
	made->job_id = text(made, "job_id");
	made->callback_id = text(made, "callback_id");
	made->webhook_secret = text(made, "webhook_secret");
	made->replayed = is_true(made, "replayed");
	made->ended = has_ended(made);
	made->resumable = is_true(made, "resumable");
	lease->taken = is_true(made, "leased");
	lease->account = number(made, "account_id");
	lease->key = number(made, "key_id");
	return TT_OK;
}

enum tt_rc
tt_submit(struct tt_db *db, struct tt_caller *caller,
    const struct tt_submission *s, struct tt_lease *lease,
    struct tt_submitted *made, struct tt_err *err)
{
	struct tt_args		 a = { 0 };
	const char *const	*values;

	(void)memset(made, 0, sizeof(*made));
	put_args(&a, caller, s, lease);
	if ((values = tt_args_values(&a)) == NULL)
		(void)tt_err_set(err, TT_INTERNAL, "out of memory");
	else if (tt_db_call(db, &submit_query, values, &made->res, err) ==
	    TT_OK && (read_row(made, caller, lease, err) != TT_OK ||
	    made->job_id == NULL))
		tt_submitted_free(made);
	tt_args_free(&a);
	return err->rc;
}

/*
 * reply.c - see reply.h.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "base/conf.h"
#include "web/reply.h"
#include "web/request.h"

#define HASH_SZ		crypto_shorthash_siphashx24_BYTES
#define KEY_SZ		crypto_shorthash_siphashx24_KEYBYTES

void
tt_reply_reset(struct tt_reply *reply)
{
	tt_buf_clear(&reply->head);
	tt_buf_clear(&reply->body);
	reply->common_sz = 0;
	reply->status = 0;
	reply->detached = false;
}

void
tt_reply_begin(struct tt_reply *reply, int status, const char *type)
{
	reply->head.sz = reply->common_sz;
	tt_buf_clear(&reply->body);
	reply->status = status;
	if (type != NULL)
		tt_reply_header(reply, "Content-Type", type);
}

void
tt_reply_header(struct tt_reply *reply, const char *name, const char *value)
{
	tt_buf_puts(&reply->head, name);
	tt_buf_puts(&reply->head, ": ");
	for (; *value != '\0'; value++)
		if ((unsigned char)*value >= 0x20 && *value != 0x7f)
			tt_buf_putc(&reply->head, *value);
	tt_buf_puts(&reply->head, "\r\n");
}

void
tt_reply_free(struct tt_reply *reply)
{
	tt_buf_free(&reply->head);
	tt_buf_free(&reply->body);
	tt_buf_free(&reply->text);
	tt_buf_free(&reply->wire);
}

/* Is the word in the list, which commas and blanks part? */
static bool
listed(const char *list, const char *word)
{
	size_t	 n, sz = strlen(word);

	for (; *list != '\0'; list += n) {
		list += strspn(list, ", \t");
		n = strcspn(list, ", \t");
		if (n == sz && n > 0 && strncmp(list, word, n) == 0)
			return true;
	}
	return false;
}

/* The origin that the answer may be shown to; NULL for none of another site. */
static const char *
allowed_origin(const struct tt_request *req, const struct tt_conf *conf)
{
	const char	*origin = tt_request_env(req, "HTTP_ORIGIN");

	if (origin == NULL)
		return NULL;
	if (listed(conf->cors_origins, "*"))
		return "*";
	return listed(conf->cors_origins, origin) ? origin : NULL;
}

static void
put_cors(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_conf *conf)
{
	const char	*origin = allowed_origin(req, conf);

	/* A cache must not show one origin what was allowed to another. */
	tt_reply_header(reply, "Vary", "Origin");
	if (origin == NULL)
		return;
	tt_reply_header(reply, "Access-Control-Allow-Origin", origin);
	tt_reply_header(reply, "Access-Control-Expose-Headers",
	    "ETag, Link, Location, Retry-After, X-Job-Id, X-RateLimit-Limit, "
	    "X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id");
}

void
tt_reply_common(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_conf *conf)
{
	tt_reply_header(reply, "X-Request-Id", req->id);
	tt_reply_header(reply, "X-Content-Type-Options", "nosniff");
	if (conf->cors_origins[0] != '\0')
		put_cors(reply, req, conf);
	reply->common_sz = reply->head.sz;
}

void
tt_reply_always(struct tt_reply *reply, const char *name, const char *value)
{
	reply->head.sz = reply->common_sz;
	tt_reply_header(reply, name, value);
	reply->common_sz = reply->head.sz;
}

/* A browser heeds this only beside Access-Control-Allow-Origin. */
void
tt_reply_preflight(struct tt_reply *reply, const struct tt_request *req)
{
	static const char	 methods[] =
	    "GET, HEAD, POST, PUT, DELETE, OPTIONS";

	tt_reply_begin(reply, 204, NULL);
	tt_reply_header(reply, "Allow", methods);
	if (tt_request_env(req, "HTTP_ACCESS_CONTROL_REQUEST_METHOD") == NULL)
		return;
	tt_reply_header(reply, "Access-Control-Allow-Methods", methods);
	tt_reply_header(reply, "Access-Control-Allow-Headers",
	    "Authorization, Content-Type, Idempotency-Key, If-None-Match, "
	    "Last-Event-ID, X-Request-Id");
	tt_reply_header(reply, "Access-Control-Max-Age", "600");
}

/*
 * Weak: the web server may compress what the tag was made of.  A short hash,
 * since nobody gains by two answers of one tag, and a strong one takes longer
 * than all else of a list; the same key in every program and on every host.
 */
void
tt_reply_etag(struct tt_reply *reply, const struct tt_request *req)
{
	static const unsigned char	 same[KEY_SZ];
	unsigned char			 hash[HASH_SZ];
	char				 etag[HASH_SZ * 2 + 5] = "W/\"";

	(void)crypto_shorthash_siphashx24(hash,
	    (const unsigned char *)tt_buf_text(&reply->body), reply->body.sz,
	    same);
	(void)sodium_bin2hex(etag + 3, HASH_SZ * 2 + 1, hash, sizeof(hash));
	(void)memcpy(etag + 3 + sizeof(hash) * 2, "\"", 2);

	tt_reply_header(reply, "ETag", etag);
	tt_reply_header(reply, "Cache-Control", "private, no-cache");
	if (tt_request_has_etag(req, etag))
		reply->status = 304;
}

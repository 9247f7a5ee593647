/*
 * caller.c - see caller.h.
 */
#include <string.h>

#include <sodium.h>

#include "base/log.h"
#include "job/caller.h"
#include "pg/db.h"

/* What the web functions of SQL may say of a question. */
static const struct {
	const char	*word;
	enum tt_rc	 rc;
	const char	*text;
} verdicts[] = {
	{ "ok", TT_OK, "" },
	{ "unauthorized", TT_UNAUTHORIZED, "Invalid API key" },
	{ "terminated", TT_TERMINATED, "This account is terminated" },
	{ "forbidden", TT_FORBIDDEN, "The API key lacks the scope for this" },
	{ "not_found", TT_NOTFOUND, "Job not found" },
	{ "unknown_type", TT_BADREQ, "type: there is no such type" },
	{ "invalid", TT_BADREQ, "A value is out of range" },
	{ "conflict", TT_CONFLICT,
	    "The idempotency key was used for another request" },
	{ "limited", TT_LIMITED,
	    "Too many streams of this account are open" },
};

void
tt_caller_key(struct tt_caller *c, const unsigned char hash[TT_KEY_HASH_SZ])
{
	(void)memcpy(c->key, "\\x", 2);
	(void)sodium_bin2hex(c->key + 2, TT_KEY_HEX_SZ - 2, hash,
	    TT_KEY_HASH_SZ);
}

bool
tt_caller_public(const struct tt_caller *c)
{
	return c->key[0] == '\0';
}

const char *
tt_caller_arg(const struct tt_caller *c)
{
	return tt_caller_public(c) ? NULL : c->key;
}

enum tt_rc
tt_caller_verdict(struct tt_caller *c, const PGresult *res, int row,
    struct tt_err *err)
{
	const char	*word;
	size_t		 i;

	if (row >= PQntuples(res))
		return tt_err_set(err, TT_INTERNAL, "no verdict");
	word = tt_db_text(res, row, PQfnumber(res, "verdict"));
	c->rate_per_minute = (int)tt_db_int(res, row,
	    PQfnumber(res, "rate_per_minute"));
	c->unused = *tt_db_text(res, row, PQfnumber(res, "unused")) == 't';
	c->judged = true;

	for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
		if (strcmp(word, verdicts[i].word) != 0)
			continue;
		if (verdicts[i].rc == TT_OK)
			return TT_OK;
		if (verdicts[i].rc == TT_UNAUTHORIZED && tt_caller_public(c))
			return tt_err_tell(err, TT_UNAUTHORIZED, TT_KEY_NEEDED);
		return tt_err_tell(err, verdicts[i].rc, "%s",
		    verdicts[i].text);
	}
	return tt_err_set(err, TT_INTERNAL, "verdict \"%.32s\"", word);
}

void
tt_caller_note_use(const struct tt_caller *c, struct tt_db *db)
{
	static const struct tt_query	 query = {
		"key_used", "select telltale.web_key_used($1)", 1
	};
	const char			*args[] = { c->key };
	struct tt_err			 err;
	PGresult			*res;

	tt_err_clear(&err);
	if (tt_db_call(db, &query, args, &res, &err) != TT_OK)
		tt_warn("the key's use is not noted: %s", err.msg);
	PQclear(res);
}

/*
 * ticket - POST /api/v1/ticket: for a key, or for a ticket in a cookie, a
 * ticket of what it may do, or of less; DELETE: the cookie is gone.
 *
 * A page's EventSource can send no header.  It says ?ticket=, or nothing at
 * all where the ticket is in the cookie.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/json.h"
#include "gate/gate.h"
#include "job/grant.h"
#include "pg/db.h"
#include "surface/moderation.h"
#include "surface/refusal.h"
#include "web/formdata.h"
#include "web/server.h"

#define BODY_MAX	4096
#define SCOPE_MAX	512	/* characters; each scope fits in twice */
#define BETWEEN		" ,\t\r\n"
#define S_US		INT64_C(1000000)

static const char *const no_params[] = { NULL };
static const char *const fields[] = { "scope", "job_id", "cookie", NULL };

/* What is asked for; scopes 0: what is usual. */
struct wish {
	uint32_t	 scopes;
	const char	*job_id;	/* NULL: any */
	bool		 cookie;
};

/* What is answered. */
struct minted {
	struct tt_ticket ticket;
	char		 scopes[TT_GRANT_SZ];
	int64_t		 lasts_s;
	char		 text[TT_TICKET_SZ];
};

/* The bits of the words in a text; unknown ones are the client's fault. */
static TT_MUSTUSE enum tt_rc
read_scopes(const char *text, uint32_t *bits, struct tt_err *err)
{
	char		 word[32];
	uint32_t	 bit;
	size_t		 n;

	*bits = 0;
	for (text += strspn(text, BETWEEN); *text != '\0';
	    text += n + strspn(text + n, BETWEEN)) {
		n = strcspn(text, BETWEEN);
		(void)snprintf(word, sizeof(word), "%.*s", (int)n, text);
		if (n >= sizeof(word) || (bit = tt_scope_bit(word)) == 0)
			return tt_err_tell(err, TT_BADREQ,
			    "scope: there is no scope %s", word);
		*bits |= bit;
	}
	if (*bits == 0)
		return tt_err_tell(err, TT_BADREQ, "scope names no scope");
	return TT_OK;
}

/* The words of those bits, a blank between them. */
static const char *
write_scopes(uint32_t bits, char text[TT_GRANT_SZ])
{
	size_t	 n = 0;
	int	 i;

	text[0] = '\0';
	for (i = 0; tt_scope_word(i) != NULL && n < TT_GRANT_SZ; i++)
		if ((bits & UINT32_C(1) << i) != 0)
			n += (size_t)snprintf(text + n, TT_GRANT_SZ - n,
			    "%s%s", n == 0 ? "" : " ", tt_scope_word(i));
	return text;
}

/*
 * A script must not get out of a cookie what it cannot read there: what came
 * as a cookie is renewed as one.
 */
static TT_MUSTUSE enum tt_rc
read_wish(const struct tt_form *form, const struct tt_visitor *who,
    struct wish *wish, struct tt_err *err)
{
	const char	*scope;

	wish->cookie = who->by_cookie;
	if (tt_form_known(form, fields, err) != TT_OK ||
	    tt_form_text(form, "scope", SCOPE_MAX, &scope, err) != TT_OK ||
	    tt_form_text(form, "job_id", TT_JOB_ID_MAX, &wish->job_id, err) !=
	    TT_OK || tt_form_bool(form, "cookie", &wish->cookie, err) != TT_OK)
		return err->rc;
	if (scope != NULL && read_scopes(scope, &wish->scopes, err) != TT_OK)
		return err->rc;
	if (wish->job_id != NULL &&
	    tt_moderation_job_id(wish->job_id, err) != TT_OK)
		return err->rc;
	if (who->by_cookie && !wish->cookie)
		return tt_err_tell(err, TT_FORBIDDEN,
		    "A ticket in a cookie is renewed in the cookie only");
	return TT_OK;
}

/* For a ticket there is none that may do more, and none after its day. */
static TT_MUSTUSE enum tt_rc
renew(const struct tt_visitor *who, struct wish *wish, struct tt_ticket *t,
    struct tt_err *err)
{
	int64_t	 end = who->ticket.born_us + TT_TICKET_DAY_S * S_US;

	if (wish->scopes == 0)
		wish->scopes = who->ticket.scopes;
	if ((wish->scopes & ~who->ticket.scopes) != 0)
		return tt_err_tell(err, TT_FORBIDDEN,
		    "The ticket lacks the scope for this");
	if (wish->job_id == NULL && who->ticket.job_id[0] != '\0')
		wish->job_id = who->ticket.job_id;
	if (tt_gate_job(who, wish->job_id, err) != TT_OK)
		return err->rc;
	t->born_us = who->ticket.born_us;
	if (t->expires_us > end)
		t->expires_us = end;
	return TT_OK;
}

/* The ticket as far as it goes without SQL; its scopes are in the wish. */
static TT_MUSTUSE enum tt_rc
draw_up(const struct tt_visitor *who, struct wish *wish, int ttl_s,
    struct minted *m, struct tt_err *err)
{
	struct tt_ticket	*t = &m->ticket;
	int64_t			 now = tt_clock_now_us();

	t->born_us = now;
	t->expires_us = now + ttl_s * S_US;
	if (who->by_ticket && renew(who, wish, t, err) != TT_OK)
		return err->rc;
	m->lasts_s = (t->expires_us - now) / S_US;
	if (m->lasts_s < 1)
		return tt_err_tell(err, TT_UNAUTHORIZED,
		    "The ticket cannot be renewed any more: present the key");
	t->cookie = wish->cookie;
	(void)memcpy(t->key, who->id, sizeof(t->key));
	if (wish->job_id != NULL)
		(void)snprintf(t->job_id, sizeof(t->job_id), "%s",
		    wish->job_id);
	return TT_OK;
}

static enum tt_rc
mint(struct tt_call *call, struct tt_visitor *who, struct wish *wish,
    struct minted *m, struct tt_err *err)
{
	char	 asked[TT_GRANT_SZ];

	if (draw_up(who, wish, call->conf->ticket_ttl_s, m, err) != TT_OK)
		return err->rc;
	(void)!tt_grant_get(call->db, &who->caller, wish->scopes == 0 ? NULL :
	    write_scopes(wish->scopes, asked), m->scopes, err);
	if (tt_gate_settle(who, call->db, err) != TT_OK ||
	    read_scopes(m->scopes, &m->ticket.scopes, err) != TT_OK)
		return err->rc;
	if (!tt_ticket_seal(call->conf->secret, &m->ticket, m->text))
		return tt_err_set(err, TT_INTERNAL, "the ticket is not sealed");
	return TT_OK;
}

static enum tt_rc
post(struct tt_call *call, struct tt_visitor *who, struct minted *m,
    struct tt_err *err)
{
	static const unsigned	 takes = TT_FORM_JSON | TT_FORM_URLENCODED |
				    TT_FORM_MULTIPART;
	struct tt_form		 form = { 0 };
	struct wish		 wish = { 0 };

	if (tt_gate_enter(who, &call->req, NULL, false, err) != TT_OK)
		return err->rc;
	if (call->conf->secret[0] == '\0')
		return tt_err_set(err, TT_UNAVAIL, "no tickets: set "
		    "TELLTALE_SECRET; openssl rand -hex 32 prints one");
	if (tt_form_read(&form, &call->req, BODY_MAX, takes, err) == TT_OK &&
	    read_wish(&form, who, &wish, err) == TT_OK)
		(void)mint(call, who, &wish, m, err);
	tt_form_free(&form);
	return err->rc;
}

static bool
is(const struct tt_request *req, const char *name, const char *word)
{
	const char	*value = tt_request_env(req, name);
	size_t		 n = strlen(word);

	return value != NULL && strncasecmp(value, word, n) == 0 &&
	    strchr(", \t", value[n]) != NULL;
}

/* A proxy's word is enough: at worst the browser keeps the cookie to itself. */
static bool
by_https(const struct tt_request *req)
{
	return is(req, "HTTPS", "on") || is(req, "REQUEST_SCHEME", "https") ||
	    is(req, "HTTP_X_FORWARDED_PROTO", "https");
}

/* Scripts do not see it, and other sites' pages do not make it be sent. */
static void
set_cookie(struct tt_call *call, const char *text, int64_t lasts_s)
{
	struct tt_buf	 cookie = TT_BUF_INIT;

	tt_buf_printf(&cookie, "%s=%s; Path=%s; Max-Age=%lld; HttpOnly; "
	    "SameSite=Strict%s", TT_COOKIE, text, call->conf->mount[0] == '\0' ?
	    "/" : call->conf->mount, (long long)lasts_s,
	    by_https(&call->req) ? "; Secure" : "");
	if (tt_buf_broken(&cookie))
		call->reply.head.broken = true;
	else
		tt_reply_header(&call->reply, "Set-Cookie",
		    tt_buf_text(&cookie));
	tt_buf_free(&cookie);
}

static void
answer(struct tt_call *call, const struct minted *m)
{
	struct tt_json	 j;

	tt_reply_begin(&call->reply, 200, "application/json; charset=utf-8");
	tt_reply_header(&call->reply, "Cache-Control", "no-store");
	if (m->ticket.cookie)
		set_cookie(call, m->text, m->lasts_s);
	tt_json_init(&j, &call->reply.body);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "ticket", m->ticket.cookie ? NULL : m->text);
	tt_json_key(&j, "expires_in");
	tt_json_int(&j, m->lasts_s);
	tt_json_key(&j, "expires_at");
	tt_json_time(&j, m->ticket.expires_us);
	tt_json_key(&j, "scope");
	tt_json_string(&j, m->scopes);
	tt_json_add_string(&j, "job_id", m->ticket.job_id[0] == '\0' ? NULL :
	    m->ticket.job_id);
	tt_json_close(&j, '}');
}

/* Also for one whose ticket has expired: it costs and tells nothing. */
static void
sign_out(struct tt_call *call)
{
	tt_reply_begin(&call->reply, 204, NULL);
	tt_reply_header(&call->reply, "Cache-Control", "no-store");
	set_cookie(call, "", 0);
}

static void
handle(struct tt_call *call, struct tt_err *err)
{
	struct tt_request	*req = &call->req;
	struct tt_visitor	 who = { 0 };
	struct minted		 m = { 0 };
	bool			 out = strcmp(req->method, "DELETE") == 0;

	if (err->rc == TT_OK &&
	    tt_request_path(req, "/api/v1/ticket", NULL, err) == TT_OK &&
	    tt_request_method(req, "POST, DELETE", err) == TT_OK &&
	    tt_request_known(req, no_params, err) == TT_OK && !out)
		(void)post(call, &who, &m, err);
	tt_refusal_rate(&call->reply, tt_gate_rate(&who, req, false));
	if (err->rc != TT_OK)
		tt_moderation_error(&call->reply, req, err);
	else if (out)
		sign_out(call);
	else
		answer(call, &m);
}

static const struct tt_program program = {
	.name		= "ticket.fcgi",
	.start		= tt_gate_start,
	.db_new		= tt_db_new,
	.db_free	= tt_db_free,
	.handle		= handle,
	.end		= tt_gate_end,
};

int
main(int argc, char **argv)
{
	return tt_server_main(argc, argv, &program);
}

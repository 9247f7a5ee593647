/*
 * gate.c - see gate.h.
 */
#include <string.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "gate/gate.h"
#include "gate/key.h"
#include "web/address.h"
#include "web/request.h"

static const struct tt_conf	*conf;
static struct tt_rates		*rates;

enum tt_rc
tt_gate_start(const struct tt_conf *c, struct tt_err *err)
{
	conf = c;
	if ((rates = tt_rates_open(conf->rate_file)) == NULL)
		return tt_err_set(err, TT_INTERNAL, "out of memory");
	return TT_OK;
}

void
tt_gate_end(void)
{
	tt_rates_close(rates);
	rates = NULL;
}

/*
 * Who pays while nobody knows the key: the address, of IPv6 its network, since
 * a client may take any address there.
 */
static void
set_address(struct tt_visitor *who, const struct tt_request *req)
{
	static const unsigned char	 mapped[12] = {
		[10] = 0xff, [11] = 0xff
	};
	static const unsigned char	 nobody[TT_ADDRESS_SZ];

	(void)memset(who->address, 0, sizeof(who->address));
	tt_request_address(req, &conf->trusted_proxies, who->address);

	/* On a unix socket there is none, and all would pay from one purse. */
	who->nobody = memcmp(who->address, nobody, sizeof(nobody)) == 0;
	if (memcmp(who->address, mapped, sizeof(mapped)) != 0)
		(void)memset(who->address + 8, 0, 8);
}

static bool
address_pays(struct tt_visitor *who)
{
	who->on_address = true;
	if (who->nobody)
		return true;
	return tt_rate_take(rates, who->address, conf->address_rate,
	    &who->rate);
}

/* The ticket in the Cookie header, cut to a size that can be one; or NULL. */
static const char *
cookie(const struct tt_request *req, char out[TT_TICKET_SZ])
{
	const char	*p = tt_request_env(req, "HTTP_COOKIE");
	size_t		 n, name = strlen(TT_COOKIE);

	for (; p != NULL && *p != '\0'; p += n + (p[n] == ';')) {
		p += strspn(p, " \t");
		n = strcspn(p, ";");
		if (n <= name || strncmp(p, TT_COOKIE "=", name + 1) != 0)
			continue;
		p += name + 1;
		n -= name + 1;
		if (n >= TT_TICKET_SZ)
			return "";
		(void)memcpy(out, p, n);
		out[n] = '\0';
		return out;
	}
	return NULL;
}

/* The ticket that is shown: in the URL of a stream, or else as the cookie. */
static const char *
ticket_shown(const struct tt_request *req, bool stream,
    char text[TT_TICKET_SZ], bool *by_cookie)
{
	const char	*ticket = NULL;

	*by_cookie = false;
	if (tt_key_given(req))
		return NULL;
	if (stream)
		ticket = tt_request_param(req, "ticket");
	if (ticket == NULL)
		*by_cookie = (ticket = cookie(req, text)) != NULL;
	return ticket;
}

/*
 * A browser sends the cookie with whatever it is made to send.  So a write
 * must show what only a page of the same origin can: a header of its own, and
 * the browser's word for it.
 */
static bool
may_use_cookie(const struct tt_request *req)
{
	const char	*site = tt_request_env(req, "HTTP_SEC_FETCH_SITE");
	const char	*ours = tt_request_env(req, "HTTP_X_TELLTALE");

	if (strcmp(req->method, "GET") == 0 || strcmp(req->method, "HEAD") == 0)
		return true;
	return site != NULL && strcmp(site, "same-origin") == 0 &&
	    ours != NULL && *ours != '\0';
}

/* Whom the request names: by a key, or by a ticket in its place. */
static TT_MUSTUSE enum tt_rc
identify(struct tt_visitor *who, const struct tt_request *req, bool stream,
    struct tt_err *err)
{
	char		 text[TT_TICKET_SZ];
	const char	*ticket;

	ticket = ticket_shown(req, stream, text, &who->by_cookie);
	if (ticket == NULL)
		return tt_key_read(req, who->id, err);
	if (who->by_cookie && !may_use_cookie(req))
		return tt_err_tell(err, TT_FORBIDDEN,
		    "A ticket in a cookie may write only with Sec-Fetch-Site: "
		    "same-origin and an X-Telltale header");
	if (tt_ticket_open(conf->secret, ticket, tt_clock_now_us(),
	    &who->ticket, err) != TT_OK)
		return err->rc;

	/* URLs get about: what is in one does not do what a cookie does. */
	if (who->ticket.cookie != who->by_cookie)
		return tt_err_tell(err, TT_UNAUTHORIZED,
		    "The ticket is for another use");
	who->by_ticket = true;
	(void)memcpy(who->id, who->ticket.key, sizeof(who->id));
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
refuse(const struct tt_visitor *who, struct tt_err *err)
{
	tt_err_clear(err);
	err->retry_s = (int)((who->rate.retry_ms + 999) / 1000);
	return tt_err_tell(err, TT_LIMITED, "Rate limit exceeded");
}

enum tt_rc
tt_gate_enter(struct tt_visitor *who, const struct tt_request *req,
    const char *scope, bool stream, struct tt_err *err)
{
	int	 known;

	who->caller.scope = scope;
	set_address(who, req);
	if (identify(who, req, stream, err) != TT_OK)
		return address_pays(who) ? err->rc : refuse(who, err);

	tt_caller_key(&who->caller, who->id);
	known = tt_rate_limit(rates, who->id);
	if (!(known == 0 ? address_pays(who) :
	    tt_rate_take(rates, who->id, known, &who->rate)))
		return refuse(who, err);
	if (who->by_ticket && scope != NULL &&
	    (who->ticket.scopes & tt_scope_bit(scope)) == 0)
		return tt_err_tell(err, TT_FORBIDDEN,
		    "The ticket lacks the scope for this");
	return TT_OK;
}

enum tt_rc
tt_gate_enter_public(struct tt_visitor *who, const struct tt_request *req,
    const char *scope, bool stream, struct tt_err *err)
{
	char	 text[TT_TICKET_SZ];
	bool	 by_cookie;

	if (tt_key_given(req) ||
	    ticket_shown(req, stream, text, &by_cookie) != NULL)
		return tt_gate_enter(who, req, scope, stream, err);
	who->caller.scope = scope;
	set_address(who, req);
	return address_pays(who) ? TT_OK : refuse(who, err);
}

enum tt_rc
tt_gate_job(const struct tt_visitor *who, const char *job_id,
    struct tt_err *err)
{
	if (who->by_ticket && who->ticket.job_id[0] != '\0' &&
	    (job_id == NULL || strcmp(who->ticket.job_id, job_id) != 0))
		return tt_err_tell(err, TT_FORBIDDEN,
		    "The ticket is for one job only");
	return TT_OK;
}

/* SQL did not come to judge: nobody pays. */
static void
pay_back(struct tt_visitor *who)
{
	if (who->on_address)
		tt_rate_give_back(rates, who->address, conf->address_rate);
	else
		tt_rate_give_back(rates, who->id, who->rate.limit);
}

/* False if he cannot pay, now that it is known what he may. */
static bool
settle(struct tt_visitor *who, struct tt_db *db, const struct tt_err *err)
{
	int	 limit = who->caller.rate_per_minute;
	bool	 pays = true;

	/* The public has no rate of its own: what it paid, it paid. */
	if (tt_caller_public(&who->caller) && who->caller.judged)
		return true;
	if (err->rc == TT_UNAUTHORIZED) {
		tt_rate_set_limit(rates, who->id, 0);
		return true;
	}
	if (limit == 0) {
		pay_back(who);
		return true;
	}
	if (who->on_address) {
		tt_rate_give_back(rates, who->address, conf->address_rate);
		who->on_address = false;
		pays = tt_rate_take(rates, who->id, limit, &who->rate);
	}
	tt_rate_set_limit(rates, who->id, limit);
	if (who->caller.unused)
		tt_caller_note_use(&who->caller, db);
	return pays;
}

enum tt_rc
tt_gate_settle(struct tt_visitor *who, struct tt_db *db, struct tt_err *err)
{
	return settle(who, db, err) ? err->rc : refuse(who, err);
}

enum tt_rc
tt_gate_settle_write(struct tt_visitor *who, struct tt_db *db,
    struct tt_err *err)
{
	bool	 done = err->rc == TT_OK;

	return settle(who, db, err) || done ? err->rc : refuse(who, err);
}

const struct tt_rate *
tt_gate_rate(struct tt_visitor *who, const struct tt_request *req, bool stream)
{
	struct tt_err	 err;
	int		 known;

	if (who->rate.limit != 0 || who->caller.key[0] != '\0')
		return &who->rate;
	tt_err_clear(&err);
	set_address(who, req);
	if (identify(who, req, stream, &err) == TT_OK &&
	    (known = tt_rate_limit(rates, who->id)) != 0)
		tt_rate_look(rates, who->id, known, &who->rate);
	else if (!who->nobody)
		tt_rate_look(rates, who->address, conf->address_rate,
		    &who->rate);
	return &who->rate;
}

/*
 * gate.h - who may come in, and how often: the order of the gates.
 *
 * After method, path and parameters: who it is (a key, or a ticket in its
 * place), whether he, or his address while nobody knows him, has asked too
 * often; then the program's one question to SQL, which judges the key; then
 * what SQL said is settled with the rate.
 */
#ifndef TT_GATE_H
#define TT_GATE_H

#include <stdbool.h>

#include "base/rc.h"
#include "gate/rate.h"
#include "gate/ticket.h"
#include "job/caller.h"

struct tt_conf;
struct tt_db;
struct tt_request;

#define TT_COOKIE	"telltale_ticket"

/* Zero it before the first call. */
struct tt_visitor {
	struct tt_caller	 caller;	/* whom SQL is to judge */
	struct tt_rate		 rate;		/* limit 0: none to tell */
	bool			 by_ticket, by_cookie;
	struct tt_ticket	 ticket;	/* if by_ticket */
	unsigned char		 id[TT_RATE_ID_SZ];	/* key's hash */
	unsigned char		 address[TT_RATE_ID_SZ];
	bool			 nobody;	/* has no address */
	bool			 on_address;	/* who has paid so far */
};

/* Whole programs' start and end: see struct tt_program. */
enum tt_rc	 tt_gate_start(const struct tt_conf *, struct tt_err *)
		    TT_MUSTUSE;
void		 tt_gate_end(void);

/*
 * Who is it, and has he asked too often?  scope is a literal: what SQL will
 * want of the key, and the ticket must allow.  A ticket comes as ?ticket= if
 * this is a stream, or as the cookie: on a GET or HEAD, else only where the
 * request shows that it is of our own pages (Sec-Fetch-Site: same-origin, and
 * an X-Telltale header).  A key in Authorization wins over both.
 * TT_UNAUTHORIZED, TT_FORBIDDEN, TT_LIMITED, with a text for the client.
 */
enum tt_rc	 tt_gate_enter(struct tt_visitor *, const struct tt_request *,
		    const char *scope, bool stream, struct tt_err *)
		    TT_MUSTUSE;

/*
 * The same, but who shows neither key nor ticket comes in as the public: SQL
 * judges whether there is anything for it to see, and the address pays.
 */
enum tt_rc	 tt_gate_enter_public(struct tt_visitor *,
		    const struct tt_request *, const char *scope, bool stream,
		    struct tt_err *) TT_MUSTUSE;

/* TT_FORBIDDEN if he came by a ticket for another job; NULL: for any one. */
enum tt_rc	 tt_gate_job(const struct tt_visitor *, const char *job_id,
		    struct tt_err *) TT_MUSTUSE;

/*
 * SQL has spoken (err is what came of it).  A good key pays for itself from
 * here on, and its address gets back what it paid; a bad one, and the public,
 * leave it to the address.  Returns err->rc, or TT_LIMITED: then what SQL gave
 * is not shown.
 */
enum tt_rc	 tt_gate_settle(struct tt_visitor *, struct tt_db *,
		    struct tt_err *) TT_MUSTUSE;

/*
 * The same for a call that writes: what is done is done, and he is told so,
 * even if others with his key were there meanwhile and he has nothing left to
 * pay with.  TT_LIMITED only in place of what failed anyway.
 */
enum tt_rc	 tt_gate_settle_write(struct tt_visitor *, struct tt_db *,
		    struct tt_err *) TT_MUSTUSE;

/*
 * How he stands, for the headers of the answer; also where the request did
 * not come as far as the gate.
 */
const struct tt_rate	*tt_gate_rate(struct tt_visitor *,
			    const struct tt_request *, bool stream);

#endif /* !TT_GATE_H */

/*
 * updates_rest.h - the answers of /api/queue (seed 004).
 */
#ifndef TT_UPDATES_REST_H
#define TT_UPDATES_REST_H

#include "base/rc.h"

struct tt_control;
struct tt_items;
struct tt_reply;
struct tt_request;

/* What GET /api/queue/items asks for. */
struct tt_items_query {
	int	 limit, offset;
};

/* TT_BADREQ naming the parameter at fault. */
enum tt_rc	 tt_updates_query(const struct tt_request *,
		    struct tt_items_query *, struct tt_err *) TT_MUSTUSE;

/* 200, or 304 where the client has the same already. */
void		 tt_updates_control(struct tt_reply *,
		    const struct tt_request *, const struct tt_control *);
void		 tt_updates_items(struct tt_reply *, const struct tt_request *,
		    const struct tt_items_query *, const struct tt_items *);

/* The same of what is JSON already; what a write has made of it is not kept. */
void		 tt_updates_document(struct tt_reply *,
		    const struct tt_request *, const char *json);
void		 tt_updates_written(struct tt_reply *, const char *json);

/* 200: {"success":true,"message"}. */
void		 tt_updates_done(struct tt_reply *, const char *message);

#endif /* !TT_UPDATES_REST_H */

/*
 * hub_main.c - see hub_main.h.
 */
#include <stddef.h>

#include "base/conf.h"
#include "gate/gate.h"
#include "pg/db.h"
#include "stream/hub.h"
#include "stream/hub_main.h"
#include "stream/stream.h"
#include "web/server.h"

static struct tt_program	 program;
static struct tt_hub		*hub;
static void			 (*answer)(struct tt_hub *, struct tt_call *,
				    struct tt_err *);

static enum tt_rc
start(const struct tt_conf *conf, struct tt_err *err)
{
	if (tt_gate_start(conf, err) == TT_OK)
		hub = tt_hub_new(conf, program.name, err);
	return err->rc;
}

static void
handle(struct tt_call *call, struct tt_err *err)
{
	answer(hub, call, err);
}

static void
loop(int stop_fd)
{
	tt_hub_run(hub, stop_fd, tt_server_cgi());
}

static void
end(void)
{
	tt_hub_free(hub);
	hub = NULL;
	tt_gate_end();
}

int
tt_hub_main(int argc, char **argv, const char *name,
    void (*h)(struct tt_hub *, struct tt_call *, struct tt_err *))
{
	answer = h;
	program.name	= name;
	program.start	= start;
	program.db_new	= tt_db_new;
	program.db_free	= tt_db_free;
	program.handle	= handle;
	program.loop	= loop;
	program.end	= end;
	return tt_server_main(argc, argv, &program);
}

static enum tt_rc
room(struct tt_hub *h, int max, struct tt_err *err)
{
	int	 n = tt_hub_streams(h);

	if (n >= max)
		return tt_err_set(err, TT_UNAVAIL, "streams: %d open", n);
	return TT_OK;
}

enum tt_rc
tt_hub_room(struct tt_hub *h, const struct tt_call *call, struct tt_err *err)
{
	return room(h, call->conf->max_streams, err);
}

enum tt_rc
tt_hub_room_public(struct tt_hub *h, const struct tt_call *call,
    struct tt_err *err)
{
	return room(h, (call->conf->max_streams + 1) / 2, err);
}

void
tt_hub_open(struct tt_hub *h, struct tt_call *call,
    const struct tt_opening *opening, const struct tt_watch_from *from,
    int nwatches, struct tt_err *err)
{
	struct tt_stream	*st;

	st = tt_stream_new(call->req.fcgi, &call->reply, opening, from,
	    nwatches);
	if (st != NULL) {
		tt_hub_add(h, st);
		return;
	}
	tt_hub_give_back(h, &opening->lease);
	if (!call->reply.detached)
		(void)tt_err_set(err, TT_INTERNAL, "out of memory");
}

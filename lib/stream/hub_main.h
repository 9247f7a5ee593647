/*
 * hub_main.h - main() of a program that has a hub, and how a request of it
 * becomes a stream.
 */
#ifndef TT_HUB_MAIN_H
#define TT_HUB_MAIN_H

#include "base/rc.h"

struct tt_call;
struct tt_hub;
struct tt_opening;
struct tt_watch_from;

/*
 * The whole of main(): tt_server_main() with the gate's and the hub's start and
 * end.  The hub, which every call of handle() is handed, is borrowed; name
 * ("progress.fcgi") is a literal; handle() is as in struct tt_program.  Returns
 * the exit status.
 */
int		 tt_hub_main(int argc, char **argv, const char *name,
		    void (*handle)(struct tt_hub *, struct tt_call *,
		    struct tt_err *));

/*
 * TT_UNAVAIL if there are as many streams as TELLTALE_MAX_STREAMS allows; for
 * the public, whose streams count against no account, half as many.
 */
enum tt_rc	 tt_hub_room(struct tt_hub *, const struct tt_call *,
		    struct tt_err *) TT_MUSTUSE;
enum tt_rc	 tt_hub_room_public(struct tt_hub *, const struct tt_call *,
		    struct tt_err *) TT_MUSTUSE;

/*
 * The request becomes a stream of the hub's, and its reply the beginning of it:
 * see tt_stream_new().  If that fails, the lease in the opening goes back; err
 * is set where the client can still be told.
 */
void		 tt_hub_open(struct tt_hub *, struct tt_call *,
		    const struct tt_opening *, const struct tt_watch_from *,
		    int nwatches, struct tt_err *);

#endif /* !TT_HUB_MAIN_H */

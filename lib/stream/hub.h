/*
 * hub.h - thousands of streams, one loop, one listening connection.
 *
 * Accepting threads make streams and hand them over; from then on the thread
 * that runs the loop owns them.
 */
#ifndef TT_HUB_H
#define TT_HUB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"

struct tt_conf;
struct tt_hub;
struct tt_lease;
struct tt_stream;

/* The configuration and the program's name are borrowed. */
struct tt_hub	*tt_hub_new(const struct tt_conf *, const char *program,
		    struct tt_err *);
void		 tt_hub_free(struct tt_hub *);

/* Are there as many streams as TELLTALE_MAX_STREAMS allows?  Any thread. */
bool		 tt_hub_full(struct tt_hub *);

/*
 * The number by which SQL knows the hub, for taking a lease in its name; the
 * hub connects if need be.  stale is one that SQL knows no longer, or 0.
 * TT_UNAVAIL if there is none within TELLTALE_DB_TIMEOUT.  Any thread.
 */
enum tt_rc	 tt_hub_listener(struct tt_hub *, int64_t stale,
		    int64_t *listener, struct tt_err *) TT_MUSTUSE;

/* The stream is the hub's from here on, and its lease with it.  Any thread. */
void		 tt_hub_add(struct tt_hub *, struct tt_stream *);

/* A lease was taken, and no stream came of it.  Any thread. */
void		 tt_hub_give_back(struct tt_hub *, const struct tt_lease *);

/*
 * A lease may have been taken, and nobody knows: the hub tells SQL anew what it
 * has.  listener is the one it was asked for.  Any thread.
 */
void		 tt_hub_doubt(struct tt_hub *, int64_t listener);

/*
 * Serve until stop_fd becomes readable, then tell all streams to come back and
 * end them, within five seconds.  once: also return when the last stream has
 * ended (plain CGI has but one).
 */
void		 tt_hub_run(struct tt_hub *, int stop_fd, bool once);

#endif /* !TT_HUB_H */

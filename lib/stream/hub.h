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
struct tt_db;
struct tt_hub;
struct tt_lease;
struct tt_stream;

/* The configuration and the program's name are borrowed. */
struct tt_hub	*tt_hub_new(const struct tt_conf *, const char *program,
		    struct tt_err *);
void		 tt_hub_free(struct tt_hub *);

/* How many streams are there?  Any thread. */
int		 tt_hub_streams(struct tt_hub *);

/*
 * Call what takes a lease in SQL, in the name by which SQL knows the hub; the
 * hub connects if need be.  Where the call finds that SQL knows it so no
 * longer, it leaves lease->listener 0, and is called again.  A call that broke
 * off may have taken one all the same: that is put right.  TT_UNAVAIL if the
 * hub is not known within TELLTALE_DB_TIMEOUT.  Any thread.
 */
enum tt_rc	 tt_hub_lease(struct tt_hub *, struct tt_db *,
		    struct tt_lease *, enum tt_rc (*call)(void *,
		    struct tt_lease *, struct tt_err *), void *arg,
		    struct tt_err *) TT_MUSTUSE;

/* The stream is the hub's from here on, and its lease with it.  Any thread. */
void		 tt_hub_add(struct tt_hub *, struct tt_stream *);

/* A lease was taken, and no stream came of it.  Any thread. */
void		 tt_hub_give_back(struct tt_hub *, const struct tt_lease *);

/*
 * Serve until stop_fd becomes readable, then tell all streams to come back and
 * end them, within five seconds.  once: also return when the last stream has
 * ended (plain CGI has but one).
 */
void		 tt_hub_run(struct tt_hub *, int stop_fd, bool once);

#endif /* !TT_HUB_H */

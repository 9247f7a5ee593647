/*
 * hub.h - thousands of streams, one loop, one listening connection.
 *
 * Accepting threads make streams and hand them over; from then on the thread
 * that runs the loop owns them.
 */
#ifndef TT_HUB_H
#define TT_HUB_H

#include <stdbool.h>

#include "base/rc.h"

struct tt_conf;
struct tt_hub;
struct tt_stream;

/* The configuration and the program's name are borrowed. */
struct tt_hub	*tt_hub_new(const struct tt_conf *, const char *program,
		    struct tt_err *);
void		 tt_hub_free(struct tt_hub *);

/* Are there as many streams as TELLTALE_MAX_STREAMS allows?  Any thread. */
bool		 tt_hub_full(struct tt_hub *);

/* The stream is the hub's from here on.  Any thread. */
void		 tt_hub_add(struct tt_hub *, struct tt_stream *);

/*
 * Serve until stop_fd becomes readable, then tell all streams to come back and
 * end them, within five seconds.  once: also return when the last stream has
 * ended (plain CGI has but one).
 */
void		 tt_hub_run(struct tt_hub *, int stop_fd, bool once);

#endif /* !TT_HUB_H */

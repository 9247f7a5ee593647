/*
 * client.h - one stream, from its request to its end, and again.
 *
 * One that reads at a rate is not in the epoll set: it is read from at every
 * tick, as much as it may.  Its small receive buffer makes the server feel how
 * slow it is.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "httpread.h"
#include "ledger.h"
#include "load.h"
#include "sseread.h"

enum client_state { WAITING, CONNECTING, ASKED, OPEN, FINISHED };

struct client {
	struct load		*load;
	const struct url	*url;
	enum client_state	 state;
	int			 fd;
	int64_t			 due_us;	/* WAITING: until then */
	int64_t			 read_us;	/* at a rate: the last time */
	double			 may_read;
	struct timespec		 came;		/* what is read; or 0 */
	bool			 was_open;
	uint64_t		 nevents;
	uint64_t		 digest;	/* of them, in their order */
	long			 cuts;
	size_t			 cut_left;	/* bytes to the next; 0: none */
	struct http		 http;
	struct sse		 sse;
	struct ledger		 ledger;
};

void	 client_begin(struct client *);

/* Its descriptor has something to say. */
void	 client_ready(struct client *);

/* Read what may be read by now. */
void	 client_take_at_rate(struct client *, int64_t now_us);

#endif /* !CLIENT_H */

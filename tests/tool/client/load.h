/*
 * load.h - many streams on one loop.
 */
#ifndef LOAD_H
#define LOAD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "latency.h"
#include "ledger.h"
#include "url.h"

struct client;

/* What is wanted; 0 or NULL: not that. */
struct wish {
	struct urls	 urls;
	const char	*key;
	long		 streams;
	long		 rate;		/* bytes a second that a stream reads */
	long		 events;	/* enough for each stream */
	const char	*until;		/* data that is the last for each */
	long		 seconds;
	long		 connect_rate;	/* streams begun in a second */
	long		 answering;	/* at most: asked, not answered */
	long		 cuts;		/* of each stream's connections */
	long		 cut_bytes;	/* each after so many at most */
	bool		 reconnect;
	bool		 each;		/* time by itself */
	long		 aside;		/* ms that reading waits */
	FILE		*out;		/* each event */
};

struct load {
	const struct wish	*wish;
	struct client		*clients;
	int			 epoll;
	long			 waiting, answering, open, finished;
	long			 satisfied;	/* have had that */
	bool			 told;		/* that all are open, */
	bool			 told_begun;	/* and have begun */
	bool			 aside;		/* all is read: wait */
	int64_t			 began_us, connected_us;
	double			 may_begin;	/* by connect_rate */

	/* What came. */
	long			 connected;	/* ever open */
	long			 begun;		/* have an id to go on from */
	uint64_t		 events, bytes, comments, reconnects;
	uint64_t		 ended, stopped, refused, errors;
	uint64_t		 cuts, cut_within;	/* amid an event */
	struct tally		 tally;
	struct latency		 latency;
};

/* False, with a word on stderr, without memory. */
bool	 load_init(struct load *, const struct wish *);
void	 load_free(struct load *);

/* Until all is over, enough, or *stop. */
void	 load_run(struct load *, const volatile sig_atomic_t *stop);

/* The fewest and the most events that a stream has had. */
void	 load_range(const struct load *, uint64_t *fewest, uint64_t *most);

/*
 * How many streams have not had the same as one before them, and the sum of the
 * digests of these.
 */
long	 load_kinds(const struct load *, uint64_t *digest);

int64_t	 load_now_us(void);

#endif /* !LOAD_H */

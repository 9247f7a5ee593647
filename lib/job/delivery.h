/*
 * delivery.h - what others are to be told of jobs that ended: taken from the
 * database, and what became of it told there.
 *
 * These begin commands of a session that is idle; nothing here waits.  False
 * means that nothing was sent: the statement is being prepared first, or there
 * was no memory, and then the session is broken.
 */
#ifndef TT_DELIVERY_H
#define TT_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pg_result;
struct tt_args;
struct tt_session;

#define TT_DELIVERY_BATCH	1000	/* claimed at once, at most */

/* One to be tried now; the texts point into the result. */
struct tt_delivery {
	int64_t		 id;
	int64_t		 account;
	int		 attempt;		/* from 1: the fencing token */
	const char	*event_id;		/* a UUID */
	const char	*url;
	const char	*body;
	const char	*secret;
	const char	*previous_secret;	/* signs besides, or NULL */
};

/* What became of one. */
struct tt_outcome {
	int64_t		 id;
	int		 attempt;
	bool		 delivered;
	int		 status;		/* of HTTP; 0: there was none */
	const char	*error;			/* NULL if delivered */
};

bool	 tt_delivery_listen(struct tt_session *, struct tt_args *,
	    int64_t now_ms);

/* Up to max, and none of these accounts. */
bool	 tt_delivery_claim(struct tt_session *, struct tt_args *, int max,
	    const int64_t *without, size_t n, int64_t now_ms);

/* When is the next one due, but for these accounts? */
bool	 tt_delivery_next(struct tt_session *, struct tt_args *,
	    const int64_t *without, size_t n, int64_t now_ms);

/* All of them in one transaction; telling it twice does no harm. */
bool	 tt_delivery_tell(struct tt_session *, struct tt_args *,
	    const struct tt_outcome *, size_t n, int64_t now_ms);

/* A result is done with. */
void	 tt_delivery_clear(struct pg_result *);

/* How many rows, and one of them, of what _claim() asked for. */
int	 tt_delivery_count(const struct pg_result *);
void	 tt_delivery_read(const struct pg_result *, int row,
	    struct tt_delivery *);

/* What _next() asked for, in milliseconds; -1 if none waits. */
int64_t	 tt_delivery_wait(const struct pg_result *);

/* The nth number that was given up for good, of what _tell() did; -1: none. */
int64_t	 tt_delivery_dead(const struct pg_result *, int n);

#endif /* !TT_DELIVERY_H */

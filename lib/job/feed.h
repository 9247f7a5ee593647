/*
 * feed.h - how a commit reaches a hub: the tail of the log.
 *
 * One nonblocking connection, and a state machine that the hub's loop drives:
 * it asks which descriptor to watch and until when to wait, and steps it when
 * either comes about.  What was read is handed over through struct
 * tt_feed_calls.  Every committed event is handed over exactly once, those of
 * a job in order, over any restart of PostgreSQL; see DESIGN 5.
 */
#ifndef TT_FEED_H
#define TT_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tt_args;
struct tt_conf;
struct tt_event;
struct tt_feed;
struct tt_position;
struct tt_snapshot;

#define TT_FEED_WATCHED	64	/* up to so many, a read is narrowed to them */
#define TT_FEED_ASKS	128	/* pairs in one catch-up */
#define TT_FEED_PAGE	500	/* events a pair, or a view, in one catch-up */

/* Somebody has missed the events of a job after this one. */
struct tt_ask {
	int64_t		 job, seq;
};

/*
 * Somebody has missed events of these accounts (public: of those among them
 * that may still be seen): after what he has had, up to what that snapshot
 * sees.  Was that taken in an older life of the log, whose numbers are given
 * out again, then it sees what was written until upto_us; INT64_MAX otherwise,
 * because clocks step.  All is borrowed.
 */
struct tt_view_ask {
	const int64_t			*accounts;
	size_t				 n;
	bool				 public;
	const struct tt_position	*had;
	const struct tt_snapshot	*upto;
	int64_t				 upto_us;
};

/* Counters that the hub keeps and the feed reports; see listener's columns. */
struct tt_feed_stats {
	int		 streams;
	uint64_t	 opened, delivered, coalesced, slow_cut, caught_up;
};

struct tt_feed_calls {
	/* An event, live.  Strings live for the call. */
	void	 (*event)(void *arg, const struct tt_event *);

	/*
	 * What is watched, as two arrays: jobs, and accounts, of at most
	 * TT_FEED_WATCHED each; or two nulls for all there is.
	 */
	void	 (*put_watched)(void *arg, struct tt_args *);

	/* What was missed: fill asks, return how many (0: nothing). */
	int	 (*asks)(void *arg, struct tt_ask asks[TT_FEED_ASKS]);

	/* An event for the ask of that index. */
	void	 (*missed)(void *arg, int ask, const struct tt_event *);

	/* All asks were answered; or, not ok, are to be asked again. */
	void	 (*caught_up)(void *arg, bool ok);

	/*
	 * The same for whole accounts, one ask at a time: is there one?  An
	 * event of its page; how far all has been looked at, as it goes; and
	 * that was all there is, or it is to be asked for the rest.
	 */
	bool	 (*view_ask)(void *arg, struct tt_view_ask *);
	void	 (*view_missed)(void *arg, const struct tt_event *);
	void	 (*view_looked)(void *arg, int64_t event_id);
	void	 (*view_caught_up)(void *arg, bool all);

	/* The accounts that the public may see, one by one. */
	void	 (*public_begin)(void *arg);
	void	 (*public_account)(void *arg, int64_t account);
	void	 (*public_end)(void *arg);

	/*
	 * A crash: it goes back, and does not hand on again what it knows.  Who
	 * has a position of his own is to go on from there.
	 */
	void	 (*goes_back)(void *arg);

	/* Another cluster answers: what was read before means nothing. */
	void	 (*lost)(void *arg);

	/* SQL knows us by this number, with all that was put; 0: no longer. */
	void	 (*known)(void *arg, int64_t listener);

	/* Connecting or registering failed; it is tried again. */
	void	 (*unreachable)(void *arg);

	/*
	 * Leases: are there any to tell of?  Then put them as three arrays
	 * (accounts, classes, numbers), all or the changes; they were told.
	 */
	bool	 (*leases)(void *arg);
	void	 (*put_leases)(void *arg, struct tt_args *, bool all);
	void	 (*leases_told)(void *arg);

	/* The keys of open streams, as one array; one is good no longer. */
	void	 (*put_keys)(void *arg, struct tt_args *);
	void	 (*key_dead)(void *arg, int64_t key);

	/* Some duty of tick() is due. */
	void	 (*tick_due)(void *arg);
};

/* All is borrowed.  NULL on no memory.  The feed is off. */
struct tt_feed	*tt_feed_new(const struct tt_conf *, const char *program,
		    const struct tt_feed_calls *, void *arg,
		    const struct tt_feed_stats *);
void		 tt_feed_free(struct tt_feed *);

/* On: connect and read.  Off: say goodbye and disconnect. */
void		 tt_feed_on(struct tt_feed *);
void		 tt_feed_off(struct tt_feed *);

/* The descriptor to watch (-1: none), and for what (POLLIN, POLLOUT). */
int		 tt_feed_fd(const struct tt_feed *);
short		 tt_feed_events(const struct tt_feed *);

/* Step again at this time (monotonic, ms) at the latest; INT64_MAX: never. */
int64_t		 tt_feed_due(const struct tt_feed *);

/* Do what can be done without waiting.  Call when ready, due, or asked for. */
void		 tt_feed_step(struct tt_feed *, int64_t now_ms);

/* asks() has something to say. */
void		 tt_feed_catch_up(struct tt_feed *);

/*
 * SQL may count leases in the name of that listener that we know nothing of:
 * if we are still known by it, register anew with those that we have.
 */
void		 tt_feed_doubt(struct tt_feed *, int64_t listener);

/*
 * How far it has read; while it hands over an event, reading up to that one.
 * Not set before it is open.  Valid as long as the feed is.
 */
const struct tt_position	*tt_feed_position(const struct tt_feed *);

/* The number of the log's life since the feed was made: event->life. */
uint64_t	 tt_feed_life(const struct tt_feed *);

/* Has it read successfully since the given time? */
bool		 tt_feed_live(const struct tt_feed *, int64_t since_ms);

#endif /* !TT_FEED_H */

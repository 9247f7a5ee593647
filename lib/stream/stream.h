/*
 * stream.h - one open stream: its sink, and how far it is with each job.
 *
 * A stream is made by an accepting thread and belongs to the hub's thread from
 * tt_hub_add() on.
 */
#ifndef TT_STREAM_H
#define TT_STREAM_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stdint.h>

#include <ev.h>

#include "base/rc.h"
#include "job/lease.h"
#include "web/sink.h"

struct tt_buf;
struct tt_event;
struct tt_held;
struct tt_holder;
struct tt_position;
struct tt_reply;
struct tt_request;
struct tt_stream;
struct tt_view;
struct tt_view_from;
struct tt_vocabulary;

/* A job that a stream watches. */
struct tt_watch {
	int64_t			 job, seq;	/* its last event sent */
	uint64_t		 life;		/* of the log, that seq is of */
	struct tt_stream	*stream;
	LIST_ENTRY(tt_watch)	 same_job;
	struct tt_watch		*next_asked;	/* of the same ask */
	int16_t			 ask;		/* -1: none */
	bool			 ended;		/* no more will come */
};

/* Where a stream stands with the log. */
enum tt_stream_state {
	TT_STREAM_LIVE,		/* has all that the hub has read */
	TT_STREAM_BEHIND,	/* is to be given what it missed from the log */
	TT_STREAM_ENDING,	/* its last frame is queued or written */
	TT_STREAM_DEAD		/* to be freed by the hub */
};

struct tt_stream {
	struct tt_sink			 sink;
	ev_io				 io;
	const struct tt_vocabulary	*vocabulary;
	TAILQ_ENTRY(tt_stream)		 quiet;	/* by time of last write */
	TAILQ_ENTRY(tt_stream)		 all;	/* by age */
	TAILQ_ENTRY(tt_stream)		 behind;
	STAILQ_ENTRY(tt_stream)		 dirty;	/* to be flushed */
	TAILQ_ENTRY(tt_stream)		 due;	/* if anything is */
	TAILQ_ENTRY(tt_stream)		 beat;	/* by time of the next one */
	LIST_ENTRY(tt_stream)		 same_holder;
	struct tt_holder		*holder;
	struct tt_lease			 lease;	/* until it is held */
	int64_t				 due_ms;	/* 0: nothing is */
	int64_t				 beat_ms;	/* if it has one */
	struct tt_held			*held;		/* it waits; or NULL */
	struct tt_view			*view;	/* of accounts; or NULL */
	int64_t				 born_ms, wrote_ms;
	int64_t				 blocked_ms;	/* since when; or 0 */
	uint8_t				 state;		/* tt_stream_state */
	bool				 is_dirty;
	bool				 overflowed;	/* while catching up */
	int16_t				 jitter_s;	/* off its age */
	int				 nwatches, nleft;	/* not ended */
	struct tt_watch			 watch[];
};

/*
 * What a stream is opened with, besides its first text.  late makes it one
 * whole answer that comes when the job has ended (vocabulary->answer), or is
 * this one when that takes longer than so many seconds.
 */
struct tt_opening {
	const struct tt_vocabulary	*vocabulary;
	struct tt_lease			 lease;
	int64_t				 ticket_us; /* wall clock; 0: none */
	const struct tt_reply		*late;
	int				 late_s;
	const struct tt_view_from	*view;		/* NULL: of jobs */
};

/*
 * A view of an account's jobs, of that type if it is not NULL; account 0: of
 * those that the public may see, which are these.  at is where to go on, and
 * is taken over; if it is not set, the view begins where the hub is, and resync
 * says that it was to go on somewhere else.
 */
struct tt_view_from {
	int64_t			 account;
	const int64_t		*public;
	size_t			 npublic;
	const char		*type;
	struct tt_position	*at;
	bool			 resync;
};

/* A job to watch, from after which event; ended: only to keep its place. */
struct tt_watch_from {
	int64_t			 job, seq;
	bool			 ended;
};

/* The headers of an event stream, and its first retry: field as the body. */
void			 tt_stream_begin(struct tt_reply *, int retry_ms);

/* TT_NOTACCEPTABLE if the request does not admit an event stream. */
enum tt_rc		 tt_stream_accept(const struct tt_request *,
			    struct tt_err *) TT_MUSTUSE;

/* What the client has had: Last-Event-ID, or ?lastEventId=; NULL for none. */
const char		*tt_stream_last_id(const struct tt_request *);

/*
 * EventSource gives up for good on any answer but 200.  Where what stands
 * against a stream will pass, it is told to come back, and why in a comment:
 * true then, and this is the answer.
 */
bool			 tt_stream_refuse(struct tt_reply *,
			    const struct tt_request *, const struct tt_err *);

/*
 * Take a request's connection over.  The reply is the beginning of the answer:
 * its headers, and its body for the first frames; it counts as detached then.
 * NULL if that failed; the connection is closed then, if it had been taken
 * (plain CGI has none to take).
 */
struct tt_stream	*tt_stream_new(FCGX_Request *, struct tt_reply *,
			    const struct tt_opening *,
			    const struct tt_watch_from *, int nwatches);
void			 tt_stream_free(struct tt_stream *);

/* May more be said on it? */
bool			 tt_stream_open(const struct tt_stream *);

/*
 * The id of its events as it stands: see tt_progress_id_read().  Nothing for
 * a stream of no job.
 */
void			 tt_stream_id(const struct tt_stream *,
			    struct tt_buf *);

/* What was queued but not sent is missed: go back to before it. */
void			 tt_stream_fall_back(struct tt_stream *);

#endif /* !TT_STREAM_H */

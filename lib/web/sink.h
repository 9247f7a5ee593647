/*
 * sink.h - an answer kept open: frames go in, FastCGI records come out.
 *
 * A sink owns the connection that tt_reply_detach() took from libfcgi, or is
 * the standard output of a plain CGI program.  It never blocks.  Frames are
 * queued, packed into STDOUT records as the socket takes them, and may be
 * taken back as long as no byte of their record has left.
 */
#ifndef TT_SINK_H
#define TT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fcgiapp.h>

#include "web/record.h"

struct tt_frame;

#define TT_SINK_FEW	4	/* frames queued without an allocation */

enum tt_sink_rc {
	TT_SINK_IDLE,		/* all is written */
	TT_SINK_BLOCKED,	/* try again when the descriptor is writable */
	TT_SINK_ENDED,		/* the end is written too: wait for EOF */
	TT_SINK_GONE		/* the client or the web server has left */
};

struct tt_sink {
	int		  fd;			/* -1: closed */
	int		  request_id;		/* 0: plain CGI */
	struct tt_frame	**queue;		/* few, or allocated */
	struct tt_frame	 *few[TT_SINK_FEW];
	unsigned	  n, cap;
	unsigned	  committed;		/* frames of the open record */
	size_t		  queued;		/* bytes in the queue */
	size_t		  sent;			/* of the first frame */
	size_t		  record_left;		/* of the open record */
	unsigned char	  control[TT_RECORD_END_SZ];	/* a head, or the end */
	unsigned char	  control_at, control_sz;
	bool		  ending, ended;
	bool		  deaf;			/* its input is over */
};

/*
 * Take the connection of this request over; its environment is gone after.
 * False if the descriptor cannot be made non-blocking; it is closed then.
 */
bool	 tt_sink_open(struct tt_sink *, FCGX_Request *);

/* Drop the queue and close; may be called twice. */
void	 tt_sink_close(struct tt_sink *);

/* Queue a frame (takes a reference).  False on no memory. */
bool	 tt_sink_push(struct tt_sink *, struct tt_frame *);

/*
 * Take back the newest queued frame that is replaceable, of this job and of
 * another batch.  True if there was one.
 */
bool	 tt_sink_take_back(struct tt_sink *, int64_t job, uint64_t batch);

/*
 * Take back all frames that are of a job and not yet committed, the newest
 * first, each told to the caller before it is let go.
 */
void	 tt_sink_drop(struct tt_sink *,
	    void (*told)(void *, const struct tt_frame *), void *arg);

/* After what is queued, the answer ends. */
void	 tt_sink_end(struct tt_sink *);

/* Write what the descriptor takes; *wrote says how much. */
enum tt_sink_rc	 tt_sink_flush(struct tt_sink *, size_t *wrote);

/*
 * Read and discard what the peer says; TT_SINK_GONE at its end.  A plain CGI
 * program's output may be a socket whose other direction the web server has
 * closed from the start: such a sink is deaf from then on, and only writing
 * shows that the client has left.
 */
enum tt_sink_rc	 tt_sink_input(struct tt_sink *);

#endif /* !TT_SINK_H */

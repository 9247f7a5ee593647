/*
 * frame.h - a piece of a stream, rendered once and shared by its readers.
 *
 * Frames belong to the loop's thread: the count is not atomic.  The one who
 * makes a frame holds the first reference.
 */
#ifndef TT_FRAME_H
#define TT_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tt_frame {
	unsigned	 refs;
	bool		 replaceable;	/* by a newer one of the same job */
	int64_t		 event_id;	/* 0: of no event; never dropped */
	int64_t		 job, seq;	/* the event's, if it has one */
	uint64_t	 batch;		/* the read that brought it */
	size_t		 sz;
	char		 text[];
};

/* A copy of the text; NULL on no memory.  The rest is zero. */
struct tt_frame	*tt_frame_new(const void *text, size_t sz);
struct tt_frame	*tt_frame_ref(struct tt_frame *);
void		 tt_frame_unref(struct tt_frame *);	/* NULL is fine */

#endif /* !TT_FRAME_H */

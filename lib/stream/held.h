/*
 * held.h - a client that waits for one whole answer, held back until its job
 * has ended.
 */
#ifndef TT_HELD_H
#define TT_HELD_H

struct tt_buf;
struct tt_frame;
struct tt_held;
struct tt_reply;

/*
 * The headers that every answer to this request has, and the whole answer for
 * the case that it takes too long.  Nothing is borrowed.  NULL on no memory.
 */
struct tt_held	*tt_held_new(const struct tt_reply *,
		    const struct tt_reply *late);
void		 tt_held_free(struct tt_held *);

/* A frame that is the answer, with this body of JSON; NULL on no memory. */
struct tt_frame	*tt_held_answer(const struct tt_held *, int status,
		    const struct tt_buf *body);

/* The other answer; the reference is the caller's. */
struct tt_frame	*tt_held_late(const struct tt_held *);

#endif /* !TT_HELD_H */

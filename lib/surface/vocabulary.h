/*
 * vocabulary.h - what a stream says of what happens: one struct per surface.
 */
#ifndef TT_VOCABULARY_H
#define TT_VOCABULARY_H

#include <stdbool.h>

struct tt_buf;
struct tt_event;

struct tt_vocabulary {
	/*
	 * The name under which this event is shown, its data (JSON on one line)
	 * appended to the buffer; NULL if this surface does not show it.
	 * *replaceable: may a newer one of the same job take its place?
	 */
	const char	*(*show)(const struct tt_event *, struct tt_buf *data,
			    bool *replaceable);

	/*
	 * The comment or event that keeps a quiet stream open; NULL where
	 * nothing may be said in between.
	 */
	void		 (*keepalive)(struct tt_buf *);

	/*
	 * Of a client that waits for one whole answer: the body of it, now that
	 * the job has ended; returns the status.  NULL for streams of events.
	 */
	int		 (*answer)(const struct tt_event *, struct tt_buf *);
};

#endif /* !TT_VOCABULARY_H */

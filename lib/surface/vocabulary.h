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

	/* The comment or event that keeps a quiet stream open. */
	void		 (*keepalive)(struct tt_buf *);
};

#endif /* !TT_VOCABULARY_H */

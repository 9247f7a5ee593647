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
	 * What a stream of a queue begins with: the name of the event, its data
	 * appended; NULL where nothing is said.
	 */
	const char	*(*hello)(struct tt_buf *data);

	/*
	 * The comment or event that keeps a quiet stream open.  id: what to
	 * resume from, to be told if the client's is old; or NULL.
	 */
	void		 (*keepalive)(struct tt_buf *, const char *id);

	/*
	 * 0: that is said after TELLTALE_KEEPALIVE seconds of silence.  Else
	 * every so many seconds, whatever else was said.
	 */
	int		 beat_s;

	/*
	 * The program ends: the name of the event that says so, its data
	 * appended; NULL where none does.
	 */
	const char	*(*goodbye)(struct tt_buf *data);

	/*
	 * Of a client that waits for one whole answer: the body of it, now that
	 * the job has ended; returns the status.  NULL for streams of events.
	 */
	int		 (*answer)(const struct tt_event *, struct tt_buf *);
};

#endif /* !TT_VOCABULARY_H */

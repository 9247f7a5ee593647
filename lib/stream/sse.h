/*
 * sse.h - Server-Sent Events as the HTML standard frames them.
 *
 * Pure: text goes into a buffer.
 */
#ifndef TT_SSE_H
#define TT_SSE_H

#include <stdbool.h>

struct tt_buf;

/*
 * One event.  id may be NULL (the client keeps the one it has).  data may
 * hold line ends of any kind, LF, CR or both: each line gets its own field.
 * name and id are ours and hold none.
 */
void	 tt_sse_event(struct tt_buf *, const char *id, const char *name,
	    const char *data);

/* How long a client is to wait before it comes back, in milliseconds. */
void	 tt_sse_retry(struct tt_buf *, int ms);

/* A line that clients ignore; line ends in it become spaces. */
void	 tt_sse_comment(struct tt_buf *, const char *);

/* The middle of the configured time, give or take a third by chance. */
int	 tt_sse_jitter(int ms);

#endif /* !TT_SSE_H */

/*
 * sseread.h - reads an event stream, as the HTML standard says.
 */
#ifndef SSEREAD_H
#define SSEREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Strings live for the call. */
struct sse_event {
	const char	*id;		/* its own; NULL if it has none */
	const char	*name;
	const char	*data;		/* NULL: no event, but an id */
};

typedef void	 (*sse_told)(void *arg, const struct sse_event *);

struct sse {
	struct tt_buf	 line, data, name, id;
	bool		 has_id, has_data, after_cr;
	bool		 begun;		/* the first line has been */
	long		 retry_ms;	/* -1: not told */
	unsigned long	 comments;
};

void	 sse_init(struct sse *);
void	 sse_free(struct sse *);

/* A new connection: half an event is none. */
void	 sse_begin(struct sse *);

/* Something has begun that has not ended yet. */
bool	 sse_within(const struct sse *);

void	 sse_read(struct sse *, const char *text, size_t sz, sse_told,
	    void *arg);

#endif /* !SSEREAD_H */

/*
 * httpread.h - reads one HTTP/1.1 answer as it comes, whatever the pieces.
 *
 * The body is handed on without the framing of chunks.
 */
#ifndef HTTPREAD_H
#define HTTPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_LINE_MAX	8192

typedef void	 (*http_body)(void *arg, const char *text, size_t sz);

enum http_state {
	HTTP_STATUS, HTTP_HEADER, HTTP_CHUNK_SIZE, HTTP_CHUNK_DATA,
	HTTP_CHUNK_END, HTTP_TRAILER, HTTP_LENGTH, HTTP_UNTIL_EOF, HTTP_DONE
};

struct http {
	enum http_state	 state;
	int		 status;	/* 0 until the first line is there */
	bool		 chunked, has_length;
	int64_t		 left;		/* of the chunk, or of the body */
	size_t		 line_sz;
	char		*line;
};

void	 http_init(struct http *);	/* or begin anew */
void	 http_free(struct http *);

/* False if this is no HTTP. */
bool	 http_read(struct http *, const char *text, size_t sz, http_body,
	    void *arg);

/* Is the answer whole, now that the connection has ended, or before? */
bool	 http_whole(const struct http *);

#endif /* !HTTPREAD_H */

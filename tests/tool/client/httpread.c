/*
 * httpread.c - see httpread.h.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "httpread.h"

void
http_init(struct http *h)
{
	char	*line = h->line;

	memset(h, 0, sizeof(*h));
	h->line = line;
}

void
http_free(struct http *h)
{
	free(h->line);
	h->line = NULL;
}

bool
http_whole(const struct http *h)
{
	return h->state == HTTP_DONE || h->state == HTTP_UNTIL_EOF;
}

static bool
status_line(struct http *h)
{
	if (strncmp(h->line, "HTTP/1.", 7) != 0 || h->line_sz < 12)
		return false;
	h->status = atoi(h->line + 9);
	h->state = HTTP_HEADER;
	return h->status >= 100 && h->status <= 599;
}

/* The blank line after the header fields: what follows? */
static void
header_done(struct http *h)
{
	if (h->status < 200)
		h->state = HTTP_STATUS;
	else if (h->status == 204 || h->status == 304)
		h->state = HTTP_DONE;
	else if (h->chunked)
		h->state = HTTP_CHUNK_SIZE;
	else if (h->has_length)
		h->state = h->left > 0 ? HTTP_LENGTH : HTTP_DONE;
	else
		h->state = HTTP_UNTIL_EOF;
}

static void
header_field(struct http *h)
{
	char	*value = strchr(h->line, ':');

	if (value == NULL)
		return;
	*value++ = '\0';
	value += strspn(value, " \t");
	if (strcasecmp(h->line, "Transfer-Encoding") == 0)
		h->chunked = strcasecmp(value, "chunked") == 0;
	if (strcasecmp(h->line, "Content-Length") == 0) {
		h->has_length = true;
		h->left = strtoll(value, NULL, 10);
	}
}

static bool
chunk_size(struct http *h)
{
	char	*end;

	h->left = strtoll(h->line, &end, 16);
	if (end == h->line || h->left < 0 || strchr("; \t", *end) == NULL)
		return false;
	h->state = h->left == 0 ? HTTP_TRAILER : HTTP_CHUNK_DATA;
	return true;
}

/* h->line is a whole line, without its end. */
static bool
take_line(struct http *h)
{
	switch (h->state) {
	case HTTP_STATUS:
		return status_line(h);
	case HTTP_HEADER:
		if (h->line_sz == 0)
			header_done(h);
		else
			header_field(h);
		return true;
	case HTTP_CHUNK_SIZE:
		return chunk_size(h);
	case HTTP_CHUNK_END:
		h->state = HTTP_CHUNK_SIZE;
		return h->line_sz == 0;
	case HTTP_TRAILER:
		if (h->line_sz == 0)
			h->state = HTTP_DONE;
		return true;
	default:
		return false;
	}
}

/* How much of the text belongs to a line; 0 if it is none. */
static size_t
read_line(struct http *h, const char *text, size_t sz)
{
	const char	*end = memchr(text, '\n', sz);
	size_t		 n = end == NULL ? sz : (size_t)(end - text);

	if (h->line == NULL && (h->line = malloc(HTTP_LINE_MAX)) == NULL)
		return 0;
	if (h->line_sz + n >= HTTP_LINE_MAX)
		return 0;
	memcpy(h->line + h->line_sz, text, n);
	h->line_sz += n;
	if (end == NULL)
		return n;
	if (h->line_sz > 0 && h->line[h->line_sz - 1] == '\r')
		h->line_sz--;
	h->line[h->line_sz] = '\0';
	if (!take_line(h))
		return 0;
	h->line_sz = 0;
	return n + 1;
}

static size_t
read_body(struct http *h, const char *text, size_t sz, http_body body,
    void *arg)
{
	if (h->state != HTTP_UNTIL_EOF) {
		if ((int64_t)sz > h->left)
			sz = (size_t)h->left;
		h->left -= (int64_t)sz;
	}
	body(arg, text, sz);
	if (h->state == HTTP_LENGTH && h->left == 0)
		h->state = HTTP_DONE;
	if (h->state == HTTP_CHUNK_DATA && h->left == 0)
		h->state = HTTP_CHUNK_END;
	return sz;
}

bool
http_read(struct http *h, const char *text, size_t sz, http_body body,
    void *arg)
{
	size_t	 n;

	while (sz > 0 && h->state != HTTP_DONE) {
		if (h->state == HTTP_CHUNK_DATA || h->state == HTTP_LENGTH ||
		    h->state == HTTP_UNTIL_EOF)
			n = read_body(h, text, sz, body, arg);
		else if ((n = read_line(h, text, sz)) == 0)
			return false;
		text += n;
		sz -= n;
	}
	return true;
}

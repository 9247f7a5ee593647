/*
 * url.h - where a stream is to be had: http://HOST[:PORT]/PATH
 */
#ifndef URL_H
#define URL_H

#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>

struct url {
	char			*text;		/* owned */
	const char		*path;		/* in text */
	char			 host[256];	/* with the port, for Host: */
	char			*last_id;	/* owned; NULL: none */
	struct sockaddr_storage	 addr;
	socklen_t		 addr_sz;
};

struct urls {
	struct url	*url;
	size_t		 n;
};

/* False, with a word on stderr, if it is none or leads nowhere. */
bool	 urls_add(struct urls *, const char *text, const char *last_id);

/* One a line, with a Last-Event-ID after a blank, or without. */
bool	 urls_read(struct urls *, const char *file);

void	 urls_free(struct urls *);

#endif /* !URL_H */

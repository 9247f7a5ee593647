/*
 * url.c - see url.h.
 */
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "url.h"

#define SCHEME		"http://"
#define LINE_SZ		16384

static bool
complain(const char *text, const char *what)
{
	(void)fprintf(stderr, "sseload: %.80s: %s\n", text, what);
	return false;
}

/* Same host as the one before: nearly always. */
static bool
resolve(struct url *u, const struct url *before)
{
	struct addrinfo	 hints, *found;
	char		 host[sizeof(u->host)];
	const char	*port = "80";
	char		*colon;

	if (before != NULL && strcmp(before->host, u->host) == 0) {
		u->addr = before->addr;
		u->addr_sz = before->addr_sz;
		return true;
	}
	memcpy(host, u->host, sizeof(host));
	if ((colon = strrchr(host, ':')) != NULL) {
		*colon = '\0';
		port = colon + 1;
	}
	memset(&hints, 0, sizeof(hints));
	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo(host, port, &hints, &found) != 0)
		return complain(u->text, "no such host or port");
	memcpy(&u->addr, found->ai_addr, found->ai_addrlen);
	u->addr_sz = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

static bool
parse(struct url *u)
{
	const char	*host = u->text + strlen(SCHEME);
	size_t		 sz;

	if (strncmp(u->text, SCHEME, strlen(SCHEME)) != 0)
		return complain(u->text, "not " SCHEME);
	sz = strcspn(host, "/");
	if (sz == 0 || sz >= sizeof(u->host))
		return complain(u->text, "no host");
	memcpy(u->host, host, sz);
	u->host[sz] = '\0';
	u->path = host[sz] == '\0' ? "/" : host + sz;
	return true;
}

bool
urls_add(struct urls *urls, const char *text, const char *last_id)
{
	struct url	*more, *u;

	more = realloc(urls->url, (urls->n + 1) * sizeof(*more));
	if (more == NULL)
		return complain(text, "out of memory");
	urls->url = more;
	u = &more[urls->n];
	memset(u, 0, sizeof(*u));
	u->text = strdup(text);
	u->last_id = last_id == NULL ? NULL : strdup(last_id);
	urls->n++;
	if (u->text == NULL || (last_id != NULL && u->last_id == NULL))
		return complain(text, "out of memory");
	return parse(u) && resolve(u, urls->n > 1 ? u - 1 : NULL);
}

bool
urls_read(struct urls *urls, const char *file)
{
	static char	 line[LINE_SZ];
	char		*last_id;
	FILE		*fp;
	bool		 ok = true;

	if ((fp = fopen(file, "r")) == NULL)
		return complain(file, "cannot be read");
	while (ok && fgets(line, sizeof(line), fp) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		last_id = line + strcspn(line, " \t");
		if (*last_id != '\0')
			*last_id++ = '\0';
		if (*line != '\0')
			ok = urls_add(urls, line,
			    *last_id == '\0' ? NULL : last_id);
	}
	(void)fclose(fp);
	return ok;
}

void
urls_free(struct urls *urls)
{
	size_t	 i;

	for (i = 0; i < urls->n; i++) {
		free(urls->url[i].text);
		free(urls->url[i].last_id);
	}
	free(urls->url);
}

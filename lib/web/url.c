/*
 * url.c - see url.h.
 */
#include <sys/socket.h>

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/public.h"
#include "web/url.h"

#define HOST_MAX	253	/* of a name in the DNS */

/* The rest after http:// or https://, NULL if it is neither. */
static const char *
after_scheme(const char *url)
{
	if (strncasecmp(url, "http://", 7) == 0)
		return url + 7;
	if (strncasecmp(url, "https://", 8) == 0)
		return url + 8;
	return NULL;
}

static bool
has_controls(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= 0x20 || *s == 0x7f || *s == '\\')
			return true;
	return false;
}

/* The host, without brackets; false if it is none, or what follows no port. */
static bool
read_host(const char *s, char host[HOST_MAX + 1])
{
	size_t		 n = strcspn(s, "/?#"), sz;
	const char	*end = s + n, *colon;

	if (memchr(s, '@', n) != NULL)
		return false;
	if (*s == '[') {
		if ((colon = memchr(s, ']', n)) == NULL)
			return false;
		s++;
		sz = (size_t)(colon++ - s);
	} else {
		if ((colon = memchr(s, ':', n)) == NULL)
			colon = end;
		sz = (size_t)(colon - s);
	}
	if (sz == 0 || sz > HOST_MAX)
		return false;
	(void)memcpy(host, s, sz);
	host[sz] = '\0';
	if (colon == end)
		return true;
	n = strspn(colon + 1, "0123456789");
	return *colon == ':' && n <= 5 && colon + 1 + n == end;
}

static bool
is_localhost(const char *host)
{
	static const char	 name[] = "localhost";
	size_t			 n = strlen(host), sz = sizeof(name) - 1;

	if (n > 0 && host[n - 1] == '.')
		n--;
	return n >= sz && strncasecmp(host + n - sz, name, sz) == 0 &&
	    (n == sz || host[n - sz - 1] == '.');
}

/* The resolver knows every notation of an address; it asks nobody for these. */
static bool
read_address(const char *host, unsigned char address[TT_ADDRESS_SZ])
{
	struct addrinfo			 hints, *ai;
	const struct sockaddr_in	*v4;
	const struct sockaddr_in6	*v6;

	memset(&hints, 0, sizeof(hints));
	hints.ai_flags = AI_NUMERICHOST;
	hints.ai_socktype = SOCK_STREAM;
	if (getaddrinfo(host, NULL, &hints, &ai) != 0)
		return false;
	if (ai->ai_family == AF_INET) {
		v4 = (const struct sockaddr_in *)(const void *)ai->ai_addr;
		memset(address, 0, 10);
		memset(address + 10, 0xff, 2);
		(void)memcpy(address + 12, &v4->sin_addr, 4);
	} else {
		v6 = (const struct sockaddr_in6 *)(const void *)ai->ai_addr;
		(void)memcpy(address, &v6->sin6_addr, TT_ADDRESS_SZ);
	}
	freeaddrinfo(ai);
	return true;
}

enum tt_rc
tt_url_check(const char *field, const char *url, const struct tt_cidrs *allow,
    struct tt_err *err)
{
	unsigned char	 address[TT_ADDRESS_SZ];
	char		 host[HOST_MAX + 1];
	const char	*rest = after_scheme(url);

	if (rest == NULL || strlen(url) > TT_URL_MAX || has_controls(url) ||
	    !read_host(rest, host))
		return tt_err_tell(err, TT_BADREQ,
		    "%s must be an http:// or https:// URL of up to %d bytes, "
		    "without a user name", field, TT_URL_MAX);
	if (read_address(host, address)) {
		if (tt_address_public(address) ||
		    tt_cidrs_have(allow, address))
			return TT_OK;
	} else if (!is_localhost(host))
		return TT_OK;
	return tt_err_tell(err, TT_BADREQ,
	    "%s must not name a private, loopback or link-local address",
	    field);
}

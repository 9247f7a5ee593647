/*
 * cidr.c - see cidr.h.
 */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "base/cidr.h"

#define SEPARATORS	", \t"
#define MAPPED_BITS	96	/* before the 32 of IPv4 */
#define PORT_MAX	65535

/* A number of n digits, no more than max; -1 if it is none. */
static int
number(const char *s, size_t n, int max)
{
	int	 value = 0;

	if (n == 0)
		return -1;
	for (; n > 0; n--, s++) {
		if (*s < '0' || *s > '9')
			return -1;
		value = value * 10 + (*s - '0');
		if (value > max)
			return -1;
	}
	return value;
}

/* An address with nothing around it. */
static bool
read_bare(const char *s, size_t n, unsigned char address[TT_ADDRESS_SZ],
    bool *ipv4)
{
	static const unsigned char	 mapped[] = {
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
	};
	char				 text[INET6_ADDRSTRLEN];

	/* A NUL inside would hide what is after it. */
	if (n >= sizeof(text) || memchr(s, '\0', n) != NULL)
		return false;
	(void)memcpy(text, s, n);
	text[n] = '\0';

	*ipv4 = memchr(s, ':', n) == NULL;
	if (!*ipv4)
		return inet_pton(AF_INET6, text, address) == 1;
	(void)memcpy(address, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, address + sizeof(mapped)) == 1;
}

/*
 * How long the text is without its port; 0 if what follows the address is
 * none.  A second colon outside of brackets belongs to IPv6.
 */
static size_t
before_port(const char *s, size_t n)
{
	const char	*end, *colon = memchr(s, ':', n);
	size_t		 host;

	if (n > 0 && s[0] == '[') {
		if ((end = memchr(s, ']', n)) == NULL)
			return 0;
		host = (size_t)(end - s) + 1;
	} else {
		if (colon == NULL)
			return n;
		host = (size_t)(colon - s);
		if (memchr(colon + 1, ':', n - host - 1) != NULL)
			return n;
	}
	if (host == n || (s[host] == ':' &&
	    number(s + host + 1, n - host - 1, PORT_MAX) != -1))
		return host;
	return 0;
}

bool
tt_address_read(const char *s, size_t n, unsigned char address[TT_ADDRESS_SZ])
{
	unsigned char	 read[TT_ADDRESS_SZ];
	size_t		 host = before_port(s, n);
	bool		 brackets, ipv4;

	if (host == 0)
		return false;
	brackets = s[0] == '[';
	if (!read_bare(s + brackets, host - 2 * brackets, read, &ipv4) ||
	    (brackets && ipv4))
		return false;
	(void)memcpy(address, read, sizeof(read));
	return true;
}

/* Are the bits from the first on all zero? */
static bool
rest_is_zero(const unsigned char address[TT_ADDRESS_SZ], int first)
{
	int	 i;

	for (i = first; i < TT_ADDRESS_SZ * 8; i++)
		if ((address[i / 8] & (0x80 >> i % 8)) != 0)
			return false;
	return true;
}

static bool
read_network(const char *s, size_t n, struct tt_cidr *cidr)
{
	const char	*slash = memchr(s, '/', n);
	size_t		 host = slash == NULL ? n : (size_t)(slash - s);
	bool		 ipv4;
	int		 bits;

	if (!read_bare(s, host, cidr->address, &ipv4))
		return false;
	cidr->bits = TT_ADDRESS_SZ * 8;
	if (slash == NULL)
		return true;
	bits = number(slash + 1, n - host - 1,
	    TT_ADDRESS_SZ * 8 - (ipv4 ? MAPPED_BITS : 0));
	if (bits == -1)
		return false;
	cidr->bits = bits + (ipv4 ? MAPPED_BITS : 0);
	return rest_is_zero(cidr->address, cidr->bits);
}

static size_t
count(const char *s)
{
	size_t	 n = 0;

	for (s += strspn(s, SEPARATORS); *s != '\0'; n++) {
		s += strcspn(s, SEPARATORS);
		s += strspn(s, SEPARATORS);
	}
	return n;
}

bool
tt_cidrs_read(const char *s, struct tt_cidrs *cidrs, const char **wrong)
{
	size_t	 n = count(s);

	cidrs->list = NULL;
	cidrs->n = 0;
	*wrong = NULL;
	if (n == 0)
		return true;
	if ((cidrs->list = calloc(n, sizeof(*cidrs->list))) == NULL)
		return false;

	for (s += strspn(s, SEPARATORS); *s != '\0'; cidrs->n++) {
		n = strcspn(s, SEPARATORS);
		if (!read_network(s, n, &cidrs->list[cidrs->n])) {
			*wrong = s;
			tt_cidrs_free(cidrs);
			return false;
		}
		s += n;
		s += strspn(s, SEPARATORS);
	}
	return true;
}

void
tt_cidrs_free(struct tt_cidrs *cidrs)
{
	free(cidrs->list);
	cidrs->list = NULL;
	cidrs->n = 0;
}

bool
tt_cidr_has(const struct tt_cidr *cidr,
    const unsigned char address[TT_ADDRESS_SZ])
{
	size_t	 whole = (size_t)cidr->bits / 8;
	int	 mask = 0xff00 >> cidr->bits % 8 & 0xff;

	return memcmp(cidr->address, address, whole) == 0 &&
	    (mask == 0 ||
	    ((cidr->address[whole] ^ address[whole]) & mask) == 0);
}

bool
tt_cidrs_have(const struct tt_cidrs *cidrs,
    const unsigned char address[TT_ADDRESS_SZ])
{
	int	 i;

	for (i = 0; i < cidrs->n; i++)
		if (tt_cidr_has(&cidrs->list[i], address))
			return true;
	return false;
}

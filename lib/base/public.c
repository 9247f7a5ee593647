/*
 * public.c - see public.h.
 */
#include <string.h>

#include "base/public.h"

/*
 * The special-purpose registries of IANA, without what is reachable globally.
 * Those of IPv4 are the mapped ones, as struct tt_cidrs has them.
 */
static const struct tt_cidr	 special[] = {
#define V4(a, b, c, d, n)	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff,	\
				    0xff, a, b, c, d }, 96 + (n) }
	V4(0, 0, 0, 0, 8),		/* this network */
	V4(10, 0, 0, 0, 8),		/* private */
	V4(100, 64, 0, 0, 10),		/* shared, behind a carrier's NAT */
	V4(127, 0, 0, 0, 8),		/* loopback */
	V4(169, 254, 0, 0, 16),		/* link-local; metadata of clouds */
	V4(172, 16, 0, 0, 12),		/* private */
	V4(192, 0, 0, 0, 24),		/* protocol assignments */
	V4(192, 0, 2, 0, 24),		/* documentation */
	V4(192, 88, 99, 0, 24),		/* 6to4 relays */
	V4(192, 168, 0, 0, 16),		/* private */
	V4(198, 18, 0, 0, 15),		/* benchmarks */
	V4(198, 51, 100, 0, 24),	/* documentation */
	V4(203, 0, 113, 0, 24),		/* documentation */
	V4(224, 0, 0, 0, 4),		/* multicast */
	V4(240, 0, 0, 0, 4),		/* reserved, broadcast */
#undef V4
	{ { 0 }, 96 },				/* unspecified, loopback */
	{ { 0x00, 0x64, 0xff, 0x9b, 0, 1 }, 48 },	/* local NAT64 */
	{ { 0x01, 0x00 }, 64 },			/* discard only */
	{ { 0x20, 0x01 }, 23 },			/* assignments, Teredo */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },	/* documentation */
	{ { 0x3f, 0xff }, 20 },			/* documentation */
	{ { 0x5f, 0x00 }, 16 },			/* segment routing */
	{ { 0xfc }, 7 },			/* unique local */
	{ { 0xfe, 0x80 }, 10 },			/* link-local */
	{ { 0xfe, 0xc0 }, 10 },			/* site-local, of old */
	{ { 0xff }, 8 },			/* multicast */
};

/* IPv6 networks in which an IPv4 address stands, and from which byte. */
static const struct {
	unsigned char	 prefix[12];
	size_t		 sz, at;
} carriers[] = {
	{ { 0x00, 0x64, 0xff, 0x9b }, 12, 12 },		/* NAT64 */
	{ { 0x20, 0x02 }, 2, 2 },			/* 6to4 */
};

static bool
is_special(const unsigned char address[TT_ADDRESS_SZ])
{
	size_t	 i;

	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (tt_cidr_has(&special[i], address))
			return true;
	return false;
}

bool
tt_address_public(const unsigned char address[TT_ADDRESS_SZ])
{
	unsigned char	 carried[TT_ADDRESS_SZ] = { [10] = 0xff, [11] = 0xff };
	size_t		 i;

	for (i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
		if (memcmp(address, carriers[i].prefix, carriers[i].sz) != 0)
			continue;
		(void)memcpy(carried + 12, address + carriers[i].at, 4);
		return !is_special(carried);
	}
	return !is_special(address);
}

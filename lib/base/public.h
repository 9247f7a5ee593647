/*
 * public.h - addresses that anybody on the Internet may have.
 *
 * What we fetch or call for somebody else must not reach what only we can
 * reach: our own host, its network, a cloud's metadata.
 */
#ifndef TT_PUBLIC_H
#define TT_PUBLIC_H

#include "base/cidr.h"

/*
 * Is this neither private, loopback, link-local, shared, multicast, reserved
 * or unspecified, nor an IPv6 form of such an IPv4 address (mapped, NAT64,
 * 6to4, Teredo)?
 */
bool	 tt_address_public(const unsigned char address[TT_ADDRESS_SZ]);

#endif /* !TT_PUBLIC_H */

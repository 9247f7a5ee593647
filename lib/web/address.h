/*
 * address.h - where a request comes from.
 */
#ifndef TT_ADDRESS_H
#define TT_ADDRESS_H

#include "base/cidr.h"

struct tt_request;

/*
 * The client's address: REMOTE_ADDR, unless that is a trusted proxy; then the
 * right-most address of X-Forwarded-For that is not one.  Where that header
 * ends or cannot be read, it is the last trusted one that could.  All zeros
 * (which is nobody's) if the web server gives none, as on a unix socket: a
 * proxy that comes by one is trusted if "::" is.
 */
void	 tt_request_address(const struct tt_request *,
	    const struct tt_cidrs *trusted,
	    unsigned char address[TT_ADDRESS_SZ]);

#endif /* !TT_ADDRESS_H */

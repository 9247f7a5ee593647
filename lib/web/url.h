/*
 * url.h - addresses that clients give us, for workers to fetch or webhooks to
 * call.
 *
 * Nothing is resolved here: whoever connects judges the address that he
 * connects to, by the same rules (base/public.h).
 */
#ifndef TT_URL_H
#define TT_URL_H

#include "base/cidr.h"
#include "base/rc.h"

#define TT_URL_MAX	2048

/*
 * TT_BADREQ, naming the field, unless this is http:// or https:// with a host,
 * without a user's name, blanks or control characters, of up to TT_URL_MAX
 * bytes, and the host is not literally an address that is not public, in any
 * notation (127.1, 0x7f000001, [::1]), nor localhost.  allow are networks that
 * may be named all the same.
 */
enum tt_rc	 tt_url_check(const char *field, const char *url,
		    const struct tt_cidrs *allow, struct tt_err *) TT_MUSTUSE;

#endif /* !TT_URL_H */

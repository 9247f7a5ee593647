/*
 * lease.h - a place among an account's open streams, over all hosts.
 *
 * SQL gives it in the same call that opens the stream, to a hub that it knows
 * (the listener); the hub gives it back.  A hub that dies loses all of its
 * own: see sql/functions/lease_take.sql.
 */
#ifndef TT_LEASE_H
#define TT_LEASE_H

#include <stdbool.h>
#include <stdint.h>

struct tt_lease {
	int64_t		 listener;	/* in whose name; 0: none's */
	bool		 taken;
	int64_t		 account;
	int64_t		 key;		/* api_key.key_id; 0: the public */
	const char	*class;		/* "watch" or "stream", a literal */
};

#endif /* !TT_LEASE_H */

/*
 * ticket.h - a key's power for minutes, as text for a URL or a cookie.
 *
 * EventSource cannot send a header, and a key must not stand in a URL.  A
 * ticket is what its key may do, or less, until it expires: sealed
 * (XChaCha20-Poly1305) with a key derived from TELLTALE_SECRET, so nobody
 * can read, change or make one.  Inside is the hash of the key, so SQL judges
 * the key itself as ever, and revoking it ends its tickets.
 */
#ifndef TT_TICKET_H
#define TT_TICKET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"
#include "job/job.h"

#define TT_TICKET_SZ	320	/* room for its text */
#define TT_TICKET_SCOPES 16	/* bits: places in the list of scopes */
#define TT_TICKET_DAY_S	43200	/* so long one may be had for another */

struct tt_ticket {
	unsigned char	 key[32];	/* SHA-256 of the key */
	uint32_t	 scopes;	/* bits of tt_scope_bit() */
	int64_t		 born_us;	/* when the first of its line was */
	int64_t		 expires_us;	/* wall clock */
	bool		 cookie;	/* for the cookie, not for a URL */
	char		 job_id[TT_JOB_ID_MAX + 1];	/* "": any */
};

/* The bit of a scope's word; 0 if there is no such scope. */
uint32_t	 tt_scope_bit(const char *word);
/* The word of the n-th bit; NULL past the last. */
const char	*tt_scope_word(int n);

/*
 * secrets is TELLTALE_SECRET: the one to seal with, and after a comma one that
 * is still accepted.  False, and nothing sealed, if it is empty.
 */
bool		 tt_ticket_seal(const char *secrets, const struct tt_ticket *,
		    char text[TT_TICKET_SZ]);

/*
 * TT_UNAUTHORIZED, with a text for the client, unless it is one of ours that
 * has not expired by now_us.
 */
enum tt_rc	 tt_ticket_open(const char *secrets, const char *text,
		    int64_t now_us, struct tt_ticket *, struct tt_err *)
		    TT_MUSTUSE;

#endif /* !TT_TICKET_H */

/*
 * cidr.h - Internet addresses, and lists of networks.
 *
 * An address is 16 bytes; one of IPv4 is the mapped one (::ffff:192.0.2.1).
 */
#ifndef TT_CIDR_H
#define TT_CIDR_H

#include <stdbool.h>
#include <stddef.h>

#define TT_ADDRESS_SZ	16

struct tt_cidr {
	unsigned char	 address[TT_ADDRESS_SZ];
	int		 bits;			/* of the 128 */
};

struct tt_cidrs {
	struct tt_cidr	*list;
	int		 n;
};

/*
 * An address out of text of that length; false if it is none.  Brackets and a
 * port, as in "[2001:db8::1]:443" and "192.0.2.1:443", are taken off; a zone
 * ("%eth0") is not accepted.
 */
bool	 tt_address_read(const char *, size_t,
	    unsigned char address[TT_ADDRESS_SZ]);

/*
 * A list of networks and addresses, separated by commas or blanks; an empty
 * text is an empty list.  False if an element is malformed, has bits beyond
 * its prefix, or on no memory; *wrong then points at it (borrowed), or is NULL.
 */
bool	 tt_cidrs_read(const char *, struct tt_cidrs *, const char **wrong);
void	 tt_cidrs_free(struct tt_cidrs *);

bool	 tt_cidr_has(const struct tt_cidr *,
	    const unsigned char address[TT_ADDRESS_SZ]);
bool	 tt_cidrs_have(const struct tt_cidrs *,
	    const unsigned char address[TT_ADDRESS_SZ]);

#endif /* !TT_CIDR_H */

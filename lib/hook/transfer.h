/*
 * transfer.h - one webhook on its way: a POST to a place that somebody else
 * chose, who may mean us harm.
 *
 * Only http and https, no redirect, no proxy, no cookie; the certificate is
 * checked, and so is the address that is really connected to.  Ten seconds in
 * all; of the answer no more than 64 KiB is read.
 */
#ifndef TT_TRANSFER_H
#define TT_TRANSFER_H

#include <stdbool.h>

#include <curl/curl.h>

#include "base/rc.h"

#define TT_TRANSFER_MS	10000	/* in all */

struct tt_cidrs;
struct tt_delivery;
struct tt_transfer;

/* What became of it. */
struct tt_verdict {
	bool	 delivered;	/* the receiver said 2xx */
	int	 status;	/* 0: he said nothing */
	char	 error[256];	/* why not, in ASCII */
};

/* Used again and again.  allow is borrowed.  NULL on no memory. */
struct tt_transfer	*tt_transfer_new(const struct tt_cidrs *allow);
void			 tt_transfer_free(struct tt_transfer *);

/*
 * Start: the delivery is copied.  owner is what CURLINFO_PRIVATE gives for the
 * handle when curl says that it is over; tell that to _end().
 */
enum tt_rc	 tt_transfer_begin(struct tt_transfer *, CURLM *,
		    const struct tt_delivery *, void *owner, struct tt_err *)
		    TT_MUSTUSE;
void		 tt_transfer_end(struct tt_transfer *, CURLcode,
		    struct tt_verdict *);

/* Break it off, whatever became of it; also when it is not under way. */
void		 tt_transfer_stop(struct tt_transfer *);

#endif /* !TT_TRANSFER_H */

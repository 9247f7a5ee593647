/*
 * courier.h - takes deliveries from the database, brings them, and tells the
 * database what became of them: one loop, one connection, many transfers.
 *
 * A delivery is leased before it is tried, and told of after: whoever is
 * killed in between leaves it to the next, who tries it again.
 */
#ifndef TT_COURIER_H
#define TT_COURIER_H

#include <stdbool.h>

#include "base/rc.h"

#define TT_COURIER_MAX	1000	/* transfers at once */

struct tt_conf;
struct tt_courier;

/*
 * Borrows the configuration.  concurrency transfers at once; once: only what
 * is due.  NULL on no memory.
 */
struct tt_courier	*tt_courier_new(const struct tt_conf *,
			    int concurrency, bool once);
void			 tt_courier_free(struct tt_courier *);

/*
 * Go on until stop_fd is readable and what is under way has ended or had its
 * time; with once, until nothing is due.  TT_UNAVAIL if the database was away
 * then.
 */
enum tt_rc	 tt_courier_run(struct tt_courier *, int stop_fd,
		    struct tt_err *) TT_MUSTUSE;

#endif /* !TT_COURIER_H */

/*
 * feedrow.h - the rows of feed_read, feed_catch_up and feed_view as events.
 */
#ifndef TT_FEEDROW_H
#define TT_FEEDROW_H

#include <stdbool.h>

#include <libpq-fe.h>

#include "job/event.h"

/* Columns before those of the event itself. */
#define TT_READ_SNAPSHOT	0
#define TT_READ_US		1
#define TT_READ_EVENT		2
#define TT_CATCH_UP_ASK		0
#define TT_CATCH_UP_EVENT	1
#define TT_VIEW_EVENT		0
#define TT_VIEW_KIND		8

/*
 * The event in this row, whose columns begin at first; its strings point into
 * res.  False if there is none: event_id is null, or the kind unknown to us
 * (a newer schema's).
 */
bool	 tt_feedrow(const PGresult *res, int row, int first,
	    struct tt_event *);

#endif /* !TT_FEEDROW_H */

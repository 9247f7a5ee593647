/*
 * view_main.h - the whole of a program that streams queues: the public's, or
 * with a key one account's.
 *
 * Last-Event-ID is a position in the log (job/position.h): what was missed
 * since comes first.  One that means nothing here, or is older than the log, is
 * answered by the event `resync`, and then by what happens.
 */
#ifndef TT_VIEW_MAIN_H
#define TT_VIEW_MAIN_H

#include "base/rc.h"

struct tt_rate;
struct tt_reply;
struct tt_request;
struct tt_vocabulary;

struct tt_view_program {
	const char			*name;		/* "updates.fcgi" */
	const char			*path;		/* "/api/updates" */
	const struct tt_vocabulary	*vocabulary;

	/* Is an event stream what the client wants? */
	enum tt_rc			(*accept)(const struct tt_request *,
					    struct tt_err *);
	void				(*error)(struct tt_reply *,
					    const struct tt_request *,
					    const struct tt_err *);
	void				(*rate)(struct tt_reply *,
					    const struct tt_rate *);
};

/* Returns the exit status.  The struct is borrowed. */
int	 tt_view_main(int argc, char **argv, const struct tt_view_program *);

#endif /* !TT_VIEW_MAIN_H */

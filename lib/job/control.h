/*
 * control.h - the queue as a whole: how it stands, and who may stop it when.
 */
#ifndef TT_CONTROL_H
#define TT_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rc.h"

struct pg_result;
struct tt_caller;
struct tt_db;

/* Of several queues, a public view, each of these is so if it is of all. */
struct tt_control {
	bool		 paused;		/* claim() hands out nothing */
	bool		 manually_paused;	/* by its account, or by */
	bool		 server_paused;		/* the operator, for all */
	bool		 scheduler_paused;
	const char	*user_override;	/* JSON: "true", "false"; or NULL */
	const char	*failing_rules;	/* a JSON array */
	int64_t		 processing, waiting, cooling_down;	/* jobs */
	struct pg_result *res;		/* for _free() */
};

/*
 * How the queue of the caller's view stands, all of one moment.  On TT_OK it
 * is to be freed; otherwise it is empty.  TT_UNAUTHORIZED, TT_FORBIDDEN,
 * TT_TERMINATED as SQL judges, here and below.
 */
enum tt_rc	 tt_control_get(struct tt_db *, struct tt_caller *,
		    struct tt_control *, struct tt_err *) TT_MUSTUSE;
void		 tt_control_free(struct tt_control *);

#endif /* !TT_CONTROL_H */

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
	bool		 by_hand;	/* whatever the schedule wants: */
	bool		 hand_paused;	/* so, or else resumed */
	const char	*failing_rules;	/* a JSON array */
	int64_t		 processing, waiting, cooling_down;	/* jobs */
	struct pg_result *res;		/* for _free() */
};

/* What SQL has written as JSON. */
struct tt_document {
	const char	*json;
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

/*
 * Pause the queue of the caller's account, or resume it; TT_OK also if it was
 * so before.
 */
enum tt_rc	 tt_control_pause(struct tt_db *, struct tt_caller *,
		    bool paused, struct tt_err *) TT_MUSTUSE;

/*
 * The schedule of the caller's account; changed before, where a JSON text says
 * what of it: TT_BADREQ naming what is wrong there.  On TT_OK the document is
 * to be freed.
 */
enum tt_rc	 tt_control_schedule(struct tt_db *, struct tt_caller *,
		    const char *change, struct tt_document *,
		    struct tt_err *) TT_MUSTUSE;

/* What workers last measured, as the rules of that schedule see it. */
enum tt_rc	 tt_control_metrics(struct tt_db *, struct tt_caller *,
		    struct tt_document *, struct tt_err *) TT_MUSTUSE;
void		 tt_document_free(struct tt_document *);

#endif /* !TT_CONTROL_H */

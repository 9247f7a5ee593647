/*
 * tick.c - see tick.h.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/conf.h"
#include "base/log.h"
#include "job/tick.h"
#include "pg/db.h"

static const struct tt_query	 due_query = {
	"tick_duties", "select telltale.tick_duties()", 0
};
static const struct tt_query	 tick_query = {
	"tick", "select duty, done, note from telltale.tick($1)", 1
};

static pthread_t	 thread;
static bool		 started;	/* the loop's thread only */
static atomic_bool	 running;

/* Each duty is a transaction of its own; one that fails is tried again. */
static void
duties(struct tt_db *db)
{
	struct tt_err	 err;
	PGresult	*due, *res;
	const char	*args[1];
	int		 i;

	tt_err_clear(&err);
	if (tt_db_call(db, &due_query, NULL, &due, &err) != TT_OK) {
		tt_warn("tick: %s", err.msg);
		return;
	}
	for (i = 0; i < PQntuples(due); i++) {
		args[0] = tt_db_text(due, i, 0);
		tt_err_clear(&err);
		if (tt_db_call(db, &tick_query, args, &res, &err) == TT_OK)
			tt_debug("tick: %s", args[0]);
		else
			tt_warn("tick: %s: %s", args[0], err.msg);
		PQclear(res);
	}
	PQclear(due);
}

static void *
run(void *arg)
{
	struct tt_db	*db;

	if ((db = tt_db_new(arg)) != NULL) {
		tt_db_apart(db);
		duties(db);
	}
	tt_db_free(db);
	atomic_store(&running, false);
	return NULL;
}

void
tt_tick_start(const struct tt_conf *conf)
{
	sigset_t	 all, old;
	union {
		const struct tt_conf	*in;
		void			*out;
	}		 arg = { conf };

	if (atomic_load(&running))
		return;
	tt_tick_wait();
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old);
	atomic_store(&running, true);
	started = pthread_create(&thread, NULL, run, arg.out) == 0;
	if (!started)
		atomic_store(&running, false);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void
tt_tick_wait(void)
{
	if (started)
		(void)pthread_join(thread, NULL);
	started = false;
}

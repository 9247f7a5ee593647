/*
 * progress.c - see progress.h.
 */
#include <stdlib.h>
#include <string.h>

#include "job/caller.h"
#include "job/lease.h"
#include "job/progress.h"
#include "pg/args.h"
#include "pg/db.h"

static const struct tt_query	 open_query = {
	"progress_open", "select * from telltale.web_progress_open("
	"$1, $2, $3, $4, $5, $6, $7)", 7
};

bool
tt_progress_ended(const struct tt_progress_job *j)
{
	return j->job.status == TT_COMPLETED || j->job.status == TT_FAILED ||
	    j->job.status == TT_CANCELLED;
}

void
tt_progress_free(struct tt_progress *p)
{
	PQclear(p->res);
	p->res = NULL;
	p->n = 0;
}

static int64_t
number(const struct tt_progress *p, int row, const char *name)
{
	return tt_db_int(p->res, row, PQfnumber(p->res, name));
}

static TT_MUSTUSE enum tt_rc
read_rows(struct tt_progress *p, struct tt_caller *caller,
    const char *class, struct tt_lease *lease, struct tt_err *err)
{
	int			 i, verdict = PQfnumber(p->res, "verdict");
	int			 resumable = PQfnumber(p->res, "resumable");
	struct tt_job_columns	 columns;

	tt_job_columns(&columns, p->res);
	if (PQntuples(p->res) > 0 && strcmp(tt_db_text(p->res, 0, verdict),
	    "unregistered") == 0) {
		lease->listener = 0;
		return TT_OK;
	}
	for (i = 0; i < PQntuples(p->res) && i < TT_PROGRESS_JOBS; i++) {
		if (tt_caller_verdict(caller, p->res, i, err) != TT_OK)
			return err->rc;
		tt_job_from_row(&p->jobs[i].job, p->res, &columns, i);
		p->jobs[i].seq = number(p, i, "seq");
		p->jobs[i].resumable = *tt_db_text(p->res, i, resumable) == 't';
	}
	p->n = i;
	lease->taken = lease->listener != 0 && *tt_db_text(p->res, 0,
	    PQfnumber(p->res, "leased")) == 't';
	lease->account = number(p, 0, "account_id");
	lease->key = number(p, 0, "key_id");
	lease->class = class;
	return TT_OK;
}

static void
put_args(struct tt_args *a, const struct tt_caller *caller,
    const struct tt_progress_ask *ask, int64_t listener)
{
	int	 i;

	tt_args_text(a, tt_caller_arg(caller));
	tt_args_text(a, caller->scope);
	tt_args_open(a);
	for (i = 0; i < ask->n; i++)
		tt_args_word(a, ask->ids[i]);
	tt_args_close(a);
	if (ask->seqs == NULL)
		tt_args_null(a);
	else {
		tt_args_open(a);
		for (i = 0; i < ask->n; i++)
			tt_args_item(a, ask->seqs[i]);
		tt_args_close(a);
	}
	if (listener == 0)
		tt_args_null(a);
	else
		tt_args_int(a, listener);
	tt_args_text(a, ask->class);
	tt_args_text(a, ask->type);
}

enum tt_rc
tt_progress_open(struct tt_db *db, struct tt_caller *caller,
    const struct tt_progress_ask *ask, struct tt_lease *lease,
    struct tt_progress *p, struct tt_err *err)
{
	struct tt_args		 a = { 0 };
	const char *const	*values;

	p->n = 0;
	p->res = NULL;
	put_args(&a, caller, ask, lease->listener);
	if ((values = tt_args_values(&a)) == NULL)
		(void)tt_err_set(err, TT_INTERNAL, "out of memory");
	else if (tt_db_call(db, &open_query, values, &p->res, err) == TT_OK &&
	    (read_rows(p, caller, ask->class, lease, err) != TT_OK ||
	    p->n == 0))
		tt_progress_free(p);
	tt_args_free(&a);
	return err->rc;
}

bool
tt_progress_id_read(const char *text, int64_t *seqs, int n)
{
	char	*end;
	int	 i;

	for (i = 0; i < n; i++) {
		if (*text < '0' || *text > '9')
			return false;
		seqs[i] = strtoll(text, &end, 10);
		if (end - text > 18 || *end != (i < n - 1 ? '-' : '\0'))
			return false;
		text = end + 1;
	}
	return true;
}

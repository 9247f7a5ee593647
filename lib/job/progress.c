/*
 * progress.c - see progress.h.
 */
#include <stdlib.h>
#include <string.h>

#include "job/progress.h"
#include "pg/args.h"
#include "pg/db.h"

static const struct tt_query	 open_query = {
	"progress_open",
	"select * from telltale.web_progress_open($1, 'job:read', $2, $3)", 3
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

static TT_MUSTUSE enum tt_rc
read_rows(struct tt_progress *p, struct tt_err *err)
{
	int	 i, verdict = PQfnumber(p->res, "verdict");
	int	 seq = PQfnumber(p->res, "seq");
	int	 resumable = PQfnumber(p->res, "resumable");

	for (i = 0; i < PQntuples(p->res) && i < TT_PROGRESS_JOBS; i++) {
		if (tt_job_verdict(tt_db_text(p->res, i, verdict), err) !=
		    TT_OK)
			return err->rc;
		tt_job_from_result(&p->jobs[i].job, p->res, i);
		p->jobs[i].seq = tt_db_int(p->res, i, seq);
		p->jobs[i].resumable = *tt_db_text(p->res, i, resumable) == 't';
	}
	p->n = i;
	p->rate_per_minute = (int)tt_db_int(p->res, 0,
	    PQfnumber(p->res, "rate_per_minute"));
	return TT_OK;
}

enum tt_rc
tt_progress_open(struct tt_db *db, const char *key_hex, const char *const *ids,
    const int64_t *seqs, int n, struct tt_progress *p, struct tt_err *err)
{
	struct tt_args		 a = { 0 };
	const char *const	*values;
	int			 i;

	p->n = 0;
	p->res = NULL;
	tt_args_text(&a, key_hex);
	tt_args_open(&a);
	for (i = 0; i < n; i++)
		tt_args_word(&a, ids[i]);
	tt_args_close(&a);
	if (seqs == NULL)
		tt_args_null(&a);
	else {
		tt_args_open(&a);
		for (i = 0; i < n; i++)
			tt_args_item(&a, seqs[i]);
		tt_args_close(&a);
	}

	if ((values = tt_args_values(&a)) == NULL)
		(void)tt_err_set(err, TT_INTERNAL, "out of memory");
	else if (tt_db_call(db, &open_query, values, &p->res, err) == TT_OK &&
	    read_rows(p, err) != TT_OK)
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

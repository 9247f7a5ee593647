/*
 * moderation_submit.h - a job asked for in the words of /api/v1.
 */
#ifndef TT_MODERATION_SUBMIT_H
#define TT_MODERATION_SUBMIT_H

#include "base/rc.h"
#include "job/job.h"
#include "job/submit.h"

struct tt_cidrs;
struct tt_db;
struct tt_form;
struct tt_reply;
struct tt_request;
struct tt_visitor;

/* What a form asks for.  It borrows the form's texts and files. */
struct tt_wanted {
	struct tt_submission	 s;
	char			*payload;	/* for _free() */
	char			 job_id[TT_JOB_ID_MAX + 1];	/* once made */
};

/*
 * POST /api/v1/moderate/{prompt,image,video}: what is to be judged, as a text,
 * an address or a file.  TT_BADREQ naming the field at fault; on TT_OK it is to
 * be freed.  allow are networks that URLs may name though they are not public.
 */
enum tt_rc	 tt_moderation_content(const struct tt_form *,
		    const char *type, const struct tt_cidrs *allow,
		    struct tt_wanted *, struct tt_err *) TT_MUSTUSE;

/* The same for POST /api/v1/jobs: a job of any type. */
enum tt_rc	 tt_moderation_any(const struct tt_form *,
		    const struct tt_cidrs *allow, struct tt_wanted *,
		    struct tt_err *) TT_MUSTUSE;
void		 tt_wanted_free(struct tt_wanted *);

/*
 * Make that job, or find the one that the same Idempotency-Key has made; its id
 * is in wanted then.  Settles with the gate.
 */
enum tt_rc	 tt_moderation_submit(struct tt_visitor *,
		    const struct tt_request *, struct tt_db *,
		    struct tt_wanted *, struct tt_err *) TT_MUSTUSE;

/*
 * 202: where the job is.  up leads from the request's path to /api/v1/: "" or
 * "../" and so on.
 */
void		 tt_moderation_accepted(struct tt_reply *,
		    const struct tt_request *, const char *up,
		    const char *job_id);

#endif /* !TT_MODERATION_SUBMIT_H */

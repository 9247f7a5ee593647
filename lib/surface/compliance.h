/*
 * compliance.h - the vocabulary of /v1/compliance (seed 003): what a check may
 * ask for, words, shapes, errors.
 */
#ifndef TT_COMPLIANCE_H
#define TT_COMPLIANCE_H

#include <stdbool.h>

#include <jansson.h>

#include "base/rc.h"

struct tt_buf;
struct tt_cidrs;
struct tt_form;
struct tt_job;
struct tt_json;
struct tt_rate;
struct tt_reply;
struct tt_request;
struct tt_vocabulary;

#define TT_COMPLIANCE_CHECK	"/v1/compliance/check"

enum tt_mode { TT_SYNC, TT_STREAM, TT_ASYNC };

/* What POST /v1/compliance/check asks for. */
struct tt_check {
	json_t		*payload;	/* for the worker; owned */
	enum tt_mode	 mode;
	const char	*webhook_url;	/* borrowed from the form; or NULL */
	const char	*callback_id;
};

/*
 * TT_BADREQ with all that is wrong in one message ("platforms: Required,
 * mode: Required").  On TT_OK the payload is to be json_decref()ed.
 */
enum tt_rc	 tt_compliance_check(const struct tt_form *,
		    const struct tt_cidrs *allow, struct tt_check *,
		    struct tt_err *) TT_MUSTUSE;

/* A job id out of the path: TT_BADREQ if it cannot be one. */
enum tt_rc	 tt_compliance_job_id(const char *, struct tt_err *)
		    TT_MUSTUSE;

/* 202: the job will end some time; secret signs the webhook's body. */
void		 tt_compliance_accepted(struct tt_reply *, const char *job_id,
		    const char *callback_id, const char *secret);

/* GET /v1/compliance/jobs/{id}. */
void		 tt_compliance_job(struct tt_reply *, const struct tt_request *,
		    const struct tt_job *);

/*
 * The answer to who waits for the report of a job that has ended: the report,
 * or why there is none.  504 if it goes on, after a retry.
 */
void		 tt_compliance_ended(struct tt_reply *, const struct tt_job *);

/*
 * For a stream of a job whose log is not kept any longer: how the job stands,
 * and how it ended: the event's data is appended to the buffer, its name
 * returned; NULL if it has not.
 */
void		 tt_compliance_state(struct tt_buf *, const struct tt_job *);
const char	*tt_compliance_end(struct tt_buf *, const struct tt_job *);

/* 504: a client has waited long enough; where to ask again. */
void		 tt_compliance_late(struct tt_reply *, const char *job_id);

/*
 * The answer to what failed: {"error":true,"url","statusCode",
 * "statusMessage","message","data"}.
 */
void		 tt_compliance_error(struct tt_reply *,
		    const struct tt_request *, const struct tt_rate *,
		    const struct tt_err *);

/* The same envelope for a check that came to nothing. */
void		 tt_compliance_failed(struct tt_json *, const char *job_id,
		    int status, const char *message, const char *code);

/* Of streams, and of clients that wait for the report. */
extern const struct tt_vocabulary	 tt_compliance_stream;
extern const struct tt_vocabulary	 tt_compliance_report;

#endif /* !TT_COMPLIANCE_H */

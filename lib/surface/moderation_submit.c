/*
 * moderation_submit.c - see moderation_submit.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "gate/gate.h"
#include "job/lease.h"
#include "surface/moderation.h"
#include "surface/moderation_submit.h"
#include "surface/refusal.h"
#include "web/formdata.h"
#include "web/reply.h"
#include "web/request.h"
#include "web/url.h"

#define PROMPT_MAX	20000
#define TYPE_MAX	32
#define PATH_MAX_CHARS	4096
#define TIME_MAX	64
#define CALLBACK_MAX	256
#define ATTEMPTS_MAX	1000

/* The text of a field that may not be empty; NULL if it was not given. */
static TT_MUSTUSE enum tt_rc
read_text(const struct tt_form *form, const char *field, size_t max,
    const char **text, struct tt_err *err)
{
	if (tt_form_text(form, field, max, text, err) == TT_OK &&
	    *text != NULL && **text == '\0')
		(void)!tt_err_tell(err, TT_BADREQ, "Field %s is empty", field);
	return err->rc;
}

static TT_MUSTUSE enum tt_rc
read_url(const struct tt_form *form, const char *field,
    const struct tt_cidrs *allow, const char **url, struct tt_err *err)
{
	if (read_text(form, field, TT_URL_MAX, url, err) == TT_OK &&
	    *url != NULL)
		(void)!tt_url_check(field, *url, allow, err);
	return err->rc;
}

static TT_MUSTUSE enum tt_rc
required(const char *fields, struct tt_err *err)
{
	return tt_err_tell(err, TT_BADREQ, "Required: %s", fields);
}

/* The payload as text; takes the value. */
static TT_MUSTUSE enum tt_rc
set_payload(struct tt_wanted *w, json_t *value, struct tt_err *err)
{
	w->payload = value == NULL ? NULL : json_dumps(value, JSON_COMPACT |
	    JSON_SORT_KEYS | JSON_ENCODE_ANY);
	json_decref(value);
	w->s.payload = w->payload;
	return w->payload == NULL ? tt_err_set(err, TT_INTERNAL,
	    "out of memory") : TT_OK;
}

static TT_MUSTUSE enum tt_rc
read_prompt(const struct tt_form *form, struct tt_wanted *w,
    struct tt_err *err)
{
	static const char *const	 known[] = {
		"prompt", "webhook_url", NULL
	};
	const char			*prompt;

	if (tt_form_known(form, known, err) != TT_OK ||
	    read_text(form, "prompt", PROMPT_MAX, &prompt, err) != TT_OK)
		return err->rc;
	if (prompt == NULL)
		return required("prompt", err);
	return set_payload(w, json_pack("{s:s}", "prompt", prompt), err);
}

/*
 * One file, which then goes with the job as it is; or an address, which the
 * worker is to fetch.  field is the file's name and type, url the address's.
 */
static TT_MUSTUSE enum tt_rc
read_media(const struct tt_form *form, const char *field, const char *url,
    const struct tt_cidrs *allow, struct tt_wanted *w, struct tt_err *err)
{
	const char *const	 known[] = {
		field, url, "webhook_url", NULL
	};
	const char		*address;
	char			 both[64];

	(void)snprintf(both, sizeof(both), "%s, or a file %s", url, field);
	if (tt_form_known(form, known, err) != TT_OK ||
	    read_url(form, url, allow, &address, err) != TT_OK)
		return err->rc;
	if (tt_form_json(form, field) != NULL)
		return tt_err_tell(err, TT_BADREQ, "Field %s must be a file, "
		    "in multipart/form-data", field);
	if (address == NULL && form->nfiles == 0)
		return required(both, err);
	if (address != NULL && form->nfiles != 0)
		return tt_err_tell(err, TT_BADREQ, "Give one only: %s", both);
	if (address != NULL)
		return set_payload(w, json_pack("{s:s}", url, address), err);
	if (form->file[0].sz == 0)
		return tt_err_tell(err, TT_BADREQ, "File %s is empty", field);
	w->s.files = form->file;
	w->s.nfiles = form->nfiles;
	return set_payload(w, json_object(), err);
}

enum tt_rc
tt_moderation_content(const struct tt_form *form, const char *type,
    const struct tt_cidrs *allow, struct tt_wanted *w, struct tt_err *err)
{
	(void)memset(w, 0, sizeof(*w));
	w->s.type = type;
	if (strcmp(type, "prompt") == 0)
		(void)!read_prompt(form, w, err);
	else if (strcmp(type, "image") == 0)
		(void)!read_media(form, "image", "image_url", allow, w, err);
	else
		(void)!read_media(form, "video", "video_url", allow, w, err);
	if (err->rc != TT_OK || read_url(form, "webhook_url", allow,
	    &w->s.webhook_url, err) != TT_OK)
		tt_wanted_free(w);
	return err->rc;
}

/* When it may begin at the earliest; a time gone by is now. */
static TT_MUSTUSE enum tt_rc
read_run_after(const struct tt_form *form, struct tt_submission *s,
    struct tt_err *err)
{
	const char	*text;

	if (tt_form_text(form, "run_after", TIME_MAX, &text, err) != TT_OK ||
	    text == NULL)
		return err->rc;
	if (tt_clock_parse(text, &s->run_after_us) != TT_OK ||
	    s->run_after_us < 0)
		return tt_err_tell(err, TT_BADREQ, "Field run_after must be "
		    "ISO 8601 with a zone, from 1970 on");
	s->has_run_after = true;
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
read_numbers(const struct tt_form *form, struct tt_submission *s,
    struct tt_err *err)
{
	bool	 given;

	if (tt_form_int(form, "priority", INT32_MIN, INT32_MAX, &s->priority,
	    &s->has_priority, err) != TT_OK)
		return err->rc;
	return tt_form_int(form, "max_attempts", 1, ATTEMPTS_MAX,
	    &s->max_attempts, &given, err);
}

enum tt_rc
tt_moderation_any(const struct tt_form *form, const struct tt_cidrs *allow,
    struct tt_wanted *w, struct tt_err *err)
{
	static const char *const	 known[] = {
		"type", "payload", "file_path", "priority", "run_after",
		"max_attempts", "webhook_url", "callback_id", NULL
	};
	struct tt_submission		*s = &w->s;
	json_t				*payload = NULL;

	(void)memset(w, 0, sizeof(*w));
	if (tt_form_known(form, known, err) != TT_OK ||
	    read_text(form, "type", TYPE_MAX, &s->type, err) != TT_OK)
		return err->rc;
	if (s->type == NULL)
		return required("type", err);
	if (read_text(form, "file_path", PATH_MAX_CHARS, &s->file_path, err) !=
	    TT_OK || read_numbers(form, s, err) != TT_OK ||
	    read_run_after(form, s, err) != TT_OK ||
	    read_url(form, "webhook_url", allow, &s->webhook_url, err) !=
	    TT_OK || read_text(form, "callback_id", CALLBACK_MAX,
	    &s->callback_id, err) != TT_OK ||
	    tt_form_any(form, "payload", &payload, err) != TT_OK ||
	    payload == NULL)
		return err->rc;
	return set_payload(w, payload, err);
}

void
tt_wanted_free(struct tt_wanted *w)
{
	free(w->payload);
	(void)memset(w, 0, sizeof(*w));
}

enum tt_rc
tt_moderation_submit(struct tt_visitor *who, const struct tt_request *req,
    struct tt_db *db, struct tt_wanted *w, struct tt_err *err)
{
	struct tt_submitted	 made = { 0 };
	struct tt_lease		 lease = { 0 };	/* nobody watches yet */

	if (tt_request_idempotency(req, &w->s.idempotency_key, err) != TT_OK)
		return err->rc;
	(void)!tt_submit(db, &who->caller, &w->s, &lease, &made, err);
	if (tt_gate_settle_write(who, db, err) == TT_OK)
		(void)snprintf(w->job_id, sizeof(w->job_id), "%s",
		    made.job_id);
	tt_submitted_free(&made);
	return err->rc;
}

/* A trailing slash makes the same path one level deeper. */
static bool
ends_in_slash(const struct tt_request *req)
{
	const char	*uri = tt_request_env(req, "REQUEST_URI");
	size_t		 n = uri == NULL ? 0 : strcspn(uri, "?");

	return n > 0 && uri[n - 1] == '/';
}

void
tt_moderation_accepted(struct tt_reply *reply, const struct tt_request *req,
    const char *up, const char *job_id)
{
	char		 location[TT_JOB_ID_MAX + 32];
	struct tt_json	 j;

	(void)snprintf(location, sizeof(location), "%s%sjob/%s",
	    ends_in_slash(req) ? "../" : "", up, job_id);
	tt_reply_begin(reply, 202, TT_JSON_TYPE);
	tt_reply_header(reply, "Cache-Control", "no-store");
	tt_reply_header(reply, "Location", location);
	tt_reply_header(reply, "X-Job-Id", job_id);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "job_id", job_id);
	tt_json_add_string(&j, "status", tt_moderation_status(TT_QUEUED));
	tt_json_close(&j, '}');
}

/*
 * compliance.c - see compliance.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "gate/rate.h"
#include "job/job.h"
#include "surface/compliance.h"
#include "surface/refusal.h"
#include "web/formdata.h"
#include "web/reply.h"
#include "web/request.h"
#include "web/url.h"

#define IMAGES_MAX	2
#define TEXT_MAX	256	/* characters of ids that are only echoed */
#define TEXT_WANTED	"A text of up to 256 characters wanted"
#define URL_WANTED	"A public http:// or https:// URL wanted"

static const char *const known[] = {
	"jurisdictions", "platforms", "content", "text", "mode",
	"responseMode", "webhookUrl", "callbackId", "externalId", NULL
};

static const char *const words[TT_STATUS__MAX] = {
	[TT_QUEUED]	= "queued",
	[TT_PROCESSING]	= "running",
	[TT_COMPLETED]	= "completed",
	[TT_FAILED]	= "failed",
	[TT_CANCELLED]	= "failed",
};

/* All that is wrong, one after the other. */
static void
wrong(struct tt_buf *b, const char *field, const char *what)
{
	tt_buf_printf(b, "%s%s: %s", b->sz == 0 ? "" : ", ", field, what);
}

/*
 * A list, a new reference: what a multipart gives once is a list of one.  NULL
 * if there is none, or on no memory.
 */
static json_t *
as_list(const struct tt_form *form, const char *field)
{
	json_t	*v = json_object_get(form->fields, field);

	return form->multipart && json_is_string(v) ? json_pack("[O]", v) :
	    json_incref(v);
}

/* An array of one or more of these words. */
static void
check_words(const struct tt_form *form, const char *field,
    const char *const *allowed, const char *list, struct tt_buf *b)
{
	json_t			*v = as_list(form, field), *item;
	const char *const	*w;
	size_t			 i;

	if (v == NULL) {
		wrong(b, field, "Required");
		return;
	}
	if (!json_is_array(v) || json_array_size(v) == 0)
		wrong(b, field, "A list of one or more wanted");
	json_array_foreach(v, i, item) {
		for (w = allowed; *w != NULL; w++)
			if (json_is_string(item) &&
			    strcmp(json_string_value(item), *w) == 0)
				break;
		if (*w != NULL)
			continue;
		wrong(b, field, list);
		break;
	}
	json_decref(v);
}

/* A text that must be one of these words; NULL where it is not. */
static const char *
check_word(const struct tt_form *form, const char *field,
    const char *const *allowed, const char *list, const char *preset,
    struct tt_buf *b)
{
	const json_t	*v = tt_form_json(form, field);
	const char	*s = json_string_value(v);

	if (v == NULL && preset == NULL)
		wrong(b, field, "Required");
	if (v == NULL)
		return preset;
	for (; s != NULL && *allowed != NULL; allowed++)
		if (strcmp(s, *allowed) == 0)
			return *allowed;
	wrong(b, field, list);
	return NULL;
}

static const char *
check_text(const struct tt_form *form, const char *field, size_t max,
    const char *wanted, struct tt_buf *b)
{
	const char	*text = NULL;
	struct tt_err	 err;

	tt_err_clear(&err);
	if (tt_form_text(form, field, max, &text, &err) != TT_OK)
		wrong(b, field, wanted);
	return text;
}

static void
check_url(const char *field, const char *url, const struct tt_cidrs *allow,
    struct tt_buf *b)
{
	struct tt_err	 err;

	tt_err_clear(&err);
	if (tt_url_check(field, url, allow, &err) != TT_OK)
		wrong(b, field, URL_WANTED);
}

static void
check_images(const json_t *urls, const struct tt_cidrs *allow,
    struct tt_buf *b)
{
	const json_t	*url;
	size_t		 i;

	if (urls == NULL)
		return;
	if (!json_is_array(urls) || json_array_size(urls) > IMAGES_MAX) {
		wrong(b, "content.imageUrls", "Up to 2 URLs wanted");
		return;
	}
	json_array_foreach(urls, i, url) {
		if (!json_is_string(url)) {
			wrong(b, "content.imageUrls", "Up to 2 URLs wanted");
			return;
		}
		check_url("content.imageUrls", json_string_value(url), allow,
		    b);
	}
}

/* A multipart body is flat: its text is the content's. */
static void
check_content(const struct tt_form *form, const struct tt_cidrs *allow,
    struct tt_buf *b)
{
	const json_t	*content = tt_form_json(form, "content");
	const json_t	*text = form->multipart ? tt_form_json(form, "text") :
			    json_object_get(content, "text");
	const char	*field = form->multipart ? "text" : "content.text";

	if (!form->multipart && content == NULL) {
		wrong(b, "content", "Required");
		return;
	}
	if (!form->multipart && !json_is_object(content)) {
		wrong(b, "content", "An object wanted");
		return;
	}
	if (text == NULL)
		wrong(b, field, "Required");
	else if (!json_is_string(text) || json_string_length(text) == 0)
		wrong(b, field, "A text wanted");
	check_images(json_object_get(content, "imageUrls"), allow, b);
}

static void
check_known(const struct tt_form *form, struct tt_buf *b)
{
	const char *const	*k;
	const char		*name;
	char			 shown[65];
	json_t			*v;

	json_object_foreach(form->fields, name, v) {
		for (k = known; *k != NULL && strcmp(*k, name) != 0; k++)
			continue;
		if (*k != NULL)
			continue;
		(void)snprintf(shown, sizeof(shown), "%s", name);
		wrong(b, shown, "Unknown field");
	}
}

static void
check_fields(const struct tt_form *form, const struct tt_cidrs *allow,
    struct tt_check *c, struct tt_buf *b)
{
	static const char *const	 jurisdictions[] = {
		"us", "eu", "uk", "india", "china", NULL
	};
	static const char *const	 platforms[] = {
		"youtube", "instagram", "facebook", "tiktok", "linkedin", NULL
	};
	static const char *const	 modes[] = { "fast", "full", NULL };
	static const char *const	 responses[] = {
		"sync", "stream", "async", NULL
	};
	const char			*response;

	check_words(form, "jurisdictions", jurisdictions,
	    "Of us, eu, uk, india, china wanted", b);
	check_words(form, "platforms", platforms,
	    "Of youtube, instagram, facebook, tiktok, linkedin wanted", b);
	check_content(form, allow, b);
	(void)check_word(form, "mode", modes, "One of fast, full wanted",
	    form->multipart ? "fast" : NULL, b);
	response = check_word(form, "responseMode", responses,
	    "One of sync, stream, async wanted", "sync", b);
	c->mode = response == NULL || *response != 's' ? TT_ASYNC :
	    response[1] == 'y' ? TT_SYNC : TT_STREAM;
	c->webhook_url = check_text(form, "webhookUrl", TT_URL_MAX, URL_WANTED,
	    b);
	c->callback_id = check_text(form, "callbackId", TEXT_MAX, TEXT_WANTED,
	    b);
	(void)check_text(form, "externalId", TEXT_MAX, TEXT_WANTED, b);

	if (form->multipart && c->mode != TT_SYNC)
		wrong(b, "responseMode", "A multipart body is sync only: give "
		    "image URLs in JSON to stream");
	if (c->webhook_url != NULL && c->mode != TT_ASYNC)
		wrong(b, "webhookUrl",
		    "Only for async, which tells its secret");
	else if (c->webhook_url != NULL)
		check_url("webhookUrl", c->webhook_url, allow, b);
	else if (c->mode == TT_ASYNC && response != NULL)
		wrong(b, "webhookUrl", "Required for async");
	check_known(form, b);
}

/* What the worker is to know; NULL on no memory. */
static json_t *
payload(const struct tt_form *form)
{
	static const char *const	 ours[] = {
		"responseMode", "webhookUrl", "callbackId"
	};
	json_t				*p = json_deep_copy(form->fields);
	size_t				 i;

	for (i = 0; p != NULL && i < sizeof(ours) / sizeof(ours[0]); i++)
		(void)json_object_del(p, ours[i]);
	if (p == NULL || !form->multipart)
		return p;
	if (json_object_set_new(p, "jurisdictions",
	    as_list(form, "jurisdictions")) == -1 ||
	    json_object_set_new(p, "platforms",
	    as_list(form, "platforms")) == -1 ||
	    json_object_set_new(p, "content", json_pack("{s:O}", "text",
	    json_object_get(p, "text"))) == -1 ||
	    json_object_del(p, "text") == -1 ||
	    (json_object_get(p, "mode") == NULL &&
	    json_object_set_new(p, "mode", json_string("fast")) == -1)) {
		json_decref(p);
		return NULL;
	}
	return p;
}

enum tt_rc
tt_compliance_check(const struct tt_form *form, const struct tt_cidrs *allow,
    struct tt_check *c, struct tt_err *err)
{
	struct tt_buf	 b = TT_BUF_INIT;

	(void)memset(c, 0, sizeof(*c));
	check_fields(form, allow, c, &b);
	if (tt_buf_broken(&b))
		(void)tt_err_set(err, TT_INTERNAL, "out of memory");
	else if (b.sz > 0)
		(void)tt_err_tell(err, TT_BADREQ, "%s", tt_buf_text(&b));
	else if ((c->payload = payload(form)) == NULL)
		(void)tt_err_set(err, TT_INTERNAL, "out of memory");
	tt_buf_free(&b);
	return err->rc;
}

enum tt_rc
tt_compliance_job_id(const char *id, struct tt_err *err)
{
	if (!tt_job_id_ok(id))
		return tt_err_tell(err, TT_BADREQ,
		    "A job id is 1 to %d of A-Z a-z 0-9 _ -", TT_JOB_ID_MAX);
	return TT_OK;
}

void
tt_compliance_accepted(struct tt_reply *reply, const char *job_id,
    const char *callback_id, const char *secret)
{
	struct tt_json	 j;

	tt_reply_begin(reply, 202, TT_JSON_TYPE);
	tt_reply_header(reply, "Cache-Control", "no-store");
	tt_reply_header(reply, "X-Job-Id", job_id);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "jobId", job_id);
	tt_json_add_string(&j, "status", words[TT_QUEUED]);
	tt_json_add_string(&j, "callbackId", callback_id);
	tt_json_add_string(&j, "webhookSecret", secret);
	tt_json_close(&j, '}');
}

static void
put_time(struct tt_json *j, const char *key, int64_t us)
{
	if (us == 0)
		return;
	tt_json_key(j, key);
	tt_json_time(j, us);
}

/* The members of wire-contracts 3.3, which are not the same in each state. */
void
tt_compliance_job(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_job *job)
{
	bool		 failed = job->status == TT_FAILED ||
			    job->status == TT_CANCELLED;
	struct tt_json	 j;

	tt_reply_begin(reply, 200, TT_JSON_TYPE);
	tt_json_init(&j, &reply->body);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "jobId", job->job_id);
	tt_json_add_string(&j, "status", words[job->status]);
	put_time(&j, "createdAt", job->created_us);
	put_time(&j, "startedAt", job->started_us);
	put_time(&j, "completedAt", job->completed_us);
	tt_json_add_string(&j, "callbackId", job->callback_id);
	tt_json_add_raw(&j, "result", job->result);
	if (failed) {
		tt_json_key(&j, "error");
		tt_json_open(&j, '{');
		tt_json_add_string(&j, "message", job->status == TT_CANCELLED ?
		    "The check was cancelled" : job->error != NULL ?
		    job->error : "Compliance pipeline error");
		tt_json_add_string(&j, "code", job->status == TT_CANCELLED ?
		    "cancelled" : job->error_code != NULL ? job->error_code :
		    "pipeline_error");
		tt_json_close(&j, '}');
	}
	tt_json_close(&j, '}');
	tt_reply_etag(reply, req);
}

/* The envelope; data is what belongs to the error, or nothing. */
static void
put_envelope(struct tt_json *j, const char *url, int status,
    const char *phrase, const char *message)
{
	tt_json_open(j, '{');
	tt_json_key(j, "error");
	tt_json_bool(j, true);
	tt_json_add_string(j, "url", url);
	tt_json_key(j, "statusCode");
	tt_json_int(j, status);
	tt_json_add_string(j, "statusMessage", phrase);
	tt_json_add_string(j, "message", message);
}

void
tt_compliance_failed(struct tt_json *j, const char *job_id, int status,
    const char *message, const char *code)
{
	put_envelope(j, TT_COMPLIANCE_CHECK, status, message, message);
	tt_json_key(j, "data");
	tt_json_open(j, '{');
	tt_json_add_string(j, "jobId", job_id);
	tt_json_add_string(j, "code", code);
	tt_json_close(j, '}');
	tt_json_close(j, '}');
}

void
tt_compliance_late(struct tt_reply *reply, const char *job_id)
{
	struct tt_err	 err;
	struct tt_json	 j;

	tt_err_clear(&err);
	(void)!tt_err_tell(&err, TT_LATE, "Not ready yet: ask "
	    "/v1/compliance/jobs/%s", job_id);
	tt_reply_begin(reply, tt_refusal_status(TT_LATE), TT_JSON_TYPE);
	tt_reply_header(reply, "Cache-Control", "no-store");
	tt_reply_header(reply, "X-Job-Id", job_id);
	tt_json_init(&j, &reply->body);
	tt_compliance_failed(&j, job_id, tt_refusal_status(TT_LATE), err.msg,
	    "timeout");
}

void
tt_compliance_state(struct tt_buf *b, const struct tt_job *job)
{
	struct tt_json	 j;

	tt_json_init(&j, b);
	tt_json_open(&j, '{');
	tt_json_add_string(&j, "jobId", job->job_id);
	tt_json_add_string(&j, "status", words[job->status]);
	tt_json_key(&j, "timestamp");
	tt_json_time(&j, tt_clock_now_us());
	tt_json_close(&j, '}');
}

/* The path of the request, as it came, without its query. */
static void
put_url(const struct tt_request *req, struct tt_buf *b)
{
	const char	*uri = tt_request_env(req, "REQUEST_URI");

	if (uri != NULL)
		tt_buf_add(b, uri, strcspn(uri, "?"));
}

static void
put_rate(struct tt_json *j, const struct tt_rate *rate,
    const struct tt_err *err)
{
	tt_json_key(j, "data");
	tt_json_open(j, '{');
	tt_json_key(j, "retryAfter");
	tt_json_int(j, tt_refusal_retry(err));
	if (rate->limit != 0) {
		tt_json_key(j, "limit");
		tt_json_int(j, rate->limit);
		tt_json_key(j, "remaining");
		tt_json_int(j, rate->remaining);
	}
	tt_json_close(j, '}');
}

void
tt_compliance_error(struct tt_reply *reply, const struct tt_request *req,
    const struct tt_rate *rate, const struct tt_err *err)
{
	struct tt_buf	 url = TT_BUF_INIT;
	struct tt_json	 j;

	tt_refusal_begin(reply, req, err);
	put_url(req, &url);
	tt_json_init(&j, &reply->body);
	put_envelope(&j, tt_buf_text(&url), tt_refusal_status(err->rc),
	    tt_refusal_phrase(err->rc), tt_refusal_text(err));
	if (err->rc == TT_LIMITED)
		put_rate(&j, rate, err);
	tt_json_close(&j, '}');
	tt_buf_free(&url);
}

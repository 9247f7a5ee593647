/*
 * test_compliance.c - what a check may ask for, and what is said of one.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/cidr.h"
#include "job/event.h"
#include "job/job.h"
#include "surface/compliance.h"
#include "surface/vocabulary.h"
#include "web/formdata.h"
#include "web/reply.h"
#include "web/request.h"

static const struct tt_cidrs	 nobody;
static struct tt_err		 err;

/* Read a body, and check it. */
static enum tt_rc
check(const char *type, const char *body, struct tt_check *c)
{
	static struct tt_form	 form;	/* the check borrows from it */

	tt_err_clear(&err);
	tt_buf_clear(&form.body);
	tt_buf_puts(&form.body, body);
	assert_int_equal(tt_form_parse(&form, type, TT_FORM_JSON |
	    TT_FORM_MULTIPART | TT_FORM_REPEATED, &err), TT_OK);
	if (tt_compliance_check(&form, &nobody, c, &err) != TT_OK)
		tt_form_free(&form);
	return err.rc;
}

#define GOOD	"\"jurisdictions\":[\"us\"],\"platforms\":[\"youtube\"]," \
		"\"content\":{\"text\":\"x\"},\"mode\":\"fast\""

static void
good_checks_are_taken(void **state)
{
	static const struct {
		const char	*body;
		enum tt_mode	 mode;
	} cases[] = {
		{ "{" GOOD "}", TT_SYNC },
		{ "{" GOOD ",\"responseMode\":\"sync\"}", TT_SYNC },
		{ "{" GOOD ",\"responseMode\":\"stream\"}", TT_STREAM },
		{ "{" GOOD ",\"responseMode\":\"async\","
		    "\"webhookUrl\":\"https://example.com/hook\"}", TT_ASYNC },
	};
	struct tt_check	 c;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(check("application/json", cases[i].body, &c),
		    TT_OK);
		assert_int_equal(c.mode, cases[i].mode);
		assert_string_equal(json_string_value(json_object_get(
		    json_object_get(c.payload, "content"), "text")), "x");
		assert_null(json_object_get(c.payload, "responseMode"));
		assert_null(json_object_get(c.payload, "webhookUrl"));
		json_decref(c.payload);
	}
}

static void
all_that_is_wrong_is_said_at_once(void **state)
{
	static const struct {
		const char	*body, *says;
	} cases[] = {
		{ "{}", "jurisdictions: Required, platforms: Required, "
		    "content: Required, mode: Required" },
		{ "{\"jurisdictions\":[],\"platforms\":\"youtube\","
		    "\"content\":{},\"mode\":\"slow\"}",
		    "jurisdictions: A list of one or more wanted, platforms: "
		    "A list of one or more wanted, content.text: Required, "
		    "mode: One of fast, full wanted" },
		{ "{\"jurisdictions\":[\"mars\"],\"platforms\":[1],"
		    "\"content\":[],\"mode\":\"full\"}",
		    "jurisdictions: Of us, eu, uk, india, china wanted, "
		    "platforms: Of youtube, instagram, facebook, tiktok, "
		    "linkedin wanted, content: An object wanted" },
		{ "{" GOOD ",\"responseMode\":\"async\"}",
		    "webhookUrl: Required for async" },
		{ "{" GOOD ",\"responseMode\":\"later\"}",
		    "responseMode: One of sync, stream, async wanted" },
		{ "{" GOOD ",\"responseMode\":\"async\","
		    "\"webhookUrl\":\"http://127.0.0.1/\"}",
		    "webhookUrl: A public http:// or https:// URL wanted" },
		{ "{" GOOD ",\"webhookUrl\":\"http://example.com/\"}",
		    "webhookUrl: Only for async, which tells its secret" },
		{ "{" GOOD ",\"callbackId\":7}",
		    "callbackId: A text of up to 256 characters wanted" },
		{ "{" GOOD ",\"colour\":\"red\"}", "colour: Unknown field" },
		{ "{\"jurisdictions\":[\"us\"],\"platforms\":[\"youtube\"],"
		    "\"content\":{\"text\":\"\",\"imageUrls\":[\"a\",\"b\","
		    "\"c\"]},\"mode\":\"fast\"}",
		    "content.text: A text wanted, content.imageUrls: Up to 2 "
		    "URLs wanted" },
	};
	struct tt_check	 c;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(check("application/json", cases[i].body, &c),
		    TT_BADREQ);
		assert_true(err.told);
		assert_string_equal(err.msg, cases[i].says);
	}
}

#define PART(name, value)	"--b\r\nContent-Disposition: form-data; name=" \
				name "\r\n\r\n" value "\r\n"

static void
a_multipart_is_flat_and_sync(void **state)
{
	static const char	 type[] = "multipart/form-data; boundary=b";
	struct tt_check		 c;
	char			*text;

	(void)state;
	assert_int_equal(check(type, PART("jurisdictions", "us")
	    PART("jurisdictions", "eu") PART("platforms", "tiktok")
	    PART("text", "hello") "--b--\r\n", &c), TT_OK);
	assert_int_equal(c.mode, TT_SYNC);
	text = json_dumps(c.payload, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(text, "{\"content\":{\"text\":\"hello\"},"
	    "\"jurisdictions\":[\"us\",\"eu\"],\"mode\":\"fast\","
	    "\"platforms\":[\"tiktok\"]}");
	free(text);
	json_decref(c.payload);

	assert_int_equal(check(type, PART("jurisdictions", "us")
	    PART("platforms", "tiktok") PART("text", "hello")
	    PART("responseMode", "stream") "--b--\r\n", &c), TT_BADREQ);
	assert_string_equal(err.msg, "responseMode: A multipart body is sync "
	    "only: give image URLs in JSON to stream");
}

static const char *
shown(enum tt_kind kind, const char *data, char out[512])
{
	struct tt_event	 ev = {
		.kind = kind, .job_id = "j", .type = "compliance",
		.data = data, .at_us = 1777604646683000
	};
	struct tt_buf	 b = TT_BUF_INIT;
	const char	*name;
	bool		 replaceable;

	name = tt_compliance_stream.show(&ev, &b, &replaceable);
	assert_false(replaceable);
	out[0] = '\0';
	if (name != NULL)
		(void)strncat(strcpy(out, name), tt_buf_text(&b), 400);
	tt_buf_free(&b);
	return name == NULL ? NULL : out;
}

#define AT	"\"timestamp\":\"2026-05-01T03:04:06.683Z\"}"

static void
each_kind_has_its_event(void **state)
{
	char	 out[512];

	(void)state;
	assert_string_equal(shown(TT_JOB_CREATED, "{}", out),
	    "job.started{" AT);
	assert_string_equal(shown(TT_STAGE_STARTED, "{\"stage\":\"ai-laws\"}",
	    out), "agent.started{\"agentId\":\"ai-laws\"," AT);
	assert_string_equal(shown(TT_STAGE_COMPLETED,
	    "{\"stage\":\"ai-laws\",\"checks\":[{\"id\":\"chk_1\"}]}", out),
	    "agent.completed{\"agentId\":\"ai-laws\",\"checks\":"
	    "[{\"id\":\"chk_1\"}]," AT);
	assert_string_equal(shown(TT_SCORE_COMPUTED,
	    "{\"score\":10,\"decision\":\"BLOCK\"}", out),
	    "score.computed{\"score\":10,\"decision\":\"BLOCK\"," AT);
	assert_string_equal(shown(TT_JOB_COMPLETED,
	    "{\"result\":{\"score\":10}}", out),
	    "complete{\"data\":{\"score\":10}," AT);
	assert_string_equal(shown(TT_JOB_FAILED,
	    "{\"error\":\"no model\",\"error_code\":\"E\"}", out),
	    "error{\"message\":\"no model\",\"code\":\"E\"," AT);
	assert_string_equal(shown(TT_JOB_FAILED, "{}", out),
	    "error{\"message\":\"Compliance pipeline error\","
	    "\"code\":\"pipeline_error\"," AT);
	assert_string_equal(shown(TT_JOB_CANCELLED, "{}", out),
	    "error{\"message\":\"The check was cancelled\","
	    "\"code\":\"cancelled\"," AT);
	assert_string_equal(shown(TT_JOB_DELETED, "{}", out),
	    "error{\"message\":\"The check was deleted\","
	    "\"code\":\"deleted\"," AT);
	assert_null(shown(TT_JOB_PROGRESS, "{}", out));
	assert_null(shown(TT_JOB_STARTED, "{}", out));
	assert_null(shown(TT_JOB_REQUEUED, "{}", out));
	assert_null(shown(TT_NOTICE, "{}", out));
	assert_null(shown(TT_STAGE_STARTED, "no JSON", out));
	assert_string_equal(shown(TT_JOB_COMPLETED,
	    "{\"result\":18446744073709551616}", out),
	    "error{\"message\":\"The report cannot be told: ask for the job\","
	    "\"code\":\"unreadable\"," AT);
	assert_string_equal(shown(TT_SCORE_COMPUTED,
	    "{\"score\":97.3,\"decision\":\"PUBLISH\"}", out),
	    "score.computed{\"score\":97.3,\"decision\":\"PUBLISH\"," AT);
}

static void
who_waits_gets_the_report_alone(void **state)
{
	struct tt_event	 ev = {
		.kind = TT_JOB_COMPLETED, .job_id = "j-1",
		.data = "{\"result\":{\"score\":90,\"checks\":[]}}"
	};
	struct tt_buf	 b = TT_BUF_INIT;

	(void)state;
	assert_int_equal(tt_compliance_report.answer(&ev, &b), 200);
	assert_string_equal(tt_buf_text(&b), "{\"score\":90,\"checks\":[]}");

	tt_buf_clear(&b);
	ev.data = "{\"result\":18446744073709551616}";
	assert_int_equal(tt_compliance_report.answer(&ev, &b), 500);

	tt_buf_clear(&b);
	ev.kind = TT_JOB_CANCELLED;
	ev.data = "{}";
	assert_int_equal(tt_compliance_report.answer(&ev, &b), 409);
	assert_string_equal(tt_buf_text(&b), "{\"error\":true,"
	    "\"url\":\"/v1/compliance/check\",\"statusCode\":409,"
	    "\"statusMessage\":\"The check was cancelled\","
	    "\"message\":\"The check was cancelled\","
	    "\"data\":{\"jobId\":\"j-1\",\"code\":\"cancelled\"}}");
	tt_buf_free(&b);
}

static void
a_row_tells_what_the_log_told(void **state)
{
	struct tt_job	 job = {
		.job_id = "j-1", .status = TT_COMPLETED,
		.result = "{\"score\":90}", .completed_us = 1780283045683000
	};
	struct tt_buf	 b = TT_BUF_INIT;
	struct tt_reply	 reply = { 0 };

	(void)state;
	assert_string_equal(tt_compliance_end(&b, &job), "complete");
	assert_string_equal(tt_buf_text(&b), "{\"data\":{\"score\":90},"
	    "\"timestamp\":\"2026-06-01T03:04:05.683Z\"}");
	tt_compliance_ended(&reply, &job);
	assert_int_equal(reply.status, 200);
	assert_string_equal(tt_buf_text(&reply.body), "{\"score\":90}");

	/* Without a report, and with one that is not read. */
	job.result = NULL;
	tt_compliance_ended(&reply, &job);
	assert_string_equal(tt_buf_text(&reply.body), "null");
	job.result = "18446744073709551616";
	tt_compliance_ended(&reply, &job);
	assert_int_equal(reply.status, 500);

	/* One that was retried meanwhile has no end. */
	tt_buf_clear(&b);
	job.status = TT_QUEUED;
	assert_null(tt_compliance_end(&b, &job));
	assert_int_equal(b.sz, 0);
	tt_compliance_ended(&reply, &job);
	assert_int_equal(reply.status, 504);
	tt_buf_free(&b);
	tt_reply_free(&reply);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(good_checks_are_taken),
		cmocka_unit_test(all_that_is_wrong_is_said_at_once),
		cmocka_unit_test(a_multipart_is_flat_and_sync),
		cmocka_unit_test(each_kind_has_its_event),
		cmocka_unit_test(who_waits_gets_the_report_alone),
		cmocka_unit_test(a_row_tells_what_the_log_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

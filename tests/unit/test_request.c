/*
 * What web/request makes of a URI, of headers and of parameters.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "web/request.h"

/* The path as it was understood: its segments with "|" between them. */
static enum tt_rc
parse(const char *uri, const char *mount, char *out, size_t sz,
    struct tt_request *req)
{
	struct tt_err	 err;
	size_t		 n = 0;
	int		 i;

	tt_err_clear(&err);
	out[0] = '\0';
	if (tt_request_parse(req, uri, mount, &err) != TT_OK)
		return err.rc;
	for (i = 0; i < req->nsegments; i++)
		n += (size_t)snprintf(out + n, sz - n, "%s%s",
		    i == 0 ? "" : "|", req->segment[i]);
	return TT_OK;
}

static const struct {
	const char	*uri, *mount;
	enum tt_rc	 rc;
	const char	*path;
} paths[] = {
	{ "/", "", TT_OK, "" },
	{ "", "", TT_OK, "" },
	{ "/api/v1/jobs", "", TT_OK, "api|v1|jobs" },
	{ "/api/v1/jobs/", "", TT_OK, "api|v1|jobs" },
	{ "/api/v1/jobs//", "", TT_OK, "api|v1|jobs|" },
	{ "/api//jobs", "", TT_OK, "api||jobs" },
	{ "/api/v1/jobs?a=/../b", "", TT_OK, "api|v1|jobs" },
	{ "/api/v1/jobs#x", "", TT_OK, "api|v1|jobs" },
	{ "http://h.example:80/api/v1/jobs", "", TT_OK, "api|v1|jobs" },
	{ "http://h.example", "", TT_OK, "" },
	{ "/a%20b/%41%2dz", "", TT_OK, "a b|A-z" },
	{ "/a+b", "", TT_OK, "a+b" },
	{ "/%c3%A9", "", TT_OK, "\xc3\xa9" },
	/* Decoded once, and no more. */
	{ "/%2541", "", TT_OK, "%41" },
	{ "/%252e%252e", "", TT_OK, "%2e%2e" },
	{ "/...", "", TT_OK, "..." },
	{ "/a..b/.c", "", TT_OK, "a..b|.c" },
	{ "/.", "", TT_BADREQ, "" },
	{ "/..", "", TT_BADREQ, "" },
	{ "/api/../jobs", "", TT_BADREQ, "" },
	{ "/api/./jobs", "", TT_BADREQ, "" },
	{ "/api/%2e%2e/jobs", "", TT_BADREQ, "" },
	{ "/api/.%2E/jobs", "", TT_BADREQ, "" },
	{ "/api/%2e", "", TT_BADREQ, "" },
	{ "/api/v1%2fjobs", "", TT_BADREQ, "" },
	{ "/api/v1%2Fjobs", "", TT_BADREQ, "" },
	{ "/api%00/v1", "", TT_BADREQ, "" },
	{ "/api/%", "", TT_BADREQ, "" },
	{ "/api/%4", "", TT_BADREQ, "" },
	{ "/api/%4/x", "", TT_BADREQ, "" },
	{ "/api/%zz", "", TT_BADREQ, "" },
	{ "/api/%-1", "", TT_BADREQ, "" },
	{ "/api/%ff", "", TT_BADREQ, "" },
	{ "/api/%c0%af", "", TT_BADREQ, "" },
	{ "/api/%ed%a0%80", "", TT_BADREQ, "" },
	/* The mount point is taken away where it is one. */
	{ "/tt/api/v1/jobs", "/tt", TT_OK, "api|v1|jobs" },
	{ "/tt", "/tt", TT_OK, "" },
	{ "/tt/", "/tt", TT_OK, "" },
	{ "/ttx/api", "/tt", TT_OK, "ttx|api" },
	{ "/x/tt/api", "/tt", TT_OK, "x|tt|api" },
	{ "/api", "/tt", TT_OK, "api" },
	{ "/a/b/c", "/a/b", TT_OK, "c" },
	/* As many segments as there is room for. */
	{ "/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g", "", TT_OK,
	    "1|2|3|4|5|6|7|8|9|a|b|c|d|e|f|g" },
	{ "/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/", "", TT_OK,
	    "1|2|3|4|5|6|7|8|9|a|b|c|d|e|f|g" },
	{ "/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h", "", TT_NOPATH, "" },
};

static void
paths_are_split_and_decoded(void **state)
{
	struct tt_request	 req = { 0 };
	char			 path[256];
	enum tt_rc		 rc;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		rc = parse(paths[i].uri, paths[i].mount, path, sizeof(path),
		    &req);
		if (rc != paths[i].rc || strcmp(path, paths[i].path) != 0)
			fail_msg("%s: %d, %s", paths[i].uri, rc, path);
	}
	tt_request_free(&req);
}

/* Below "files", what is left of the path is one segment. */
static const struct {
	const char	*uri;
	enum tt_rc	 rc;
	const char	*path;
} tails[] = {
	{ "/files/a", TT_OK, "files|a" },
	{ "/files/a/b.mp4?x=1", TT_OK, "files|a/b.mp4" },
	{ "/files/a%2Fb%2fc", TT_OK, "files|a/b/c" },
	{ "/files//srv/a", TT_OK, "files|/srv/a" },
	{ "/files/%2Fsrv/a", TT_OK, "files|/srv/a" },
	{ "/files/a/", TT_OK, "files|a/" },
	{ "/files/a//b", TT_OK, "files|a//b" },
	{ "/files", TT_OK, "files" },
	{ "/files/", TT_OK, "files" },
	{ "/m/files/files/b", TT_OK, "m|files|files/b" },
	{ "/%66iles/a/b", TT_OK, "files|a/b" },
	{ "/filesx/a/b", TT_OK, "filesx|a|b" },
	{ "/files/%252F/%25", TT_OK, "files|%2F/%" },
	{ "/files/a%20b/c%C3%A9", TT_OK, "files|a b/c\xc3\xa9" },
	{ "/files/.../.c/d..", TT_OK, "files|.../.c/d.." },
	{ "/files/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h", TT_OK,
	    "files|1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h" },
	{ "/files/..", TT_BADREQ, "" },
	{ "/files/../a", TT_BADREQ, "" },
	{ "/files/a/..", TT_BADREQ, "" },
	{ "/files/a/./b", TT_BADREQ, "" },
	{ "/files/a%2F..%2Fb", TT_BADREQ, "" },
	{ "/files/a/%2e%2e/b", TT_BADREQ, "" },
	{ "/files/%2e", TT_BADREQ, "" },
	{ "/files/a%00b", TT_BADREQ, "" },
	{ "/files/a%ff", TT_BADREQ, "" },
	{ "/files/a%2", TT_BADREQ, "" },
	{ "/a%2Ffiles/b", TT_BADREQ, "" },
	{ "/../files/b", TT_BADREQ, "" },
};

static void
a_tail_is_one_segment(void **state)
{
	struct tt_request	 req = { .tail = "files" };
	char			 path[256];
	enum tt_rc		 rc;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		rc = parse(tails[i].uri, "", path, sizeof(path), &req);
		if (rc != tails[i].rc || strcmp(path, tails[i].path) != 0)
			fail_msg("%s: %d, %s", tails[i].uri, rc, path);
	}
	tt_request_free(&req);
}

static const struct {
	const char	*uri, *pattern, *first, *second;
	bool		 matches;
} matches[] = {
	{ "/api/v1/jobs", "/api/v1/jobs", NULL, NULL, true },
	{ "/api/v1/jobs/", "/api/v1/jobs", NULL, NULL, true },
	{ "/x/y/api/v1/jobs", "/api/v1/jobs", NULL, NULL, true },
	{ "/api/v1/jobs/api/v1/jobs", "/api/v1/jobs", NULL, NULL, true },
	{ "/api/v1/job", "/api/v1/jobs", NULL, NULL, false },
	{ "/api/v1/jobsx", "/api/v1/jobs", NULL, NULL, false },
	{ "/api/v1/jobs/x", "/api/v1/jobs", NULL, NULL, false },
	{ "/v1/jobs", "/api/v1/jobs", NULL, NULL, false },
	{ "/", "/api/v1/jobs", NULL, NULL, false },
	{ "/xapi/v1/jobs", "/api/v1/jobs", NULL, NULL, false },
	{ "/API/v1/jobs", "/api/v1/jobs", NULL, NULL, false },
	{ "/api/v1/job/ab-1", "/api/v1/job/{}", "ab-1", NULL, true },
	{ "/api/v1/job/%61b", "/api/v1/job/{}", "ab", NULL, true },
	{ "/api/v1/job/", "/api/v1/job/{}", NULL, NULL, false },
	{ "/api/v1/job//", "/api/v1/job/{}", NULL, NULL, false },
	{ "/api/v1/job/a/b", "/api/v1/job/{}", NULL, NULL, false },
	{ "/api/v1/job/{}", "/api/v1/job/{}", "{}", NULL, true },
	{ "/job/7/progress", "/job/{}/progress", "7", NULL, true },
	{ "/job//progress", "/job/{}/progress", NULL, NULL, false },
	{ "/m/job/progress/progress", "/job/{}/progress", "progress", NULL,
	    true },
	{ "/a/1/b/2", "/a/{}/b/{}", "1", "2", true },
};

static void
patterns_match_at_the_end_of_the_path(void **state)
{
	struct tt_request	 req = { 0 };
	const char		*capture[2];
	char			 path[256];
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		capture[0] = capture[1] = NULL;
		assert_int_equal(parse(matches[i].uri, "", path, sizeof(path),
		    &req), TT_OK);
		if (tt_request_match(&req, matches[i].pattern, capture) !=
		    matches[i].matches)
			fail_msg("%s, %s", matches[i].uri, matches[i].pattern);
		if (matches[i].first != NULL)
			assert_string_equal(capture[0], matches[i].first);
		if (matches[i].second != NULL)
			assert_string_equal(capture[1], matches[i].second);
	}
	tt_request_free(&req);
}

static const struct {
	const char	*query;
	enum tt_rc	 rc;
	const char	*a;	/* the value of the parameter a, or NULL */
	int		 n;
} queries[] = {
	{ "", TT_OK, NULL, 0 },
	{ "a=1", TT_OK, "1", 1 },
	{ "a", TT_OK, "", 1 },
	{ "a=", TT_OK, "", 1 },
	{ "=1", TT_OK, NULL, 1 },
	{ "&&a=1&&", TT_OK, "1", 1 },
	{ "b=2&a=1&c", TT_OK, "1", 3 },
	{ "a=1=2", TT_OK, "1=2", 1 },
	{ "a=b+c%2Bd", TT_OK, "b c+d", 1 },
	{ "%61=%25", TT_OK, "%", 1 },
	{ "a=%2525", TT_OK, "%25", 1 },
	{ "a=%26b%3D", TT_OK, "&b=", 1 },
	{ "a=%2F..%2f", TT_OK, "/../", 1 },
	{ "a=?", TT_OK, "?", 1 },
	{ "a=1;b=2", TT_OK, "1;b=2", 1 },
	{ "a=%c3%a9", TT_OK, "\xc3\xa9", 1 },
	{ "a=%00", TT_BADREQ, NULL, 0 },
	{ "%00=a", TT_BADREQ, NULL, 0 },
	{ "a=%", TT_BADREQ, NULL, 0 },
	{ "a=%f", TT_BADREQ, NULL, 0 },
	{ "a=%fg", TT_BADREQ, NULL, 0 },
	{ "a=%ff", TT_BADREQ, NULL, 0 },
	{ "%=1", TT_BADREQ, NULL, 0 },
};

static void
queries_are_split_and_decoded(void **state)
{
	struct tt_request	 req = { 0 };
	char			 uri[128], path[256];
	const char		*a;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		(void)snprintf(uri, sizeof(uri), "/x?%s", queries[i].query);
		if (parse(uri, "", path, sizeof(path), &req) != queries[i].rc)
			fail_msg("%s", uri);
		if (queries[i].rc != TT_OK)
			continue;
		assert_int_equal(req.nparams, queries[i].n);
		a = tt_request_param(&req, "a");
		assert_true((a == NULL) == (queries[i].a == NULL));
		if (a != NULL)
			assert_string_equal(a, queries[i].a);
	}
	tt_request_free(&req);
}

static void
there_is_room_for_64_parameters(void **state)
{
	struct tt_request	 req = { 0 };
	char			 uri[1024] = "/x?", path[64];
	size_t			 n = strlen(uri);
	int			 i;

	(void)state;
	for (i = 0; i < TT_REQUEST_PARAMS; i++)
		n += (size_t)snprintf(uri + n, sizeof(uri) - n, "p%d=%d&", i,
		    i);
	assert_int_equal(parse(uri, "", path, sizeof(path), &req), TT_OK);
	assert_int_equal(req.nparams, TT_REQUEST_PARAMS);
	assert_string_equal(tt_request_param(&req, "p63"), "63");
	(void)snprintf(uri + n, sizeof(uri) - n, "a=1");
	assert_int_equal(parse(uri, "", path, sizeof(path), &req), TT_BADREQ);
	tt_request_free(&req);
}

static const struct {
	const char	*uri;
	const char	*text;		/* what the client is told; NULL: ok */
} known_cases[] = {
	{ "/x", NULL },
	{ "/x?limit=1&offset=2", NULL },
	{ "/x?limit=1&ofset=2", "Unknown parameter: ofset" },
	{ "/x?=2", "Unknown parameter: " },
	{ "/x?Limit=2", "Unknown parameter: Limit" },
	{ "/x?limit=1&limit=1", "Parameter limit was given more than once" },
	{ "/x?offset=1&limit=1&off%73et",
	    "Parameter offset was given more than once" },
};

static void
what_is_not_known_is_named(void **state)
{
	static const char *const	 known[] = { "limit", "offset", NULL };
	struct tt_request		 req = { 0 };
	struct tt_err			 err;
	char				 path[64];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(known_cases) / sizeof(known_cases[0]); i++) {
		tt_err_clear(&err);
		assert_int_equal(parse(known_cases[i].uri, "", path,
		    sizeof(path), &req), TT_OK);
		if (known_cases[i].text == NULL) {
			assert_int_equal(tt_request_known(&req, known, &err),
			    TT_OK);
			continue;
		}
		assert_int_equal(tt_request_known(&req, known, &err),
		    TT_BADREQ);
		assert_true(err.told);
		assert_string_equal(err.msg, known_cases[i].text);
	}
	tt_request_free(&req);
}

static const struct {
	const char	*query;
	int		 n;		/* -1: refused */
} numbers[] = {
	{ "", 7 }, { "m=2", 7 }, { "n=1", 1 }, { "n=1000", 1000 },
	{ "n=0001", 1 }, { "n=%31", 1 }, { "n=0", -1 }, { "n=1001", -1 },
	{ "n=", -1 }, { "n", -1 }, { "n=-1", -1 }, { "n=+1", -1 },
	{ "n=1.0", -1 }, { "n=1e2", -1 }, { "n=0x1", -1 }, { "n=%201", -1 },
	{ "n=1x", -1 }, { "n=4294967297", -1 }, { "n=00000000001", -1 },
	{ "n=18446744073709551617", -1 },
};

static void
a_number_is_of_digits_and_in_its_range(void **state)
{
	struct tt_request	 req = { 0 };
	struct tt_err		 err;
	char			 uri[64], path[64];
	size_t			 i;
	int			 n;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		tt_err_clear(&err);
		n = 7;
		(void)snprintf(uri, sizeof(uri), "/x?%s", numbers[i].query);
		assert_int_equal(parse(uri, "", path, sizeof(path), &req),
		    TT_OK);
		if (tt_request_number(&req, "n", 1, 1000, &n, &err) ==
		    TT_OK) {
			assert_int_equal(n, numbers[i].n);
			continue;
		}
		assert_int_equal(numbers[i].n, -1);
		assert_int_equal(err.rc, TT_BADREQ);
		assert_string_equal(err.msg,
		    "n must be a whole number from 1 to 1000");
		assert_int_equal(n, 7);
	}
	tt_request_free(&req);
}

static void
only_the_methods_named_are_allowed(void **state)
{
	static const struct {
		const char	*method;
		enum tt_rc	 rc;
	} cases[] = {
		{ "GET", TT_OK }, { "HEAD", TT_OK }, { "POST", TT_METHOD },
		{ "get", TT_METHOD }, { "GE", TT_METHOD },
		{ "GET, HEAD", TT_METHOD }, { "", TT_METHOD },
	};
	struct tt_request	 req = { 0 };
	struct tt_err		 err;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tt_err_clear(&err);
		req.method = cases[i].method;
		assert_int_equal(tt_request_method(&req, "GET, HEAD", &err),
		    cases[i].rc);
		assert_string_equal(req.allow, "GET, HEAD");
	}
}

static const struct {
	const char	*accept;	/* NULL: no such header */
	bool		 accepts, wants;
} accepts[] = {
	{ NULL, true, false },
	{ "", true, false },
	{ "*/*", true, false },
	{ "text/*", true, false },
	{ "text/event-stream", true, true },
	{ "Text/Event-Stream", true, true },
	{ " text/event-stream ; charset=utf-8", true, true },
	{ "application/json, text/event-stream;q=0.5", true, true },
	{ "application/json", false, false },
	{ "text/html", false, false },
	{ "text/event-streams", false, false },
	{ "text/event-stream;q=0", false, false },
	{ "text/event-stream;q=0.000", false, false },
	{ "text/event-stream;q=0.001", true, true },
	{ "text/event-stream; Q=0", false, false },
	{ "text/event-stream;a=b;q=0", false, false },
	{ "*/*;q=0", false, false },
	{ "*/*;q=0, text/event-stream", true, true },
	{ "text/event-stream, */*;q=0", true, true },
	{ "text/event-stream;q=0, */*", false, false },
	{ "*/*, text/*;q=0", false, false },
	{ "text/html;q=0, */*", true, false },
	{ ",,*/*,", true, false },
};

static void
an_event_stream_must_be_acceptable(void **state)
{
	char			 header[128];
	char			*env[] = { header, NULL };
	FCGX_Request		 fcgi = { .envp = env };
	struct tt_request	 req = { .fcgi = &fcgi };
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(accepts) / sizeof(accepts[0]); i++) {
		(void)snprintf(header, sizeof(header), "%s%s",
		    accepts[i].accept == NULL ? "X=" : "HTTP_ACCEPT=",
		    accepts[i].accept == NULL ? "" : accepts[i].accept);
		if (tt_request_accepts_sse(&req) != accepts[i].accepts ||
		    tt_request_wants_sse(&req) != accepts[i].wants)
			fail_msg("%s", header);
	}
}

static const struct {
	const char	*header;
	bool		 has;
} etags[] = {
	{ "\"a\"", true }, { "W/\"a\"", true }, { "*", true },
	{ "\"b\", W/\"a\"", true }, { "\"b\",\"a\",\"c\"", true },
	{ " \"a\" ", true }, { "a", false }, { "\"A\"", false },
	{ "\"ab\"", false }, { "\"b\"", false }, { "", false },
	{ "\"*\"", false }, { "w/\"a\"", false }, { ",,", false },
};

static void
entity_tags_are_compared_weakly(void **state)
{
	char			 header[128];
	char			*env[] = { header, NULL };
	FCGX_Request		 fcgi = { .envp = env };
	struct tt_request	 req = { .fcgi = &fcgi };
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(etags) / sizeof(etags[0]); i++) {
		(void)snprintf(header, sizeof(header), "HTTP_IF_NONE_MATCH=%s",
		    etags[i].header);
		if (tt_request_has_etag(&req, "W/\"a\"") != etags[i].has ||
		    tt_request_has_etag(&req, "\"a\"") != etags[i].has)
			fail_msg("%s", header);
	}
}

static void
the_request_id_is_a_word(void **state)
{
	static const struct {
		const char	*given;
		bool		 taken;
	} cases[] = {
		{ "a", true }, { "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", true },
		{ "A_b.c-9", true }, { "", false }, { "a b", false },
		{ "a\r\nX: y", false }, { "a%0a", false },
		{ "\xc3\xa9", false },
		{ "1234567890123456789012345678901234567890123456789012345678"
		  "901234", true },
		{ "1234567890123456789012345678901234567890123456789012345678"
		  "9012345", false },
	};
	char			 id[128], method[] = "REQUEST_METHOD=GET";
	char			 uri[] = "REQUEST_URI=/x";
	char			*env[] = { id, method, uri, NULL };
	FCGX_Request		 fcgi = { .envp = env };
	struct tt_request	 req = { 0 };
	struct tt_err		 err;
	size_t			 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tt_err_clear(&err);
		(void)snprintf(id, sizeof(id), "HTTP_X_REQUEST_ID=%s",
		    cases[i].given);
		assert_int_equal(tt_request_read(&req, &fcgi, "", &err),
		    TT_OK);
		assert_string_equal(req.method, "GET");
		if (cases[i].taken)
			assert_string_equal(req.id, cases[i].given);
		else
			assert_int_equal(strspn(req.id, "0123456789abcdef"),
			    32);
	}
	tt_request_free(&req);
}

static void
id_and_method_are_set_even_where_it_fails(void **state)
{
	char			*env[] = { NULL };
	FCGX_Request		 fcgi = { .envp = env };
	struct tt_request	 req = { 0 };
	struct tt_err		 err;

	(void)state;
	tt_err_clear(&err);
	assert_int_equal(tt_request_read(&req, &fcgi, "", &err), TT_INTERNAL);
	assert_string_equal(req.method, "");
	assert_int_equal(strlen(req.id), 32);
	assert_int_equal(req.nsegments + req.nparams, 0);
	tt_request_free(&req);
}

static void
an_idempotency_key_is_255_of_ascii(void **state)
{
	static const struct {
		const char	*key;
		int		 times;
		bool		 ok;
	} keys[] = {
		{ "x", 1, true }, { "a b~\"", 1, true }, { "x", 255, true },
		{ "x", 256, false }, { "x", 0, false },
		{ "\xc3\xa9", 1, false },
		{ "a\tb", 1, false }, { "\x7f", 1, false },
	};
	char			 var[512];
	char			*env[] = { var, NULL }, *none[] = { NULL };
	FCGX_Request		 fcgi = { .envp = none };
	struct tt_request	 req = { .fcgi = &fcgi };
	struct tt_err		 err;
	const char		*key = "";
	size_t			 i, n;
	int			 k;

	(void)state;
	tt_err_clear(&err);
	assert_int_equal(tt_request_idempotency(&req, &key, &err), TT_OK);
	assert_null(key);
	fcgi.envp = env;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		n = (size_t)snprintf(var, sizeof(var), "HTTP_IDEMPOTENCY_KEY=");
		for (k = 0; k < keys[i].times; k++)
			n += (size_t)snprintf(var + n, sizeof(var) - n, "%s",
			    keys[i].key);
		tt_err_clear(&err);
		assert_int_equal(tt_request_idempotency(&req, &key, &err),
		    keys[i].ok ? TT_OK : TT_BADREQ);
		if (keys[i].ok)
			assert_string_equal(key, strchr(var, '=') + 1);
	}
}

static void
what_is_encoded_is_decoded_again(void **state)
{
	struct tt_request	 req = { 0 };
	struct tt_buf		 b = TT_BUF_INIT;
	char			 all[256], path[256];
	int			 i;

	(void)state;
	for (i = 1; i < 128; i++)
		all[i - 1] = (char)i;
	(void)memcpy(all + 127, "\xc3\xa9", 3);
	tt_buf_puts(&b, "/x?a=");
	tt_request_encode(&b, all);
	assert_null(strchr(tt_buf_text(&b), '>'));
	assert_int_equal(parse(tt_buf_text(&b), "", path, sizeof(path), &req),
	    TT_OK);
	assert_string_equal(tt_request_param(&req, "a"), all);
	tt_buf_free(&b);
	tt_request_free(&req);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(paths_are_split_and_decoded),
		cmocka_unit_test(a_tail_is_one_segment),
		cmocka_unit_test(patterns_match_at_the_end_of_the_path),
		cmocka_unit_test(queries_are_split_and_decoded),
		cmocka_unit_test(there_is_room_for_64_parameters),
		cmocka_unit_test(what_is_not_known_is_named),
		cmocka_unit_test(a_number_is_of_digits_and_in_its_range),
		cmocka_unit_test(only_the_methods_named_are_allowed),
		cmocka_unit_test(an_event_stream_must_be_acceptable),
		cmocka_unit_test(entity_tags_are_compared_weakly),
		cmocka_unit_test(the_request_id_is_a_word),
		cmocka_unit_test(id_and_method_are_set_even_where_it_fails),
		cmocka_unit_test(an_idempotency_key_is_255_of_ascii),
		cmocka_unit_test(what_is_encoded_is_decoded_again),
	};

	return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}

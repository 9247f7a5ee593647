/*
 * transfer.c - see transfer.h.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/public.h"
#include "hook/sign.h"
#include "hook/transfer.h"
#include "job/delivery.h"

#define CONNECT_MS	5000
#define ANSWER_MAX	(64 * 1024)	/* head and body */
#define DNS_CACHE_S	60L
#define ID_SZ		48

struct tt_transfer {
	const struct tt_cidrs	*allow;
	CURL			*curl;
	CURLM			*multi;		/* while under way */
	struct curl_slist	*headers;
	size_t			 answered;	/* bytes */
	bool			 has_head;	/* the answer's, all of it */
	char			 refused[INET6_ADDRSTRLEN];
	char			 why[CURL_ERROR_SIZE];
};

struct tt_transfer *
tt_transfer_new(const struct tt_cidrs *allow)
{
	struct tt_transfer	*t;

	if ((t = calloc(1, sizeof(*t))) == NULL)
		return NULL;
	t->allow = allow;
	if ((t->curl = curl_easy_init()) == NULL) {
		free(t);
		return NULL;
	}
	return t;
}

void
tt_transfer_free(struct tt_transfer *t)
{
	if (t == NULL)
		return;
	tt_transfer_stop(t);
	curl_easy_cleanup(t->curl);
	free(t);
}

/*
 * What curl calls.
 */

/* The address as all of ours are; false if it is of neither family. */
static bool
read_address(const struct sockaddr *sa, unsigned char out[TT_ADDRESS_SZ])
{
	const struct sockaddr_in	*v4 = (const void *)sa;
	const struct sockaddr_in6	*v6 = (const void *)sa;

	switch (sa->sa_family) {
	case AF_INET:
		memset(out, 0, 10);
		memset(out + 10, 0xff, 2);
		(void)memcpy(out + 12, &v4->sin_addr, 4);
		return true;
	case AF_INET6:
		(void)memcpy(out, &v6->sin6_addr, TT_ADDRESS_SZ);
		return true;
	default:
		return false;
	}
}

static void
note_refused(struct tt_transfer *t, const unsigned char a[TT_ADDRESS_SZ])
{
	static const unsigned char	 mapped[12] = { [10] = 0xff, 0xff };

	if (memcmp(a, mapped, sizeof(mapped)) == 0)
		(void)inet_ntop(AF_INET, a + 12, t->refused,
		    sizeof(t->refused));
	else
		(void)inet_ntop(AF_INET6, a, t->refused, sizeof(t->refused));
}

/*
 * Judged here and nowhere before: a name may mean another address by the time
 * of the connection than when somebody looked.
 */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct tt_transfer	*t = arg;
	unsigned char		 a[TT_ADDRESS_SZ];

	if (purpose != CURLSOCKTYPE_IPCXN || !read_address(&addr->addr, a))
		return CURL_SOCKET_BAD;
	if (!tt_address_public(a) && !tt_cidrs_have(t->allow, a)) {
		note_refused(t, a);
		return CURL_SOCKET_BAD;
	}
	return socket(addr->family, addr->socktype | SOCK_CLOEXEC,
	    addr->protocol);
}

/* Too much is the end of the transfer: we say that we took less. */
static size_t
count(struct tt_transfer *t, size_t sz)
{
	t->answered += sz;
	return t->answered > ANSWER_MAX ? 0 : sz;
}

static size_t
got_header(char *line, size_t one, size_t sz, void *arg)
{
	struct tt_transfer	*t = arg;
	long			 status = 0;

	/* 1xx comes before the answer. */
	if (sz <= 2 && (*line == '\r' || *line == '\n') &&
	    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status) ==
	    CURLE_OK && status >= 200)
		t->has_head = true;
	return count(t, one * sz);
}

static size_t
got_body(char *data, size_t one, size_t sz, void *arg)
{
	(void)data;
	return count(arg, one * sz);
}

/*
 * Setting it up.
 */

static bool
add_header(struct tt_transfer *t, const char *line)
{
	struct curl_slist	*list;

	if ((list = curl_slist_append(t->headers, line)) == NULL)
		return false;
	t->headers = list;
	return true;
}

static bool
add_signature(struct tt_transfer *t, const struct tt_delivery *d)
{
	char	 id[ID_SZ], at[24], line[128];
	char	 now[TT_SIGN_SZ], before[TT_SIGN_SZ] = "";

	(void)snprintf(id, sizeof(id), "msg_%s", d->event_id);
	(void)snprintf(at, sizeof(at), "%" PRId64,
	    tt_clock_now_us() / 1000000);
	tt_sign(d->secret, id, at, d->body, now);
	if (d->previous_secret != NULL)
		tt_sign(d->previous_secret, id, at, d->body, before);

	(void)snprintf(line, sizeof(line), "webhook-id: %s", id);
	if (!add_header(t, line))
		return false;
	(void)snprintf(line, sizeof(line), "webhook-timestamp: %s", at);
	if (!add_header(t, line))
		return false;
	(void)snprintf(line, sizeof(line), "webhook-signature: %s%s%s", now,
	    before[0] != '\0' ? " " : "", before);
	return add_header(t, line);
}

static bool
add_headers(struct tt_transfer *t, const struct tt_delivery *d)
{
	/* No "Expect": it would only cost a round trip. */
	return add_header(t, "Content-Type: application/json") &&
	    add_header(t, "Accept:") && add_header(t, "Expect:") &&
	    add_signature(t, d);
}

#define SET(option, value)						\
	(curl_easy_setopt(t->curl, CURLOPT_##option, value) == CURLE_OK)

/* None of these may be missing: what curl does not know stops us. */
static bool
set_limits(struct tt_transfer *t)
{
	return SET(PROTOCOLS_STR, "http,https") &&
	    SET(FOLLOWLOCATION, 0L) &&
	    SET(PROXY, "") && SET(NOPROXY, "*") &&
	    SET(NETRC, (long)CURL_NETRC_IGNORED) &&
	    SET(DISALLOW_USERNAME_IN_URL, 1L) &&
	    SET(SSL_VERIFYPEER, 1L) && SET(SSL_VERIFYHOST, 2L) &&
	    SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
	    SET(TIMEOUT_MS, (long)TT_TRANSFER_MS) &&
	    SET(CONNECTTIMEOUT_MS, (long)CONNECT_MS) &&
	    SET(DNS_CACHE_TIMEOUT, DNS_CACHE_S) &&
	    SET(NOSIGNAL, 1L) &&
	    /* A resolver that hangs is left behind, not waited for. */
	    SET(QUICK_EXIT, 1L);
}

static bool
set_calls(struct tt_transfer *t, void *owner)
{
	return SET(OPENSOCKETFUNCTION, open_socket) &&
	    SET(OPENSOCKETDATA, t) &&
	    SET(HEADERFUNCTION, got_header) && SET(HEADERDATA, t) &&
	    SET(WRITEFUNCTION, got_body) && SET(WRITEDATA, t) &&
	    SET(ERRORBUFFER, t->why) &&
	    SET(PRIVATE, owner);
}

static bool
set_request(struct tt_transfer *t, const struct tt_delivery *d)
{
	return SET(URL, d->url) &&
	    SET(USERAGENT, "telltale-webhookd/" TT_VERSION) &&
	    SET(HTTPHEADER, t->headers) &&
	    SET(POST, 1L) &&
	    SET(POSTFIELDSIZE_LARGE, (curl_off_t)strlen(d->body)) &&
	    SET(COPYPOSTFIELDS, d->body);
}

enum tt_rc
tt_transfer_begin(struct tt_transfer *t, CURLM *multi,
    const struct tt_delivery *d, void *owner, struct tt_err *err)
{
	tt_transfer_stop(t);
	if (!add_headers(t, d) || !set_limits(t) || !set_calls(t, owner) ||
	    !set_request(t, d)) {
		tt_transfer_stop(t);
		return tt_err_set(err, TT_INTERNAL, "cannot set up a request");
	}
	if (curl_multi_add_handle(multi, t->curl) != CURLM_OK) {
		tt_transfer_stop(t);
		return tt_err_set(err, TT_INTERNAL, "cannot start a request");
	}
	t->multi = multi;
	return TT_OK;
}

/*
 * What it came to.
 */

/* Into PostgreSQL and logs it goes: nobody's bytes but ASCII's. */
static void
say(struct tt_verdict *v, const char *why)
{
	size_t	 i;

	for (i = 0; why[i] != '\0' && i + 1 < sizeof(v->error); i++)
		v->error[i] = why[i] >= ' ' && why[i] <= '~' ? why[i] : '?';
	v->error[i] = '\0';
}

static void
say_status(struct tt_verdict *v)
{
	(void)snprintf(v->error, sizeof(v->error), "the receiver said %d%s",
	    v->status, v->status < 300 || v->status > 399 ? "" :
	    ": redirects are not followed");
}

static void
say_failure(const struct tt_transfer *t, CURLcode code, struct tt_verdict *v)
{
	const char	*why = t->why[0] != '\0' ? t->why :
			    curl_easy_strerror(code);

	if (t->refused[0] != '\0' && code == CURLE_COULDNT_CONNECT)
		(void)snprintf(v->error, sizeof(v->error),
		    "%s is not a public address", t->refused);
	else if (t->answered > ANSWER_MAX)
		say(v, "the receiver answered with a head too large");
	else
		say(v, why);
}

/*
 * The status decides, once the head is there: whoever said 200 has the event,
 * though he go on for a gigabyte, or stop in the middle of a word.
 */
void
tt_transfer_end(struct tt_transfer *t, CURLcode code, struct tt_verdict *v)
{
	long	 status = 0;

	memset(v, 0, sizeof(*v));
	if (t->has_head && curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE,
	    &status) == CURLE_OK) {
		v->status = (int)status;
		v->delivered = status >= 200 && status <= 299;
		if (!v->delivered)
			say_status(v);
	} else
		say_failure(t, code, v);
	tt_transfer_stop(t);
}

/* curl keeps the connection for the next, its memory, and nothing else. */
void
tt_transfer_stop(struct tt_transfer *t)
{
	if (t->multi != NULL)
		(void)curl_multi_remove_handle(t->multi, t->curl);
	t->multi = NULL;
	curl_easy_reset(t->curl);
	curl_slist_free_all(t->headers);
	t->headers = NULL;
	t->answered = 0;
	t->has_head = false;
	t->refused[0] = t->why[0] = '\0';
}

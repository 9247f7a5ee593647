/*
 * target_key.c - what lets a client in: an Authorization header, a ticket.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gate/key.h"
#include "gate/ticket.h"
#include "target.h"
#include "web/request.h"

#define SECRETS	"0123456789abcdef0123456789abcdef," \
		"fedcba9876543210fedcba9876543210"
#define NOW_US	1777777777000000LL
#define HOUR_US	3600000000LL

enum tt_rc
target_authorization(char *in, size_t sz, struct tt_buf *seen,
    struct tt_err *err)
{
	struct fake_env		 env = { .n = 0 };
	FCGX_Request		 fcgi = { .envp = env.list };
	struct tt_request	 req = { .fcgi = &fcgi, .method = "GET" };
	unsigned char		 hash[TT_KEY_HASH_SZ];
	struct tt_caller	 caller;

	(void)sz;
	(void)seen;
	fake_env_add(&env, "HTTP_AUTHORIZATION", in);
	assert(tt_key_given(&req) == (*in != '\0'));
	if (tt_key_read(&req, hash, err) == TT_OK) {
		tt_caller_key(&caller, hash);
		assert(strlen(caller.key) == TT_KEY_HEX_SZ - 1);
	} else
		assert(err->rc == TT_UNAUTHORIZED && err->told);
	fake_env_free(&env);
	return err->rc;
}

/* Whatever the input changes of a ticket, it is none any longer. */
static void
check_forgery(const char *in, size_t sz)
{
	static char		 good[TT_TICKET_SZ];
	struct tt_ticket	 t = { .scopes = 1, .job_id = "job-1",
				    .born_us = NOW_US,
				    .expires_us = NOW_US + HOUR_US };
	struct tt_err		 err;
	char			*forged;
	size_t			 i, n;

	if (good[0] == '\0')
		assert(tt_ticket_seal(SECRETS, &t, good));
	n = strlen(good);
	forged = malloc(n + 1);
	assert(forged != NULL);
	(void)memcpy(forged, good, n + 1);
	for (i = 0; i < sz; i++)
		forged[i * 7 % n] = (char)(forged[i * 7 % n] ^ in[i]);

	tt_err_clear(&err);
	if (tt_ticket_open(SECRETS, forged, NOW_US, &t, &err) == TT_OK)
		assert(strcmp(forged, good) == 0 &&
		    strcmp(t.job_id, "job-1") == 0 && t.scopes == 1);
	free(forged);
}

enum tt_rc
target_ticket(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	struct tt_ticket	 t;

	check_forgery(in, sz);
	if (tt_ticket_open(SECRETS, in, NOW_US, &t, err) == TT_OK) {
		assert(t.expires_us > NOW_US);
		assert(memchr(t.job_id, '\0', sizeof(t.job_id)) != NULL);
		tt_buf_printf(seen, "%x %s", (unsigned)t.scopes, t.job_id);
	} else
		assert(err->rc == TT_UNAUTHORIZED && err->told);
	return err->rc;
}

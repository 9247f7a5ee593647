/*
 * target_address.c - who is asking: three lines, TELLTALE_TRUSTED_PROXIES,
 * REMOTE_ADDR and X-Forwarded-For.
 */
#include <arpa/inet.h>

#include <assert.h>
#include <string.h>

#include "base/cidr.h"
#include "target.h"
#include "web/address.h"
#include "web/request.h"

static void
look(const struct tt_cidrs *trusted, char *remote, char *forwarded,
    unsigned char address[TT_ADDRESS_SZ])
{
	struct fake_env		 env = { .n = 0 };
	FCGX_Request		 fcgi = { .envp = env.list };
	struct tt_request	 req = { .fcgi = &fcgi, .method = "GET" };

	fake_env_add(&env, "REMOTE_ADDR", *remote == '\0' ? NULL : remote);
	fake_env_add(&env, "HTTP_X_FORWARDED_FOR",
	    *forwarded == '\0' ? NULL : forwarded);
	tt_request_address(&req, trusted, address);
	fake_env_free(&env);
}

enum tt_rc
target_address(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	unsigned char	 address[TT_ADDRESS_SZ];
	char		 text[INET6_ADDRSTRLEN];
	const char	*wrong, *list = target_line(&in);
	char		*remote = target_line(&in);
	struct tt_cidrs	 trusted = { NULL, 0 };
	int		 i;

	(void)sz;
	if (!tt_cidrs_read(list, &trusted, &wrong)) {
		assert(wrong >= list && wrong <= list + strlen(list));
		tt_cidrs_free(&trusted);
		return tt_err_set(err, TT_BADREQ, "trusted: %.64s", wrong);
	}
	for (i = 0; i < trusted.n; i++) {
		assert(trusted.list[i].bits >= 0 &&
		    trusted.list[i].bits <= 128);
		assert(tt_cidrs_have(&trusted, trusted.list[i].address));
	}
	look(&trusted, remote, in, address);
	tt_cidrs_free(&trusted);
	assert(inet_ntop(AF_INET6, address, text, sizeof(text)) != NULL);
	tt_buf_puts(seen, text);
	return TT_OK;
}

/*
 * Where a request comes from, as proxies of trust and of none tell it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/address.h"
#include "web/request.h"

#define TRUSTED	"10.0.0.0/8 2001:db8:1::/48"

static void
ask(const char *trusted, const char *remote, const char *forwarded,
    unsigned char address[TT_ADDRESS_SZ])
{
	char			*env[3] = { NULL, NULL, NULL };
	FCGX_Request		 fcgi = { .envp = env };
	struct tt_request	 req = { .fcgi = &fcgi };
	struct tt_cidrs		 cidrs;
	const char		*wrong;
	size_t			 sz, n = 0;

	if (remote != NULL) {
		sz = strlen(remote) + sizeof("REMOTE_ADDR=");
		assert_non_null(env[n] = malloc(sz));
		(void)snprintf(env[n++], sz, "REMOTE_ADDR=%s", remote);
	}
	if (forwarded != NULL) {
		sz = strlen(forwarded) + sizeof("HTTP_X_FORWARDED_FOR=");
		assert_non_null(env[n] = malloc(sz));
		(void)snprintf(env[n++], sz, "HTTP_X_FORWARDED_FOR=%s",
		    forwarded);
	}
	assert_true(tt_cidrs_read(trusted, &cidrs, &wrong));
	tt_request_address(&req, &cidrs, address);
	tt_cidrs_free(&cidrs);
	free(env[0]);
	free(env[1]);
}

static const struct {
	const char	*trusted, *remote, *forwarded, *address;
} cases[] = {
	/* Nobody is trusted: the header is nothing. */
	{ "", "192.0.2.1", NULL, "192.0.2.1" },
	{ "", "192.0.2.1", "198.51.100.1", "192.0.2.1" },
	{ "", "10.0.0.1", "198.51.100.1", "10.0.0.1" },
	{ TRUSTED, "192.0.2.1", "198.51.100.1", "192.0.2.1" },
	{ TRUSTED, "192.0.2.1", "198.51.100.1, 10.0.0.1", "192.0.2.1" },
	{ TRUSTED, "2001:db8:2::1", "198.51.100.1", "2001:db8:2::1" },
	/* One proxy. */
	{ TRUSTED, "10.0.0.1", NULL, "10.0.0.1" },
	{ TRUSTED, "10.0.0.1", "192.0.2.1", "192.0.2.1" },
	{ TRUSTED, "::ffff:10.0.0.1", "192.0.2.1", "192.0.2.1" },
	{ TRUSTED, "10.0.0.1", "2001:db8:2::1", "2001:db8:2::1" },
	{ TRUSTED, "10.0.0.1", " \t192.0.2.1\t ", "192.0.2.1" },
	/* What the client wrote himself is on the left. */
	{ TRUSTED, "10.0.0.1", "198.51.100.1, 192.0.2.1", "192.0.2.1" },
	{ TRUSTED, "10.0.0.1", "10.0.0.9,192.0.2.1", "192.0.2.1" },
	{ TRUSTED, "10.0.0.1", "<script>, 192.0.2.1", "192.0.2.1" },
	{ TRUSTED, "10.0.0.1", ",,,,192.0.2.1", "192.0.2.1" },
	/* More of them, and nobody else. */
	{ TRUSTED, "10.0.0.1", "192.0.2.1, 2001:db8:1::7, 10.2.3.4",
	    "192.0.2.1" },
	{ TRUSTED, "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3" },
	/* Ports and brackets. */
	{ TRUSTED, "10.0.0.1", "192.0.2.1:5000", "192.0.2.1" },
	{ TRUSTED, "10.0.0.1", "192.0.2.1,[2001:db8:1::7]:80", "192.0.2.1" },
	{ TRUSTED, "10.0.0.1", "[2001:db8:2::1]:5000", "2001:db8:2::1" },
	{ TRUSTED, "10.0.0.1", "[2001:db8:2::1]", "2001:db8:2::1" },
	/* Where it cannot be read, it stops. */
	{ TRUSTED, "10.0.0.1", "", "10.0.0.1" },
	{ TRUSTED, "10.0.0.1", " ", "10.0.0.1" },
	{ TRUSTED, "10.0.0.1", ",", "10.0.0.1" },
	{ TRUSTED, "10.0.0.1", "192.0.2.1,", "10.0.0.1" },
	{ TRUSTED, "10.0.0.1", "192.0.2.1, , 10.0.0.2", "10.0.0.2" },
	{ TRUSTED, "10.0.0.1", "192.0.2.1, unknown", "10.0.0.1" },
	{ TRUSTED, "10.0.0.1", "192.0.2.1, unix:, 10.0.0.2", "10.0.0.2" },
	{ TRUSTED, "10.0.0.1", "192.0.2.1 192.0.2.2", "10.0.0.1" },
	{ TRUSTED, "10.0.0.1", "\"192.0.2.1\"", "10.0.0.1" },
	{ TRUSTED, "10.0.0.1", "192.0.2.1\x01", "10.0.0.1" },
	{ TRUSTED, "10.0.0.1", "fe80::1%eth0", "10.0.0.1" },
	/* A unix socket has no address; it is trusted if "::" is. */
	{ TRUSTED, NULL, NULL, "::" },
	{ TRUSTED, "", "192.0.2.1", "::" },
	{ TRUSTED, "unix:", "192.0.2.1", "::" },
	{ TRUSTED " ::", "unix:", "192.0.2.1", "192.0.2.1" },
	{ TRUSTED " ::", NULL, "192.0.2.1", "192.0.2.1" },
};

static void
the_client_is_whom_the_last_proxy_of_trust_saw(void **state)
{
	unsigned char	 got[TT_ADDRESS_SZ], wanted[TT_ADDRESS_SZ];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(cases[i].trusted, cases[i].remote, cases[i].forwarded, got);
		assert_true(tt_address_read(cases[i].address,
		    strlen(cases[i].address), wanted));
		if (memcmp(got, wanted, sizeof(got)) != 0)
			fail_msg("%s, \"%s\" is not %s", cases[i].remote,
			    cases[i].forwarded, cases[i].address);
	}
}

/* From the right, so what a client puts before costs next to nothing. */
static void
a_long_header_is_read_as_far_as_it_matters(void **state)
{
	static char	 junk[1 << 20];
	unsigned char	 got[TT_ADDRESS_SZ], wanted[TT_ADDRESS_SZ];
	size_t		 i;

	(void)state;
	(void)memset(junk, ',', sizeof(junk) - 1);
	ask(TRUSTED, "10.0.0.1", junk, got);
	assert_int_equal(got[15], 1);

	(void)memset(junk, '[', sizeof(junk) - 1);
	ask(TRUSTED, "10.0.0.1", junk, got);
	assert_int_equal(got[15], 1);

	for (i = 0; i + 9 < sizeof(junk); i += 9)
		(void)memcpy(junk + i, i == 0 ? " 1.2.3.4," : "10.9.9.9,", 9);
	junk[i - 1] = '\0';
	ask(TRUSTED, "10.0.0.1", junk, got);
	assert_true(tt_address_read("1.2.3.4", 7, wanted));
	assert_memory_equal(got, wanted, sizeof(got));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(
		    the_client_is_whom_the_last_proxy_of_trust_saw),
		cmocka_unit_test(a_long_header_is_read_as_far_as_it_matters),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}

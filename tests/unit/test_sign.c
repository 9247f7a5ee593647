/*
 * test_sign.c - signatures of webhooks, against those of others.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <sodium.h>

#include "hook/sign.h"

static const char	 body[] = "{\"test\": 2432232314}";

static void
check(const char *secret, const char *expected)
{
	char	 out[TT_SIGN_SZ];

	tt_sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body,
	    out);
	assert_string_equal(out, expected);
}

/* The vector of the specification's own libraries. */
static void
standard_vector(void **state)
{
	(void)state;
	check("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

/* Of python3's hmac, with these bytes for a key. */
static void
other_secrets_sign_as_they_are(void **state)
{
	(void)state;
	check("plain",
	    "v1,tgOMx2V+ymftc5zrV4Kwy5UOWZAx1XMh0yu4Sm/6/r0=");
	check("whsec_not*base64",
	    "v1,snoo2vxz886mjGi6hcIGqrk6T8gTYFoa8UWl8TbXw0k=");
	check("whsec_",
	    "v1,AUsemtRPIzthQtHnPgmHPUvj8jasw1M2BdSl+bqqaVQ=");
	check("whsec_YQ",
	    "v1,Qn8lKasmwTjE1YXwELyoXqBohxGSptIRfV6+g8AeAGc=");
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(standard_vector),
		cmocka_unit_test(other_secrets_sign_as_they_are),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

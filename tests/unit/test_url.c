/*
 * test_url.c - what a client may give as a URL, and which addresses are public.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/public.h"
#include "web/url.h"

static void
special_addresses_are_not_public(void **state)
{
	static const char *const	 special[] = {
		"0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1",
		"100.127.255.255", "127.0.0.1", "127.255.255.255",
		"169.254.169.254", "172.16.0.1", "172.31.255.255",
		"192.168.1.1", "198.18.0.1", "224.0.0.1", "239.1.1.1",
		"240.0.0.1", "255.255.255.255", "::", "::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1",
		"64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
		"2002:7f00:1::", "2002:a00:1::1", "2001::1", "fc00::1",
		"fd12:3456::1", "fe80::1", "feff::1", "ff02::1",
	};
	static const char *const	 open[] = {
		"1.1.1.1", "9.255.255.255", "100.63.255.255", "100.128.0.1",
		"126.255.255.255", "128.0.0.1", "172.15.0.1", "172.32.0.1",
		"192.169.0.1", "223.255.255.255", "2606:4700::1111",
		"2a00::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
		"2002:808:808::1",
	};
	unsigned char			 address[TT_ADDRESS_SZ];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		assert_true(tt_address_read(special[i], strlen(special[i]),
		    address));
		if (tt_address_public(address))
			fail_msg("%s", special[i]);
	}
	for (i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
		assert_true(tt_address_read(open[i], strlen(open[i]),
		    address));
		if (!tt_address_public(address))
			fail_msg("%s", open[i]);
	}
}

static enum tt_rc
check(const char *url, const char *allow)
{
	struct tt_cidrs	 cidrs;
	struct tt_err	 err;
	const char	*wrong;

	tt_err_clear(&err);
	assert_true(tt_cidrs_read(allow, &cidrs, &wrong));
	(void)!tt_url_check("image_url", url, &cidrs, &err);
	tt_cidrs_free(&cidrs);
	if (err.rc != TT_OK)
		assert_non_null(strstr(err.msg, "image_url"));
	return err.rc;
}

static void
only_public_urls_are_taken(void **state)
{
	static const char *const	 good[] = {
		"http://example.com", "https://example.com/a?b=c#d",
		"HTTPS://EXAMPLE.COM:8443/x", "http://1.1.1.1/",
		"http://[2606:4700::1111]:80/", "https://a-b.example.com./",
		"http://notlocalhost/", "http://localhost.example.com/",
		"http://example.com/@", "http://example.com?a@b",
	};
	static const char *const	 bad[] = {
		"", "example.com", "//example.com", "ftp://example.com/",
		"file:///etc/passwd", "javascript:alert(1)", "http://",
		"http:///x", "http://?x", "http://user@example.com/",
		"http://user:pw@127.0.0.1/", "http://example.com:port/",
		"http://example.com:123456/", "http://[::1", "http://[]/",
		"http://[::1]x/", "http://a b/", "http://a\r\nb/",
		"http://a\\@b/", "http://\x7f/", "http://localhost/",
		"http://LocalHost:80/", "http://x.localhost./",
		"http://127.0.0.1/", "http://127.1/", "http://2130706433/",
		"http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://0/",
		"http://10.0.0.1/", "http://169.254.169.254/latest/",
		"http://[::1]/", "http://[::ffff:127.0.0.1]/",
		"http://[::ffff:7f00:1]:80/", "http://[fe80::1]/",
		"http://[64:ff9b::7f00:1]/",
	};
	char				 url[TT_URL_MAX + 2];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (check(good[i], "") != TT_OK)
			fail_msg("%s", good[i]);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (check(bad[i], "") != TT_BADREQ)
			fail_msg("%s", bad[i]);

	memset(url, 'a', sizeof(url));
	(void)memcpy(url, "http://h/", 9);
	url[TT_URL_MAX] = '\0';
	assert_int_equal(check(url, ""), TT_OK);
	url[TT_URL_MAX] = 'a';
	url[TT_URL_MAX + 1] = '\0';
	assert_int_equal(check(url, ""), TT_BADREQ);
}

static void
an_intranet_can_be_allowed(void **state)
{
	(void)state;
	assert_int_equal(check("http://10.1.2.3/", "10.0.0.0/8"), TT_OK);
	assert_int_equal(check("http://[::1]/", "10.0.0.0/8"), TT_BADREQ);
	assert_int_equal(check("http://127.1/", "127.0.0.1"), TT_OK);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(special_addresses_are_not_public),
		cmocka_unit_test(only_public_urls_are_taken),
		cmocka_unit_test(an_intranet_can_be_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

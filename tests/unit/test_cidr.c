/*
 * Addresses and lists of networks, well formed and not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cidr.h"

/* An address in hex, its leading zeros as they are. */
static const struct {
	const char	*text, *hex;	/* NULL: it is none */
} addresses[] = {
	{ "192.0.2.1", "00000000000000000000ffffc0000201" },
	{ "0.0.0.0", "00000000000000000000ffff00000000" },
	{ "192.0.2.1:443", "00000000000000000000ffffc0000201" },
	{ "192.0.2.1:0", "00000000000000000000ffffc0000201" },
	{ "192.0.2.1:65535", "00000000000000000000ffffc0000201" },
	{ "2001:db8::1", "20010db8000000000000000000000001" },
	{ "2001:DB8::443", "20010db8000000000000000000000443" },
	{ "[2001:db8::1]", "20010db8000000000000000000000001" },
	{ "[2001:db8::1]:443", "20010db8000000000000000000000001" },
	{ "::", "00000000000000000000000000000000" },
	{ "::1", "00000000000000000000000000000001" },
	{ "::ffff:192.0.2.1", "00000000000000000000ffffc0000201" },
	{ "[::ffff:192.0.2.1]:80", "00000000000000000000ffffc0000201" },
	{ "", NULL },
	{ "unix:", NULL },
	{ "unknown", NULL },
	{ "_hidden", NULL },
	{ " 192.0.2.1", NULL },
	{ "192.0.2.1 ", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.1.", NULL },
	{ "192.0.2.1.1", NULL },
	{ "3221225985", NULL },
	{ "0xc0000201", NULL },
	{ "192.0.2.1/32", NULL },
	{ "192.0.2.1:", NULL },
	{ "192.0.2.1:65536", NULL },
	{ "192.0.2.1:99999999999999999999", NULL },
	{ "192.0.2.1:-1", NULL },
	{ "192.0.2.1:80:80", NULL },
	{ ":80", NULL },
	{ "[192.0.2.1]", NULL },
	{ "[192.0.2.1]:80", NULL },
	{ "2001:db8::1%eth0", NULL },
	{ "[fe80::1%1]:80", NULL },
	{ "2001:db8::1::2", NULL },
	{ "[]", NULL },
	{ "[", NULL },
	{ "]", NULL },
	{ "[]:80", NULL },
	{ "[2001:db8::1", NULL },
	{ "[2001:db8::1]443", NULL },
	{ "[2001:db8::1]:", NULL },
	{ "[2001:db8::1]:x", NULL },
	{ "[[2001:db8::1]]", NULL },
	{ "0000000000000000000000000000000000000000000000000000:1::", NULL },
};

static void
addresses_are_read(void **state)
{
	unsigned char	 address[TT_ADDRESS_SZ];
	char		 hex[2 * TT_ADDRESS_SZ + 1];
	size_t		 i, j;

	(void)state;
	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		const char	*text = addresses[i].text;

		if (!tt_address_read(text, strlen(text), address)) {
			if (addresses[i].hex != NULL)
				fail_msg("%s is not read", text);
			continue;
		}
		for (j = 0; j < sizeof(address); j++)
			(void)snprintf(hex + 2 * j, 3, "%02x", address[j]);
		if (addresses[i].hex == NULL)
			fail_msg("%s is read as %s", text, hex);
		assert_string_equal(hex, addresses[i].hex);
	}
}

static void
what_is_none_changes_nothing(void **state)
{
	unsigned char	 address[TT_ADDRESS_SZ], before[TT_ADDRESS_SZ];
	size_t		 i;

	(void)state;
	(void)memset(before, 0x55, sizeof(before));
	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		if (addresses[i].hex != NULL)
			continue;
		(void)memcpy(address, before, sizeof(before));
		(void)tt_address_read(addresses[i].text,
		    strlen(addresses[i].text), address);
		assert_memory_equal(address, before, sizeof(before));
	}
}

static void
no_byte_past_the_length_is_read(void **state)
{
	unsigned char	 address[TT_ADDRESS_SZ];

	(void)state;
	assert_true(tt_address_read("192.0.2.19", 9, address));
	assert_int_equal(address[15], 1);
	assert_false(tt_address_read("192.0.2.1", 0, address));
	assert_false(tt_address_read("192.0.2.1\0x", 11, address));
	assert_false(tt_address_read("[::1]", 4, address));
}

static const struct {
	const char	*list;
	int		 n;
	const char	*wrong;
} lists[] = {
	{ "", 0, NULL },
	{ " ,\t,", 0, NULL },
	{ "192.0.2.1", 1, NULL },
	{ "192.0.2.0/24", 1, NULL },
	{ "192.0.2.0/24,2001:db8::/32", 2, NULL },
	{ " 192.0.2.0/24 ,, ::1\t10.0.0.0/8,", 3, NULL },
	{ "0.0.0.0/0 ::/0", 2, NULL },
	{ "192.0.2.1/32 2001:db8::1/128", 2, NULL },
	{ "::ffff:192.0.2.0/120", 1, NULL },
	{ "192.0.2.1/24", 0, "192.0.2.1/24" },
	{ "10.0.0.0/8, 192.0.2.128/24", 0, "192.0.2.128/24" },
	{ "2001:db8::1/64 ::1", 0, "2001:db8::1/64 ::1" },
	{ "128.0.0.0/0", 0, "128.0.0.0/0" },
	{ "192.0.2.0/33", 0, "192.0.2.0/33" },
	{ "::/129", 0, "::/129" },
	{ "192.0.2.0/", 0, "192.0.2.0/" },
	{ "192.0.2.0/-1", 0, "192.0.2.0/-1" },
	{ "192.0.2.0/24/24", 0, "192.0.2.0/24/24" },
	{ "192.0.2.0/4294967320", 0, "192.0.2.0/4294967320" },
	{ "192.0.2.0/255.255.255.0", 0, "192.0.2.0/255.255.255.0" },
	{ "/24", 0, "/24" },
	{ "192.0.2.1:80", 0, "192.0.2.1:80" },
	{ "[::1]", 0, "[::1]" },
	{ "localhost", 0, "localhost" },
	{ "::1;::2", 0, "::1;::2" },
};

static void
lists_are_read_and_the_wrong_is_pointed_at(void **state)
{
	struct tt_cidrs	 cidrs;
	const char	*wrong;
	size_t		 i;
	bool		 good;

	(void)state;
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		good = tt_cidrs_read(lists[i].list, &cidrs, &wrong);
		if (good != (lists[i].wrong == NULL))
			fail_msg("\"%s\" is %s", lists[i].list,
			    good ? "read" : "not read");
		assert_int_equal(cidrs.n, lists[i].n);
		if (!good)
			assert_string_equal(wrong, lists[i].wrong);
		tt_cidrs_free(&cidrs);
		tt_cidrs_free(&cidrs);
	}
}

static const struct {
	const char	*list, *address;
	bool		 has;
} members[] = {
	{ "", "192.0.2.1", false },
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "::ffff:192.0.2.1", true },
	{ "192.0.2.1", "::192.0.2.1", false },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "192.0.2.0/25", "192.0.2.127", true },
	{ "192.0.2.0/25", "192.0.2.128", false },
	{ "192.0.2.4/31", "192.0.2.5", true },
	{ "192.0.2.4/31", "192.0.2.6", false },
	{ "0.0.0.0/0", "255.255.255.255", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "192.0.2.1", true },
	{ "::/0", "ffff:ffff::", true },
	{ "128.0.0.0/1", "127.255.255.255", false },
	{ "128.0.0.0/1", "128.0.0.0", true },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "10.0.0.0/8 ::1", "::1", true },
	{ "10.0.0.0/8 ::1", "::", false },
};

static void
an_address_is_in_one_of_them_or_not(void **state)
{
	unsigned char	 address[TT_ADDRESS_SZ];
	struct tt_cidrs	 cidrs;
	const char	*wrong;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		assert_true(tt_cidrs_read(members[i].list, &cidrs, &wrong));
		assert_true(tt_address_read(members[i].address,
		    strlen(members[i].address), address));
		if (tt_cidrs_have(&cidrs, address) != members[i].has)
			fail_msg("%s in \"%s\"", members[i].address,
			    members[i].list);
		tt_cidrs_free(&cidrs);
	}
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(what_is_none_changes_nothing),
		cmocka_unit_test(no_byte_past_the_length_is_read),
		cmocka_unit_test(lists_are_read_and_the_wrong_is_pointed_at),
		cmocka_unit_test(an_address_is_in_one_of_them_or_not),
	};

	return cmocka_run_group_tests_name("cidr", tests, NULL, NULL);
}

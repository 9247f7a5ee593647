/*
 * Tickets: what was sealed comes out again, and nothing else does.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "gate/ticket.h"

#define OLD	"0123456789abcdef0123456789abcdef"
#define NEW	"fedcba9876543210fedcba9876543210"
#define NOW	INT64_C(1777600000000000)
#define VARIANT	sodium_base64_VARIANT_URLSAFE_NO_PADDING

static const char	 id64[] =
    "abcdefghijklmnopqrstuvwxyz_ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789";

static struct tt_ticket
ticket_for(const char *job_id)
{
	struct tt_ticket	 t = {
		.scopes = 0x00000305, .born_us = NOW - 7,
		.expires_us = NOW + 300000000
	};
	size_t			 i;

	for (i = 0; i < sizeof(t.key); i++)
		t.key[i] = (unsigned char)(i * 7 + 1);
	(void)snprintf(t.job_id, sizeof(t.job_id), "%s", job_id);
	return t;
}

/* A ticket's text; it lives until the next one. */
static const char *
sealed(const char *secrets, const char *job_id)
{
	static char		 text[TT_TICKET_SZ];
	struct tt_ticket	 t = ticket_for(job_id);

	assert_true(tt_ticket_seal(secrets, &t, text));
	return text;
}

static bool
opens_at(const char *secrets, const char *text, int64_t now_us,
    struct tt_ticket *t)
{
	static const struct tt_ticket	 none;
	struct tt_err			 err;

	tt_err_clear(&err);
	if (tt_ticket_open(secrets, text, now_us, t, &err) == TT_OK) {
		assert_int_equal(err.rc, TT_OK);
		return true;
	}
	assert_int_equal(err.rc, TT_UNAUTHORIZED);
	assert_true(err.told);
	assert_string_equal(err.msg, "Invalid or expired ticket");
	assert_memory_equal(t->key, none.key, sizeof(t->key));
	assert_int_equal(t->scopes, 0);
	return false;
}

static bool
opens(const char *secrets, const char *text)
{
	struct tt_ticket	 t;

	return opens_at(secrets, text, NOW, &t);
}

static void
what_was_sealed_comes_out(void **state)
{
	static const char *const	 ids[] = { "", "a", "job-1_B", id64 };
	struct tt_ticket		 in, out;
	const char			*text;
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		in = ticket_for(ids[i]);
		text = sealed(OLD, ids[i]);
		assert_true(opens_at(OLD, text, NOW, &out));
		assert_memory_equal(out.key, in.key, sizeof(in.key));
		assert_int_equal(out.scopes, in.scopes);
		assert_int_equal(out.born_us, in.born_us);
		assert_int_equal(out.expires_us, in.expires_us);
		assert_string_equal(out.job_id, ids[i]);
	}
}

static void
the_text_is_a_word_for_a_url(void **state)
{
	const char	*text = sealed(OLD, id64);

	(void)state;
	assert_int_equal(strlen(id64), TT_JOB_ID_MAX);
	assert_true(strlen(text) < TT_TICKET_SZ);
	assert_int_equal(strncmp(text, "tk_", 3), 0);
	assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-_"), strlen(text));
}

static void
no_two_are_alike(void **state)
{
	char	 first[TT_TICKET_SZ];

	(void)state;
	(void)snprintf(first, sizeof(first), "%s", sealed(OLD, "a"));
	assert_string_not_equal(first, sealed(OLD, "a"));
}

/* Bit by bit below the base64: version, nonce, content and tag. */
static void
no_byte_can_be_changed(void **state)
{
	unsigned char	 bin[TT_TICKET_SZ];
	char		 text[TT_TICKET_SZ];
	size_t		 n, i;
	int		 bit;

	(void)state;
	(void)snprintf(text, sizeof(text), "%s", sealed(OLD, "job-1"));
	assert_int_equal(sodium_base642bin(bin, sizeof(bin), text + 3,
	    strlen(text + 3), NULL, &n, NULL, VARIANT), 0);
	assert_int_equal(n, 1 + 24 + 54 + 5 + 16);
	for (i = 0; i < n; i++)
		for (bit = 1; bit < 256; bit <<= 1) {
			bin[i] ^= (unsigned char)bit;
			(void)sodium_bin2base64(text + 3, sizeof(text) - 3,
			    bin, n, VARIANT);
			if (opens(OLD, text))
				fail_msg("byte %zu, bit %d", i, bit);
			bin[i] ^= (unsigned char)bit;
		}
	(void)sodium_bin2base64(text + 3, sizeof(text) - 3, bin, n, VARIANT);
	assert_true(opens(OLD, text));
}

/* There is one way to write a ticket: also the spare bits at its end. */
static void
no_character_can_be_changed(void **state)
{
	char	 text[TT_TICKET_SZ], was;
	size_t	 i;
	int	 c;

	(void)state;
	(void)snprintf(text, sizeof(text), "%s", sealed(OLD, "job"));
	for (i = 0; text[i] != '\0'; i++) {
		was = text[i];
		for (c = 0; c < 256; c++) {
			text[i] = (char)c;
			if (text[i] != was && opens(OLD, text))
				fail_msg("character %zu: %d", i, c);
		}
		text[i] = was;
	}
	assert_true(opens(OLD, text));
}

static void
no_character_can_be_left_out_or_added(void **state)
{
	char	 text[TT_TICKET_SZ + 4];
	size_t	 n;

	(void)state;
	(void)snprintf(text, sizeof(text), "%s=", sealed(OLD, "job"));
	assert_false(opens(OLD, text));
	n = strlen(text) - 1;
	text[n] = 'A';
	assert_false(opens(OLD, text));
	text[n] = '\0';
	assert_true(opens(OLD, text));
	while (n-- > 0) {
		text[n] = '\0';
		assert_false(opens(OLD, text));
	}
}

static void
what_is_no_ticket_is_refused(void **state)
{
	static const char *const	 texts[] = {
		"", "tk_", "tk", "tk_A", "tk_AQ", "AQ", "tk_\xc3\xa9",
		"tt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	char				 text[2048];
	size_t				 i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(opens(OLD, texts[i]));
	assert_false(opens(OLD, sealed(OLD, "a") + 3));

	/* As long as there is, and longer than any. */
	(void)memcpy(text, "tk_", 4);
	for (i = 3; i < sizeof(text) - 1; i++) {
		text[i] = 'A';
		text[i + 1] = '\0';
		assert_false(opens(OLD, text));
	}
}

/* As one of a later build, sealed properly with its own version. */
static void
another_version_is_refused(void **state)
{
	unsigned char		 key[32], plain[54] = { 0 };
	unsigned char		 bin[1 + 24 + 54 + 16];
	unsigned long long	 n;
	struct tt_ticket	 t;
	char			 text[TT_TICKET_SZ] = "tk_";
	int			 version;

	(void)state;
	(void)memset(plain + 44, 0x11, 8);
	(void)crypto_generichash_blake2b_salt_personal(key, sizeof(key),
	    (const unsigned char *)OLD, strlen(OLD), NULL, 0, NULL,
	    (const unsigned char *)"telltale ticket");
	for (version = 0; version < 4; version++) {
		(void)memset(bin, version, 1 + 24);
		(void)crypto_aead_xchacha20poly1305_ietf_encrypt(bin + 25, &n,
		    plain, sizeof(plain), bin, 1, NULL, bin + 1, key);
		(void)sodium_bin2base64(text + 3, sizeof(text) - 3, bin,
		    sizeof(bin), VARIANT);
		assert_int_equal(opens_at(OLD, text, NOW, &t), version == 1);
	}
}

static void
it_expires(void **state)
{
	struct tt_ticket	 t = ticket_for(""), out;
	const char		*text = sealed(OLD, "");

	(void)state;
	assert_true(opens_at(OLD, text, t.expires_us - 1, &out));
	assert_false(opens_at(OLD, text, t.expires_us, &out));
	assert_false(opens_at(OLD, text, t.expires_us + 1, &out));
	assert_false(opens_at(OLD, text, INT64_MAX, &out));
}

static void
secrets_take_turns(void **state)
{
	char	 old[TT_TICKET_SZ], new[TT_TICKET_SZ];

	(void)state;
	(void)snprintf(old, sizeof(old), "%s", sealed(OLD, "a"));
	(void)snprintf(new, sizeof(new), "%s", sealed(NEW "," OLD, "a"));
	assert_true(opens(OLD, old));
	assert_true(opens(NEW "," OLD, old));
	assert_true(opens(NEW "," OLD, new));
	assert_true(opens(NEW, new));
	assert_false(opens(OLD, new));
	assert_false(opens(NEW, old));
	assert_false(opens(NEW OLD, old));
}

static void
without_a_secret_there_is_none(void **state)
{
	struct tt_ticket	 t = ticket_for("");
	char			 text[TT_TICKET_SZ] = "unchanged";

	(void)state;
	assert_false(tt_ticket_seal("", &t, text));
	assert_false(tt_ticket_seal("," OLD, &t, text));
	assert_string_equal(text, "unchanged");
	assert_false(opens("", sealed(OLD, "")));
	assert_false(opens(",", sealed(OLD, "")));
}

static void
every_scope_has_a_bit_of_its_own(void **state)
{
	uint32_t	 all = 0, bit;
	int		 n;

	(void)state;
	for (n = 0; tt_scope_word(n) != NULL; n++) {
		bit = tt_scope_bit(tt_scope_word(n));
		assert_int_equal(bit, UINT32_C(1) << n);
		all |= bit;
	}
	assert_true(n > 0 && n <= TT_TICKET_SCOPES);
	assert_int_equal(all, (UINT32_C(1) << n) - 1);
	assert_null(tt_scope_word(-1));
	assert_null(tt_scope_word(TT_TICKET_SCOPES));
	assert_int_equal(tt_scope_bit("job:read"), 1);
	assert_int_equal(tt_scope_bit(""), 0);
	assert_int_equal(tt_scope_bit("job"), 0);
	assert_int_equal(tt_scope_bit("job:reads"), 0);
	assert_int_equal(tt_scope_bit("JOB:READ"), 0);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_was_sealed_comes_out),
		cmocka_unit_test(the_text_is_a_word_for_a_url),
		cmocka_unit_test(no_two_are_alike),
		cmocka_unit_test(no_byte_can_be_changed),
		cmocka_unit_test(no_character_can_be_changed),
		cmocka_unit_test(no_character_can_be_left_out_or_added),
		cmocka_unit_test(what_is_no_ticket_is_refused),
		cmocka_unit_test(another_version_is_refused),
		cmocka_unit_test(it_expires),
		cmocka_unit_test(secrets_take_turns),
		cmocka_unit_test(without_a_secret_there_is_none),
		cmocka_unit_test(every_scope_has_a_bit_of_its_own),
	};

	if (sodium_init() == -1)
		return 1;
	return cmocka_run_group_tests_name("ticket", tests, NULL, NULL);
}

/*
 * ticket.c - see ticket.h.
 *
 * The text is "tk_" and base64url of: a version byte, a nonce, and what is
 * sealed with them, which is in little-endian order
 *
 *	32	hash of the key
 *	4	scopes
 *	8	born, microseconds
 *	8	expires
 *	1	length of the job's id, and so many bytes of it
 */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/base64.h"
#include "gate/ticket.h"

#define PREFIX		"tk_"
#define PREFIX_SZ	3
#define VERSION		1
#define NONCE_SZ	crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SZ		crypto_aead_xchacha20poly1305_ietf_ABYTES
#define KEY_SZ		crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define HEAD_SZ		(1 + NONCE_SZ)
#define FIXED_SZ	(32 + 4 + 8 + 8 + 1 + 1)
#define PLAIN_SZ	(FIXED_SZ + TT_JOB_ID_MAX)
#define SEALED_SZ	(HEAD_SZ + PLAIN_SZ + TAG_SZ)
#define VARIANT		sodium_base64_VARIANT_URLSAFE_NO_PADDING

_Static_assert(PREFIX_SZ + sodium_base64_ENCODED_LEN(SEALED_SZ, VARIANT) <=
    TT_TICKET_SZ, "the longest ticket has room");

/*
 * Places are bits of tickets that are out: new words go to the end, here and
 * in telltale.scope_list().
 */
static const char *const scope_words[] = {
	"job:read", "job:write", "queue:read", "queue:write",
	"webhook:manage", "moderate:prompt", "moderate:image",
	"moderate:video", "compliance:check", "admin"
};

#define NSCOPES		(int)(sizeof(scope_words) / sizeof(scope_words[0]))

_Static_assert(NSCOPES <= TT_TICKET_SCOPES, "every scope has a bit");

uint32_t
tt_scope_bit(const char *word)
{
	int	 i;

	for (i = 0; i < NSCOPES; i++)
		if (strcmp(scope_words[i], word) == 0)
			return UINT32_C(1) << i;
	return 0;
}

const char *
tt_scope_word(int n)
{
	return n >= 0 && n < NSCOPES ? scope_words[n] : NULL;
}

/* The key of a secret is for tickets only: the context sees to that. */
static void
derive(const char *secret, size_t sz, unsigned char key[KEY_SZ])
{
	static const char	 context[] = "telltale ticket";
	_Static_assert(sizeof(context) ==
	    crypto_generichash_blake2b_PERSONALBYTES, "as BLAKE2b takes it");

	(void)crypto_generichash_blake2b_salt_personal(key, KEY_SZ,
	    (const unsigned char *)secret, sz, NULL, 0, NULL,
	    (const unsigned char *)context);
}

static unsigned char *
put(unsigned char *p, uint64_t n, int bytes)
{
	for (; bytes > 0; bytes--, n >>= 8)
		*p++ = (unsigned char)n;
	return p;
}

static uint64_t
get(const unsigned char **p, int bytes)
{
	uint64_t	 n = 0;
	int		 i;

	for (i = 0; i < bytes; i++)
		n |= (uint64_t)(*p)[i] << (8 * i);
	*p += bytes;
	return n;
}

static size_t
pack(const struct tt_ticket *t, unsigned char plain[PLAIN_SZ])
{
	size_t		 n = strlen(t->job_id);
	unsigned char	*p = plain;

	assert(n <= TT_JOB_ID_MAX);
	(void)memcpy(p, t->key, sizeof(t->key));
	p = put(p + sizeof(t->key), t->scopes, 4);
	p = put(p, (uint64_t)t->born_us, 8);
	p = put(p, (uint64_t)t->expires_us, 8);
	p = put(p, t->cookie, 1);
	p = put(p, n, 1);
	(void)memcpy(p, t->job_id, n);
	return FIXED_SZ + n;
}

/* What we sealed is well formed; that another program did is the doubt here. */
static bool
unpack(struct tt_ticket *t, const unsigned char *p, size_t sz)
{
	size_t	 n;

	if (sz < FIXED_SZ)
		return false;
	(void)memcpy(t->key, p, sizeof(t->key));
	p += sizeof(t->key);
	t->scopes = (uint32_t)get(&p, 4);
	t->born_us = (int64_t)get(&p, 8);
	t->expires_us = (int64_t)get(&p, 8);
	t->cookie = get(&p, 1) != 0;
	n = (size_t)get(&p, 1);
	if (n > TT_JOB_ID_MAX || sz != FIXED_SZ + n)
		return false;
	(void)memcpy(t->job_id, p, n);
	t->job_id[n] = '\0';
	return n == 0 || tt_job_id_ok(t->job_id);
}

bool
tt_ticket_seal(const char *secrets, const struct tt_ticket *ticket,
    char text[TT_TICKET_SZ])
{
	unsigned char		 key[KEY_SZ], sealed[SEALED_SZ];
	unsigned char		 plain[PLAIN_SZ];
	unsigned long long	 n;
	size_t			 sz = strcspn(secrets, ",");

	if (sz == 0)
		return false;
	sealed[0] = VERSION;
	randombytes_buf(sealed + 1, NONCE_SZ);
	derive(secrets, sz, key);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + HEAD_SZ, &n,
	    plain, pack(ticket, plain), sealed, 1, NULL, sealed + 1, key);
	sodium_memzero(key, sizeof(key));

	(void)memcpy(text, PREFIX, PREFIX_SZ);
	(void)sodium_bin2base64(text + PREFIX_SZ, TT_TICKET_SZ - PREFIX_SZ,
	    sealed, HEAD_SZ + (size_t)n, VARIANT);
	return true;
}

/* Was it sealed with this secret?  Then what is in it is in plain. */
static bool
unseal(const char *secret, size_t secret_sz, const unsigned char *sealed,
    size_t sz, unsigned char plain[PLAIN_SZ], size_t *plain_sz)
{
	unsigned char		 key[KEY_SZ];
	unsigned long long	 n = 0;
	int			 rc;

	derive(secret, secret_sz, key);
	rc = crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &n, NULL,
	    sealed + HEAD_SZ, sz - HEAD_SZ, sealed, 1, sealed + 1, key);
	sodium_memzero(key, sizeof(key));
	*plain_sz = (size_t)n;
	return rc == 0;
}

static bool
open_with_any(const char *secrets, const unsigned char *sealed, size_t sz,
    struct tt_ticket *ticket)
{
	unsigned char	 plain[PLAIN_SZ];
	size_t		 n, plain_sz;

	if (sz < HEAD_SZ + FIXED_SZ + TAG_SZ || sealed[0] != VERSION)
		return false;
	for (; *secrets != '\0'; secrets += n + (secrets[n] == ',')) {
		n = strcspn(secrets, ",");
		if (n > 0 && unseal(secrets, n, sealed, sz, plain, &plain_sz))
			return unpack(ticket, plain, plain_sz);
	}
	return false;
}

enum tt_rc
tt_ticket_open(const char *secrets, const char *text, int64_t now_us,
    struct tt_ticket *ticket, struct tt_err *err)
{
	unsigned char	 sealed[SEALED_SZ];
	size_t		 sz;

	if (strncmp(text, PREFIX, PREFIX_SZ) == 0 &&
	    tt_base64_read(text + PREFIX_SZ, sealed, sizeof(sealed), &sz) &&
	    open_with_any(secrets, sealed, sz, ticket) &&
	    now_us < ticket->expires_us)
		return TT_OK;
	(void)memset(ticket, 0, sizeof(*ticket));
	return tt_err_tell(err, TT_UNAUTHORIZED, "Invalid or expired ticket");
}

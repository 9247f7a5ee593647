/*
 * seal - prints a ticket, also one that no program of ours would make.
 *
 *	seal [--cookie] KEY SCOPE[,SCOPE]... BORN EXPIRES [JOB]
 *
 * BORN and EXPIRES are seconds from now; TELLTALE_SECRET is what it says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "gate/ticket.h"

static uint32_t
scopes(char *list)
{
	uint32_t	 bits = 0;
	char		*next;

	for (; list != NULL; list = next) {
		if ((next = strchr(list, ',')) != NULL)
			*next++ = '\0';
		bits |= tt_scope_bit(list);
	}
	return bits;
}

int
main(int argc, char **argv)
{
	struct tt_ticket	 t = { .born_us = tt_clock_now_us() };
	char			 text[TT_TICKET_SZ];
	const char		*secrets = getenv("TELLTALE_SECRET");

	if (argc > 1 && strcmp(argv[1], "--cookie") == 0) {
		t.cookie = true;
		argc--;
		argv++;
	}
	if (argc < 5 || argc > 6 || secrets == NULL || sodium_init() == -1)
		return 2;
	(void)crypto_hash_sha256(t.key, (const unsigned char *)argv[1],
	    strlen(argv[1]));
	t.scopes = scopes(argv[2]);
	t.expires_us = t.born_us + strtol(argv[4], NULL, 10) * 1000000;
	t.born_us += strtol(argv[3], NULL, 10) * 1000000;
	if (argc == 6)
		(void)snprintf(t.job_id, sizeof(t.job_id), "%s", argv[5]);
	if (!tt_ticket_seal(secrets, &t, text))
		return 1;
	return puts(text) == EOF;
}

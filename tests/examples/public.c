/*
 * public - for each address on the input, 1 if lib/base/public.c has it for
 * public, else 0: to be compared with examples/fetch.py.
 */
#include <stdio.h>
#include <string.h>

#include "base/cidr.h"
#include "base/public.h"

int
main(void)
{
	unsigned char	 address[TT_ADDRESS_SZ];
	char		 line[128];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (!tt_address_read(line, strlen(line), address)) {
			(void)fprintf(stderr, "public: %s\n", line);
			return 1;
		}
		(void)puts(tt_address_public(address) ? "1" : "0");
	}
	return 0;
}

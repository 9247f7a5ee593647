/*
 * fuzz - libFuzzer's entry: fuzz --target=NAME [-flag=value]... [FOLDER]...
 *
 * libFuzzer leaves alone what begins with two dashes.  Built by make fuzz only.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "target/target.h"

int	 LLVMFuzzerInitialize(int *, char ***);
int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct target	*target;
static struct tt_buf		 seen = TT_BUF_INIT;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char	 flag[] = "--target=";
	const char		*arg;
	int			 i;

	for (i = 1; i < *argc; i++) {
		arg = (*argv)[i];
		if (strncmp(arg, flag, sizeof(flag) - 1) == 0)
			target = target_find(arg + sizeof(flag) - 1,
			    strlen(arg) - sizeof(flag) + 1);
	}
	if (target == NULL) {
		(void)fprintf(stderr, "usage: fuzz --target=NAME ...\n");
		exit(2);
	}
	tt_log_open("fuzz", TT_LOG_ERROR, false);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t sz)
{
	struct tt_err	 err;

	tt_buf_clear(&seen);
	(void)!target_feed(target, data, sz, &seen, &err);
	return 0;
}

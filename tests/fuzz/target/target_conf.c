/*
 * target_conf.c - a configuration file, in memory.
 */
#define _GNU_SOURCE	/* memfd_create() */
#include <sys/mman.h>
#include <sys/stat.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"
#include "target.h"

/* What is set around us would win over what the file says. */
static void
forget_environment(void)
{
	char	**p = environ;
	char	 *name;

	while (*p != NULL) {
		if (strncmp(*p, "TELLTALE_", 9) != 0) {
			p++;
			continue;
		}
		name = strndup(*p, strcspn(*p, "="));
		assert(name != NULL && unsetenv(name) == 0);
		free(name);
		p = environ;
	}
}

/* One file for all inputs: it has a path, and only we may read it. */
static int
memory_file(void)
{
	static int	 fd = -1;
	char		 path[32];

	if (fd != -1)
		return fd;
	fd = memfd_create("telltale.conf", MFD_CLOEXEC);
	assert(fd != -1 && fchmod(fd, 0600) == 0);
	forget_environment();
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert(setenv("TELLTALE_CONFIG", path, 1) == 0);
	return fd;
}

static void
check(const struct tt_conf *conf)
{
	assert(conf->threads >= 1 && conf->threads <= 64);
	assert(conf->keepalive_s >= 1 && conf->keepalive_s <= 3600);
	assert(conf->stream_buffer >= 4096 && conf->max_streams >= 1);
	assert(conf->db_timeout_ms >= 100 && conf->retry_ms >= 100);
	assert(conf->ticket_ttl_s >= 5 && conf->max_upload >= 1024);
	assert(conf->log_level >= TT_LOG_ERROR &&
	    conf->log_level <= TT_LOG_DEBUG);
	assert(conf->dsn != NULL && conf->mount != NULL &&
	    conf->rate_file != NULL && conf->cors_origins != NULL);
	assert(conf->secret[0] == '\0' || strcspn(conf->secret, ",") >= 32);
	assert(conf->trusted_proxies.n >= 0);
}

enum tt_rc
target_conf(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	int		 fd = memory_file();
	struct tt_conf	 conf;

	(void)seen;
	assert(ftruncate(fd, 0) == 0);
	assert(pwrite(fd, in, sz, 0) == (ssize_t)sz);
	if (tt_conf_load(&conf, err) == TT_OK)
		check(&conf);
	else
		assert(err->rc == TT_INTERNAL && err->msg[0] != '\0');
	tt_conf_free(&conf);
	return err->rc;
}

/*
 * telltale-webhookd - tells others that jobs ended: a daemon, or from cron.
 */
#include <sys/resource.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>
#include <sodium.h>

#include "base/conf.h"
#include "base/log.h"
#include "hook/courier.h"

#define NAME		"telltale-webhookd"
#define CONCURRENCY	64
#define SPARE_FDS	32

#define EXIT_USAGE	2

struct options {
	bool	 once;
	int	 concurrency;
};

static int	 stop_pipe[2] = { -1, -1 };

static int
usage(FILE *out)
{
	(void)fprintf(out,
	    "usage: " NAME " [--once] [--concurrency N]\n"
	    "       " NAME " -h | --help | --version\n"
	    "\n"
	    "Delivers webhooks: POSTs that a job completed or failed, signed\n"
	    "by Standard Webhooks, up to twelve times until they are taken.\n"
	    "It runs until SIGTERM, and then ends what it is at, within 12 s.\n"
	    "Several may run at once.\n"
	    "\n"
	    "  --once            only what is due, and then end: for cron\n"
	    "  --concurrency N   transfers at once, 1 to %d (%d)\n"
	    "\n"
	    "It is configured by TELLTALE_WEBHOOK_DSN and the other TELLTALE_\n"
	    "variables, or telltale.conf; see the README.\n"
	    "Exit: 0; 1 it failed, or --once found no database; 2 usage.\n",
	    TT_COURIER_MAX, CONCURRENCY);
	return out == stdout ? EXIT_SUCCESS : EXIT_USAGE;
}

static bool
read_number(const char *text, int max, int *out)
{
	char	*end;
	long	 n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end != '\0' || errno != 0 || n < 1 || n > max)
		return false;
	*out = (int)n;
	return true;
}

/* -1: go on; otherwise the status to end with. */
static int
read_options(int argc, char **argv, struct options *o)
{
	static const struct option	 longopts[] = {
		{ "once", no_argument, NULL, 'o' },
		{ "concurrency", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 }
	};
	int				 ch;

	o->once = false;
	o->concurrency = CONCURRENCY;
	while ((ch = getopt_long(argc, argv, "h", longopts, NULL)) != -1)
		switch (ch) {
		case 'o':
			o->once = true;
			break;
		case 'c':
			if (read_number(optarg, TT_COURIER_MAX,
			    &o->concurrency))
				break;
			(void)fprintf(stderr, NAME ": --concurrency %s: a "
			    "number from 1 to %d is wanted\n", optarg,
			    TT_COURIER_MAX);
			return EXIT_USAGE;
		case 'h':
			return usage(stdout);
		case 'v':
			return printf(NAME " (telltale) %s\n", TT_VERSION) < 0;
		default:
			return usage(stderr);
		}
	return optind < argc ? usage(stderr) : -1;
}

/* The byte is never read: whoever polls sees it until the end. */
static void
on_stop(int sig)
{
	int	 saved = errno;

	(void)sig;
	if (write(stop_pipe[1], "", 1) == -1)
		errno = 0;	/* full: it has been written before */
	errno = saved;
}

static int
signals(void)
{
	struct sigaction	 sa;
	int			 i;

	memset(&sa, 0, sizeof(sa));
	(void)sigemptyset(&sa.sa_mask);
	if (pipe(stop_pipe) == -1)
		return -1;
	for (i = 0; i < 2; i++)
		if (fcntl(stop_pipe[i], F_SETFD, FD_CLOEXEC) == -1 ||
		    fcntl(stop_pipe[i], F_SETFL, O_NONBLOCK) == -1)
			return -1;
	sa.sa_handler = SIG_IGN;
	if (sigaction(SIGPIPE, &sa, NULL) == -1)
		return -1;
	sa.sa_handler = on_stop;
	sa.sa_flags = SA_RESTART;
	return sigaction(SIGTERM, &sa, NULL) == -1 ||
	    sigaction(SIGINT, &sa, NULL) == -1 ? -1 : 0;
}

/*
 * A transfer needs a socket, and curl a few more for the resolver and for the
 * connections that it keeps.
 */
static void
descriptors(int concurrency)
{
	rlim_t		 wanted = (rlim_t)concurrency * 8 + SPARE_FDS;
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur >= wanted)
		return;
	rl.rlim_cur = wanted < rl.rlim_max ? wanted : rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
}

/* Its role is not that of the programs behind the web server. */
static void
use_own_dsn(struct tt_conf *conf)
{
	free(conf->dsn);
	conf->dsn = conf->webhook_dsn;
	conf->webhook_dsn = NULL;
}

static enum tt_rc
run(const struct tt_conf *conf, const struct options *o, struct tt_err *err)
{
	struct tt_courier	*courier;

	if ((courier = tt_courier_new(conf, o->concurrency, o->once)) == NULL)
		return tt_err_set(err, TT_INTERNAL, "out of memory");
	(void)!tt_courier_run(courier, stop_pipe[0], err);
	tt_courier_free(courier);
	return err->rc;
}

int
main(int argc, char **argv)
{
	struct tt_conf	 conf;
	struct tt_err	 err;
	struct options	 o;
	int		 status;

	if ((status = read_options(argc, argv, &o)) != -1)
		return status;
	status = EXIT_FAILURE;
	tt_err_clear(&err);
	tt_log_open(NAME, TT_LOG_INFO, false);
	if (tt_conf_load(&conf, &err) != TT_OK) {
		tt_error("%s", err.msg);
		goto out;
	}
	tt_log_open(NAME, (enum tt_log_level)conf.log_level, conf.trace);
	use_own_dsn(&conf);
	descriptors(o.concurrency);
	if (sodium_init() == -1 || signals() == -1 ||
	    curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) {
		tt_error("cannot start");
		goto out;
	}
	if (run(&conf, &o, &err) == TT_OK)
		status = EXIT_SUCCESS;
	else
		tt_error("%s", err.msg);
	curl_global_cleanup();
out:
	tt_conf_free(&conf);
	return status;
}

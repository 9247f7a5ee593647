/*
 * sseload - opens streams of Server-Sent Events, many if need be, and says
 * what came of it.  kinds: how many of them differ in what they have had, or in
 * its order; digest: what all of these have had.
 *
 * The summary is one line of JSON on the standard output; when all streams are
 * open, and when all have begun (been given an id), a line on the standard
 * error says so.  TELLTALE_KEY in the environment is presented as the bearer
 * key.
 */
#include <sys/resource.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "client/load.h"

static volatile sig_atomic_t	 stop;

static void
on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

static int
usage(void)
{
	(void)fputs("usage: sseload --url URL | --urls FILE [OPTION]...\n"
	    "\t--url URL           http://HOST[:PORT]/PATH\n"
	    "\t--urls FILE         one a line; a Last-Event-ID may follow\n"
	    "\t--last-id ID        with --url: where to begin\n"
	    "\t--streams N         taking the URLs in turn; default one each\n"
	    "\t--rate BYTES        that a stream reads in a second\n"
	    "\t--events N          until each stream has had as many\n"
	    "\t--until TEXT        until each has had it, which comes once\n"
	    "\t--seconds N         at most; default until all have ended\n"
	    "\t--connect-rate N    streams begun in a second\n"
	    "\t--answering N       most asked and not answered; default 512\n"
	    "\t--reconnect         like an EventSource\n"
	    "\t--each              also the latency of each time: of how many\n"
	    "\t                    streams, and of the last of them\n"
	    "\t--aside MS          once all are open, read only so long after\n"
	    "\t                    something came, for the kernel says when\n"
	    "\t--cuts N            of each stream, anywhere; it comes back at\n"
	    "\t                    once, with its last id\n"
	    "\t--cut-bytes N       each after so many at most; default 65536\n"
	    "\t--out FILE          each event: stream, id, name, data\n",
	    stderr);
	return 2;
}

/* A whole number, not negative. */
static bool
number(const char *text, long *n)
{
	char	*end;

	*n = strtol(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0';
}

static bool
read_option(struct wish *w, const char *name, const char *value)
{
	if (strcmp(name, "--url") == 0)
		return urls_add(&w->urls, value, NULL);
	if (strcmp(name, "--urls") == 0)
		return urls_read(&w->urls, value);
	if (strcmp(name, "--last-id") == 0)
		return w->urls.n == 1 && (w->urls.url[0].last_id =
		    strdup(value)) != NULL;
	if (strcmp(name, "--until") == 0)
		return *(w->until = value) != '\0';
	if (strcmp(name, "--out") == 0)
		return (w->out = fopen(value, "w")) != NULL;
	return number(value,
	    strcmp(name, "--streams") == 0 ? &w->streams :
	    strcmp(name, "--rate") == 0 ? &w->rate :
	    strcmp(name, "--events") == 0 ? &w->events :
	    strcmp(name, "--seconds") == 0 ? &w->seconds :
	    strcmp(name, "--cuts") == 0 ? &w->cuts :
	    strcmp(name, "--aside") == 0 ? &w->aside :
	    strcmp(name, "--answering") == 0 ? &w->answering :
	    strcmp(name, "--cut-bytes") == 0 ? &w->cut_bytes :
	    &w->connect_rate);
}

static bool
known(const char *name)
{
	static const char *const	 names[] = {
		"--url", "--urls", "--last-id", "--out", "--streams", "--rate",
		"--events", "--seconds", "--connect-rate", "--cuts",
		"--cut-bytes", "--until", "--aside", "--answering"
	};
	size_t				 i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool
read_options(struct wish *w, char **argv)
{
	for (; *argv != NULL; argv++) {
		if (strcmp(*argv, "--reconnect") == 0) {
			w->reconnect = true;
			continue;
		}
		if (strcmp(*argv, "--each") == 0) {
			w->each = true;
			continue;
		}
		if (!known(argv[0]) || argv[1] == NULL ||
		    !read_option(w, argv[0], argv[1]))
			return false;
		argv++;
	}
	if (w->streams == 0)
		w->streams = (long)w->urls.n;
	return w->urls.n > 0 && w->streams > 0 && w->cut_bytes > 0 &&
	    w->answering > 0;
}

/* A stream is a descriptor. */
static void
descriptors(void)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return;
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
}

static void
print_latency(struct latency *l)
{
	static const double	 percents[] = { 50, 90, 99, 100 };
	size_t			 i;

	latency_sort(l);
	printf(",\"latency\":{\"n\":%zu", l->n);
	for (i = 0; l->n > 0 && i < sizeof(percents) / sizeof(percents[0]); i++)
		printf(",\"p%g\":%.3f", percents[i],
		    latency_percentile(l, percents[i]));
	printf("}");
}

static void
print_each(const struct latency *l)
{
	size_t	 i;

	printf(",\"each\":[");
	for (i = 0; i < l->ntimes; i++)
		printf("%s{\"n\":%ld,\"last\":%.3f}", i == 0 ? "" : ",",
		    l->times[i].n, (double)l->times[i].last_ms);
	printf("]");
}

static void
print_summary(struct load *l)
{
	uint64_t	 fewest, most, digest;
	long		 kinds = load_kinds(l, &digest);

	load_range(l, &fewest, &most);
	printf("{\"streams\":%ld,\"connected\":%ld,\"open\":%ld",
	    l->wish->streams, l->connected, l->open);
	printf(",\"connect_seconds\":%.3f,\"seconds\":%.3f",
	    (double)l->connected_us / 1e6,
	    (double)(load_now_us() - l->began_us) / 1e6);
	printf(",\"events\":%" PRIu64 ",\"events_min\":%" PRIu64
	    ",\"events_max\":%" PRIu64 ",\"comments\":%" PRIu64
	    ",\"bytes\":%" PRIu64, l->events, fewest, most, l->comments,
	    l->bytes);
	printf(",\"ended\":%" PRIu64 ",\"stopped\":%" PRIu64
	    ",\"refused\":%" PRIu64 ",\"errors\":%" PRIu64
	    ",\"reconnects\":%" PRIu64, l->ended, l->stopped, l->refused,
	    l->errors, l->reconnects);
	printf(",\"cuts\":%" PRIu64 ",\"cut_within\":%" PRIu64
	    ",\"kinds\":%ld,\"digest\":\"%016" PRIx64 "\"", l->cuts,
	    l->cut_within, kinds, digest);
	printf(",\"duplicates\":%" PRIu64 ",\"disorder\":%" PRIu64
	    ",\"gaps\":%" PRIu64, l->tally.duplicates, l->tally.disorder,
	    l->tally.gaps);
	print_latency(&l->latency);
	if (l->wish->each)
		print_each(&l->latency);
	printf("}\n");
}

int
main(int argc, char **argv)
{
	struct sigaction	 sa;
	struct wish		 wish;
	struct load		 load;

	(void)argc;
	memset(&wish, 0, sizeof(wish));
	wish.cut_bytes = 65536;
	wish.answering = 512;
	wish.key = getenv("TELLTALE_KEY");
	if (!read_options(&wish, argv + 1))
		return usage();
	if (sodium_init() < 0)
		return EXIT_FAILURE;

	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_stop;
	if (sigaction(SIGINT, &sa, NULL) == -1 ||
	    sigaction(SIGTERM, &sa, NULL) == -1)
		return EXIT_FAILURE;
	descriptors();
	if (!load_init(&load, &wish))
		return EXIT_FAILURE;
	load_run(&load, &stop);
	print_summary(&load);
	load_free(&load);
	urls_free(&wish.urls);
	if (wish.out != NULL && fclose(wish.out) == EOF)
		return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

/*
 * ratehammer - processes that ask for one and the same as fast as they can,
 * some of which are killed, and how many requests were let pass.
 *
 * The summary is one line of JSON on the standard output.  "passed" is what was
 * let pass and counted, "uncounted" what was let pass because nobody counted.
 * "most_us" is the time in which they asked; "least_us" ends when one was
 * refused, so all that came back in it had been used.  A process that is killed
 * may have been let pass once more than it could tell.
 */
#define _DEFAULT_SOURCE	/* MAP_ANONYMOUS */

#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "base/log.h"
#include "gate/rate.h"

#define PROCESSES_MAX	256

struct wish {
	const char	*file;
	long		 limit, processes, ms, asks, kill_ms;
};

/* What the processes share. */
struct tally {
	atomic_int	 open;		/* who is ready */
	atomic_int	 go;
	_Atomic uint64_t asked, passed, uncounted;
	_Atomic int64_t	 first_us;	/* somebody's first was counted */
	_Atomic int64_t	 last_us;	/* the last was refused not before */
};

static struct wish	 wish = {
	.limit = 60, .processes = 1, .ms = 1000, .asks = -1, .kill_ms = 0
};
static struct tally	*tally;
static pid_t		 parent, pids[PROCESSES_MAX];

static int64_t
now_us(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int
usage(void)
{
	(void)fputs("usage: ratehammer --file FILE [OPTION]...\n"
	    "\t--limit N           a minute; 60\n"
	    "\t--processes N       1\n"
	    "\t--ms N              so long; 1000\n"
	    "\t--asks N            each process so many; without an end\n"
	    "\t--kill-ms N         kill one, and start another, so often\n",
	    stderr);
	return 2;
}

static bool
read_option(const char *name, const char *value)
{
	static const struct {
		const char	*name;
		long		*value;
	}		 options[] = {
		{ "--limit", &wish.limit },
		{ "--processes", &wish.processes },
		{ "--ms", &wish.ms },
		{ "--asks", &wish.asks },
		{ "--kill-ms", &wish.kill_ms },
	};
	char		*end;
	size_t		 i;

	if (strcmp(name, "--file") == 0) {
		wish.file = value;
		return true;
	}
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(name, options[i].name) != 0)
			continue;
		*options[i].value = strtol(value, &end, 10);
		return *value >= '0' && *value <= '9' && *end == '\0';
	}
	return false;
}

/* Let *when be the earliest, or the latest, of what it is told. */
static void
note(_Atomic int64_t *when, int64_t us, bool latest)
{
	int64_t	 was = atomic_load(when);

	while ((was == 0 || (latest ? us > was : us < was)) &&
	    !atomic_compare_exchange_weak(when, &was, us))
		;
}

static void
ask(struct tt_rates *rates, bool *counted)
{
	static const unsigned char	 id[TT_RATE_ID_SZ] = "one and the same";
	struct tt_rate			 rate;
	int64_t				 us = now_us();
	bool				 good;

	good = tt_rate_take(rates, id, (int)wish.limit, &rate);
	(void)atomic_fetch_add(&tally->asked, 1);
	if (rate.limit == 0) {
		(void)atomic_fetch_add(&tally->uncounted, 1);
		return;
	}
	if (good)
		(void)atomic_fetch_add(&tally->passed, 1);
	if (!*counted)
		note(&tally->first_us, now_us() + 1, false);
	if (!good)
		note(&tally->last_us, us, true);
	*counted = true;
}

/* Ends if the parent does. */
static void
hammer(void)
{
	struct tt_rates	*rates = tt_rates_open(wish.file);
	bool		 counted = false;
	int64_t		 end_us;
	long		 i;

	if (rates == NULL)
		_exit(EXIT_FAILURE);
	(void)atomic_fetch_add(&tally->open, 1);
	while (atomic_load(&tally->go) == 0 && getppid() == parent)
		;
	end_us = now_us() + wish.ms * 1000;
	for (i = 0; i != wish.asks && now_us() < end_us &&
	    atomic_load(&tally->go) == 1; i++) {
		if (i % 1000 == 0 && getppid() != parent)
			break;
		ask(rates, &counted);
	}
	tt_rates_close(rates);
	_exit(EXIT_SUCCESS);
}

static bool
start(pid_t *pid)
{
	if ((*pid = fork()) == 0)
		hammer();
	return *pid != -1;
}

static void
pause_us(int64_t us)
{
	const struct timespec	 ts = {
		.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000
	};

	(void)nanosleep(&ts, NULL);
}

/* Kill one after another at moments that nobody could foresee. */
static long
kill_some(int64_t end_us)
{
	long	 killed;
	pid_t	*pid;

	for (killed = 0; now_us() < end_us; killed++) {
		pause_us(randombytes_uniform((uint32_t)wish.kill_ms * 2000));
		pid = &pids[randombytes_uniform((uint32_t)wish.processes)];
		if (kill(*pid, SIGKILL) == -1 ||
		    waitpid(*pid, NULL, 0) == -1 || !start(pid))
			break;
	}
	return killed;
}

/* All of them ask from the same moment on; false if one could not. */
static bool
run(long *killed, int64_t *most_us)
{
	int64_t	 began_us;
	bool	 good = true;
	int	 status;
	long	 i;

	for (i = 0; i < wish.processes; i++)
		if (!start(&pids[i]))
			return false;
	while (atomic_load(&tally->open) < wish.processes)
		pause_us(1000);

	began_us = now_us();
	atomic_store(&tally->go, 1);
	if (wish.kill_ms > 0) {
		*killed = kill_some(began_us + wish.ms * 1000);
		atomic_store(&tally->go, 2);
	}
	for (i = 0; i < wish.processes; i++)
		good = waitpid(pids[i], &status, 0) != -1 && status == 0 &&
		    good;
	*most_us = now_us() - began_us;
	return good;
}

int
main(int argc, char **argv)
{
	int64_t	 most_us = 0;
	long	 killed = 0;

	for (argv++; argc > 2; argc -= 2, argv += 2)
		if (!read_option(argv[0], argv[1]))
			return usage();
	if (argc != 1 || wish.file == NULL || wish.processes < 1 ||
	    wish.processes > PROCESSES_MAX)
		return usage();

	parent = getpid();
	tt_log_open("ratehammer", TT_LOG_INFO, false);
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED || sodium_init() == -1 ||
	    !run(&killed, &most_us))
		return EXIT_FAILURE;
	printf("{\"asked\":%" PRIu64 ",\"passed\":%" PRIu64
	    ",\"uncounted\":%" PRIu64 ",\"killed\":%ld,\"least_us\":%" PRId64
	    ",\"most_us\":%" PRId64 "}\n", tally->asked, tally->passed,
	    tally->uncounted, killed, tally->last_us == 0 ? 0 :
	    tally->last_us - tally->first_us, most_us);
	return EXIT_SUCCESS;
}

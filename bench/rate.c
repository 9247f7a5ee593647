/*
 * rate - what a decision about a rate costs.
 *
 * Prints ns a decision, and how many times that is what it cannot do without:
 * a look at the clock, and a lock that nobody else wants.
 */
#define _DEFAULT_SOURCE	/* MAP_ANONYMOUS */

#include <sys/mman.h>
#include <sys/wait.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "gate/rate.h"

#define DECISIONS	2000000L
#define LIMIT		60

static double	 bare;		/* ns */

static double
now(void)
{
	struct timespec	 ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void
print(const char *what, double ns)
{
	printf("%-32s %8.1f ns %10.0f /s %6.1f x\n", what, ns, 1e9 / ns,
	    ns / bare);
}

static void
measure_bare(void)
{
	pthread_mutex_t	 mutex = PTHREAD_MUTEX_INITIALIZER;
	struct timespec	 ts;
	double		 began = now();
	long		 i;

	for (i = 0; i < DECISIONS; i++) {
		(void)pthread_mutex_lock(&mutex);
		(void)clock_gettime(CLOCK_MONOTONIC, &ts);
		(void)pthread_mutex_unlock(&mutex);
	}
	bare = (now() - began) / (double)DECISIONS;
}

/* Decide, about one or about as many as that in turn. */
static void
decide(const char *path, uint32_t ids, atomic_int *waiting)
{
	struct tt_rates	*rates = tt_rates_open(path);
	unsigned char	 id[TT_RATE_ID_SZ] = { 0 };
	struct tt_rate	 rate;
	uint32_t	 i, n;

	if (rates == NULL)
		exit(EXIT_FAILURE);
	(void)atomic_fetch_sub(waiting, 1);
	while (atomic_load(waiting) > 0)
		;
	for (i = 0; i < DECISIONS; i++) {
		n = i % ids;
		(void)memcpy(id, &n, sizeof(n));
		(void)tt_rate_take(rates, id, LIMIT, &rate);
	}
	/* Where nobody is counted there is nothing to measure. */
	if (rate.limit != LIMIT)
		exit(EXIT_FAILURE);
	tt_rates_close(rates);
}

/* The time that each of so many processes needs for a decision. */
static void
measure(const char *path, int processes, uint32_t ids, const char *what)
{
	atomic_int	*waiting;
	double		 began;
	int		 i, status;

	waiting = mmap(NULL, sizeof(*waiting), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (waiting == MAP_FAILED)
		exit(EXIT_FAILURE);
	atomic_store(waiting, processes + 1);
	for (i = 0; i < processes; i++) {
		switch (fork()) {
		case -1:
			exit(EXIT_FAILURE);
		case 0:
			decide(path, ids, waiting);
			_exit(EXIT_SUCCESS);
		}
	}
	while (atomic_load(waiting) > 1)
		;
	began = now();
	atomic_store(waiting, 0);
	for (i = 0; i < processes; i++)
		if (wait(&status) == -1 || status != 0)
			exit(EXIT_FAILURE);
	print(what, (now() - began) / (double)DECISIONS);
	(void)munmap(waiting, sizeof(*waiting));
}

int
main(void)
{
	char	 path[] = "/tmp/rate.XXXXXX";
	int	 fd;

	if (sodium_init() == -1 || (fd = mkstemp(path)) == -1)
		return EXIT_FAILURE;
	(void)close(fd);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	measure_bare();
	print("clock and lock alone", bare);
	measure(path, 1, 1, "1 process, one id");
	measure(path, 1, 50000, "1 process, 50,000 ids");
	measure(path, 2, 1, "2 processes, one id");
	measure(path, 2, 50000, "2 processes, 50,000 ids");
	(void)unlink(path);
	return EXIT_SUCCESS;
}

/*
 * linger.c - see linger.h.
 */
#define _GNU_SOURCE	/* pipe2() */

#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <unistd.h>

#include "base/clock.h"
#include "web/linger.h"

#define SKIM_READS	16
#define SHORTAGE_MS	100

/* The thread's own: first the pipe, then the connections. */
struct lingerers {
	struct pollfd	 pfd[1 + TT_LINGER_MOST];
	int64_t		 until[1 + TT_LINGER_MOST];
	int		 n;
};

/* A descriptor is handed over by a pipe; closing its end ends the thread. */
static int		 from_them = -1, to_thread = -1;
static atomic_int	 held;
static int		 longest_ms;
static pthread_t	 thread;

/* What has come by now, and not much of it. */
static void
skim(int fd)
{
	char	 sink[4096];
	int	 i;

	for (i = 0; i < SKIM_READS; i++)
		if (recv(fd, sink, sizeof(sink), MSG_DONTWAIT) <= 0)
			break;
}

/* The next one from the pipe: only as many are sent as there is room for. */
static void
take_in(struct lingerers *l)
{
	ssize_t	 sz;
	int	 fd;

	sz = read(from_them, &fd, sizeof(fd));
	if (sz == (ssize_t)sizeof(fd)) {
		l->pfd[l->n] = (struct pollfd){ fd, POLLIN, 0 };
		l->until[l->n++] = tt_clock_mono_ms() + longest_ms;
	} else if (sz == 0)
		l->pfd[0].fd = -1;
}

/* Until the first of them has lingered long enough. */
static int
time_left(const struct lingerers *l)
{
	int64_t	 first = INT64_MAX, left;
	int	 i;

	for (i = 1; i < l->n; i++)
		if (l->until[i] < first)
			first = l->until[i];
	if (first == INT64_MAX)
		return -1;
	left = first - tt_clock_mono_ms();
	return left < 0 ? 0 : (int)left;
}

/* Has the peer closed, or said something for long enough? */
static bool
is_over(const struct pollfd *pfd, int64_t until)
{
	char	 sink[16384];
	ssize_t	 n;

	if (pfd->revents != 0) {
		n = recv(pfd->fd, sink, sizeof(sink), MSG_DONTWAIT);
		if (n == 0 || (n == -1 && errno != EINTR && errno != EAGAIN &&
		    errno != EWOULDBLOCK))
			return true;
	}
	return tt_clock_mono_ms() >= until;
}

static void
read_on(struct lingerers *l)
{
	int	 i;

	for (i = l->n - 1; i > 0; i--)
		if (is_over(&l->pfd[i], l->until[i])) {
			(void)atomic_fetch_sub(&held, 1);
			(void)close(l->pfd[i].fd);
			l->n--;
			l->pfd[i] = l->pfd[l->n];
			l->until[i] = l->until[l->n];
		}
}

static void *
linger(void *arg)
{
	struct lingerers	 l = { .n = 1 };

	(void)arg;
	l.pfd[0] = (struct pollfd){ from_them, POLLIN, 0 };
	while (l.pfd[0].fd != -1 || l.n > 1) {
		if (poll(l.pfd, (nfds_t)l.n, time_left(&l)) == -1) {
			if (errno != EINTR)
				(void)poll(NULL, 0, SHORTAGE_MS);
			continue;
		}
		read_on(&l);
		if (l.pfd[0].revents != 0)
			take_in(&l);
	}
	return NULL;
}

int
tt_linger_start(int ms)
{
	int	 ends[2];

	if (pipe2(ends, O_CLOEXEC) == -1)
		return -1;
	from_them = ends[0];
	longest_ms = ms;
	if (pthread_create(&thread, NULL, linger, NULL) != 0) {
		(void)close(ends[0]);
		(void)close(ends[1]);
		return -1;
	}
	to_thread = ends[1];
	return 0;
}

void
tt_linger_close(int fd)
{
	(void)shutdown(fd, SHUT_WR);
	if (to_thread != -1) {
		if (atomic_fetch_add(&held, 1) < TT_LINGER_MOST &&
		    write(to_thread, &fd, sizeof(fd)) == (ssize_t)sizeof(fd))
			return;
		(void)atomic_fetch_sub(&held, 1);
	}
	skim(fd);
	(void)close(fd);
}

void
tt_linger_end(void)
{
	if (to_thread == -1)
		return;
	(void)close(to_thread);
	to_thread = -1;
	(void)pthread_join(thread, NULL);
	(void)close(from_them);
}

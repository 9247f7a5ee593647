/*
 * hold - opens connections, sends the same half of something on each, and
 * holds them without reading until it is told to end.
 *
 *	hold PORT N <what-is-sent
 *
 * When all are open and have sent, a line on the standard error says so.  On
 * SIGTERM it prints how many there were, how many were open to the end, and
 * how many of these had been sent something: "500 500 0".
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <netinet/in.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REQUEST_SZ	65536
#define SMALL_BUFFER	4096
#define READS		256

static void
on_stop(int sig)
{
	(void)sig;
}

static int
usage(void)
{
	(void)fputs("usage: hold PORT N <what-is-sent\n", stderr);
	return 2;
}

/* A connection that has sent it all, or -1. */
static int
begin(in_port_t port, const char *request, size_t sz)
{
	static const struct timeval	 patience = { 10, 0 };
	static const int		 small = SMALL_BUFFER;
	struct sockaddr_in		 sin;
	int				 fd;

	memset(&sin, 0, sizeof(sin));
	sin.sin_family = AF_INET;
	sin.sin_port = htons(port);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

	if ((fd = socket(AF_INET, SOCK_STREAM, 0)) == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience)) == 0 &&
	    connect(fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 &&
	    send(fd, request, sz, MSG_NOSIGNAL) == (ssize_t)sz)
		return fd;
	(void)close(fd);
	return -1;
}

/* Read what there is: is it still open after that?  And was there anything? */
static int
is_open(int fd, int *had_data)
{
	char	 sink[SMALL_BUFFER];
	ssize_t	 n;
	int	 i;

	*had_data = 0;
	for (i = 0; i < READS; i++) {
		n = recv(fd, sink, sizeof(sink), MSG_DONTWAIT);
		if (n <= 0)
			return n == -1 &&
			    (errno == EAGAIN || errno == EWOULDBLOCK);
		*had_data = 1;
	}
	return 1;
}

static void
report(const int *fds, long n)
{
	int	 had_data, open = 0, told = 0;
	long	 i;

	for (i = 0; i < n; i++)
		if (is_open(fds[i], &had_data)) {
			open++;
			told += had_data;
		}
	printf("%ld %d %d\n", n, open, told);
}

static void
descriptors(void)
{
	struct rlimit	 rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return;
	rl.rlim_cur = rl.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &rl);
}

int
main(int argc, char **argv)
{
	static char	 request[REQUEST_SZ];
	struct sigaction sa;
	sigset_t	 term, before;
	size_t		 sz;
	long		 i, port, n;
	int		*fds;

	port = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
	n = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
	if (port <= 0 || port > 65535 || n <= 0)
		return usage();

	/* It is taken where we wait for it, and nowhere else. */
	memset(&sa, 0, sizeof(sa));
	sa.sa_handler = on_stop;
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	if (sigaction(SIGTERM, &sa, NULL) == -1 ||
	    sigprocmask(SIG_BLOCK, &term, &before) == -1 ||
	    (fds = calloc((size_t)n, sizeof(*fds))) == NULL)
		return EXIT_FAILURE;
	descriptors();
	sz = fread(request, 1, sizeof(request), stdin);

	for (i = 0; i < n; i++)
		if ((fds[i] = begin((in_port_t)port, request, sz)) == -1) {
			perror("hold");
			return EXIT_FAILURE;
		}
	(void)fprintf(stderr, "%ld open\n", n);
	(void)sigsuspend(&before);

	report(fds, n);
	free(fds);
	return EXIT_SUCCESS;
}

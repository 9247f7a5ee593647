/*
 * server.c - see server.h.
 *
 * We accept ourselves and let libfcgi read the request: so a connection has
 * its time limits before the first byte is read, a descriptor shortage is
 * ours to sit out, and a pipe wakes the threads when the program is to end.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcgiapp.h>
#include <sodium.h>

#include "base/conf.h"
#include "base/log.h"
#include "web/body.h"
#include "web/linger.h"
#include "web/server.h"

#define LISTEN_FD	0
#define RECEIVE_S	10	/* a half-sent request frees its thread */
#define SEND_S		30
#define SHORTAGE_MS	100
#define LINGER_MS	1000
#define SPARE_FDS	(32 + TT_LINGER_MOST)	/* for what is no stream */

extern char		**environ;

static const struct tt_program	*program;
static struct tt_conf		 conf;
static bool			 cgi;
static int			 stop_pipe[2] = { -1, -1 };
static atomic_bool		 stopped;
static pthread_mutex_t		 turn = PTHREAD_MUTEX_INITIALIZER;

static int
usage(FILE *out)
{
	(void)fprintf(out, "usage: %s [-h | --version]\n"
	    "Serves FastCGI on descriptor 0, or one request as plain CGI.\n"
	    "It is started by the web server or by spawn-fcgi, and configured\n"
	    "by TELLTALE_ variables or telltale.conf; see the README.\n",
	    program->name);
	return out == stdout ? EXIT_SUCCESS : 2;
}

bool
tt_server_cgi(void)
{
	return cgi;
}

/* The byte is never read: the pipe stays readable for whoever polls it. */
static void
on_stop(int sig)
{
	int	 saved = errno;

	(void)sig;
	atomic_store(&stopped, true);
	if (write(stop_pipe[1], "", 1) == -1)
		errno = 0;	/* full: it has been written before */
	errno = saved;
}

/* Ours are installed before FCGX_Init(), which leaves them alone then. */
static int
signals(void)
{
	static const int	 ends[] = { SIGTERM, SIGINT, SIGUSR1 };
	struct sigaction	 sa;
	size_t			 i;

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
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (sigaction(ends[i], &sa, NULL) == -1)
			return -1;
	return 0;
}

/*
 * As many descriptors as we may have, since each stream is one; and no more
 * streams than that leaves room for.
 */
static void
descriptors(void)
{
	struct rlimit	 rl;
	rlim_t		 spare;

	if (getrlimit(RLIMIT_NOFILE, &rl) == -1)
		return;
	if (rl.rlim_cur < rl.rlim_max) {
		rl.rlim_cur = rl.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &rl);
	}
	if (rl.rlim_cur == RLIM_INFINITY)
		return;
	spare = rl.rlim_cur / 2 < SPARE_FDS ? rl.rlim_cur / 2 : SPARE_FDS;
	if ((rlim_t)conf.max_streams > rl.rlim_cur - spare)
		conf.max_streams = (int)(rl.rlim_cur - spare);
}

/* One request, from its environment to its answer. */
static void
serve(struct tt_call *call, FCGX_Request *r)
{
	struct tt_err	 err;

	tt_err_clear(&err);
	(void)!tt_request_read(&call->req, r, conf.mount, &err);
	tt_log_request(call->req.id);
	tt_reply_reset(&call->reply);
	tt_reply_common(&call->reply, &call->req, &conf);

	if (strcmp(call->req.method, "OPTIONS") == 0)
		tt_reply_preflight(&call->reply, &call->req);
	else
		program->handle(call, &err);

	/* Taking the connection over frees what the request pointed to. */
	tt_trace("%s -> %d", call->reply.detached ? "stream" :
	    call->req.method, call->reply.status);
	if (!call->reply.detached)
		tt_reply_send(&call->reply, r,
		    strcmp(call->req.method, "HEAD") == 0);
	tt_log_request(NULL);
}

/* A connection, or -1: look whether to stop, and try again. */
static int
take_turn(void)
{
	struct pollfd	 pfd[2] = { { LISTEN_FD, POLLIN, 0 },
			    { stop_pipe[0], POLLIN, 0 } };
	int		 fd;

	/* One may wait already: then no other thread need be woken. */
	if ((fd = accept(LISTEN_FD, NULL, NULL)) != -1)
		return fd;
	(void)pthread_mutex_lock(&turn);
	if (poll(pfd, 2, -1) > 0 && pfd[1].revents == 0) {
		fd = accept(LISTEN_FD, NULL, NULL);
		if (fd == -1 && errno != EAGAIN && errno != EINTR &&
		    errno != ECONNABORTED) {
			tt_error("accept: %s", strerror(errno));
			(void)poll(&pfd[1], 1, SHORTAGE_MS);
		}
	}
	(void)pthread_mutex_unlock(&turn);
	return fd;
}

/*
 * Let libfcgi read a request from the connection.  It accepts only where it
 * has none: we give it ours, as one kept from a request before; where it gives
 * that up as broken it finds no socket to accept from, and fails.
 */
static bool
read_request(FCGX_Request *r, int fd)
{
	static const struct timeval	 receive = { RECEIVE_S, 0 };
	static const struct timeval	 send = { SEND_S, 0 };

	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &receive,
	    sizeof(receive));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &send, sizeof(send));
	r->ipcFd = fd;
	r->keepConnection = 1;
	return FCGX_Accept_r(r) == 0;
}

static void *
accept_requests(void *arg)
{
	struct tt_call	*call = arg;
	FCGX_Request	 r;
	int		 fd;

	if (FCGX_InitRequest(&r, -1, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		return NULL;
	while (!atomic_load(&stopped))
		if ((fd = take_turn()) != -1 && read_request(&r, fd))
			serve(call, &r);
	FCGX_Free(&r, 0);
	return NULL;
}

static int
call_init(struct tt_call *call)
{
	memset(call, 0, sizeof(*call));
	call->conf = &conf;
	call->req.tail = program->tail;
	return (call->db = program->db_new(&conf)) == NULL ? -1 : 0;
}

static void
call_done(struct tt_call *call)
{
	program->db_free(call->db);
	tt_request_free(&call->req);
	tt_reply_free(&call->reply);
}

/* The main thread's part: the program's loop, or just waiting. */
static void
wait_or_loop(void)
{
	struct pollfd	 pfd = { stop_pipe[0], POLLIN, 0 };

	if (program->loop != NULL) {
		program->loop(stop_pipe[0]);
		return;
	}
	while (poll(&pfd, 1, -1) == -1 && errno == EINTR)
		continue;
}

static int
run_fastcgi(void)
{
	struct tt_call	*calls;
	pthread_t	*threads;
	int		 i, n = 0, flags;

	calls = calloc((size_t)conf.threads, sizeof(*calls));
	threads = calloc((size_t)conf.threads, sizeof(*threads));
	if (calls == NULL || threads == NULL || FCGX_Init() != 0 ||
	    tt_linger_start(LINGER_MS) == -1 ||
	    (flags = fcntl(LISTEN_FD, F_GETFL)) == -1 ||
	    fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK) == -1) {
		free(calls);
		free(threads);
		tt_error("cannot start");
		return EXIT_FAILURE;
	}

	for (i = 0; i < conf.threads; i++, n++)
		if (call_init(&calls[i]) == -1 || pthread_create(&threads[i],
		    NULL, accept_requests, &calls[i]) != 0)
			break;
	if (n > 0)
		wait_or_loop();
	else
		tt_error("cannot start a thread");

	on_stop(0);
	for (i = 0; i < n; i++)
		(void)pthread_join(threads[i], NULL);
	tt_linger_end();
	for (i = 0; i < n; i++)
		call_done(&calls[i]);
	free(calls);
	free(threads);
	return n > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The one request of plain CGI; without a stream, the loop is over too. */
static void *
serve_one(void *arg)
{
	struct tt_call	*call = arg;
	FCGX_Request	 r;

	memset(&r, 0, sizeof(r));
	r.ipcFd = -1;
	r.envp = environ;
	serve(call, &r);
	if (!call->reply.detached)
		on_stop(0);
	return NULL;
}

/* A program with a loop needs it while it serves, as under FastCGI. */
static int
run_cgi(void)
{
	struct tt_call	 call;
	pthread_t	 thread;

	if (call_init(&call) == -1 || (program->loop != NULL &&
	    pthread_create(&thread, NULL, serve_one, &call) != 0)) {
		tt_error("cannot start");
		return EXIT_FAILURE;
	}
	if (program->loop == NULL)
		(void)serve_one(&call);
	else {
		program->loop(stop_pipe[0]);
		(void)pthread_join(thread, NULL);
	}
	call_done(&call);
	return EXIT_SUCCESS;
}

int
tt_server_main(int argc, char **argv, const struct tt_program *p)
{
	struct tt_err	 err;
	int		 status = EXIT_FAILURE;

	program = p;
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		return printf("%s (telltale) %s\n", p->name, TT_VERSION) < 0;
	if (argc > 1 && (strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "--help") == 0))
		return usage(stdout);

	tt_err_clear(&err);
	tt_log_open(p->name, TT_LOG_INFO, false);
	if (tt_conf_load(&conf, &err) != TT_OK) {
		tt_error("%s", err.msg);
		goto out;
	}
	tt_log_open(p->name, (enum tt_log_level)conf.log_level, conf.trace);
	if (sodium_init() == -1 || signals() == -1) {
		tt_error("cannot start: %s", strerror(errno));
		goto out;
	}
	cgi = FCGX_IsCGI();
	if (cgi && FCGX_GetParam("REQUEST_METHOD", environ) == NULL) {
		status = usage(stderr);
		goto out;
	}
	descriptors();
	tt_body_threads(conf.threads);
	if (p->start != NULL && p->start(&conf, &err) != TT_OK) {
		tt_error("%s", err.msg);
		goto out;
	}
	status = cgi ? run_cgi() : run_fastcgi();
	if (p->end != NULL)
		p->end();
out:
	tt_conf_free(&conf);
	return status;
}

/*
 * server.h - runs a program as FastCGI on descriptor 0, or as plain CGI.
 *
 * TELLTALE_THREADS threads accept; each has a struct tt_call of its own, with
 * request, reply and a connection, all reused from request to request.
 * A program is told apart only by its struct tt_program: see cgi-bin/.
 */
#ifndef TT_SERVER_H
#define TT_SERVER_H

#include <stdbool.h>

#include "base/rc.h"
#include "web/reply.h"
#include "web/request.h"

struct tt_conf;
struct tt_db;

/* What a handler works with: one per accepting thread. */
struct tt_call {
	const struct tt_conf	*conf;
	struct tt_request	 req;
	struct tt_reply		 reply;
	struct tt_db		*db;		/* from program.db_new */
};

struct tt_program {
	const char	*name;			/* "jobs.fcgi" */

	/* What comes before a file's path: see request.h; may be NULL. */
	const char	*tail;

	/* Once, before any thread; may be NULL. */
	enum tt_rc	 (*start)(const struct tt_conf *, struct tt_err *);

	/* A thread's connection, which is opaque here: lib/pg has it. */
	struct tt_db	*(*db_new)(const struct tt_conf *);
	void		 (*db_free)(struct tt_db *);

	/*
	 * Answer call->req by filling call->reply, or hand the connection to a
	 * sink (reply.detached).  err holds what was wrong with the request
	 * itself, if anything was; rendering it is the handler's.
	 */
	void		 (*handle)(struct tt_call *, struct tt_err *err);

	/*
	 * What the main thread does until the program is told to end, which is
	 * when stop_fd becomes readable (and stays so); NULL means that it
	 * waits.  Under plain CGI stop_fd also becomes readable when the one
	 * request was answered without a sink.
	 */
	void		 (*loop)(int stop_fd);

	/* Once, after all threads; may be NULL. */
	void		 (*end)(void);
};

/*
 * The whole of main(): options (-h, --version), configuration, threads, loop,
 * an orderly end on SIGTERM, SIGINT and SIGUSR1.  Returns the exit status.
 */
int	 tt_server_main(int argc, char **argv, const struct tt_program *);

/* Does the program serve one request as plain CGI?  After start-up only. */
bool	 tt_server_cgi(void);

#endif /* !TT_SERVER_H */

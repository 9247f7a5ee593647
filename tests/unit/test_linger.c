/*
 * How a connection is closed on whose peer still sends.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>

#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <unistd.h>

#include "web/linger.h"

#define LONG_MS		60000
#define SHORT_MS	50
#define BODY_SZ		4000000		/* more than any socket takes */

static char	 body[65536];

static int	 ours;		/* the last one's end of ours */

/* A connection that we close on; returns the peer's end of it. */
static int
closed_on(void)
{
	int	 fd[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(send(fd[0], "answer", 6, 0), 6);
	tt_linger_close(fd[0]);
	ours = fd[0];
	return fd[1];
}

static bool
is_closed(int fd)
{
	return fcntl(fd, F_GETFD) == -1;
}

static void
await_closed(int fd)
{
	while (!is_closed(fd))
		(void)poll(NULL, 0, 1);
}

static void
assert_answered(int fd)
{
	char	 text[16];

	assert_int_equal(recv(fd, text, sizeof(text), MSG_WAITALL), 6);
	assert_memory_equal(text, "answer", 6);
}

/* The peer sends all of its body first, and then reads. */
static void
what_is_still_sent_is_read_of_all_at_once(void **state)
{
	int	 fd[TT_LINGER_MOST], i;
	size_t	 sent;

	(void)state;
	assert_int_equal(tt_linger_start(LONG_MS), 0);
	for (i = 0; i < TT_LINGER_MOST; i++)
		fd[i] = closed_on();
	for (sent = 0; sent < BODY_SZ; sent += sizeof(body))
		for (i = 0; i < TT_LINGER_MOST; i += 7)
			assert_int_equal(send(fd[i], body, sizeof(body),
			    MSG_NOSIGNAL), sizeof(body));
	for (i = 0; i < TT_LINGER_MOST; i++) {
		assert_answered(fd[i]);
		(void)close(fd[i]);
	}
	tt_linger_end();
}

static void
a_peer_that_closes_is_closed_on_too(void **state)
{
	int	 fd;

	(void)state;
	assert_int_equal(tt_linger_start(LONG_MS), 0);
	fd = closed_on();
	assert_answered(fd);
	assert_false(is_closed(ours));
	(void)close(fd);
	await_closed(ours);
	tt_linger_end();
}

static void
who_neither_sends_nor_closes_is_waited_for_so_long(void **state)
{
	int	 fd;

	(void)state;
	assert_int_equal(tt_linger_start(SHORT_MS), 0);
	fd = closed_on();
	await_closed(ours);
	assert_answered(fd);
	(void)close(fd);

	/* Also at the end. */
	fd = closed_on();
	tt_linger_end();
	assert_true(is_closed(ours));
	(void)close(fd);
}

/* It is closed on at once, and has its answer if it had sent all by then. */
static void
assert_not_waited_for(void)
{
	int	 fd = closed_on();

	assert_true(is_closed(ours));
	assert_answered(fd);
	(void)close(fd);
}

static void
more_than_so_many_are_not_waited_for(void **state)
{
	int	 fd[TT_LINGER_MOST], i, last;

	(void)state;
	assert_int_equal(tt_linger_start(LONG_MS), 0);
	for (i = 0; i < TT_LINGER_MOST; i++)
		fd[i] = closed_on();
	last = ours;
	assert_not_waited_for();

	/* A place is given back, just before its connection is closed. */
	(void)close(fd[--i]);
	await_closed(last);
	fd[i] = closed_on();
	assert_false(is_closed(ours));
	for (i = 0; i < TT_LINGER_MOST; i++)
		(void)close(fd[i]);
	tt_linger_end();
}

static void
without_a_thread_nobody_is_waited_for(void **state)
{
	int	 fd[2];

	(void)state;
	assert_not_waited_for();

	/* What has come by then is read: closing on it would be a reset. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	assert_int_equal(send(fd[1], body, 5000, 0), 5000);
	assert_int_equal(send(fd[0], "answer", 6, 0), 6);
	tt_linger_close(fd[0]);
	assert_answered(fd[1]);
	(void)close(fd[1]);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(what_is_still_sent_is_read_of_all_at_once),
		cmocka_unit_test(a_peer_that_closes_is_closed_on_too),
		cmocka_unit_test(
		    who_neither_sends_nor_closes_is_waited_for_so_long),
		cmocka_unit_test(more_than_so_many_are_not_waited_for),
		cmocka_unit_test(without_a_thread_nobody_is_waited_for),
	};

	return cmocka_run_group_tests_name("linger", tests, NULL, NULL);
}

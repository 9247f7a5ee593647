/*
 * How web/body reads, from a real FastCGI connection and from standard input.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "web/body.h"
#include "web/formdata.h"
#include "web/request.h"

#define BEGIN		1
#define PARAMS		4
#define STDIN		5
#define LONG_MS		5000
#define SHORT_MS	150

/* A request whose web server is the test. */
static struct link {
	FCGX_Request		 fcgi;
	struct tt_request	 req;
	int			 fd;
} conn;

static struct tt_buf	 buf;
static struct tt_err	 err;

static void
put(int fd, const void *p, size_t sz)
{
	assert_int_equal(write(fd, p, sz), sz);
}

static void
put_record(int fd, int type, const void *p, size_t sz)
{
	unsigned char	 head[8] = { 1, (unsigned char)type, 0, 1,
			    (unsigned char)(sz >> 8), (unsigned char)sz };

	put(fd, head, sizeof(head));
	if (sz > 0)
		put(fd, p, sz);
}

static void
put_param(struct tt_buf *b, const char *pair)
{
	size_t	 n = strcspn(pair, "=");

	tt_buf_putc(b, (char)n);
	tt_buf_putc(b, (char)strlen(pair + n + 1));
	tt_buf_add(b, pair, n);
	tt_buf_puts(b, pair + n + 1);
}

/* A request with those variables, as server.c has libfcgi read one. */
static void
open_link(struct link *l, const char *first, const char *second)
{
	static const unsigned char	 begin[8] = { 0, 1, 0 };
	struct tt_buf			 params = TT_BUF_INIT;
	int				 fd[2];

	memset(l, 0, sizeof(*l));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	l->fd = fd[1];
	put_param(&params, "REQUEST_METHOD=POST");
	if (first != NULL)
		put_param(&params, first);
	if (second != NULL)
		put_param(&params, second);
	put_record(l->fd, BEGIN, begin, sizeof(begin));
	put_record(l->fd, PARAMS, params.data, params.sz);
	put_record(l->fd, PARAMS, NULL, 0);
	tt_buf_free(&params);

	assert_int_equal(FCGX_InitRequest(&l->fcgi, -1,
	    FCGI_FAIL_ACCEPT_ON_INTR), 0);
	l->fcgi.ipcFd = fd[0];
	l->fcgi.keepConnection = 1;
	assert_int_equal(FCGX_Accept_r(&l->fcgi), 0);
	l->req.fcgi = &l->fcgi;
	tt_buf_clear(&buf);
	tt_err_clear(&err);
}

static void
close_link(struct link *l)
{
	int	 fd = l->fcgi.ipcFd;

	FCGX_Free(&l->fcgi, 0);
	(void)close(fd);
	if (l->fd != -1)
		(void)close(l->fd);
}

static enum tt_rc
read_body(struct link *l, size_t max, int ms)
{
	size_t	 sz;

	if (tt_body_length(&l->req, max, &sz, &err) == TT_OK)
		(void)!tt_body_read(&l->req, sz, max, ms, &buf, &err);
	if (err.rc != TT_OK)
		assert_true(err.told);
	return err.rc;
}

static int
set_up(void **state)
{
	(void)state;
	tt_body_threads(8);
	return FCGX_Init();
}

static int
tear_down(void **state)
{
	(void)state;
	tt_buf_free(&buf);
	return 0;
}

static const struct {
	const char	*length, *other;	/* variables, or NULL */
	enum tt_rc	 rc;
	size_t		 sz;
} lengths[] = {
	{ NULL, NULL, TT_OK, 0 },
	{ "CONTENT_LENGTH=", NULL, TT_OK, 0 },
	{ "CONTENT_LENGTH=0", NULL, TT_OK, 0 },
	{ "CONTENT_LENGTH=0", "HTTP_TRANSFER_ENCODING=chunked", TT_OK, 0 },
	{ "CONTENT_LENGTH=7", NULL, TT_OK, 7 },
	{ "CONTENT_LENGTH=007", NULL, TT_OK, 7 },
	{ "CONTENT_LENGTH=100", NULL, TT_OK, 100 },
	{ "CONTENT_LENGTH=", "HTTP_TRANSFER_ENCODING=chunked", TT_OK,
	    TT_BODY_UNTOLD },
	{ NULL, "HTTP_TRANSFER_ENCODING=chunked", TT_OK, TT_BODY_UNTOLD },
	{ NULL, "CONTENT_TYPE=a/b", TT_OK, TT_BODY_UNTOLD },
	{ NULL, "CONTENT_TYPE=", TT_OK, 0 },
	{ "CONTENT_LENGTH=101", NULL, TT_TOOLARGE, 0 },
	{ "CONTENT_LENGTH=18446744073709551615", NULL, TT_TOOLARGE, 0 },
	{ "CONTENT_LENGTH=18446744073709551616", NULL, TT_TOOLARGE, 0 },
	{ "CONTENT_LENGTH=99999999999999999999999999", NULL, TT_TOOLARGE, 0 },
	{ "CONTENT_LENGTH=-1", NULL, TT_BADREQ, 0 },
	{ "CONTENT_LENGTH=+1", NULL, TT_BADREQ, 0 },
	{ "CONTENT_LENGTH= 1", NULL, TT_BADREQ, 0 },
	{ "CONTENT_LENGTH=1,1", NULL, TT_BADREQ, 0 },
	{ "CONTENT_LENGTH=0x1", NULL, TT_BADREQ, 0 },
	{ "CONTENT_LENGTH=99999999999999999999999x", NULL, TT_BADREQ, 0 },
};

static void
the_length_is_checked_before_a_byte_is_read(void **state)
{
	char			 length[64], other[64];
	char			*env[] = { length, other, NULL };
	FCGX_Request		 fcgi = { .envp = env };
	struct tt_request	 req = { .fcgi = &fcgi };
	size_t			 i, sz;

	(void)state;
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		tt_err_clear(&err);
		(void)snprintf(length, sizeof(length), "%s",
		    lengths[i].length == NULL ? "X=" : lengths[i].length);
		(void)snprintf(other, sizeof(other), "%s",
		    lengths[i].other == NULL ? "Y=" : lengths[i].other);
		if (tt_body_length(&req, 100, &sz, &err) != lengths[i].rc)
			fail_msg("%s: %d", length, err.rc);
		if (err.rc == TT_OK)
			assert_int_equal(sz, lengths[i].sz);
		else
			assert_true(err.told);
	}
}

static void
a_body_is_read_whole(void **state)
{
	char	 data[20000];
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7);

	/* With its length; what is said beyond it is not looked at. */
	open_link(&conn, "CONTENT_LENGTH=20000", NULL);
	put_record(conn.fd, STDIN, data, 1);
	put_record(conn.fd, STDIN, data + 1, 9999);
	put_record(conn.fd, STDIN, data + 10000, 10000);
	put_record(conn.fd, STDIN, "x", 1);
	put_record(conn.fd, STDIN, NULL, 0);
	assert_int_equal(read_body(&conn, 20000, LONG_MS), TT_OK);
	assert_int_equal(buf.sz, sizeof(data));
	assert_memory_equal(buf.data, data, sizeof(data));
	close_link(&conn);

	/* And without one, up to its end. */
	open_link(&conn, "HTTP_TRANSFER_ENCODING=chunked", NULL);
	put_record(conn.fd, STDIN, data, sizeof(data));
	put_record(conn.fd, STDIN, NULL, 0);
	assert_int_equal(read_body(&conn, 20000, LONG_MS), TT_OK);
	assert_int_equal(buf.sz, sizeof(data));
	assert_memory_equal(buf.data, data, sizeof(data));
	close_link(&conn);
}

/* The end of the input comes by itself, some time after the body. */
static void *
end_input(void *arg)
{
	struct link	*l = arg;

	(void)poll(NULL, 0, SHORT_MS);
	put_record(l->fd, STDIN, NULL, 0);
	return NULL;
}

static void
the_end_of_the_input_is_read_too(void **state)
{
	pthread_t	 thread;

	(void)state;
	open_link(&conn, "CONTENT_LENGTH=3", NULL);
	put_record(conn.fd, STDIN, "abc", 3);
	assert_int_equal(pthread_create(&thread, NULL, end_input, &conn), 0);
	assert_int_equal(read_body(&conn, 10, LONG_MS), TT_OK);
	assert_string_equal(tt_buf_text(&buf), "abc");
	assert_true(conn.fcgi.in->isClosed);
	assert_int_equal(FCGX_GetError(conn.fcgi.in), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close_link(&conn);

	/* Where it does not come, there is a body all the same. */
	open_link(&conn, "CONTENT_LENGTH=3", NULL);
	put_record(conn.fd, STDIN, "abc", 3);
	assert_int_equal(read_body(&conn, 10, LONG_MS), TT_OK);
	assert_string_equal(tt_buf_text(&buf), "abc");
	assert_int_not_equal(FCGX_GetError(conn.fcgi.in), 0);
	close_link(&conn);
}

static void
a_body_without_length_is_bounded_too(void **state)
{
	(void)state;
	open_link(&conn, "HTTP_TRANSFER_ENCODING=chunked", NULL);
	put_record(conn.fd, STDIN, "0123456789x", 11);
	assert_int_equal(read_body(&conn, 10, LONG_MS), TT_TOOLARGE);
	assert_string_equal(err.msg, "The body may have up to 10 bytes here");
	assert_int_equal(buf.sz, 11);
	close_link(&conn);
}

static void
a_body_cut_short_is_refused(void **state)
{
	(void)state;
	open_link(&conn, "CONTENT_LENGTH=10", NULL);
	put_record(conn.fd, STDIN, "012345678", 9);
	put_record(conn.fd, STDIN, NULL, 0);
	assert_int_equal(read_body(&conn, 10, LONG_MS), TT_BADREQ);
	assert_string_equal(err.msg, "The body has 9 bytes, not 10");
	close_link(&conn);

	/* The web server is gone: with a length or without. */
	open_link(&conn, "HTTP_TRANSFER_ENCODING=chunked", NULL);
	put_record(conn.fd, STDIN, "0123456789", 10);
	(void)close(conn.fd);
	conn.fd = -1;
	assert_int_equal(read_body(&conn, 10, LONG_MS), TT_BADREQ);
	assert_string_equal(err.msg, "The body could not be read");
	close_link(&conn);
}

static void
silence_ends_at_the_deadline(void **state)
{
	int64_t	 began;

	(void)state;
	open_link(&conn, "CONTENT_LENGTH=10", NULL);
	put_record(conn.fd, STDIN, "01234", 5);
	began = tt_clock_mono_ms();
	assert_int_equal(read_body(&conn, 10, SHORT_MS), TT_BADREQ);
	assert_in_range(tt_clock_mono_ms() - began, SHORT_MS - 10,
	    LONG_MS - 1);
	assert_string_equal(err.msg, "The body came too slowly");
	close_link(&conn);
}

/* A byte at a time, and each well before a limit for one read would end. */
static void *
drip(void *arg)
{
	struct link	*l = arg;
	struct pollfd	 pfd = { l->fd, POLLIN, 0 };

	while (poll(&pfd, 1, SHORT_MS / 5) == 0)
		put_record(l->fd, STDIN, "x", 1);
	return NULL;
}

static void
dripping_ends_at_the_deadline_too(void **state)
{
	pthread_t	 thread;
	int64_t		 began;

	(void)state;
	open_link(&conn, "CONTENT_LENGTH=100000", NULL);
	put_record(conn.fd, STDIN, "x", 1);
	assert_int_equal(pthread_create(&thread, NULL, drip, &conn), 0);
	began = tt_clock_mono_ms();
	assert_int_equal(read_body(&conn, 100000, SHORT_MS), TT_BADREQ);
	assert_in_range(tt_clock_mono_ms() - began, SHORT_MS - 10,
	    LONG_MS - 1);
	assert_string_equal(err.msg, "The body came too slowly");
	assert_in_range(buf.sz, 1, 10);
	(void)shutdown(conn.fcgi.ipcFd, SHUT_WR);
	assert_int_equal(pthread_join(thread, NULL), 0);
	close_link(&conn);
}

static struct tt_err	 slow_err;

static void *
read_slow(void *arg)
{
	struct link	*l = arg;
	struct tt_buf	 b = TT_BUF_INIT;

	/* The test itself may be in its place just now. */
	do {
		tt_err_clear(&slow_err);
		(void)!tt_body_read(&l->req, 1, 1, LONG_MS, &b, &slow_err);
	} while (slow_err.rc == TT_UNAVAIL);
	tt_buf_free(&b);
	return NULL;
}

/* Read what does not come, until there is no room to wait for it. */
static enum tt_rc
wait_until_full(struct link *l)
{
	int64_t	 began = tt_clock_mono_ms();

	do {
		close_link(l);
		open_link(l, "CONTENT_LENGTH=1", NULL);
		(void)poll(NULL, 0, 1);		/* the place is free */
	} while (read_body(l, 1, 1) == TT_BADREQ &&
	    tt_clock_mono_ms() - began < LONG_MS);
	return err.rc;
}

static void
only_half_of_the_threads_read_at_once(void **state)
{
	struct link	 slow;
	pthread_t	 thread;

	(void)state;
	tt_body_threads(3);		/* so one */
	open_link(&slow, "CONTENT_LENGTH=1", NULL);
	open_link(&conn, NULL, NULL);
	assert_int_equal(pthread_create(&thread, NULL, read_slow, &slow), 0);
	assert_int_equal(wait_until_full(&conn), TT_UNAVAIL);

	/* No body needs no place; and two places are more than one. */
	tt_err_clear(&err);
	assert_int_equal(tt_body_read(&conn.req, 0, 1, 1, &buf, &err), TT_OK);
	tt_body_threads(4);
	put_record(conn.fd, STDIN, "y", 1);
	put_record(conn.fd, STDIN, NULL, 0);
	assert_int_equal(read_body(&conn, 1, LONG_MS), TT_OK);
	tt_body_threads(1);

	/* A place is given back. */
	put_record(slow.fd, STDIN, "x", 1);
	put_record(slow.fd, STDIN, NULL, 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(slow_err.rc, TT_OK);
	close_link(&conn);
	open_link(&conn, "CONTENT_LENGTH=1", NULL);
	put_record(conn.fd, STDIN, "z", 1);
	put_record(conn.fd, STDIN, NULL, 0);
	assert_int_equal(read_body(&conn, 1, LONG_MS), TT_OK);
	assert_string_equal(tt_buf_text(&buf), "z");
	close_link(&slow);
	close_link(&conn);
	tt_body_threads(8);
}

/* Plain CGI: the request has no stream, and standard input is what we give. */
static enum tt_rc
read_input(const char *length, const char *input, bool closed, size_t max)
{
	char			 var[64];
	char			*env[] = { var, NULL };
	struct link		 l = { .fcgi = { .envp = env, .ipcFd = -1 } };
	int			 fd[2], saved = dup(STDIN_FILENO);

	(void)snprintf(var, sizeof(var), "%s", length);
	assert_int_equal(pipe(fd), 0);
	put(fd[1], input, strlen(input));
	assert_int_equal(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
	if (closed)
		(void)close(fd[1]);
	l.req.fcgi = &l.fcgi;
	tt_buf_clear(&buf);
	tt_err_clear(&err);
	(void)read_body(&l, max, closed ? LONG_MS : SHORT_MS);
	(void)close(fd[0]);
	if (!closed)
		(void)close(fd[1]);
	if (saved != -1) {
		(void)dup2(saved, STDIN_FILENO);
		(void)close(saved);
	}
	return err.rc;
}

static void
plain_cgi_reads_standard_input(void **state)
{
	static const char	 chunked[] = "HTTP_TRANSFER_ENCODING=chunked";

	(void)state;
	assert_int_equal(read_input("CONTENT_LENGTH=3", "abcd", false, 9),
	    TT_OK);
	assert_string_equal(tt_buf_text(&buf), "abc");
	assert_int_equal(read_input(chunked, "abcd", true, 9), TT_OK);
	assert_string_equal(tt_buf_text(&buf), "abcd");
	assert_int_equal(read_input(chunked, "", true, 9), TT_OK);
	assert_int_equal(read_input("X=", "abcd", false, 9), TT_OK);
	assert_int_equal(buf.sz, 0);
	assert_int_equal(read_input("CONTENT_LENGTH=5", "abcd", true, 9),
	    TT_BADREQ);
	assert_int_equal(read_input(chunked, "abcd", false, 3), TT_TOOLARGE);
	assert_int_equal(read_input("CONTENT_LENGTH=5", "abcd", false, 9),
	    TT_BADREQ);
	assert_string_equal(err.msg, "The body came too slowly");
}

static void
a_form_is_read_and_read_again(void **state)
{
	static const char	 text[] = "CONTENT_TYPE=text/plain";
	static const char	 json[] = "CONTENT_TYPE=application/json";
	struct tt_form		 form = { 0 };

	(void)state;
	open_link(&conn, "CONTENT_LENGTH=7", json);
	put_record(conn.fd, STDIN, "{\"a\":1}", 7);
	assert_int_equal(tt_form_read(&form, &conn.req, 10, TT_FORM_JSON,
	    &err), TT_OK);
	assert_int_equal(json_integer_value(tt_form_json(&form, "a")), 1);
	close_link(&conn);

	/* A type that is not taken is told before the body has come. */
	open_link(&conn, "CONTENT_LENGTH=7", text);
	assert_int_equal(tt_form_read(&form, &conn.req, 10, TT_FORM_JSON,
	    &err), TT_MEDIATYPE);
	assert_null(tt_form_json(&form, "a"));
	tt_err_clear(&err);
	assert_int_equal(tt_form_read(&form, &conn.req, 6, TT_FORM_JSON,
	    &err), TT_TOOLARGE);
	close_link(&conn);

	/* No body is an empty form, whatever its type. */
	open_link(&conn, NULL, text);
	put_record(conn.fd, STDIN, NULL, 0);
	assert_int_equal(tt_form_read(&form, &conn.req, 10, TT_FORM_JSON,
	    &err), TT_OK);
	assert_int_equal(json_object_size(form.fields), 0);
	close_link(&conn);

	/* Without a length as well. */
	open_link(&conn, json, NULL);
	put_record(conn.fd, STDIN, "{\"a\":2}", 7);
	put_record(conn.fd, STDIN, NULL, 0);
	assert_int_equal(tt_form_read(&form, &conn.req, 10, TT_FORM_JSON,
	    &err), TT_OK);
	assert_int_equal(json_integer_value(tt_form_json(&form, "a")), 2);
	close_link(&conn);
	tt_form_free(&form);
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(the_length_is_checked_before_a_byte_is_read),
		cmocka_unit_test(a_body_is_read_whole),
		cmocka_unit_test(the_end_of_the_input_is_read_too),
		cmocka_unit_test(a_body_without_length_is_bounded_too),
		cmocka_unit_test(a_body_cut_short_is_refused),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(dripping_ends_at_the_deadline_too),
		cmocka_unit_test(only_half_of_the_threads_read_at_once),
		cmocka_unit_test(plain_cgi_reads_standard_input),
		cmocka_unit_test(a_form_is_read_and_read_again),
	};

	return cmocka_run_group_tests_name("body", tests, set_up, tear_down);
}

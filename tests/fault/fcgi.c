/*
 * fcgi.c - a web server that misbehaves, or one that does not.
 *
 *	fcgi SOCKET half		send half a request, then nothing
 *	fcgi SOCKET silent		send nothing at all
 *	fcgi SOCKET get NAME=VALUE...	a request with these parameters
 *
 * half and silent say "waiting" when they have done what they do, and then how
 * many milliseconds it took until the program closed the connection; get says
 * what the program answered.  Exit: 0; 1 no connection, or still open after 60
 * s; 2 usage.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum { BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5, STDOUT = 6 };

static void
put_head(struct tt_buf *b, int type, size_t sz)
{
	const unsigned char	 head[8] = { 1, (unsigned char)type, 0, 1,
				    (unsigned char)(sz >> 8),
				    (unsigned char)sz, 0, 0 };

	tt_buf_add(b, head, sizeof(head));
}

static void
put_begin(struct tt_buf *b)
{
	static const char	 responder[8] = { 0, 1, 0 };

	put_head(b, BEGIN_REQUEST, sizeof(responder));
	tt_buf_add(b, responder, sizeof(responder));
}

/* NAME=VALUE, both of up to 127 bytes. */
static void
put_param(struct tt_buf *b, const char *text)
{
	size_t	 n = strcspn(text, "="), sz = strlen(text);

	if (n == sz)
		return;
	tt_buf_putc(b, (char)n);
	tt_buf_putc(b, (char)(sz - n - 1));
	tt_buf_add(b, text, n);
	tt_buf_puts(b, text + n + 1);
}

static void
put_request(struct tt_buf *b, char **params)
{
	struct tt_buf	 text = TT_BUF_INIT;

	put_begin(b);
	for (; *params != NULL; params++)
		put_param(&text, *params);
	put_head(b, PARAMS, text.sz);
	tt_buf_add(b, tt_buf_text(&text), text.sz);
	put_head(b, PARAMS, 0);
	put_head(b, STDIN, 0);
	tt_buf_free(&text);
}

/* A record that announces 100 bytes of parameters, and has 9 of them. */
static void
put_half(struct tt_buf *b)
{
	put_begin(b);
	put_head(b, PARAMS, 100);
	tt_buf_puts(b, "\x0e\x03REQUEST");
}

static int
dial(const char *path)
{
	struct sockaddr_un	 sun;
	struct timeval		 tv = { 60, 0 };
	int			 fd;

	memset(&sun, 0, sizeof(sun));
	sun.sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(sun.sun_path))
		return -1;
	memcpy(sun.sun_path, path, strlen(path));
	if ((fd = socket(AF_UNIX, SOCK_STREAM, 0)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) == -1 ||
	    connect(fd, (struct sockaddr *)(void *)&sun, sizeof(sun)) == -1)
		return -1;
	return fd;
}

/* All that comes; false if the end does not. */
static int
read_all(int fd, struct tt_buf *b)
{
	char	 bytes[4096];
	ssize_t	 n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0)
		tt_buf_add(b, bytes, (size_t)n);
	return n == 0;
}

/* The content of STDOUT's records. */
static void
print_answer(const struct tt_buf *b)
{
	const unsigned char	*p = (const unsigned char *)tt_buf_text(b);
	size_t			 at, n;

	for (at = 0; b->sz >= at + 8; at += 8 + n + p[at + 6]) {
		n = (size_t)(p[at + 4] << 8 | p[at + 5]);
		if (p[at + 1] == STDOUT && b->sz - at - 8 >= n)
			(void)fwrite(p + at + 8, 1, n, stdout);
	}
}

int
main(int argc, char **argv)
{
	struct tt_buf	 b = TT_BUF_INIT;
	int64_t		 began;
	int		 fd, over;

	if (argc < 3)
		return 2;
	if (strcmp(argv[2], "half") == 0)
		put_half(&b);
	else if (strcmp(argv[2], "get") == 0)
		put_request(&b, argv + 3);
	else if (strcmp(argv[2], "silent") != 0)
		return 2;

	if ((fd = dial(argv[1])) == -1 ||
	    write(fd, tt_buf_text(&b), b.sz) != (ssize_t)b.sz) {
		perror(argv[1]);
		return 1;
	}
	began = tt_clock_mono_ms();
	if (strcmp(argv[2], "get") != 0) {
		(void)printf("waiting\n");
		(void)fflush(stdout);
	}
	tt_buf_clear(&b);
	over = read_all(fd, &b);
	if (strcmp(argv[2], "get") == 0)
		print_answer(&b);
	else
		(void)printf("%lld\n", (long long)(tt_clock_mono_ms() - began));
	tt_buf_free(&b);
	(void)close(fd);
	return over ? 0 : 1;
}

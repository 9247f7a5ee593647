/*
 * An answer kept open: what arrives at the other end, byte for byte.
 */
#include <sys/resource.h>
#include <sys/socket.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "web/frame.h"
#include "web/sink.h"

#define ID		0x1234

static struct tt_sink	 sink;
static int		 peer;
static struct tt_buf	 wire;		/* what has arrived, as it came */
static struct tt_buf	 content;	/* of STDOUT */
static int		 nrecords;
static bool		 ended;

static int
begin(void **state)
{
	int	 sv[2], small = 1;

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == -1 ||
	    fcntl(sv[0], F_SETFL, O_NONBLOCK) == -1 ||
	    fcntl(sv[1], F_SETFL, O_NONBLOCK) == -1)
		return -1;
	(void)setsockopt(sv[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	memset(&sink, 0, sizeof(sink));
	sink.fd = sv[0];
	sink.request_id = ID;
	sink.queue = sink.few;
	sink.cap = TT_SINK_FEW;
	peer = sv[1];
	nrecords = 0;
	ended = false;
	return 0;
}

static int
end(void **state)
{
	(void)state;
	tt_sink_close(&sink);
	tt_sink_close(&sink);
	assert_int_equal(sink.fd, -1);
	(void)close(peer);
	tt_buf_free(&wire);
	tt_buf_free(&content);
	return 0;
}

/* A frame's text says which it is, over and over. */
static void
fill(char *text, size_t sz, int number)
{
	size_t	 i;

	for (i = 0; i < sz; i++)
		text[i] = (char)('!' + (i * 7 + (size_t)number * 13) % 90);
}

static struct tt_frame *
make_frame(int number, size_t sz)
{
	char		*text = calloc(1, sz + 1);
	struct tt_frame	*f;

	fill(text, sz, number);
	f = tt_frame_new(text, sz);
	free(text);
	assert_non_null(f);
	f->job = 1;
	f->event_id = 1;
	f->seq = number;
	return f;
}

static void
push(int number, size_t sz)
{
	struct tt_frame	*f = make_frame(number, sz);

	assert_true(tt_sink_push(&sink, f));
	tt_frame_unref(f);
}

static void
push_replaceable(int number, size_t sz, int64_t job, uint64_t batch)
{
	struct tt_frame	*f = make_frame(number, sz);

	f->replaceable = true;
	f->job = job;
	f->event_id = 1;
	f->batch = batch;
	assert_true(tt_sink_push(&sink, f));
	tt_frame_unref(f);
}

/* The peer takes so many bytes at most; how many it got. */
static size_t
take(size_t sz)
{
	char	 bytes[65536];
	ssize_t	 n;

	n = read(peer, bytes, sz < sizeof(bytes) ? sz : sizeof(bytes));
	if (n <= 0)
		return 0;
	tt_buf_add(&wire, bytes, (size_t)n);
	return (size_t)n;
}

/* Write and take, so many bytes at a time, until all has arrived. */
static enum tt_sink_rc
transfer(size_t step)
{
	enum tt_sink_rc	 rc;
	size_t		 wrote;

	do {
		rc = tt_sink_flush(&sink, &wrote);
		assert_int_not_equal(rc, TT_SINK_GONE);
		while (take(step) > 0)
			if (rc == TT_SINK_BLOCKED)
				break;
	} while (rc == TT_SINK_BLOCKED);
	while (take(65536) > 0)
		continue;
	return rc;
}

/* Take the wire apart; nothing may be left over. */
static void
unframe(void)
{
	const unsigned char	*p = (const unsigned char *)wire.data;
	size_t			 at = 0, n;

	while (at < wire.sz) {
		assert_true(wire.sz - at >= 8);
		assert_false(ended);
		assert_int_equal(p[at], 1);
		assert_int_equal(p[at + 2] << 8 | p[at + 3], ID);
		assert_int_equal(p[at + 6], 0);
		n = (size_t)(p[at + 4] << 8 | p[at + 5]);
		assert_true(wire.sz - at >= 8 + n);
		if (p[at + 1] == 3) {
			assert_int_equal(n, 8);
			ended = true;
		} else {
			assert_int_equal(p[at + 1], 6);
			tt_buf_add(&content, p + at + 8, n);
			nrecords++;
		}
		at += 8 + n;
	}
	tt_buf_clear(&wire);
}

/* The frames of these numbers and sizes, in order, and nothing else. */
static void
arrived(const int *numbers, const size_t *sizes, size_t n)
{
	char	*want = malloc(1 << 20);
	size_t	 at = 0, i;

	for (i = 0; i < n; i++) {
		fill(want + at, sizes[i], numbers[i]);
		at += sizes[i];
	}
	assert_int_equal(content.sz, at);
	if (at > 0)
		assert_memory_equal(content.data, want, at);
	free(want);
}

static void
a_frame_becomes_a_record(void **state)
{
	static const unsigned char	 head[] = {
		1, 6, 0x12, 0x34, 0, 5, 0, 0, 'h', 'e', 'l', 'l', 'o'
	};
	struct tt_frame			*f = tt_frame_new("hello", 5);
	size_t				 wrote;

	(void)state;
	assert_int_equal(tt_sink_flush(&sink, &wrote), TT_SINK_IDLE);
	assert_int_equal(wrote, 0);
	assert_true(tt_sink_push(&sink, f));
	assert_int_equal(f->refs, 2);
	assert_int_equal(sink.queued, 5);
	assert_int_equal(tt_sink_flush(&sink, &wrote), TT_SINK_IDLE);
	assert_int_equal(wrote, sizeof(head));
	assert_int_equal(f->refs, 1);
	assert_int_equal(sink.queued, 0);
	tt_frame_unref(f);
	assert_int_equal(take(100), sizeof(head));
	assert_memory_equal(wire.data, head, sizeof(head));
}

/* Sizes around those of records, by steps that meet every boundary. */
static void
whatever_is_taken_at_a_time_all_arrives(void **state)
{
	static const size_t	 sizes[][6] = {
		{ 1, 1, 1, 1, 1, 1 },
		{ 10, 300, 20, 5000, 1, 700 },
		{ 16383, 1, 1, 16384, 16385, 9 },
		{ 65535, 65536, 65534, 1, 2, 3 },
		{ 200000, 1, 70000, 16384, 131070, 8 },
	};
	static const size_t	 steps[] = { 1, 7, 8, 9, 1000, 4096, 65536 };
	static const int	 numbers[] = { 0, 1, 2, 3, 4, 5 };
	size_t			 i, k, n;
	void			*none = NULL;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
			/* A byte at a time takes its time. */
			if (i > 2 && steps[k] < 1000)
				continue;
			assert_int_equal(begin(&none), 0);
			for (n = 0; n < 6; n++)
				push((int)n, sizes[i][n]);
			assert_int_equal(transfer(steps[k]), TT_SINK_IDLE);
			unframe();
			arrived(numbers, sizes[i], 6);
			assert_int_equal(sink.n, 0);
			assert_int_equal(sink.queued, 0);
			assert_ptr_equal(sink.queue, sink.few);
			assert_false(ended);
			(void)end(&none);
		}
	assert_int_equal(begin(&none), 0);
}

static void
small_frames_share_a_record_and_big_ones_span_some(void **state)
{
	int	 i;

	(void)state;
	for (i = 0; i < 100; i++)
		push(i, 100);
	(void)transfer(65536);
	unframe();
	assert_int_equal(nrecords, 1);
	assert_int_equal(content.sz, 10000);

	push(0, 150000);
	(void)transfer(65536);
	unframe();
	assert_int_equal(nrecords, 1 + 3);
	assert_int_equal(content.sz, 160000);
}

static void
the_end_comes_after_all_that_was_queued(void **state)
{
	static const int	 number = 7;
	static const size_t	 size = 100000;
	size_t			 wrote;
	char			 byte;

	(void)state;
	push(number, size);
	tt_sink_end(&sink);
	assert_int_equal(transfer(1000), TT_SINK_ENDED);
	unframe();
	arrived(&number, &size, 1);
	assert_true(ended);
	assert_int_equal(tt_sink_flush(&sink, &wrote), TT_SINK_ENDED);
	assert_int_equal(wrote, 0);

	/* Nothing more to read: our half is closed.  Then theirs is. */
	assert_int_equal(read(peer, &byte, 1), 0);
	assert_int_equal(tt_sink_input(&sink), TT_SINK_IDLE);
	(void)shutdown(peer, SHUT_WR);
	assert_int_equal(tt_sink_input(&sink), TT_SINK_GONE);
}

static void
an_end_without_a_word_is_an_end(void **state)
{
	static const unsigned char	 want[] = {
		1, 6, 0x12, 0x34, 0, 0, 0, 0,
		1, 3, 0x12, 0x34, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
	};

	(void)state;
	tt_sink_end(&sink);
	assert_int_equal(transfer(1), TT_SINK_ENDED);
	assert_int_equal(wire.sz, sizeof(want));
	assert_memory_equal(wire.data, want, sizeof(want));
}

static void
take_back_finds_the_newest_of_the_job_and_another_batch(void **state)
{
	static const int	 left[] = { 1, 4, 5, 6, 7 };
	static const size_t	 sizes[] = { 50, 50, 50, 50, 50 };

	(void)state;
	push_replaceable(1, 50, 1, 1);
	push_replaceable(2, 50, 1, 2);
	push_replaceable(3, 50, 2, 2);
	push_replaceable(4, 50, 1, 3);
	push(5, 50);
	push(6, 50);
	push(7, 50);
	assert_false(tt_sink_take_back(&sink, 3, 3));
	assert_true(tt_sink_take_back(&sink, 1, 3));
	assert_true(tt_sink_take_back(&sink, 2, 3));
	assert_false(tt_sink_take_back(&sink, 2, 3));
	assert_int_equal(sink.queued, 250);
	(void)transfer(65536);
	unframe();
	arrived(left, sizes, 5);
}

/* What has begun to leave cannot be taken back, whole frames of it neither. */
static void
a_record_that_has_begun_is_not_touched(void **state)
{
	int	 numbers[40], i;
	size_t	 sizes[40], wrote, n = 0, k;

	(void)state;
	for (i = 0; i < 30; i++)
		push_replaceable(i, 1500, i % 2, 1);
	for (i = 0; i < 40; i++)
		sizes[i] = 1500;
	assert_int_equal(tt_sink_flush(&sink, &wrote), TT_SINK_BLOCKED);
	assert_true(wrote > 8);
	assert_true(sink.committed > 0 && sink.committed < sink.n);
	for (i = 0; i < (int)sink.queue[0]->seq; i++)
		numbers[n++] = i;	/* have left altogether */

	while (tt_sink_take_back(&sink, 0, 2))
		continue;
	for (k = 0; k < sink.n; k++) {
		numbers[n++] = (int)sink.queue[k]->seq;
		if (k >= sink.committed)
			assert_int_equal(sink.queue[k]->job, 1);
	}
	(void)transfer(100);
	unframe();
	arrived(numbers, sizes, n);
}

static int	 told[100], ntold;

static void
tell(void *arg, const struct tt_frame *f)
{
	assert_ptr_equal(arg, &sink);
	told[ntold++] = (int)f->seq;
}

static void
dropping_tells_the_newest_first_and_keeps_what_has_begun(void **state)
{
	struct tt_frame	*word;
	size_t		 wrote;
	int		 i;

	(void)state;
	ntold = 0;
	for (i = 0; i < 40; i++)
		push(i, 1500);
	word = tt_frame_new("of no job", 9);
	assert_true(tt_sink_push(&sink, word));
	tt_frame_unref(word);
	push(40, 1500);
	assert_int_equal(tt_sink_flush(&sink, &wrote), TT_SINK_BLOCKED);
	tt_sink_drop(&sink, tell, &sink);
	assert_true(ntold > 1);
	assert_int_equal(sink.n, sink.committed + 1);
	for (i = 0; i < ntold; i++)
		assert_int_equal(told[i], 40 - i);

	/* What is left ends where the last told begins. */
	(void)transfer(100);
	unframe();
	assert_int_equal(content.sz, (size_t)told[ntold - 1] * 1500 + 9);
	assert_memory_equal(content.data + content.sz - 9, "of no job", 9);
	assert_int_equal(sink.queued, 0);
}

static void
a_big_frame_in_the_middle_of_leaving_is_not_taken_back(void **state)
{
	size_t	 wrote;

	(void)state;
	push_replaceable(1, 300000, 1, 1);
	assert_int_equal(tt_sink_flush(&sink, &wrote), TT_SINK_BLOCKED);

	/* Exactly at the end of its first record, too. */
	while (sink.record_left > 0) {
		assert_false(tt_sink_take_back(&sink, 1, 2));
		(void)take(100);
		(void)tt_sink_flush(&sink, &wrote);
		if (sink.sent >= 65535)
			break;
	}
	assert_false(tt_sink_take_back(&sink, 1, 2));
	tt_sink_drop(&sink, tell, &sink);
	(void)transfer(1000);
	unframe();
	assert_int_equal(content.sz, 300000);
}

/* Nothing would be a record of nothing, which is how STDOUT ends. */
static void
an_empty_frame_does_not_end_the_answer(void **state)
{
	static const int	 numbers[] = { 1 };
	static const size_t	 sizes[] = { 10 };

	(void)state;
	push(0, 0);
	push(1, 10);
	push(2, 0);
	(void)transfer(65536);
	push(3, 0);
	(void)transfer(65536);
	unframe();
	assert_int_equal(nrecords, 1);
	arrived(numbers, sizes, 1);
	assert_int_equal(sink.n, 0);
}

static void
a_peer_that_left_is_noticed(void **state)
{
	size_t	 wrote;

	(void)state;
	assert_int_equal(tt_sink_input(&sink), TT_SINK_IDLE);
	assert_int_equal(write(peer, "abort", 5), 5);
	assert_int_equal(tt_sink_input(&sink), TT_SINK_IDLE);
	(void)close(peer);
	peer = -1;
	assert_int_equal(tt_sink_input(&sink), TT_SINK_GONE);
	push(1, 10);
	assert_int_equal(tt_sink_flush(&sink, &wrote), TT_SINK_GONE);
	assert_int_equal(wrote, 0);
}

/* Plain CGI has no records, and its end is that of the program. */
static void
plain_cgi_writes_the_bare_content(void **state)
{
	char	 want[100000];

	(void)state;
	sink.request_id = 0;
	push(1, 100000);
	(void)transfer(1000);
	fill(want, sizeof(want), 1);
	assert_int_equal(wire.sz, sizeof(want));
	assert_memory_equal(wire.data, want, sizeof(want));
	assert_int_equal(tt_sink_input(&sink), TT_SINK_IDLE);
}

int
main(void)
{
#define TEST(name)	cmocka_unit_test_setup_teardown(name, begin, end)
	static const struct CMUnitTest	 tests[] = {
		TEST(a_frame_becomes_a_record),
		TEST(whatever_is_taken_at_a_time_all_arrives),
		TEST(small_frames_share_a_record_and_big_ones_span_some),
		TEST(the_end_comes_after_all_that_was_queued),
		TEST(an_end_without_a_word_is_an_end),
		TEST(take_back_finds_the_newest_of_the_job_and_another_batch),
		TEST(a_record_that_has_begun_is_not_touched),
		TEST(dropping_tells_the_newest_first_and_keeps_what_has_begun),
		TEST(a_big_frame_in_the_middle_of_leaving_is_not_taken_back),
		TEST(an_empty_frame_does_not_end_the_answer),
		TEST(a_peer_that_left_is_noticed),
		TEST(plain_cgi_writes_the_bare_content),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

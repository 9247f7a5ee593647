/*
 * queue-events - GET /queue/events (seed 002): what happens to all jobs of the
 * queue, as Server-Sent Events that resume by Last-Event-ID.
 *
 * Without a key the public's queue; ?type= wants jobs of one type only.
 */
#include "stream/stream.h"
#include "stream/view_main.h"
#include "surface/queue.h"

static const struct tt_view_program	 program = {
	.name		= "queue-events.fcgi",
	.path		= "/queue/events",
	.vocabulary	= &tt_queue_vocabulary,
	.accept		= tt_stream_accept,
	.error		= tt_queue_error,
	.rate		= tt_queue_rate,
};

int
main(int argc, char **argv)
{
	return tt_view_main(argc, argv, &program);
}

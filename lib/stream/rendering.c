/*
 * rendering.c - see rendering.h.
 */
#include <stddef.h>

#include "base/buf.h"
#include "job/event.h"
#include "stream/rendering.h"
#include "stream/fanout.h"
#include "stream/sse.h"
#include "stream/stream.h"
#include "surface/vocabulary.h"
#include "web/frame.h"

bool
tt_rendering_show(struct tt_fanout *fo, struct tt_rendering *d,
    const struct tt_stream *st)
{
	if (d->vocabulary == st->vocabulary)
		return d->name != NULL;
	tt_rendering_done(d);
	d->vocabulary = st->vocabulary;
	d->replaceable = false;
	tt_buf_clear(&fo->data);
	d->name = d->vocabulary->show(d->ev, &fo->data, &d->replaceable);
	return d->name != NULL;
}

struct tt_frame *
tt_rendering_frame(struct tt_fanout *fo, struct tt_rendering *d, const char *id)
{
	struct tt_frame	*f;

	tt_buf_clear(&fo->text);
	tt_sse_event(&fo->text, id, d->name, tt_buf_text(&fo->data));
	if (tt_buf_broken(&fo->text) || tt_buf_broken(&fo->data))
		return NULL;
	if ((f = tt_frame_new(fo->text.data, fo->text.sz)) == NULL)
		return NULL;
	f->event_id = d->ev->event_id;
	f->job = d->ev->job;
	f->seq = d->ev->seq;
	f->batch = d->ev->batch;
	f->replaceable = d->replaceable;
	return f;
}

void
tt_rendering_queue(struct tt_fanout *fo, const struct tt_rendering *d,
    struct tt_stream *st, struct tt_frame *f, bool replace)
{
	if (replace && d->replaceable && tt_sink_take_back(&st->sink,
	    d->ev->job, d->ev->batch))
		fo->stats.coalesced++;
	tt_fanout_queue(fo, st, f);
	fo->stats.delivered++;
}

void
tt_rendering_done(struct tt_rendering *d)
{
	tt_frame_unref(d->frame);
	d->frame = NULL;
}

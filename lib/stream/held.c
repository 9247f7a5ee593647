/*
 * held.c - see held.h.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "stream/held.h"
#include "web/frame.h"
#include "web/reply.h"

struct tt_held {
	struct tt_frame	*head, *late;
};

static struct tt_frame *
whole(int status, const char *head, size_t head_sz, const struct tt_buf *body)
{
	struct tt_buf	 text = TT_BUF_INIT;
	struct tt_frame	*f = NULL;

	tt_buf_printf(&text, "Status: %d\r\n", status);
	tt_buf_add(&text, head, head_sz);
	tt_buf_add(&text, "\r\n", 2);
	tt_buf_add(&text, tt_buf_text(body), body->sz);
	if (!tt_buf_broken(&text) && !tt_buf_broken(body))
		f = tt_frame_new(text.data, text.sz);
	tt_buf_free(&text);
	return f;
}

struct tt_held *
tt_held_new(const struct tt_reply *reply, const struct tt_reply *late)
{
	struct tt_buf	 head = TT_BUF_INIT;
	struct tt_held	*h;

	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	tt_buf_add(&head, tt_buf_text(&reply->head), reply->common_sz);
	tt_buf_puts(&head, "Content-Type: application/json; charset=utf-8\r\n"
	    "Cache-Control: no-store\r\n");
	if (!tt_buf_broken(&head))
		h->head = tt_frame_new(head.data, head.sz);
	h->late = whole(late->status, tt_buf_text(&late->head), late->head.sz,
	    &late->body);
	tt_buf_free(&head);
	if (h->head == NULL || h->late == NULL) {
		tt_held_free(h);
		return NULL;
	}
	return h;
}

void
tt_held_free(struct tt_held *h)
{
	if (h == NULL)
		return;
	tt_frame_unref(h->head);
	tt_frame_unref(h->late);
	free(h);
}

struct tt_frame *
tt_held_answer(const struct tt_held *h, int status, const struct tt_buf *body)
{
	return whole(status, h->head->text, h->head->sz, body);
}

struct tt_frame *
tt_held_late(const struct tt_held *h)
{
	return tt_frame_ref(h->late);
}

/*
 * frame.c - see frame.h.
 */
#include <stdlib.h>
#include <string.h>

#include "web/frame.h"

struct tt_frame *
tt_frame_new(const void *text, size_t sz)
{
	struct tt_frame	*f;

	if ((f = malloc(sizeof(*f) + sz)) == NULL)
		return NULL;
	memset(f, 0, sizeof(*f));
	f->refs = 1;
	f->sz = sz;
	memcpy(f->text, text, sz);
	return f;
}

struct tt_frame *
tt_frame_ref(struct tt_frame *f)
{
	f->refs++;
	return f;
}

void
tt_frame_unref(struct tt_frame *f)
{
	if (f != NULL && --f->refs == 0)
		free(f);
}

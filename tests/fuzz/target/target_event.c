/*
 * target_event.c - an event of the log as the streams tell it: a line, its
 * kind; and its data.
 *
 * The database writes the data out of what workers say; it is JSON then.
 */
#include <assert.h>
#include <string.h>

#include <jansson.h>

#include "job/event.h"
#include "surface/moderation_stream.h"
#include "surface/queue.h"
#include "surface/updates.h"
#include "surface/vocabulary.h"
#include "target.h"

static const struct tt_vocabulary *const vocabularies[] = {
	&tt_moderation_vocabulary, &tt_queue_vocabulary,
	&tt_updates_vocabulary
};

/*
 * One line, harmless inside HTML; of JSON there comes JSON, where a number may
 * have more digits than jansson's integers.
 */
static void
check_said(const struct tt_buf *said, bool is_json)
{
	json_t	*v;
	size_t	 i;

	for (i = 0; i < said->sz; i++)
		assert((unsigned char)said->data[i] >= 0x20 &&
		    strchr("<>&\x7f", said->data[i]) == NULL);
	assert(target_text_ok(tt_buf_text(said), "\r\n"));
	if (!is_json)
		return;
	v = json_loadb(said->data, said->sz, JSON_DECODE_INT_AS_REAL, NULL);
	assert(json_is_object(v));
	json_decref(v);
}

enum tt_rc
target_event(char *in, size_t sz, struct tt_buf *seen, struct tt_err *err)
{
	struct tt_event	 ev = {
		.kind = tt_kind_parse(target_line(&in)), .job = 1, .seq = 1,
		.job_id = "j-1", .type = "index", .data = in
	};
	json_t		*v;
	size_t		 i;
	bool		 replaceable;

	(void)sz;
	if (ev.kind == TT_KIND__MAX)
		return tt_err_set(err, TT_BADREQ, "no such kind");
	v = json_loads(in, 0, NULL);
	for (i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]); i++) {
		tt_buf_clear(seen);
		if (vocabularies[i]->show(&ev, seen, &replaceable) != NULL)
			check_said(seen, json_is_object(v));
	}
	json_decref(v);
	return err->rc;
}

/*
 * sseread.c - see sseread.h.
 */
#include <stdlib.h>
#include <string.h>

#include "sseread.h"

#define BOM	"\xef\xbb\xbf"

static const struct sse	 empty = {
	.line = TT_BUF_INIT, .data = TT_BUF_INIT, .name = TT_BUF_INIT,
	.id = TT_BUF_INIT, .retry_ms = -1
};

void
sse_init(struct sse *s)
{
	*s = empty;
}

void
sse_free(struct sse *s)
{
	tt_buf_free(&s->line);
	tt_buf_free(&s->data);
	tt_buf_free(&s->name);
	tt_buf_free(&s->id);
}

static void
forget_event(struct sse *s)
{
	tt_buf_clear(&s->data);
	tt_buf_clear(&s->name);
	tt_buf_clear(&s->id);
	s->has_id = s->has_data = false;
}

void
sse_begin(struct sse *s)
{
	forget_event(s);
	tt_buf_clear(&s->line);
	s->after_cr = s->begun = false;
}

bool
sse_within(const struct sse *s)
{
	return s->line.sz > 0 || s->name.sz > 0 || s->has_id || s->has_data;
}

static void
dispatch(struct sse *s, sse_told told, void *arg)
{
	struct sse_event	 ev;

	ev.id = s->has_id ? tt_buf_text(&s->id) : NULL;
	ev.name = s->name.sz == 0 ? "message" : tt_buf_text(&s->name);
	ev.data = s->has_data ? tt_buf_text(&s->data) : NULL;
	if (s->has_data || s->has_id)
		told(arg, &ev);
	forget_event(s);
}

static void
field(struct sse *s, const char *name, const char *value)
{
	if (strcmp(name, "data") == 0) {
		if (s->has_data)
			tt_buf_putc(&s->data, '\n');
		tt_buf_puts(&s->data, value);
		s->has_data = true;
	} else if (strcmp(name, "event") == 0) {
		tt_buf_clear(&s->name);
		tt_buf_puts(&s->name, value);
	} else if (strcmp(name, "id") == 0) {
		tt_buf_clear(&s->id);
		tt_buf_puts(&s->id, value);
		s->has_id = true;
	} else if (strcmp(name, "retry") == 0 && *value != '\0' &&
	    value[strspn(value, "0123456789")] == '\0')
		s->retry_ms = atol(value);
}

/* A mark of the byte order may stand before the first line. */
static void
take_line(struct sse *s, sse_told told, void *arg)
{
	char	*line = s->line.data, *colon;

	if (!s->begun && s->line.sz >= 3 && memcmp(line, BOM, 3) == 0)
		line += 3;
	s->begun = true;
	if (s->line.sz == 0)
		dispatch(s, told, arg);
	else if (*line == ':')
		s->comments++;
	else if ((colon = strchr(line, ':')) == NULL)
		field(s, line, "");
	else {
		*colon++ = '\0';
		field(s, line, *colon == ' ' ? colon + 1 : colon);
	}
	tt_buf_clear(&s->line);
}

/* Lines end with CR, LF or both. */
void
sse_read(struct sse *s, const char *text, size_t sz, sse_told told, void *arg)
{
	const char	*end = text + sz, *p;

	while (text < end) {
		if (s->after_cr && *text == '\n')
			text++;
		s->after_cr = false;
		for (p = text; p < end && *p != '\n' && *p != '\r'; p++)
			continue;
		tt_buf_add(&s->line, text, (size_t)(p - text));
		if (p == end)
			return;
		s->after_cr = *p == '\r';
		take_line(s, told, arg);
		text = p + 1;
	}
}

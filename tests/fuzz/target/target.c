/*
 * target.c - the table of targets, and what they share: see target.h.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/utf8.h"
#include "surface/moderation.h"
#include "target.h"
#include "web/reply.h"
#include "web/request.h"

static const struct target targets[] = {
	{ "uri", target_uri, true },
	{ "headers", target_headers, true },
	{ "authorization", target_authorization, true },
	{ "ticket", target_ticket, true },
	{ "cursor", target_cursor, true },
	{ "last-event-id", target_last_event_id, false },
	{ "position", target_position, false },
	{ "address", target_address, false },
	{ "form", target_form, true },
	{ "json", target_json, true },
	{ "conf", target_conf, false },
	{ "event", target_event, false },
};

const struct target *
target_find(const char *name, size_t sz)
{
	size_t	 i;

	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (strlen(targets[i].name) == sz &&
		    strncmp(targets[i].name, name, sz) == 0)
			return &targets[i];
	return NULL;
}

enum tt_rc
target_feed(const struct target *target, const void *in, size_t sz,
    struct tt_buf *seen, struct tt_err *err)
{
	struct refusal	 refusal;
	char		*copy = malloc(sz + 1);

	assert(copy != NULL);
	if (sz > 0)
		(void)memcpy(copy, in, sz);
	copy[sz] = '\0';
	tt_err_clear(err);
	(void)!target->run(copy, sz, seen, err);
	free(copy);

	if (err->rc != TT_OK && target->http)
		target_refuse(err, &refusal);
	return err->rc;
}

/* One object of these three members, on one line, harmless in HTML. */
static void
read_refusal(const struct tt_buf *body, struct refusal *refusal)
{
	const char	*text = tt_buf_text(body), *word, *message;
	json_t		*doc;
	size_t		 i;

	for (i = 0; i < body->sz; i++)
		assert((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
	assert(strpbrk(text, "<>&") == NULL);
	doc = json_loadb(text, body->sz, JSON_REJECT_DUPLICATES, NULL);
	assert(doc != NULL && json_object_size(doc) == 3);
	word = json_string_value(json_object_get(doc, "error"));
	message = json_string_value(json_object_get(doc, "message"));
	assert(word != NULL && message != NULL && message[0] != '\0');
	assert(refusal->status == (int)json_integer_value(
	    json_object_get(doc, "statusCode")));

	(void)snprintf(refusal->word, sizeof(refusal->word), "%s", word);
	(void)snprintf(refusal->message, sizeof(refusal->message), "%s",
	    message);
	json_decref(doc);
}

void
target_refuse(const struct tt_err *err, struct refusal *refusal)
{
	struct tt_request	 req = { .method = "GET" };
	struct tt_reply		 reply = { 0 };

	tt_moderation_error(&reply, &req, err);
	refusal->status = reply.status;
	assert(refusal->status >= 400 && refusal->status < 600);
	target_head_ok(&reply.head);
	read_refusal(&reply.body, refusal);
	tt_reply_free(&reply);
}

void
fake_env_add(struct fake_env *env, const char *name, const char *value)
{
	size_t	 sz;
	char	*entry;

	if (value == NULL || env->n == TARGET_ENV)
		return;
	sz = strlen(name) + strlen(value) + 2;
	entry = malloc(sz);
	assert(entry != NULL);
	(void)snprintf(entry, sz, "%s=%s", name, value);
	env->list[env->n++] = entry;
}

/* "If-None-Match" as a web server hands it over: "HTTP_IF_NONE_MATCH". */
static void
cgi_name(const char *header, char *name, size_t sz)
{
	bool	 bare = strcasecmp(header, "Content-Type") == 0 ||
		    strcasecmp(header, "Content-Length") == 0;

	(void)snprintf(name, sz, "%s%s", bare ? "" : "HTTP_", header);
	for (; *name != '\0'; name++)
		if (*name >= 'a' && *name <= 'z')
			*name = (char)(*name - 'a' + 'A');
		else if (*name == '-')
			*name = '_';
}

bool
fake_env_header(struct fake_env *env, char **p)
{
	char	 name[64], *line = target_line(p), *value;

	if (*line == '\0')
		return false;
	/* The last place is the target's own. */
	if ((value = strchr(line, ':')) != NULL && env->n < TARGET_ENV - 1) {
		*value++ = '\0';
		cgi_name(line, name, sizeof(name));
		fake_env_add(env, name, value + strspn(value, " "));
	}
	return true;
}

void
fake_env_free(struct fake_env *env)
{
	while (env->n > 0) {
		free(env->list[--env->n]);
		env->list[env->n] = NULL;
	}
}

bool
target_text_ok(const char *text, const char *not)
{
	return tt_utf8_length(text) != -1 && strpbrk(text, not) == NULL;
}

void
target_head_ok(const struct tt_buf *head)
{
	const char	*p = tt_buf_text(head), *end, *colon;

	assert(strlen(p) == head->sz);
	for (; *p != '\0'; p = end + 2) {
		end = strstr(p, "\r\n");
		assert(end != NULL && end > p);
		assert(memchr(p, '\r', (size_t)(end - p)) == NULL &&
		    memchr(p, '\n', (size_t)(end - p)) == NULL);
		colon = memchr(p, ':', (size_t)(end - p));
		assert(colon != NULL && colon > p && colon[1] == ' ');
	}
}

char *
target_line(char **p)
{
	char	*line = *p, *end = line + strcspn(line, "\n");

	*p = *end == '\0' ? end : end + 1;
	*end = '\0';
	return line;
}

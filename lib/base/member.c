/*
 * member.c - see member.h.
 */
#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "base/member.h"

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Past the string that begins here. */
static const char *
skip_string(const char *p)
{
	for (p++; *p != '\0' && *p != '"'; p++)
		if (p[0] == '\\' && p[1] != '\0')
			p++;
	return *p == '\0' ? p : p + 1;
}

/* Past the value that begins here, to the comma or brace after it. */
static const char *
skip_value(const char *p)
{
	int	 depth = 0;

	while (*p != '\0') {
		if (depth == 0 && (*p == ',' || *p == '}'))
			break;
		depth += *p == '{' || *p == '[';
		depth -= *p == '}' || *p == ']';
		p = *p == '"' ? skip_string(p) : p + 1;
	}
	return p;
}

static bool
is_called(const struct tt_member *m, const char *name, size_t sz)
{
	return strncmp(m->name, name, sz) == 0 && m->name[sz] == '\0';
}

/* A name in its quotes, and the value from text to end. */
static size_t
keep(struct tt_member *m, size_t n, const char *name, size_t name_sz,
    const char *text, const char *end)
{
	size_t	 i;

	for (i = 0; i < n; i++)
		if (m[i].text == NULL && is_called(&m[i], name, name_sz)) {
			m[i].text = text;
			m[i].sz = (size_t)(end - text);
			return 1;
		}
	return 0;
}

void
tt_members_find(const char *object, struct tt_member *m, size_t n)
{
	const char	*p, *name, *value, *end;
	size_t		 i, left = n;

	for (i = 0; i < n; i++) {
		m[i].text = NULL;
		m[i].sz = 0;
	}
	p = skip_blanks(object);
	if (*p != '{')
		return;
	for (; left > 0 && (*p == '{' || *p == ','); p = end) {
		name = skip_blanks(p + 1);
		if (*name != '"')
			return;
		p = skip_string(name);
		value = skip_blanks(p);
		if (*value != ':')
			return;
		value = skip_blanks(value + 1);
		end = skip_value(value);
		left -= keep(m, n, name + 1, (size_t)(p - name) - 2, value,
		    end);
	}
}

void
tt_member_put(struct tt_json *j, const struct tt_member *m)
{
	tt_json_key(j, m->name);
	tt_json_copy(j, m->text, m->sz);
}

void
tt_member_add(struct tt_json *j, const struct tt_member *m)
{
	if (m->text != NULL)
		tt_member_put(j, m);
}

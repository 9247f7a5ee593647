/*
 * header.c - see header.h.
 */
#include <string.h>
#include <strings.h>

#include "web/header.h"

#define BLANK	" \t"

bool
tt_header_is(const char *header, const char *value)
{
	size_t	 sz = strlen(value);

	header += strspn(header, BLANK);
	return strcspn(header, BLANK ";") == sz &&
	    strncasecmp(header, value, sz) == 0;
}

/* Does a backslash here escape what follows? */
static bool
escapes(const char *p)
{
	return p[0] == '\\' && (p[1] == '"' || p[1] == '\\');
}

/* The value at p, quoted or not; returns what follows, NULL if malformed. */
static const char *
read_value(const char *p, struct tt_header_param *value)
{
	if (*p != '"') {
		value->p = p;
		value->sz = strcspn(p, BLANK ";\"");
		return value->sz == 0 ? NULL : p + value->sz;
	}
	value->p = ++p;
	for (; *p != '"'; p++) {
		if (escapes(p))
			p++;
		if (*p == '\0')
			return NULL;
	}
	value->sz = (size_t)(p - value->p);
	return p + 1;
}

bool
tt_header_param(const char *header, const char *name,
    struct tt_header_param *param)
{
	struct tt_header_param	 value;
	const char		*p, *key;
	size_t			 n;

	param->p = NULL;
	param->sz = 0;
	for (p = header + strcspn(header, ";"); *p == ';';) {
		p += strspn(p, BLANK ";");
		if (*p == '\0')
			break;
		key = p;
		n = strcspn(p, BLANK ";=\"");
		if (n == 0 || p[n] != '=' ||
		    (p = read_value(p + n + 1, &value)) == NULL)
			return false;
		p += strspn(p, BLANK);
		if (strlen(name) != n || strncasecmp(key, name, n) != 0)
			continue;
		if (param->p != NULL)
			return false;
		*param = value;
	}
	return *p == '\0';
}

void
tt_header_unescape(char *s, size_t n)
{
	char	*in, *out = s;

	s[n] = '\0';
	for (in = s; *in != '\0'; in++) {
		if (escapes(in))
			in++;
		*out++ = *in;
	}
	*out = '\0';
}

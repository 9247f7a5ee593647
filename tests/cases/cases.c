/*
 * cases - one input a file, and what must come of it.
 *
 *	cases [FILE]...
 *
 * Without files: all of tests/cases/TARGET/{ok,bad}/.  The first line of a file
 * is the expectation, the rest the input, byte for byte; one newline at the
 * very end is the editor's.  Under bad/ the expectation is
 *
 *	400 INVALID_REQUEST [TEXT]	the answer, and what its message has
 *	TEXT				what the error has, where no client
 *					is answered (conf, address, ...)
 *
 * and under ok/ "200", or "200 TEXT" for what the input was taken for: see
 * tests/fuzz/target.  Speaks TAP, a point for each file.
 */
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../fuzz/target/target.h"
#include "base/log.h"

#define INPUT_MAX	(8 << 20)

static int	 points, failures;
static char	 instead[512];	/* what came, where it is not as expected */

static void
point(bool ok, const char *title)
{
	failures += !ok;
	(void)printf("%sok %d - %s\n", ok ? "" : "not ", ++points, title);
	if (!ok)
		(void)printf("# %s\n", instead);
}

static TT_PRINTF(1, 2) bool
differs(const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	(void)vsnprintf(instead, sizeof(instead), fmt, ap);
	va_end(ap);
	return false;
}

/* The whole file; false if it is empty or cannot be read. */
static bool
read_file(const char *path, struct tt_buf *text)
{
	static char	 block[65536];
	FILE		*fp = fopen(path, "re");
	size_t		 n;

	if (fp == NULL)
		return false;
	tt_buf_clear(text);
	while ((n = fread(block, 1, sizeof(block), fp)) > 0 &&
	    text->sz < INPUT_MAX)
		tt_buf_add(text, block, n);
	(void)fclose(fp);
	return !tt_buf_broken(text) && text->sz > 0;
}

static bool
refused_so(const struct target *target, const char *expected,
    const struct tt_err *err)
{
	struct refusal	 got;
	char		 answer[64];
	size_t		 n;

	if (err->rc == TT_OK)
		return differs("accepted");
	if (!target->http)
		return strstr(err->msg, expected) != NULL ||
		    differs("said: %s", err->msg);
	target_refuse(err, &got);
	(void)snprintf(answer, sizeof(answer), "%d %s", got.status, got.word);
	n = strlen(answer);
	if (strncmp(expected, answer, n) == 0 && (expected[n] == '\0' ||
	    (expected[n] == ' ' && strstr(got.message, expected + n + 1)
	    != NULL)))
		return true;
	return differs("answered: %s %.400s", answer, got.message);
}

static bool
accepted_so(const char *expected, const struct tt_buf *seen,
    const struct tt_err *err)
{
	if (err->rc != TT_OK)
		return differs("refused: %s", err->msg);
	if (strcmp(expected, "200") == 0)
		return true;
	if (strncmp(expected, "200 ", 4) == 0 &&
	    strcmp(expected + 4, tt_buf_text(seen)) == 0)
		return true;
	return differs("taken for: %.400s", tt_buf_text(seen));
}

/* The target is the folder's name; false if the path is none of a case. */
static const struct target *
target_of(const char *path, bool *bad)
{
	const char	*name = strstr(path, "cases/"), *kind;

	if (name == NULL)
		return NULL;
	name += strlen("cases/");
	kind = name + strcspn(name, "/");
	*bad = strncmp(kind, "/bad/", 5) == 0;
	if (!*bad && strncmp(kind, "/ok/", 4) != 0)
		return NULL;
	return target_find(name, (size_t)(kind - name));
}

static void
run_case(const char *path)
{
	static struct tt_buf	 text = TT_BUF_INIT, seen = TT_BUF_INIT;
	const struct target	*target;
	struct tt_err		 err;
	char			*end;
	size_t			 sz;
	bool			 bad;

	if ((target = target_of(path, &bad)) == NULL ||
	    !read_file(path, &text) ||
	    (end = memchr(text.data, '\n', text.sz)) == NULL) {
		point(differs("no case: see tests/cases/cases.c"), path);
		return;
	}
	*end++ = '\0';
	sz = text.sz - (size_t)(end - text.data);
	if (sz > 0 && end[sz - 1] == '\n')
		sz--;

	tt_buf_clear(&seen);
	(void)!target_feed(target, end, sz, &seen, &err);
	point(bad ? refused_so(target, text.data, &err) :
	    accepted_so(text.data, &seen, &err), path);
}

int
main(int argc, char **argv)
{
	glob_t	 all;
	size_t	 i;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	tt_log_open("cases", TT_LOG_ERROR, false);
	for (i = 1; i < (size_t)argc; i++)
		run_case(argv[i]);
	if (argc == 1) {
		if (glob("tests/cases/*/*/*", 0, NULL, &all) != 0) {
			(void)fprintf(stderr, "cases: no tests/cases here\n");
			return 1;
		}
		for (i = 0; i < all.gl_pathc; i++)
			run_case(all.gl_pathv[i]);
		globfree(&all);
	}
	(void)printf("1..%d\n", points);
	return failures != 0;
}

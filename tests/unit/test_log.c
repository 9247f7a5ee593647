/*
 * test_log.c - a line is one line, and nobody else's.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/log.h"

/* What the line says after "error: ", for this text. */
static const char *
line_for(const char *text)
{
	static char	 line[2048];
	int		 fd[2], saved = dup(STDERR_FILENO);
	ssize_t		 n;
	char		*said;

	assert_int_equal(pipe(fd), 0);
	assert_int_equal(dup2(fd[1], STDERR_FILENO), STDERR_FILENO);
	tt_error("%s", text);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	n = read(fd[0], line, sizeof(line) - 1);
	(void)close(fd[0]);
	(void)close(fd[1]);
	(void)close(saved);
	assert_true(n > 0);
	assert_int_equal(line[n - 1], '\n');
	line[n - 1] = '\0';
	assert_non_null(said = strstr(line, "error: "));
	return said + strlen("error: ");
}

static void
nothing_in_a_text_can_forge_a_line(void **state)
{
	static const struct {
		const char	*text, *line;
	} cases[] = {
		{ "plain", "plain" },
		{ "a\r\nb", "a\\x0d\\x0ab" },
		{ "\033[31m", "\\x1b[31m" },
		{ "\x7f", "\\x7f" },
		{ "M\xc3\xbcnchen", "M\xc3\xbcnchen" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "\xc2\x9b" "31m", "\\xc2\\x9b31m" },
		{ "\xe2\x80\xae" "abc", "\\xe2\\x80\\xaeabc" },
		{ "\xe2\x80\xa8", "\\xe2\\x80\\xa8" },
		{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" },
		{ "\xc3", "\\xc3" },
		{ "\xc3(", "\\xc3(" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\x80\x80", "\\x80\\x80" },
		{ "\xc3\xbc\x80x", "\xc3\xbc\\x80x" },
	};
	size_t	 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(line_for(cases[i].text), cases[i].line);
}

static void
a_long_text_is_cut(void **state)
{
	char	 text[4096];

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	text[0] = 'x';
	assert_true(strlen(line_for(text)) < 1024);
	assert_null(strchr(line_for(text), '\n'));
}

int
main(void)
{
	const struct CMUnitTest	 tests[] = {
		cmocka_unit_test(nothing_in_a_text_can_forge_a_line),
		cmocka_unit_test(a_long_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What the operator set: good values, bad ones with their message, files.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/conf.h"
#include "base/log.h"

extern char	**environ;

static char	 file[64] = "/tmp/tt-conf.XXXXXX";
static char	 output[64] = "CMOCKA_MESSAGE_OUTPUT=";
static char	*nearly_none[] = { output, NULL };	/* how cmocka speaks */

/* Nothing set, and an empty file: neither the machine's nor the tree's. */
static int
begin(void **state)
{
	FILE	*fp;

	(void)state;
	environ = nearly_none;
	if ((fp = fopen(file, "w")) == NULL || fclose(fp) != 0 ||
	    chmod(file, 0600) == -1)
		return -1;
	return setenv("TELLTALE_CONFIG", file, 1);
}

static void
write_file(const char *text, mode_t mode)
{
	FILE	*fp = fopen(file, "w");

	assert_non_null(fp);
	assert_true(fputs(text, fp) >= 0);
	assert_int_equal(fclose(fp), 0);
	assert_int_equal(chmod(file, mode), 0);
}

/* Load it; it is the caller's to free. */
static struct tt_conf
loaded(void)
{
	struct tt_conf	 conf;
	struct tt_err	 err;

	tt_err_clear(&err);
	if (tt_conf_load(&conf, &err) != TT_OK)
		fail_msg("refused: %s", err.msg);
	return conf;
}

/* Refused, with this in the message; and without that, if that is given. */
static void
refused(const char *with, const char *without)
{
	struct tt_conf	 conf;
	struct tt_err	 err;

	tt_err_clear(&err);
	if (tt_conf_load(&conf, &err) == TT_OK)
		fail_msg("not refused: %s", with);
	tt_conf_free(&conf);
	assert_false(err.told);
	if (strstr(err.msg, with) == NULL)
		fail_msg("%s\nlacks: %s", err.msg, with);
	if (without != NULL && strstr(err.msg, without) != NULL)
		fail_msg("%s\nshows: %s", err.msg, without);
}

static void
without_anything_set_the_defaults_hold(void **state)
{
	struct tt_conf	 conf = loaded();

	(void)state;
	assert_string_equal(conf.dsn, "");
	assert_false(conf.feed_poll);
	assert_true(conf.prepare);
	assert_false(conf.trace);
	assert_int_equal(conf.log_level, TT_LOG_INFO);
	assert_int_equal(conf.threads, 4);
	assert_int_equal(conf.keepalive_s, 15);
	assert_int_equal(conf.db_timeout_ms, 5000);
	assert_int_equal(conf.stream_buffer, 262144);
	assert_string_equal(conf.mount, "");
	tt_conf_free(&conf);
	tt_conf_free(&conf);
}

static void
good_values_are_taken(void **state)
{
	static const struct {
		const char	*name, *value;
		size_t		 offset;
		int		 want;
	} cases[] = {
#define AT(field)	offsetof(struct tt_conf, field)
		{ "TELLTALE_THREADS", "1", AT(threads), 1 },
		{ "TELLTALE_THREADS", "64", AT(threads), 64 },
		{ "TELLTALE_KEEPALIVE", "3600", AT(keepalive_s), 3600 },
		{ "TELLTALE_STREAM_MAX_AGE", "0", AT(stream_max_age_s), 0 },
		{ "TELLTALE_STREAM_MAX_AGE", "604800", AT(stream_max_age_s),
		    604800 },
		{ "TELLTALE_STREAM_BUFFER", "4096", AT(stream_buffer), 4096 },
		{ "TELLTALE_MAX_STREAMS", "1000000", AT(max_streams),
		    1000000 },
		{ "TELLTALE_RETRY_MS", "100", AT(retry_ms), 100 },
		{ "TELLTALE_DB_TIMEOUT", "0.1", AT(db_timeout_ms), 100 },
		{ "TELLTALE_DB_TIMEOUT", "1.25", AT(db_timeout_ms), 1250 },
		{ "TELLTALE_DB_TIMEOUT", "600", AT(db_timeout_ms), 600000 },
		{ "TELLTALE_LOG", "error", AT(log_level), TT_LOG_ERROR },
		{ "TELLTALE_LOG", "warning", AT(log_level), TT_LOG_WARN },
		{ "TELLTALE_LOG", "debug", AT(log_level), TT_LOG_DEBUG },
	};
	struct tt_conf	 conf;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(setenv(cases[i].name, cases[i].value, 1), 0);
		conf = loaded();
		assert_int_equal(*(int *)(void *)((char *)&conf +
		    cases[i].offset), cases[i].want);
		tt_conf_free(&conf);
		assert_int_equal(unsetenv(cases[i].name), 0);
	}
}

static void
switches_and_words_are_taken(void **state)
{
	struct tt_conf	 conf;

	(void)state;
	assert_int_equal(setenv("TELLTALE_PREPARE", "off", 1), 0);
	assert_int_equal(setenv("TELLTALE_TRACE", "1", 1), 0);
	assert_int_equal(setenv("TELLTALE_FEED", "poll", 1), 0);
	conf = loaded();
	assert_false(conf.prepare);
	assert_true(conf.trace);
	assert_true(conf.feed_poll);
	tt_conf_free(&conf);

	assert_int_equal(setenv("TELLTALE_PREPARE", "1", 1), 0);
	assert_int_equal(setenv("TELLTALE_TRACE", "0", 1), 0);
	assert_int_equal(setenv("TELLTALE_FEED", "listen", 1), 0);
	conf = loaded();
	assert_true(conf.prepare);
	assert_false(conf.trace);
	assert_false(conf.feed_poll);
	tt_conf_free(&conf);
}

static void
each_bad_value_is_refused_with_what_is_allowed(void **state)
{
	static const struct {
		const char	*name, *allowed;
		const char	*values[16];
	} cases[] = {
		{ "TELLTALE_FEED", "must be one of: listen poll",
		    { "", "Poll", "polling", "listen ", " poll", "listen poll",
		    "1", "on" } },
		{ "TELLTALE_PREPARE", "must be one of: off on",
		    { "", "yes", "ON", "2", "true", "o" } },
		{ "TELLTALE_TRACE", "must be one of: off on",
		    { "", "yes", "-1", "01" } },
		{ "TELLTALE_LOG", "must be one of: error warning info debug",
		    { "", "warn", "3", "INFO", "info,debug" } },
		{ "TELLTALE_THREADS", "must be a whole number from 1 to 64",
		    { "", "0", "65", "-1", "1.5", "four", "4 ", " 4", "+4",
		    "0x4", "4k", "1e1", "nan", "inf",
		    "99999999999999999999" } },
		{ "TELLTALE_KEEPALIVE", "must be a whole number from 1 to 3600",
		    { "", "0", "3601", "15s", "0.5" } },
		{ "TELLTALE_STREAM_MAX_AGE",
		    "must be a whole number from 0 to 604800",
		    { "", "-1", "604801", "1h" } },
		{ "TELLTALE_STREAM_BUFFER", "must be a whole number from 4096",
		    { "", "4095", "67108865", "256K", "4096.5" } },
		{ "TELLTALE_MAX_STREAMS", "must be a whole number from 1 to",
		    { "", "0", "1000001" } },
		{ "TELLTALE_RETRY_MS", "must be a whole number from 100 to",
		    { "", "99", "600001", "3s" } },
		{ "TELLTALE_DB_TIMEOUT", "must be a number from 0.1 to 600",
		    { "", "0", "0.05", "600.1", "5s", "1,5", "-5", "1e2",
		    "..5" } },
	};
	char		 with[200];
	size_t		 i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (k = 0; k < 16 && cases[i].values[k] != NULL; k++) {
			assert_int_equal(setenv(cases[i].name,
			    cases[i].values[k], 1), 0);
			(void)snprintf(with, sizeof(with),
			    "environment: %s=%s: %s", cases[i].name,
			    cases[i].values[k], cases[i].allowed);
			refused(with, NULL);
		}
		assert_int_equal(unsetenv(cases[i].name), 0);
	}
}

static void
the_file_is_read_line_by_line(void **state)
{
	struct tt_conf	 conf;

	(void)state;
	write_file("# a comment\n"
	    "\n"
	    "   \t \n"
	    "  TELLTALE_THREADS=7\r\n"
	    "TELLTALE_DSN=\"host=/run dbname='my site'\"\n"
	    "TELLTALE_MOUNT='/app'\n"
	    "TELLTALE_CORS_ORIGINS=https://a.example,https://b.example=1\n"
	    "TELLTALE_ADMIN_DSN=not ours\n"
	    "TELLTALE_UNKNOWN=neither\n"
	    "TELLTALE_KEEPALIVE=5\n"
	    "TELLTALE_KEEPALIVE=6", 0640);
	conf = loaded();
	assert_int_equal(conf.threads, 7);
	assert_string_equal(conf.dsn, "host=/run dbname='my site'");
	assert_string_equal(conf.mount, "/app");
	assert_string_equal(conf.cors_origins,
	    "https://a.example,https://b.example=1");
	assert_int_equal(conf.keepalive_s, 6);
	tt_conf_free(&conf);
}

static void
the_environment_goes_before_the_file(void **state)
{
	struct tt_conf	 conf;

	(void)state;
	write_file("TELLTALE_THREADS=7\nTELLTALE_KEEPALIVE=5\n"
	    "TELLTALE_RETRY_MS=nonsense, but not asked\n"
	    "TELLTALE_MOUNT=/file\n", 0640);
	assert_int_equal(setenv("TELLTALE_THREADS", "9", 1), 0);
	assert_int_equal(setenv("TELLTALE_RETRY_MS", "500", 1), 0);
	assert_int_equal(setenv("TELLTALE_MOUNT", "", 1), 0);
	conf = loaded();
	assert_int_equal(conf.threads, 9);
	assert_int_equal(conf.keepalive_s, 5);
	assert_int_equal(conf.retry_ms, 500);
	assert_string_equal(conf.mount, "");
	tt_conf_free(&conf);
}

static void
a_bad_line_is_named_with_its_number(void **state)
{
	static const struct {
		const char	*text, *with;
	} cases[] = {
		{ "TELLTALE_THREADS=0\n", ":1: TELLTALE_THREADS=0: must be" },
		{ "\n#\nTELLTALE_LOG=loud\n", ":3: TELLTALE_LOG=loud: must" },
		{ "\nTELLTALE_THREADS\n", ":2: expected TELLTALE_NAME=value" },
		{ "THREADS=4\n", ":1: expected TELLTALE_NAME=value" },
		{ "telltale_threads=4\n", ":1: expected TELLTALE_NAME=value" },
		{ "export TELLTALE_THREADS=4\n", ":1: expected TELLTALE_" },
		{ "TELLTALE_THREADS=4 # four\n", ":1: TELLTALE_THREADS=4 # " },
		{ "TELLTALE_THREADS='4\n", ":1: TELLTALE_THREADS='4: must" },
		{ "TELLTALE_THREADS=\"4'\n", ":1: TELLTALE_THREADS=\"4': " },
	};
	char		 with[160];
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file(cases[i].text, 0600);
		(void)snprintf(with, sizeof(with), "%s%s", file,
		    cases[i].with);
		refused(with, NULL);
	}
}

static void
a_line_without_an_end_is_refused(void **state)
{
	char	 line[6000];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "TELLTALE_MOUNT=", 15);
	memcpy(line + sizeof(line) - 2, "\n", 2);
	write_file(line, 0600);
	refused(":1: line is longer than", NULL);
}

/* Where the file was named, it has to be there. */
static void
a_named_file_that_is_missing_is_an_error(void **state)
{
	struct tt_conf	 conf;

	(void)state;
	assert_int_equal(setenv("TELLTALE_CONFIG", "/nonexistent/t.conf", 1),
	    0);
	refused("/nonexistent/t.conf: No such file", NULL);

	/* Set to nothing it is not set. */
	assert_int_equal(setenv("TELLTALE_CONFIG", "", 1), 0);
	conf = loaded();
	tt_conf_free(&conf);
}

static void
a_secret_is_for_nobody_else_to_read(void **state)
{
	static const struct {
		const char	*dsn;
		mode_t		 mode;
		bool		 good;
	} cases[] = {
		{ "TELLTALE_DSN=host=/run\n", 0644, true },
		{ "TELLTALE_DSN=host=/run\n", 0666, true },
		{ "TELLTALE_DSN=host=h password=s3cret\n", 0600, true },
		{ "TELLTALE_DSN=host=h password=s3cret\n", 0640, true },
		{ "TELLTALE_DSN=host=h password=s3cret\n", 0644, false },
		{ "TELLTALE_DSN=host=h password=s3cret\n", 0602, false },
		{ "TELLTALE_DSN=postgres://u:s3cret@h/db\n", 0604, false },
		{ "TELLTALE_DSN=postgresql://u:s3cret@h/db\n", 0640, true },
		{ "", 0644, true },
	};
	struct tt_conf	 conf;
	size_t		 i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file(cases[i].dsn, cases[i].mode);
		if (cases[i].good) {
			conf = loaded();
			tt_conf_free(&conf);
		} else
			refused("holds a secret and others may read it",
			    "s3cret");
	}
}

/* What the environment holds is no matter of the file's mode. */
static void
a_secret_of_the_environment_is_not_the_files(void **state)
{
	struct tt_conf	 conf;

	(void)state;
	write_file("TELLTALE_THREADS=2\n", 0644);
	assert_int_equal(setenv("TELLTALE_DSN", "host=h password=s3cret", 1),
	    0);
	conf = loaded();
	assert_int_equal(conf.threads, 2);
	tt_conf_free(&conf);
}

int
main(void)
{
#define TEST(name)	cmocka_unit_test_setup(name, begin)
	static const struct CMUnitTest	 tests[] = {
		TEST(without_anything_set_the_defaults_hold),
		TEST(good_values_are_taken),
		TEST(switches_and_words_are_taken),
		TEST(each_bad_value_is_refused_with_what_is_allowed),
		TEST(the_file_is_read_line_by_line),
		TEST(the_environment_goes_before_the_file),
		TEST(a_bad_line_is_named_with_its_number),
		TEST(a_line_without_an_end_is_refused),
		TEST(a_named_file_that_is_missing_is_an_error),
		TEST(a_secret_is_for_nobody_else_to_read),
		TEST(a_secret_of_the_environment_is_not_the_files),
	};
	const char	*value = getenv("CMOCKA_MESSAGE_OUTPUT");
	int				 fd, failed;

	if ((fd = mkstemp(file)) == -1 || close(fd) == -1)
		return 1;
	(void)snprintf(output + strlen(output), sizeof(output) - strlen(output),
	    "%s", value == NULL ? "STDOUT" : value);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)unlink(file);
	return failed;
}

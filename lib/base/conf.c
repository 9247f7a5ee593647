/*
 * conf.c - see conf.h.
 */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/log.h"

#define LINE_MAX_SZ	4094
#define SECRET_MIN	32
#define SYSTEM_FILE	"/etc/telltale/telltale.conf"

enum kind { TEXT, SECRET, NUMBER, SECONDS, SWITCH, WORD, NETWORKS };

/*
 * The one place where a variable is known.  Numbers have a range; words are a
 * list whose index is the value; SECONDS are given in seconds and fractions,
 * and kept in milliseconds.
 */
struct variable {
	const char	*name;
	enum kind	 kind;
	size_t		 offset;
	const char	*preset;
	long		 min, max;
	const char	*words;		/* "a b c" */
};

#define AT(field)	offsetof(struct tt_conf, field)

static const struct variable variables[] = {
	{ "TELLTALE_DSN", SECRET, AT(dsn), "", 0, 0, NULL },
	{ "TELLTALE_WEBHOOK_DSN", SECRET, AT(webhook_dsn), "", 0, 0, NULL },
	{ "TELLTALE_FEED", WORD, AT(feed_poll), "listen", 0, 0, "listen poll" },
	{ "TELLTALE_PREPARE", SWITCH, AT(prepare), "on", 0, 0, NULL },
	{ "TELLTALE_THREADS", NUMBER, AT(threads), "4", 1, 64, NULL },
	{ "TELLTALE_KEEPALIVE", NUMBER, AT(keepalive_s), "15", 1, 3600, NULL },
	{ "TELLTALE_STREAM_MAX_AGE", NUMBER, AT(stream_max_age_s), "3600", 0,
	    604800, NULL },
	{ "TELLTALE_STREAM_BUFFER", NUMBER, AT(stream_buffer), "262144", 4096,
	    67108864, NULL },
	{ "TELLTALE_MAX_STREAMS", NUMBER, AT(max_streams), "20000", 1, 1000000,
	    NULL },
	{ "TELLTALE_RETRY_MS", NUMBER, AT(retry_ms), "3000", 100, 600000,
	    NULL },
	{ "TELLTALE_DB_TIMEOUT", SECONDS, AT(db_timeout_ms), "5", 100, 600000,
	    NULL },
	{ "TELLTALE_CORS_ORIGINS", TEXT, AT(cors_origins), "", 0, 0, NULL },
	{ "TELLTALE_SECRET", SECRET, AT(secret), "", 0, 0, NULL },
	{ "TELLTALE_TICKET_TTL", NUMBER, AT(ticket_ttl_s), "300", 5, 3600,
	    NULL },
	{ "TELLTALE_RATE_FILE", TEXT, AT(rate_file), "", 0, 0, NULL },
	{ "TELLTALE_ADDRESS_RATE", NUMBER, AT(address_rate), "100", 1,
	    1000000, NULL },
	{ "TELLTALE_TRUSTED_PROXIES", NETWORKS, AT(trusted_proxies), "", 0, 0,
	    NULL },
	{ "TELLTALE_MAX_UPLOAD", NUMBER, AT(max_upload), "4718592", 1024,
	    1073741824, NULL },
	{ "TELLTALE_WEBHOOK_ALLOW", NETWORKS, AT(webhook_allow), "", 0, 0,
	    NULL },
	{ "TELLTALE_SYNC_MAX", NUMBER, AT(sync_max_s), "30", 1, 3600, NULL },
	{ "TELLTALE_MOUNT", TEXT, AT(mount), "", 0, 0, NULL },
	{ "TELLTALE_LOG", WORD, AT(log_level), "info", 0, 0,
	    "error warning info debug" },
	{ "TELLTALE_TRACE", SWITCH, AT(trace), "off", 0, 0, NULL },
};

#define NVARIABLES	(sizeof(variables) / sizeof(variables[0]))

/* Where a value came from, for the error message. */
struct source {
	const char	*file;		/* NULL: the environment */
	int		 line;
	bool		 secret;	/* it holds a password */
};

static TT_MUSTUSE enum tt_rc
refuse(const struct variable *v, const char *value, const struct source *from,
    const char *allowed, struct tt_err *err)
{
	const char	*shown = v->kind == SECRET ? "(not shown)" : value;

	if (from->file != NULL)
		return tt_err_set(err, TT_INTERNAL, "%s:%d: %s=%.64s: %s",
		    from->file, from->line, v->name, shown, allowed);
	return tt_err_set(err, TT_INTERNAL, "environment: %s=%.64s: %s",
	    v->name, shown, allowed);
}

static int
word_index(const char *words, const char *value)
{
	size_t		 sz = strlen(value);
	const char	*p = words;
	int		 i;

	for (i = 0; *p != '\0'; i++) {
		size_t	 n = strcspn(p, " ");

		if (n == sz && strncmp(p, value, n) == 0)
			return i;
		p += n + (p[n] == ' ');
	}
	return -1;
}

static TT_MUSTUSE enum tt_rc
set_number(const struct variable *v, int *field, const char *value,
    const struct source *from, struct tt_err *err)
{
	char	 allowed[96], *end;
	long	 scale = v->kind == SECONDS ? 1000 : 1;
	double	 n;

	errno = 0;
	n = strtod(value, &end) * (double)scale;
	if (end != value && *end == '\0' && errno == 0 && n >= (double)v->min &&
	    n <= (double)v->max &&
	    (v->kind == SECONDS || n == (double)(long)n) &&
	    strspn(value, "0123456789.") == strlen(value)) {
		*field = (int)n;
		return TT_OK;
	}
	(void)snprintf(allowed, sizeof(allowed),
	    "must be a %snumber from %g to %g",
	    v->kind == SECONDS ? "" : "whole ", (double)v->min / (double)scale,
	    (double)v->max / (double)scale);
	return refuse(v, value, from, allowed, err);
}

static TT_MUSTUSE enum tt_rc
set_word(const struct variable *v, void *field, const char *value,
    const struct source *from, struct tt_err *err)
{
	const char	*words = v->kind == SWITCH ? "off on" : v->words;
	char		 allowed[96];
	int		 i;

	if ((i = word_index(words, value)) == -1 && v->kind == SWITCH)
		i = word_index("0 1", value);
	if (i == -1) {
		(void)snprintf(allowed, sizeof(allowed),
		    "must be one of: %s", words);
		return refuse(v, value, from, allowed, err);
	}
	if (v->offset == AT(log_level))
		*(int *)field = i;
	else
		*(bool *)field = i == 1;
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
set_networks(const struct variable *v, struct tt_cidrs *field,
    const char *value, const struct source *from, struct tt_err *err)
{
	char		 allowed[128];
	const char	*wrong;

	tt_cidrs_free(field);
	if (tt_cidrs_read(value, field, &wrong))
		return TT_OK;
	if (wrong == NULL)
		return tt_err_set(err, TT_INTERNAL, "out of memory");
	(void)snprintf(allowed, sizeof(allowed), "\"%.*s\" is no network such "
	    "as 192.0.2.0/24 or 2001:db8::/32", (int)strcspn(wrong, ", \t"),
	    wrong);
	return refuse(v, value, from, allowed, err);
}

/* What a secret must be to keep others from guessing it. */
static const char *
weak_secret(const struct tt_conf *conf)
{
	const char	*p = conf->secret;
	size_t		 n;

	for (; *p != '\0'; p += n + (p[n] == ','))
		if ((n = strcspn(p, ",")) < SECRET_MIN)
			return "must be 32 characters or more, or two such "
			    "texts with a comma between them: openssl rand "
			    "-hex 32 prints one";
	return NULL;
}

static TT_MUSTUSE enum tt_rc
set(struct tt_conf *conf, const struct variable *v, const char *value,
    const struct source *from, struct tt_err *err)
{
	char	*base = (char *)conf, *copy;

	switch (v->kind) {
	case NUMBER:
	case SECONDS:
		return set_number(v, (int *)(void *)(base + v->offset), value,
		    from, err);
	case SWITCH:
	case WORD:
		return set_word(v, base + v->offset, value, from, err);
	case NETWORKS:
		return set_networks(v, (void *)(base + v->offset), value,
		    from, err);
	case TEXT:
	case SECRET:
		break;
	}

	if ((copy = strdup(value)) == NULL)
		return tt_err_set(err, TT_INTERNAL, "out of memory");
	free(*(char **)(void *)(base + v->offset));
	*(char **)(void *)(base + v->offset) = copy;
	if (v->offset == AT(secret) && weak_secret(conf) != NULL)
		return refuse(v, value, from, weak_secret(conf), err);
	return TT_OK;
}

/* Blanks around the equals sign would make a name that nobody knows. */
static bool
name_ok(const char *name, size_t sz)
{
	return strncmp(name, "TELLTALE_", 9) == 0 &&
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == sz;
}

static const struct variable *
find(const char *name, size_t sz)
{
	size_t	 i;

	for (i = 0; i < NVARIABLES; i++)
		if (strlen(variables[i].name) == sz &&
		    strncmp(variables[i].name, name, sz) == 0)
			return &variables[i];
	return NULL;
}

/*
 * One line of the file: NAME=value, blank, or a comment.  A variable that the
 * environment has set stays; a name of the command's or the web server's side
 * (TELLTALE_ADMIN_DSN) is not ours to judge.
 */
static TT_MUSTUSE enum tt_rc
read_line(struct tt_conf *conf, char *line, struct source *from,
    struct tt_err *err)
{
	const struct variable	*v;
	char			*value;
	size_t			 n;

	line += strspn(line, " \t");
	line[strcspn(line, "\r\n")] = '\0';
	if (*line == '\0' || *line == '#')
		return TT_OK;
	if ((value = strchr(line, '=')) == NULL ||
	    !name_ok(line, (size_t)(value - line)))
		return tt_err_set(err, TT_INTERNAL,
		    "%s:%d: expected TELLTALE_NAME=value", from->file,
		    from->line);

	n = (size_t)(value - line);
	if ((v = find(line, n)) == NULL)
		return TT_OK;
	value++;
	if (v->kind == SECRET && (v->offset == AT(secret) ||
	    strstr(value, "password") != NULL || strstr(value, "://") != NULL))
		from->secret = true;
	if (getenv(v->name) != NULL)
		return TT_OK;
	n = strlen(value);
	if (n >= 2 && (value[0] == '"' || value[0] == '\'') &&
	    value[n - 1] == value[0]) {
		value[n - 1] = '\0';
		value++;
	}
	return set(conf, v, value, from, err);
}

/* A file with a password is for nobody else to read. */
static TT_MUSTUSE enum tt_rc
check_mode(const struct source *from, int fd, struct tt_err *err)
{
	struct stat	 st;

	if (fstat(fd, &st) == -1)
		return tt_err_set(err, TT_INTERNAL, "%s: %s", from->file,
		    strerror(errno));
	if (from->secret && (st.st_mode & (S_IROTH | S_IWOTH)) != 0)
		return tt_err_set(err, TT_INTERNAL,
		    "%s: holds a secret and others may read it; chmod 0640 it",
		    from->file);
	return TT_OK;
}

static enum tt_rc
read_file(struct tt_conf *conf, const char *file, FILE *fp, struct tt_err *err)
{
	struct source	 from = { file, 0, false };
	char		*line = NULL;
	size_t		 cap = 0;
	ssize_t		 n;

	while (err->rc == TT_OK && (n = getline(&line, &cap, fp)) != -1) {
		from.line++;
		if (strlen(line) != (size_t)n)
			(void)tt_err_set(err, TT_INTERNAL,
			    "%s:%d: has a NUL byte", file, from.line);
		else if (strcspn(line, "\n") > LINE_MAX_SZ)
			(void)tt_err_set(err, TT_INTERNAL,
			    "%s:%d: line is longer than %d bytes", file,
			    from.line, LINE_MAX_SZ);
		else
			(void)!read_line(conf, line, &from, err);
	}
	free(line);
	return err->rc == TT_OK ? check_mode(&from, fileno(fp), err) : err->rc;
}

/* telltale.conf one level above the folder that the program is in. */
static bool
beside(char *path, size_t sz)
{
	static const char	 name[] = "/telltale.conf";
	ssize_t			 n;
	char			*slash;
	int			 up;

	if ((n = readlink("/proc/self/exe", path, sz - 1)) <= 0)
		return false;
	path[n] = '\0';
	for (up = 0; up < 2; up++) {
		if ((slash = strrchr(path, '/')) == NULL)
			return false;
		*slash = '\0';
	}
	if (strlen(path) + sizeof(name) > sz)
		return false;
	(void)memcpy(path + strlen(path), name, sizeof(name));
	return true;
}

static TT_MUSTUSE enum tt_rc
load_file(struct tt_conf *conf, struct tt_err *err)
{
	char		 path[PATH_MAX];
	const char	*tries[] = { getenv("TELLTALE_CONFIG"), NULL,
			    SYSTEM_FILE };
	bool		 named = tries[0] != NULL && *tries[0] != '\0';
	size_t		 i;
	FILE		*fp;

	if (!named && beside(path, sizeof(path)))
		tries[1] = path;
	for (i = named ? 0 : 1; i < (named ? 1 : 3); i++) {
		if (tries[i] == NULL)
			continue;
		if ((fp = fopen(tries[i], "re")) == NULL) {
			if (!named && (errno == ENOENT || errno == ENOTDIR))
				continue;
			return tt_err_set(err, TT_INTERNAL, "%s: %s", tries[i],
			    strerror(errno));
		}
		(void)read_file(conf, tries[i], fp, err);
		(void)fclose(fp);
		return err->rc;
	}
	return TT_OK;
}

enum tt_rc
tt_conf_load(struct tt_conf *conf, struct tt_err *err)
{
	const struct source	 builtin = { "built in", 0, false };
	const struct source	 env = { NULL, 0, false };
	const char		*value;
	size_t			 i;

	memset(conf, 0, sizeof(*conf));
	for (i = 0; i < NVARIABLES; i++)
		if (set(conf, &variables[i], variables[i].preset, &builtin,
		    err) != TT_OK)
			return err->rc;
	for (i = 0; i < NVARIABLES; i++)
		if ((value = getenv(variables[i].name)) != NULL &&
		    set(conf, &variables[i], value, &env, err) != TT_OK)
			return err->rc;
	return load_file(conf, err);
}

void
tt_conf_free(struct tt_conf *conf)
{
	size_t	 i;

	for (i = 0; i < NVARIABLES; i++)
		if (variables[i].kind == TEXT || variables[i].kind == SECRET)
			free(*(char **)(void *)((char *)conf +
			    variables[i].offset));
	tt_cidrs_free(&conf->trusted_proxies);
	tt_cidrs_free(&conf->webhook_allow);
	memset(conf, 0, sizeof(*conf));
}

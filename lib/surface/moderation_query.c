/*
 * moderation_query.c - the parameters of GET /api/v1/jobs: see moderation.h.
 */
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "job/list.h"
#include "surface/moderation.h"
#include "web/request.h"

#define LIMIT_PRESET	50
#define SEARCH_MAX	64

static const char *const known[] = {
	"limit", "offset", "cursor", "type", "decision", "status", "search",
	"from", "to", NULL
};

static TT_MUSTUSE enum tt_rc
read_time(const struct tt_request *req, const char *name, bool *has,
    int64_t *us, struct tt_err *err)
{
	const char	*s = tt_request_param(req, name);

	*has = s != NULL;
	if (s != NULL && tt_clock_parse(s, us) != TT_OK)
		return tt_err_tell(err, TT_BADREQ, "%s must be a date, or an "
		    "ISO 8601 time with its zone (in a URL, + is %%2B)", name);
	return TT_OK;
}

/* One word of the list, of sz bytes: which statuses it stands for. */
static bool
add_status(const char *word, size_t sz, bool status[TT_STATUS__MAX])
{
	bool		 found = false;
	const char	*shown;
	int		 i;

	for (i = 0; i < TT_STATUS__MAX; i++) {
		shown = tt_moderation_status((enum tt_status)i);
		if (strlen(shown) == sz && strncmp(shown, word, sz) == 0)
			status[i] = found = true;
	}
	return found;
}

static TT_MUSTUSE enum tt_rc
read_status(const struct tt_request *req, struct tt_list_query *q,
    struct tt_err *err)
{
	const char	*s = tt_request_param(req, "status");
	size_t		 n;

	if (s == NULL)
		return TT_OK;
	q->by_status = true;
	for (;; s += n + 1) {
		n = strcspn(s, ",");
		if (!add_status(s, n, q->status))
			return tt_err_tell(err, TT_BADREQ, "status must be a "
			    "list of queued, processing, completed, failed");
		if (s[n] == '\0')
			return TT_OK;
	}
}

/* What it is a type of is for the database to say; words it must be. */
static TT_MUSTUSE enum tt_rc
read_words(const struct tt_request *req, struct tt_list_query *q,
    struct tt_err *err)
{
	q->type = tt_request_param(req, "type");
	q->decision = tt_request_param(req, "decision");
	q->search = tt_request_param(req, "search");

	if (q->type != NULL && q->type[0] == '\0')
		return tt_err_tell(err, TT_BADREQ, "type must not be empty");
	if (q->decision != NULL && strcmp(q->decision, "pass") != 0 &&
	    strcmp(q->decision, "reject") != 0)
		return tt_err_tell(err, TT_BADREQ,
		    "decision must be pass or reject");
	if (q->search != NULL && tt_utf8_length(q->search) > SEARCH_MAX)
		return tt_err_tell(err, TT_BADREQ,
		    "search must not have more than %d characters", SEARCH_MAX);
	return TT_OK;
}

static TT_MUSTUSE enum tt_rc
read_cursor(const struct tt_request *req, struct tt_list_query *q,
    struct tt_err *err)
{
	const char	*s = tt_request_param(req, "cursor");

	if (s == NULL)
		return TT_OK;
	if (tt_request_param(req, "offset") != NULL)
		return tt_err_tell(err, TT_BADREQ,
		    "cursor and offset exclude each other");
	return tt_list_cursor_read(s, q, err);
}

enum tt_rc
tt_moderation_query(const struct tt_request *req, struct tt_list_query *q,
    struct tt_err *err)
{
	(void)memset(q, 0, sizeof(*q));
	q->limit = LIMIT_PRESET;
	if (tt_request_known(req, known, err) != TT_OK ||
	    tt_request_number(req, "limit", 1, TT_LIST_MAX, &q->limit, err) !=
	    TT_OK || tt_request_number(req, "offset", 0, INT_MAX, &q->offset,
	    err) != TT_OK ||
	    read_words(req, q, err) != TT_OK ||
	    read_status(req, q, err) != TT_OK ||
	    read_time(req, "from", &q->has_from, &q->from_us, err) != TT_OK ||
	    read_time(req, "to", &q->has_to, &q->to_us, err) != TT_OK)
		return err->rc;
	return read_cursor(req, q, err);
}

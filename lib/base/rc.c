/*
 * rc.c - see rc.h.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/rc.h"

void
tt_err_clear(struct tt_err *err)
{
	err->rc = TT_OK;
	err->retry_s = 0;
	err->told = false;
	err->sqlstate[0] = '\0';
	err->msg[0] = '\0';
}

static TT_PRINTF(4, 0) enum tt_rc
set(struct tt_err *err, enum tt_rc rc, bool told, const char *fmt,
    va_list ap)
{
	assert(rc > TT_OK && rc < TT_RC__MAX);
	if (err->rc != TT_OK)
		return err->rc;

	err->rc = rc;
	err->told = told;
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	return rc;
}

enum tt_rc
tt_err_set(struct tt_err *err, enum tt_rc rc, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	rc = set(err, rc, false, fmt, ap);
	va_end(ap);
	return rc;
}

enum tt_rc
tt_err_tell(struct tt_err *err, enum tt_rc rc, const char *fmt, ...)
{
	va_list	 ap;

	va_start(ap, fmt);
	rc = set(err, rc, true, fmt, ap);
	va_end(ap);
	return rc;
}

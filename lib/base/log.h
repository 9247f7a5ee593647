/*
 * log.h - lines on standard error, one per event, that nobody can forge.
 *
 * A line is "telltale program[pid] request-id level: text".  Controls in the
 * text, and what is no UTF-8, are escaped.  A request's id is set per thread;
 * "-" outside one.
 */
#ifndef TT_LOG_H
#define TT_LOG_H

#include <stdbool.h>

#include "base/rc.h"

enum tt_log_level { TT_LOG_ERROR, TT_LOG_WARN, TT_LOG_INFO, TT_LOG_DEBUG };

/* Say who logs, how much, and whether TELLTALE_TRACE is on.  Borrows name. */
void	 tt_log_open(const char *program, enum tt_log_level, bool trace);
void	 tt_log_request(const char *id);	/* borrowed until reset; NULL */

void	 tt_error(const char *fmt, ...) TT_PRINTF(1, 2);
void	 tt_warn(const char *fmt, ...) TT_PRINTF(1, 2);
void	 tt_info(const char *fmt, ...) TT_PRINTF(1, 2);
void	 tt_debug(const char *fmt, ...) TT_PRINTF(1, 2);
void	 tt_trace(const char *fmt, ...) TT_PRINTF(1, 2);

#endif /* !TT_LOG_H */

/*
 * conf.h - what the operator set, read once and checked.
 *
 * The environment first, then the file TELLTALE_CONFIG, then telltale.conf one
 * level above the program's own folder, then /etc/telltale/telltale.conf; only
 * the first file found is read.  conf.c has the one table of variables.
 */
#ifndef TT_CONF_H
#define TT_CONF_H

#include <stdbool.h>

#include "base/cidr.h"
#include "base/rc.h"

struct tt_conf {
	char	*dsn;			/* TELLTALE_DSN */
	char	*webhook_dsn;		/* TELLTALE_WEBHOOK_DSN */
	bool	 feed_poll;		/* TELLTALE_FEED=poll */
	bool	 prepare;		/* TELLTALE_PREPARE */
	bool	 trace;			/* TELLTALE_TRACE */
	int	 log_level;		/* TELLTALE_LOG, an enum tt_log_level */
	int	 threads;		/* TELLTALE_THREADS */
	int	 keepalive_s;		/* TELLTALE_KEEPALIVE, seconds */
	int	 stream_max_age_s;	/* TELLTALE_STREAM_MAX_AGE or 0 */
	int	 stream_buffer;		/* TELLTALE_STREAM_BUFFER, bytes */
	int	 max_streams;		/* TELLTALE_MAX_STREAMS */
	int	 retry_ms;		/* TELLTALE_RETRY_MS, the middle */
	int	 db_timeout_ms;		/* TELLTALE_DB_TIMEOUT, given in s */
	char	*cors_origins;		/* TELLTALE_CORS_ORIGINS, "" for none */
	char	*secret;		/* TELLTALE_SECRET, "" for none */
	int	 ticket_ttl_s;		/* TELLTALE_TICKET_TTL, seconds */
	char	*rate_file;		/* TELLTALE_RATE_FILE, "" for none */
	int	 address_rate;		/* TELLTALE_ADDRESS_RATE, a minute */
	struct tt_cidrs trusted_proxies;	/* TELLTALE_TRUSTED_PROXIES */
	int	 max_upload;		/* TELLTALE_MAX_UPLOAD, bytes */
	struct tt_cidrs webhook_allow;	/* TELLTALE_WEBHOOK_ALLOW */
	int	 sync_max_s;		/* TELLTALE_SYNC_MAX, seconds */
	char	*mount;			/* TELLTALE_MOUNT, "" or "/prefix" */
};

/*
 * Fill conf from environment and file.  On error the text says which variable,
 * where it was set, its value (unless secret) and what is allowed; print it
 * and stop.  Free with tt_conf_free() either way.
 */
enum tt_rc	 tt_conf_load(struct tt_conf *, struct tt_err *) TT_MUSTUSE;
void		 tt_conf_free(struct tt_conf *);

#endif /* !TT_CONF_H */

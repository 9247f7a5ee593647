/*
 * rate.h - how many requests a minute: GCRA in a file that all processes of a
 * web host share.
 *
 * "60 a minute" is 60 at once, then one a second.  A decision waits for nobody;
 * who is new in the table, for 20 ms at most, for a lock that the kernel frees
 * when its holder is killed.  Where the file cannot be used, or that lock not
 * be had, it is logged once, and all are let pass.
 */
#ifndef TT_RATE_H
#define TT_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define TT_RATE_ID_SZ	32

struct tt_rates;

/* How somebody stands. */
struct tt_rate {
	int	 limit;		/* requests a minute; 0: nobody counts */
	int	 remaining;	/* that he may make at once */
	int64_t	 reset_ms;	/* until that is the whole limit again */
	int64_t	 retry_ms;	/* until it is one; 0 if it is */
};

/*
 * Never NULL but on no memory.  "" is no file: nobody counts.  The file is
 * made if need be, for its owner only; one that is another's, a link, open to
 * others, of another kind or layout is left as it is, and one line in the log
 * says what to do.  While programs run it may be removed, but not cut short.
 */
struct tt_rates	*tt_rates_open(const char *path);
void		 tt_rates_close(struct tt_rates *);

/*
 * One request of him whom those bytes name (a key's hash, an address's), at so
 * many a minute (1 to 60 million).  False if he has to wait: rate says how
 * long.
 */
bool		 tt_rate_take(struct tt_rates *,
		    const unsigned char id[TT_RATE_ID_SZ], int per_minute,
		    struct tt_rate *);

/* It was not his to pay: as if he had not asked.  Nothing if limit was 0. */
void		 tt_rate_give_back(struct tt_rates *,
		    const unsigned char id[TT_RATE_ID_SZ], int per_minute);

/* How he stands; nothing is counted. */
void		 tt_rate_look(struct tt_rates *,
		    const unsigned char id[TT_RATE_ID_SZ], int per_minute,
		    struct tt_rate *);

/*
 * What may be remembered of him beside the count, as long as the table has
 * room: his limit, as the database told it.  0: unknown, or forgotten.
 */
int		 tt_rate_limit(struct tt_rates *,
		    const unsigned char id[TT_RATE_ID_SZ]);
void		 tt_rate_set_limit(struct tt_rates *,
		    const unsigned char id[TT_RATE_ID_SZ], int per_minute);

#endif /* !TT_RATE_H */

/*
 * holders.h - who holds streams open: for each key, how many, and which.
 *
 * The database counts the streams of an account over all hosts.  An accepting
 * thread takes a place there before its stream is made; this is where the hub
 * keeps what it holds and what of that the database knows, so that the
 * difference can be told in one call.
 */
#ifndef TT_HOLDERS_H
#define TT_HOLDERS_H

#include <stdbool.h>
#include <stdint.h>

struct tt_args;
struct tt_holder;
struct tt_holders;
struct tt_lease;
struct tt_stream;

struct tt_holders	*tt_holders_new(void);		/* NULL on no memory */
void			 tt_holders_free(struct tt_holders *);

/*
 * The stream holds the lease from here on, until it is released.  False on no
 * memory.  Who shows no key counts against no account: there is no holder then.
 */
bool	 tt_holders_hold(struct tt_holders *, struct tt_stream *,
	    const struct tt_lease *);
void	 tt_holders_release(struct tt_holders *, struct tt_stream *);

/* A lease was taken, and no stream came of it. */
void	 tt_holders_give_back(struct tt_holders *, const struct tt_lease *);

/* Does the database know other numbers than these? */
bool	 tt_holders_changed(const struct tt_holders *);

/*
 * Three arrays for SQL: accounts, classes, and of each how many there are
 * (all) or by how many the database is off.  An account comes once for each
 * of its keys.  They count as told when told() is called; tt_holders_anew()
 * says that the database knows nothing, listener that it knows us by that
 * number.
 */
void	 tt_holders_put(struct tt_holders *, struct tt_args *, bool all);
void	 tt_holders_told(struct tt_holders *);
void	 tt_holders_anew(struct tt_holders *);
void	 tt_holders_listener(struct tt_holders *, int64_t listener);

/* The keys, each once, as one array for SQL. */
void	 tt_holders_keys(const struct tt_holders *, struct tt_args *);

/* The stream of that key after this one (NULL: the first); NULL: no more. */
struct tt_stream	*tt_holders_next(const struct tt_holders *, int64_t key,
			    const struct tt_stream *);

#endif /* !TT_HOLDERS_H */

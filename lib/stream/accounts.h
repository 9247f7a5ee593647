/*
 * accounts.h - a set of accounts that is told anew from time to time.
 */
#ifndef TT_ACCOUNTS_H
#define TT_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In order.  All zero to begin with: nothing is known of it. */
struct tt_accounts {
	int64_t	*id;
	size_t	 n, cap;
	int64_t	*next;			/* as it is told */
	size_t	 nnext, nextcap;
	bool	 known, asked, broken;
};

void	 tt_accounts_free(struct tt_accounts *);
bool	 tt_accounts_has(const struct tt_accounts *, int64_t id);

/*
 * Somebody has seen these in it, in order, just now; what was asked for before
 * and is told later is older than that.  False on no memory.
 */
bool	 tt_accounts_learn(struct tt_accounts *, const int64_t *ids, size_t n);

/*
 * The set anew: it is asked for; then begin, each member in order, end.  False
 * if one is missing that was in the old one.
 */
void	 tt_accounts_asked(struct tt_accounts *);
void	 tt_accounts_begin(struct tt_accounts *);
void	 tt_accounts_add(struct tt_accounts *, int64_t id);
bool	 tt_accounts_end(struct tt_accounts *);

#endif /* !TT_ACCOUNTS_H */

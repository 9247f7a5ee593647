/*
 * accounts.h - a set of accounts that is told anew from time to time.
 */
#ifndef TT_ACCOUNTS_H
#define TT_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero to begin with: nothing is known of it. */
struct tt_accounts {
	int64_t	*id;
	size_t	 n;
	int64_t	*next;			/* as it is told */
	size_t	 nnext, cap;
	bool	 known, asked, broken;
};

void	 tt_accounts_free(struct tt_accounts *);
bool	 tt_accounts_has(const struct tt_accounts *, int64_t id);

/* It was asked for: what is told for the asking is as new as this. */
void	 tt_accounts_asked(struct tt_accounts *);

/*
 * The set anew: begin, each member, end.  False if one is missing that was in
 * the old one.  asked: it is told for the asking, and passed over if since then
 * it was told otherwise.
 */
void	 tt_accounts_begin(struct tt_accounts *);
void	 tt_accounts_add(struct tt_accounts *, int64_t id);
bool	 tt_accounts_end(struct tt_accounts *, bool asked);

#endif /* !TT_ACCOUNTS_H */

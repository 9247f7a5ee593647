/*
 * member.h - members of a JSON object, found in its text.
 *
 * No tree is built, so numbers of any size and strings of any content stay as
 * they stand.  For what PostgreSQL has written, which is JSON; in anything
 * else, what is found may be nothing or nonsense, but lies within the text.
 */
#ifndef TT_MEMBER_H
#define TT_MEMBER_H

#include <stddef.h>

struct tt_json;

struct tt_member {
	const char	*name;	/* whose value is sought; needs no escapes */
	const char	*text;	/* it, borrowed; NULL: there is none */
	size_t		 sz;
};

/* Find the values of n members with one look at the object. */
void	 tt_members_find(const char *object, struct tt_member *, size_t n);

/* Write a member: its name and value, or null. */
void	 tt_member_put(struct tt_json *, const struct tt_member *);

/* The same, but nothing at all where there is no value. */
void	 tt_member_add(struct tt_json *, const struct tt_member *);

#endif /* !TT_MEMBER_H */

/*
 * tick.h - housekeeping, on a connection and a thread of its own.
 */
#ifndef TT_TICK_H
#define TT_TICK_H

struct tt_conf;

/* Do what is due, unless that is being done already.  Returns at once. */
void	 tt_tick_start(const struct tt_conf *);

/* Wait until what was started has ended. */
void	 tt_tick_wait(void);

#endif /* !TT_TICK_H */

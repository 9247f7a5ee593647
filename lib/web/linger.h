/*
 * linger.h - closes connections whose peer may still be sending.
 *
 * Closed on at once, it would find its pipe broken before it reads the answer:
 * Apache's mod_proxy_fcgi makes a 503 of a 401 then.  One thread reads on for
 * all of them, so that who sends half a body to those that want none holds no
 * thread that could answer others.
 */
#ifndef TT_LINGER_H
#define TT_LINGER_H

#define TT_LINGER_MOST	64	/* connections at once */

/*
 * Start the thread, which reads on for so many milliseconds at most: 0, or -1.
 * Before the first is closed.
 */
int	 tt_linger_start(int ms);

/*
 * Close it so that what was written arrives: no more from us; what the peer
 * still has to say is read until it closes too.  Never waits.  Where there are
 * too many, or no thread, what has come by now is read, and that is all.
 */
void	 tt_linger_close(int fd);

/* Wait for those that are left, and end the thread. */
void	 tt_linger_end(void);

#endif /* !TT_LINGER_H */

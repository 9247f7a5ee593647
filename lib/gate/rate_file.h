/*
 * rate_file.h - the table of rates, as it lies in the file.
 *
 * A slot is somebody's count; a set is the slots that he may have.  Slots are
 * given out under the lock of their set, and read and counted in without it.
 * Nobody is named in the file: a tag is a hash under the file's own random key,
 * so nobody can aim at another's set, either.
 */
#ifndef TT_RATE_FILE_H
#define TT_RATE_FILE_H

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#define TT_RATE_LINE	64	/* bytes of a line of the processor's cache */
#define TT_RATE_LOCKS	64
#define TT_RATE_SETS	8192
#define TT_RATE_SLOTS	8	/* of a set */
#define TT_RATE_KEY_SZ	16

struct tt_rate_slot {
	alignas(32)
	    _Atomic uint64_t	 tag;		/* 0: nobody's */
	_Atomic int64_t		 until;		/* 1/16 ns, monotonic */
	_Atomic uint64_t	 limit;		/* remembered: see rate.c */
};

struct tt_rate_lock {
	alignas(TT_RATE_LINE) pthread_mutex_t	 mutex;
};

struct tt_rate_table {
	struct tt_rate_head {
		char		 magic[16];
		char		 boot[40];	/* the kernel's; "": unknown */
		uint32_t	 layout;
		uint32_t	 mutex_sz;
		unsigned char	 key[TT_RATE_KEY_SZ];
	}			 head;
	struct tt_rate_lock	 lock[TT_RATE_LOCKS];
	alignas(TT_RATE_LINE)
	    struct tt_rate_slot	 set[TT_RATE_SETS][TT_RATE_SLOTS];
};

/*
 * The table in the file, shared, which is made if need be; the caller's to
 * unmap.  NULL if it cannot be used: the log says why, and what to do.
 */
struct tt_rate_table	*tt_rate_table_map(const char *path);
void			 tt_rate_table_unmap(struct tt_rate_table *);

#endif /* !TT_RATE_FILE_H */

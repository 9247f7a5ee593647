/*
 * rate_file.c - see rate_file.h.
 *
 * Who makes the table or judges it has the file's flock, which ends with him.
 * Only what is known to be ours, or holds nothing, is ever written to.
 */
#define _DEFAULT_SOURCE	/* flock() */

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "base/log.h"
#include "gate/rate_file.h"

#define LAYOUT		1
#define BOOT_FILE	"/proc/sys/kernel/random/boot_id"
#define FLOCK_TRIES	200
#define FLOCK_PAUSE_NS	10000000L

#define REMOVE		"remove it, and restart the programs"
#define NAME_ANOTHER	"name another file, or remove this one"

static const char	 made[16] = "telltale rates";
static const char	 being_made[16] = "telltale making";

enum state { UNMADE, OURS, NOT_OURS, OTHER_LAYOUT, DAMAGED };

static const char *const	 faults[] = {
	[NOT_OURS]	= "holds something else",
	[OTHER_LAYOUT]	= "is of another version of the programs",
	[DAMAGED]	= "has not the length it was made with",
};

/* Nobody is limited from here on: the operator must hear of it. */
static void
refuse(const char *path, const char *fault, const char *remedy)
{
	tt_error("no rate is limited: TELLTALE_RATE_FILE %.200s: %s: %s", path,
	    fault, remedy);
}

static bool
is_safe(int fd, const char *path)
{
	struct stat	 st;

	if (fstat(fd, &st) == -1)
		refuse(path, strerror(errno), NAME_ANOTHER);
	else if (!S_ISREG(st.st_mode))
		refuse(path, "is no regular file", NAME_ANOTHER);
	else if (st.st_uid != geteuid())
		refuse(path, "belongs to another user",
		    "each user who runs programs needs a file of his own");
	else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		refuse(path, "is open to other users", "chmod 600 it");
	else if (st.st_nlink != 1)
		refuse(path, "has more names than one, or none", REMOVE);
	else
		return true;
	return false;
}

/* Not for ever: who has it may have been stopped. */
static bool
lock(int fd, const char *path)
{
	const struct timespec	 pause = { .tv_nsec = FLOCK_PAUSE_NS };
	int			 i;

	for (i = 0; i < FLOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		(void)nanosleep(&pause, NULL);
	}
	refuse(path, i == FLOCK_TRIES ? "somebody keeps it locked" :
	    strerror(errno), "name one on a local disk, used by nobody else");
	return false;
}

/* The kernel's name for the time since it started; zeros if there is none. */
static void
read_boot(char boot[40])
{
	int	 fd = open(BOOT_FILE, O_RDONLY | O_CLOEXEC);

	(void)memset(boot, 0, 40);
	if (fd == -1)
		return;
	if (read(fd, boot, 36) != 36)
		(void)memset(boot, 0, 40);
	(void)close(fd);
}

/* What a power cut leaves of a new file. */
static bool
all_zeros(int fd)
{
	char	 chunk[16384];
	off_t	 at = 0;
	ssize_t	 n;

	while ((n = pread(fd, chunk, sizeof(chunk), at)) > 0) {
		if (!sodium_is_zero((const unsigned char *)chunk, (size_t)n))
			return false;
		at += n;
	}
	return n == 0;
}

/*
 * A table of another boot is as good as none: its times are of another clock,
 * and locks that were held when the power failed are held for ever.
 */
static enum state
judge(int fd, off_t sz, const char boot[40])
{
	struct tt_rate_head	 head;

	(void)memset(&head, 0, sizeof(head));
	if (pread(fd, &head, sizeof(head), 0) == -1)
		return NOT_OURS;
	if (memcmp(head.magic, being_made, sizeof(being_made)) == 0)
		return UNMADE;
	if (memcmp(head.magic, made, sizeof(made)) != 0)
		return sz <= (off_t)sizeof(struct tt_rate_table) &&
		    all_zeros(fd) ? UNMADE : NOT_OURS;
	if (sz < (off_t)sizeof(head))
		return DAMAGED;
	if (head.boot[0] != '\0' && boot[0] != '\0' &&
	    memcmp(head.boot, boot, sizeof(head.boot)) != 0)
		return UNMADE;
	if (head.layout != LAYOUT || head.mutex_sz != sizeof(pthread_mutex_t))
		return OTHER_LAYOUT;
	return sz == (off_t)sizeof(struct tt_rate_table) ? OURS : DAMAGED;
}

/*
 * Have the disk give all of it now: a page that it cannot give later would
 * come as SIGBUS, and a length beyond the limit as SIGXFSZ.
 */
static bool
reserve(int fd, off_t had, const char *path)
{
	const off_t	 sz = sizeof(struct tt_rate_table);
	struct rlimit	 rl;
	int		 rc;

	if (had < sz && getrlimit(RLIMIT_FSIZE, &rl) == 0 &&
	    rl.rlim_cur < (rlim_t)sz) {
		refuse(path, "the limit on the size of files is too low",
		    "it needs 3 MB (ulimit -f)");
		return false;
	}
	do
		rc = posix_fallocate(fd, 0, sz);
	while (rc == EINTR);
	if (rc == 0 && had > sz && ftruncate(fd, sz) == -1)
		rc = errno;
	if (rc == 0)
		return true;
	if (had == 0 && ftruncate(fd, 0) == -1)
		rc = errno;
	refuse(path, strerror(rc), "it needs 3 MB on a local disk");
	return false;
}

static bool
make_locks(struct tt_rate_table *table)
{
	pthread_mutexattr_t	 attr;
	bool			 good;
	int			 i;

	if (pthread_mutexattr_init(&attr) != 0)
		return false;
	good = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) ==
	    0 && pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0;
	for (i = 0; good && i < TT_RATE_LOCKS; i++)
		good = pthread_mutex_init(&table->lock[i].mutex, &attr) == 0;
	(void)pthread_mutexattr_destroy(&attr);
	return good;
}

/* Who is killed in here leaves what the next one begins anew. */
static bool
make(struct tt_rate_table *table, const char boot[40])
{
	(void)memcpy(table->head.magic, being_made, sizeof(being_made));
	atomic_signal_fence(memory_order_seq_cst);
	(void)memset((char *)table + sizeof(being_made), 0,
	    sizeof(*table) - sizeof(being_made));
	(void)memcpy(table->head.boot, boot, sizeof(table->head.boot));
	table->head.layout = LAYOUT;
	table->head.mutex_sz = sizeof(pthread_mutex_t);
	randombytes_buf(table->head.key, sizeof(table->head.key));
	if (!make_locks(table))
		return false;
	atomic_signal_fence(memory_order_seq_cst);
	(void)memcpy(table->head.magic, made, sizeof(made));
	return true;
}

static struct tt_rate_table *
map(int fd, const char *path)
{
	struct tt_rate_table	*table;
	enum state		 state;
	struct stat		 st;
	char			 boot[40];

	if (!is_safe(fd, path) || !lock(fd, path))
		return NULL;
	if (fstat(fd, &st) == -1) {
		refuse(path, strerror(errno), NAME_ANOTHER);
		return NULL;
	}
	read_boot(boot);
	state = judge(fd, st.st_size, boot);
	if (state != UNMADE && state != OURS) {
		refuse(path, faults[state], state == NOT_OURS ? NAME_ANOTHER :
		    REMOVE);
		return NULL;
	}
	if (!reserve(fd, st.st_size, path))
		return NULL;

	table = mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED,
	    fd, 0);
	if (table == MAP_FAILED) {
		refuse(path, strerror(errno), NAME_ANOTHER);
		return NULL;
	}
	if (state == UNMADE && !make(table, boot)) {
		refuse(path, "no locks can be made in it", "name no file");
		tt_rate_table_unmap(table);
		return NULL;
	}
	return table;
}

struct tt_rate_table *
tt_rate_table_map(const char *path)
{
	struct tt_rate_table	*table;
	int			 fd;

	/* O_NONBLOCK: a FIFO must not keep us waiting. */
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
	    O_NOCTTY, S_IRUSR | S_IWUSR);
	if (fd == -1) {
		refuse(path, errno == ELOOP ? "is a symbolic link" :
		    strerror(errno), "name a file in a folder of this user");
		return NULL;
	}
	table = map(fd, path);
	/* A mapping would keep the flock, though the descriptor is closed. */
	(void)flock(fd, LOCK_UN);
	(void)close(fd);
	return table;
}

void
tt_rate_table_unmap(struct tt_rate_table *table)
{
	if (table != NULL)
		(void)munmap(table, sizeof(*table));
}

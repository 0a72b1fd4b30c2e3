/* Record locks of fcntl(2): which process holds which bytes of which file, and who waits.  Pure: a
 * reply right is only a number here.  The table lock guards it. */
#ifndef UNIX_RECORD_LOCKS_H
#define UNIX_RECORD_LOCKS_H

#include <stdint.h>

#define RECORDS_MAX 16384 /* in all files, waiting ones included */

struct record {
	int pid;
	int how;	    /* MASIX_LOCK_SHARED, _EXCLUSIVE; in a request also _NONE */
	int64_t start, end; /* both included */
};

struct record_wait {
	struct record_wait *next;
	struct record want;
	uint32_t token, reply;
	int result; /* the caller's, when it is unlinked */
};

struct record_file {
	struct record_file *next;
	uint32_t dev;
	uint64_t ino;
	unsigned count;
	struct record *records;			 /* one process's do not overlap */
	struct record_wait *waits, **waits_tail; /* in order of arrival */
};

struct record_locks {
	struct record_file *files;
	unsigned total; /* records and waits */
};

/* Do what `want` says.  MASIX_E_WOULD_BLOCK: another process is in the way; MASIX_E_LIMIT;
 * MASIX_E_INVALID. */
int records_lock(struct record_locks *locks, uint32_t dev, uint64_t ino, const struct record *want)
	__attribute__((warn_unused_result));

/* Wait for what records_lock refused.  MASIX_E_DEADLOCK, MASIX_E_LIMIT. */
int records_wait(struct record_locks *locks, uint32_t dev, uint64_t ino, const struct record *want,
	uint32_t token, uint32_t reply) __attribute__((warn_unused_result));

/* The record of another process that is in the way; NULL: none. */
const struct record *records_conflict(
	const struct record_locks *locks, uint32_t dev, uint64_t ino, const struct record *want);

/* After every change, until NULL: a waiting call that has its lock now (*result 0) or cannot be
 * served any more (an error).  The caller answers and frees it. */
struct record_wait *records_granted(struct record_locks *locks, int *result);

/* Unlink a waiting call of the process, the one with this token (NULL: any); NULL: there is none.  The
 * caller answers and frees it. */
struct record_wait *records_cancel(struct record_locks *locks, int pid, const uint32_t *token);

/* The process ended: its locks are free.  Unlinks one waiting call at a time, which the caller
 * frees: until NULL. */
struct record_wait *records_forget(struct record_locks *locks, int pid);

#endif

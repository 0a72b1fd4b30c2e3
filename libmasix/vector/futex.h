/* Futexes of one task: who waits on which word is kept here, so that a wake without waiters takes no
 * message, and counts, bit sets and requeueing are exact.  Sleeping itself is vector/wait.h.
 * Pure: compiled with the unit tests on the host. */
#ifndef LIBMASIX_FUTEX_H
#define LIBMASIX_FUTEX_H

#include <stdatomic.h>
#include <stdint.h>

#include "vector/lock.h"
#include "vector/wait.h"

#define FUTEX_BUCKETS 64
#define FUTEX_ANY 0xffffffffu /* bit set that matches every waiter */

struct futex_waiter;

struct futex_table { /* all zero = empty */
	struct vector_lock lock;
	struct {
		_Atomic uint32_t waiters;   /* counted before the word is looked at */
		struct futex_waiter *first; /* lock; oldest first */
	} buckets[FUTEX_BUCKETS];
};

/* All return a negative Linux error number on failure and block only in futex_wait.
 * The words must be readable: they are read outside the lock first, so that a fault happens there. */

/* 0 when woken; -EAGAIN if *word is not `value`, -ETIMEDOUT, -EINTR, -EINVAL (no bits). */
int futex_wait(struct futex_table *table, _Atomic uint32_t *word, uint32_t value, uint32_t bits,
	int64_t deadline);

/* Wake up to `count` waiters whose bits match; how many there were. */
int futex_wake(struct futex_table *table, _Atomic uint32_t *word, int count, uint32_t bits);

/* Wake up to `wake` waiters of `from` and let up to `move` others wait on `to`; how many in all.
 * With `compare`, -EAGAIN if *from is not *compare. */
int futex_requeue(struct futex_table *table, _Atomic uint32_t *from, _Atomic uint32_t *to, int wake,
	int move, const uint32_t *compare);

#endif

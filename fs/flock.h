/* Advisory whole-file locks (flock): who holds, who waits, who is next.  Pure; guarded by the
 * volume's lock, whose undo log (or NULL) these functions get. */
#ifndef FS_FLOCK_H
#define FS_FLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "checked.h"
#include "undo.h"

/* An owner is an open object, compared by address only. */
struct flock_claim {
	const void *owner;
	int how;	/* MASIX_LOCK_SHARED or _EXCLUSIVE */
	uint32_t token; /* of a waiting call */
	uint32_t reply; /* its reply right */
	struct flock_claim *next;
};

struct flock {
	struct flock_claim *holders;
	struct flock_claim *waiters; /* in order of arrival */
};

/* Take, convert or (MASIX_LOCK_NONE) drop the owner's lock.  MASIX_E_WOULD_BLOCK when it is
 * not free: a converted lock is then given up first, as flock(2) has it.  The caller then
 * either waits with flock_wait or gives up.  MASIX_E_LIMIT: no memory. */
int flock_take(struct undo *undo, struct flock *lock, const void *owner, int how) CHECKED;

int flock_wait(struct undo *undo, struct flock *lock, const void *owner, int how, uint32_t token,
	uint32_t reply) CHECKED;

/* Unlinks the next waiter that holds its lock now; false if there is none.  The caller answers
 * its reply right.  Call it until false after every change. */
bool flock_next_granted(struct undo *undo, struct flock *lock, struct flock_claim *claim);

/* Unlinks the owner's waiting call `token`, which the caller answers.  False: there is none. */
bool flock_cancel(struct undo *undo, struct flock *lock, const void *owner, uint32_t token,
	struct flock_claim *claim);

/* Unlinks one waiting call of the owner, whatever its token: false if none is left. */
bool flock_forget(
	struct undo *undo, struct flock *lock, const void *owner, struct flock_claim *claim);

/* Mark the claims of the last owner in the arena; false: they are not whole. */
bool flock_recover(const struct flock *lock, struct arena *arena) CHECKED;

#endif

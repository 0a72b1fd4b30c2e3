#include "flock.h"

#include <masix/error.h>
#include <masix/types.h>

static bool conflicts(const struct flock *lock, const void *owner, int how)
{
	for (const struct flock_claim *claim = lock->holders; claim; claim = claim->next)
		if (claim->owner != owner &&
			(how == MASIX_LOCK_EXCLUSIVE || claim->how == MASIX_LOCK_EXCLUSIVE))
			return true;
	return false;
}

static struct flock_claim *find_holder(struct flock *lock, const void *owner)
{
	struct flock_claim *claim = lock->holders;

	while (claim && claim->owner != owner)
		claim = claim->next;
	return claim;
}

/* Take a claim out of its list. */
static void unlink_claim(struct undo *undo, struct flock_claim **link)
{
	struct flock_claim *claim = *link;

	undo_note(undo, link, sizeof(*link));
	*link = claim->next;
	undo_free(undo, claim, sizeof(*claim));
}

static void drop(struct undo *undo, struct flock *lock, const void *owner)
{
	struct flock_claim **link = &lock->holders;

	while (*link && (*link)->owner != owner)
		link = &(*link)->next;
	if (*link)
		unlink_claim(undo, link);
}

int flock_take(struct undo *undo, struct flock *lock, const void *owner, int how)
{
	struct flock_claim *claim;

	if (how == MASIX_LOCK_NONE) {
		drop(undo, lock, owner);
		return 0;
	}
	if (conflicts(lock, owner, how)) {
		drop(undo, lock, owner);
		return MASIX_E_WOULD_BLOCK;
	}
	claim = find_holder(lock, owner);
	if (!claim) {
		claim = undo_alloc(undo, sizeof(*claim));
		if (!claim)
			return MASIX_E_LIMIT;
		claim->owner = owner;
		claim->next = lock->holders;
		undo_note(undo, &lock->holders, sizeof(lock->holders));
		lock->holders = claim;
	}
	undo_note(undo, &claim->how, sizeof(claim->how));
	claim->how = how;
	return 0;
}

int flock_wait(struct undo *undo, struct flock *lock, const void *owner, int how, uint32_t token,
	uint32_t reply)
{
	struct flock_claim *claim = undo_alloc(undo, sizeof(*claim));
	struct flock_claim **link = &lock->waiters;

	if (!claim)
		return MASIX_E_LIMIT;
	claim->owner = owner;
	claim->how = how;
	claim->token = token;
	claim->reply = reply;
	while (*link)
		link = &(*link)->next;
	undo_note(undo, link, sizeof(*link));
	*link = claim;
	return 0;
}

bool flock_next_granted(struct undo *undo, struct flock *lock, struct flock_claim *granted)
{
	struct flock_claim *claim = lock->waiters;

	/* Strictly in order: a stream of readers must not starve a writer. */
	if (!claim || flock_take(undo, lock, claim->owner, claim->how) != 0)
		return false;
	*granted = *claim;
	unlink_claim(undo, &lock->waiters);
	return true;
}

static bool take_waiter(struct undo *undo, struct flock *lock, const void *owner,
	const uint32_t *token, struct flock_claim *taken)
{
	struct flock_claim **link = &lock->waiters;

	while (*link && ((*link)->owner != owner || (token && (*link)->token != *token)))
		link = &(*link)->next;
	if (!*link)
		return false;
	*taken = **link;
	unlink_claim(undo, link);
	return true;
}

bool flock_cancel(struct undo *undo, struct flock *lock, const void *owner, uint32_t token,
	struct flock_claim *claim)
{
	return take_waiter(undo, lock, owner, &token, claim);
}

bool flock_forget(
	struct undo *undo, struct flock *lock, const void *owner, struct flock_claim *claim)
{
	return take_waiter(undo, lock, owner, NULL, claim);
}

static bool mark(const struct flock_claim *claim, struct arena *arena)
{
	for (; claim; claim = claim->next)
		if (!arena_mark(arena, claim, sizeof(*claim)))
			return false;
	return true;
}

bool flock_recover(const struct flock *lock, struct arena *arena)
{
	return mark(lock->holders, arena) && mark(lock->waiters, arena);
}

#include "flock.h"

#include <stdlib.h>

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

static void drop(struct flock *lock, const void *owner)
{
	struct flock_claim **link = &lock->holders;

	while (*link && (*link)->owner != owner)
		link = &(*link)->next;
	if (*link) {
		struct flock_claim *claim = *link;

		*link = claim->next;
		free(claim);
	}
}

int flock_take(struct flock *lock, const void *owner, int how)
{
	struct flock_claim *claim;

	if (how == MASIX_LOCK_NONE) {
		drop(lock, owner);
		return 0;
	}
	if (conflicts(lock, owner, how)) {
		drop(lock, owner);
		return MASIX_E_WOULD_BLOCK;
	}
	claim = find_holder(lock, owner);
	if (!claim) {
		claim = calloc(1, sizeof(*claim));
		if (!claim)
			return MASIX_E_LIMIT;
		claim->owner = owner;
		claim->next = lock->holders;
		lock->holders = claim;
	}
	claim->how = how;
	return 0;
}

int flock_wait(struct flock *lock, const void *owner, int how, uint32_t token, uint32_t reply)
{
	struct flock_claim *claim = calloc(1, sizeof(*claim));
	struct flock_claim **link = &lock->waiters;

	if (!claim)
		return MASIX_E_LIMIT;
	claim->owner = owner;
	claim->how = how;
	claim->token = token;
	claim->reply = reply;
	while (*link)
		link = &(*link)->next;
	*link = claim;
	return 0;
}

struct flock_claim *flock_next_granted(struct flock *lock)
{
	struct flock_claim *claim = lock->waiters;

	/* Strictly in order: a stream of readers must not starve a writer. */
	if (!claim || flock_take(lock, claim->owner, claim->how) != 0)
		return NULL;
	lock->waiters = claim->next;
	return claim;
}

struct flock_claim *flock_cancel(struct flock *lock, const void *owner, uint32_t token)
{
	struct flock_claim **link = &lock->waiters;

	while (*link && ((*link)->owner != owner || (*link)->token != token))
		link = &(*link)->next;
	if (*link) {
		struct flock_claim *claim = *link;

		*link = claim->next;
		return claim;
	}
	return NULL;
}

struct flock_claim *flock_forget(struct flock *lock, const void *owner)
{
	for (struct flock_claim *claim = lock->waiters; claim; claim = claim->next)
		if (claim->owner == owner)
			return flock_cancel(lock, owner, claim->token);
	return NULL;
}

#include "shares.h"

#include <masix/error.h>
#include <stddef.h>

#include "core/sharing.h"

static struct share_claim *find(struct shares *shares, int machine, uint32_t slot)
{
	for (unsigned i = 0; i < SHARES_CLAIMS; i++) {
		struct share_claim *c = &shares->claims[i];

		if (c->machine == machine && c->slot == slot)
			return c;
	}
	return NULL;
}

static bool is_same_file(const struct share_claim *a, const struct share_claim *b)
{
	return a->inode == b->inode && a->device == b->device;
}

int shares_open(struct shares *shares, const struct share_claim *claim)
{
	struct share_claim *room = NULL;

	for (unsigned i = 0; i < SHARES_CLAIMS; i++) {
		struct share_claim *c = &shares->claims[i];

		if (c->machine == 0) {
			room = room == NULL ? c : room;
			continue;
		}
		if (c->machine == claim->machine && c->slot == claim->slot)
			return MASIX_E_EXISTS;
		if (c->machine != claim->machine && is_same_file(c, claim) &&
			(sharing_denies(c->mode, claim->mode) ||
				sharing_denies(claim->mode, c->mode)))
			return MASIX_E_BUSY;
	}
	if (room == NULL)
		return MASIX_E_LIMIT;
	*room = *claim;
	return 0;
}

static void drop(struct shares *shares, struct share_claim *claim)
{
	unsigned number = (unsigned)(claim - shares->claims) + 1;

	for (unsigned i = 0; i < SHARES_LOCKS; i++)
		if (shares->locks[i].claim == number)
			shares->locks[i].claim = 0;
	claim->machine = 0;
}

void shares_close(struct shares *shares, int machine, uint32_t slot)
{
	struct share_claim *claim = find(shares, machine, slot);

	if (claim != NULL)
		drop(shares, claim);
}

void shares_close_all(struct shares *shares, int machine)
{
	for (unsigned i = 0; i < SHARES_CLAIMS; i++)
		if (shares->claims[i].machine == machine)
			drop(shares, &shares->claims[i]);
}

int shares_lock(struct shares *shares, int machine, uint32_t slot, uint32_t start, uint32_t end)
{
	const struct share_claim *claim = find(shares, machine, slot);
	struct share_lock *room = NULL;

	if (claim == NULL)
		return MASIX_E_NOT_FOUND;
	for (unsigned i = 0; i < SHARES_LOCKS; i++) {
		struct share_lock *l = &shares->locks[i];
		const struct share_claim *other;

		if (l->claim == 0) {
			room = room == NULL ? l : room;
			continue;
		}
		other = &shares->claims[l->claim - 1];
		if (other->machine != machine && is_same_file(other, claim) && l->start < end &&
			start < l->end)
			return MASIX_E_BUSY;
	}
	if (room == NULL)
		return MASIX_E_LIMIT;
	*room = (struct share_lock){ (unsigned)(claim - shares->claims) + 1, start, end };
	return 0;
}

int shares_unlock(struct shares *shares, int machine, uint32_t slot, uint32_t start, uint32_t end)
{
	const struct share_claim *claim = find(shares, machine, slot);

	for (unsigned i = 0; claim != NULL && i < SHARES_LOCKS; i++) {
		struct share_lock *l = &shares->locks[i];

		if (l->claim == (unsigned)(claim - shares->claims) + 1 && l->start == start &&
			l->end == end) {
			l->claim = 0;
			return 0;
		}
	}
	return MASIX_E_NOT_FOUND;
}

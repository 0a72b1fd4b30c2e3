#include "ledger.h"

#include <stdlib.h>
#include <string.h>

bool gns_node_is(const struct gns_node *a, const struct gns_node *b)
{
	return a->incarnation == b->incarnation && memcmp(a->id, b->id, sizeof a->id) == 0;
}

void ledger_free(struct ledger *ledger)
{
	free(ledger->shares);
	free(ledger->halves);
	memset(ledger, 0, sizeof *ledger);
}

/* Room for one more of `size` bytes. */
static bool make_room(void **list, unsigned count, unsigned *room, size_t size)
{
	unsigned wanted = *room == 0 ? 1 : *room * 2;
	void *grown;

	if (count < *room)
		return true;
	grown = realloc(*list, wanted * size);
	if (grown == NULL)
		return false;
	*list = grown;
	*room = wanted;
	return true;
}

static struct ledger_share *find_share(const struct ledger *ledger, const struct gns_node *holder)
{
	unsigned i;

	for (i = 0; i < ledger->share_count; i++)
		if (gns_node_is(&ledger->shares[i].holder, holder))
			return &ledger->shares[i];
	return NULL;
}

uint64_t ledger_of(const struct ledger *ledger, const struct gns_node *holder)
{
	const struct ledger_share *share = find_share(ledger, holder);

	return share != NULL ? share->credits : 0;
}

bool ledger_grant(struct ledger *ledger, const struct gns_node *holder, uint64_t credits)
{
	struct ledger_share *share = find_share(ledger, holder);

	if (credits > UINT64_MAX - ledger->total)
		return false;
	if (share == NULL) {
		if (!make_room((void **)&ledger->shares, ledger->share_count, &ledger->share_room,
			    sizeof *ledger->shares))
			return false;
		share = &ledger->shares[ledger->share_count++];
		*share = (struct ledger_share){ .holder = *holder };
	}
	share->credits += credits;
	ledger->total += credits;
	return true;
}

/* At most what there is. */
static void take(struct ledger *ledger, const struct gns_node *holder, uint64_t credits)
{
	struct ledger_share *share = find_share(ledger, holder);

	if (share == NULL)
		return;
	if (credits > share->credits)
		credits = share->credits;
	share->credits -= credits;
	ledger->total -= credits;
	if (share->credits == 0)
		*share = ledger->shares[--ledger->share_count];
}

bool ledger_return(struct ledger *ledger, const struct gns_node *holder, uint64_t credits)
{
	if (ledger_of(ledger, holder) < credits)
		return false;
	take(ledger, holder, credits);
	return true;
}

static struct ledger_half *find_half(
	const struct ledger *ledger, const struct gns_node *giver, uint64_t number)
{
	unsigned i;

	for (i = 0; i < ledger->half_count; i++)
		if (ledger->halves[i].number == number &&
			gns_node_is(&ledger->halves[i].giver, giver))
			return &ledger->halves[i];
	return NULL;
}

static bool add_half(struct ledger *ledger, const struct ledger_half *half)
{
	if (ledger->half_count == LEDGER_HALVES_MAX ||
		!make_room((void **)&ledger->halves, ledger->half_count, &ledger->half_room,
			sizeof *ledger->halves))
		return false;
	ledger->halves[ledger->half_count++] = *half;
	return true;
}

static void remove_half(struct ledger *ledger, struct ledger_half *half)
{
	*half = ledger->halves[--ledger->half_count];
}

/* Do the two tell of the same? */
static bool agree(const struct ledger_half *half, const struct gns_node *receiver, uint64_t credits,
	bool given)
{
	return half->given == given && half->credits == credits &&
	       gns_node_is(&half->receiver, receiver);
}

bool ledger_gave(struct ledger *ledger, const struct gns_node *giver, uint64_t number,
	const struct gns_node *receiver, uint64_t credits)
{
	struct ledger_half *half = find_half(ledger, giver, number);
	const struct ledger_half given = { *giver, *receiver, number, credits, true };

	if (ledger_of(ledger, giver) < credits ||
		(half != NULL && !agree(half, receiver, credits, false)))
		return false;
	if (half != NULL) {
		remove_half(ledger, half);
	} else {
		if (!add_half(ledger, &given))
			return false;
		if (!ledger_grant(ledger, receiver, credits)) {
			ledger->half_count--;
			return false;
		}
	}
	take(ledger, giver, credits);
	return true;
}

bool ledger_claimed(struct ledger *ledger, const struct gns_node *receiver,
	const struct gns_node *giver, uint64_t number, uint64_t credits)
{
	struct ledger_half *half = find_half(ledger, giver, number);
	const struct ledger_half claimed = { *giver, *receiver, number, credits, false };

	if (half != NULL) {
		if (!agree(half, receiver, credits, true))
			return false;
		remove_half(ledger, half);
		return true;
	}
	if (!add_half(ledger, &claimed))
		return false;
	if (!ledger_grant(ledger, receiver, credits)) {
		ledger->half_count--;
		return false;
	}
	return true;
}

void ledger_reclaim(struct ledger *ledger, const struct gns_node *dead)
{
	unsigned i = 0;

	while (i < ledger->half_count) {
		struct ledger_half *half = &ledger->halves[i];
		bool is_giver = gns_node_is(&half->giver, dead);

		/* It gave, and the right never arrived. */
		if (is_giver && half->given)
			take(ledger, &half->receiver, half->credits);
		if (is_giver || gns_node_is(&half->receiver, dead))
			remove_half(ledger, half);
		else
			i++;
	}
	take(ledger, dead, UINT64_MAX);
}

uint64_t purse_split(uint64_t *credits)
{
	uint64_t given = *credits / 1024;

	if (given == 0)
		given = *credits > 1;
	*credits -= given;
	return given;
}

bool purse_is_enough(uint64_t credits)
{
	return credits > 2048; /* 2 WIRE_RIGHTS_MAX: none of so many gives is 0 */
}

bool purse_is_low(uint64_t credits)
{
	return credits < 1u << 20;
}

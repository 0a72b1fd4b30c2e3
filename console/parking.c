#include "parking.h"

void parking_init(struct parking *parking)
{
	parking->first = NULL;
	parking->last = &parking->first;
}

void parking_add(struct parking *parking, struct parked *call)
{
	call->next = NULL;
	*parking->last = call;
	parking->last = &call->next;
}

struct parked *parking_take(struct parking *parking, const void *owner, const uint32_t *token)
{
	for (struct parked *call = parking->first; call; call = call->next) {
		if (call->caller.owner != owner || (token && call->caller.token != *token))
			continue;
		parking_remove(parking, call);
		return call;
	}
	return NULL;
}

void parking_remove(struct parking *parking, struct parked *call)
{
	struct parked **link = &parking->first;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	if (parking->last == &call->next)
		parking->last = link;
}

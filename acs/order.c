/* The order in which servers start. */
#include <string.h>

#include "bundle.h"
#include "order.h"

static int find(const struct manifest *const *manifests, unsigned count, const char *name)
{
	unsigned i;

	for (i = 0; i < count; i++)
		if (strcmp(manifests[i]->name, name) == 0)
			return i;
	return -1;
}

/* Could it start, when those that are `done` have? */
static bool satisfied(
	const struct manifest *const *manifests, unsigned count, unsigned which, const bool *done)
{
	unsigned i;

	for (i = 0; i < manifests[which]->need_count; i++)
		if (!done[find(manifests, count, manifests[which]->needs[i])])
			return false;
	return true;
}

bool order_possible(
	const struct manifest *const *manifests, unsigned count, struct order_problem *problem)
{
	bool done[BUNDLE_ENTRIES] = { false }, progress = true;
	unsigned i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < manifests[i]->need_count; j++)
			if (find(manifests, count, manifests[i]->needs[j]) < 0) {
				problem->server = manifests[i]->name;
				problem->need = manifests[i]->needs[j];
				return false;
			}
	while (progress) {
		progress = false;
		for (i = 0; i < count; i++)
			if (!done[i] && satisfied(manifests, count, i, done))
				done[i] = progress = true;
	}
	for (i = 0; i < count; i++)
		if (!done[i]) {
			problem->server = manifests[i]->name;
			problem->need = NULL;
			return false;
		}
	return true;
}

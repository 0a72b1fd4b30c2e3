/* The order in which servers start. */
#include "order.h"

#include <stdio.h>
#include <string.h>

static int find(const struct manifest *const *manifests, unsigned count, const char *name)
{
	unsigned i;

	for (i = 0; i < count; i++)
		if (strcmp(manifests[i]->name, name) == 0)
			return i;
	return -1;
}

struct walk {
	const struct manifest *const *manifests;
	unsigned count;
	bool done[ORDER_MAX]; /* nothing below it is on a cycle */
	/* The way down to where the walk is: a server, and which of its needs comes next. */
	unsigned depth;
	unsigned path[ORDER_MAX], next[ORDER_MAX];
};

static void tell(const struct walk *walk, unsigned from, struct order_problem *problem)
{
	size_t used = 0;
	unsigned i;

	problem->server = walk->manifests[walk->path[from]]->name;
	problem->need = NULL;
	for (i = from; i <= walk->depth && used < sizeof problem->path; i++) {
		unsigned at = i < walk->depth ? i : from;

		used += snprintf(problem->path + used, sizeof problem->path - used, "%s%s",
			i == from ? "" : ", which needs ", walk->manifests[walk->path[at]]->name);
	}
}

/* Walk down from `start`; true when the walk comes back to where it has been. */
static bool comes_back(struct walk *walk, unsigned start, struct order_problem *problem)
{
	walk->depth = 1;
	walk->path[0] = start;
	walk->next[0] = 0;
	while (walk->depth != 0) {
		unsigned here = walk->path[walk->depth - 1], i;
		const struct manifest *manifest = walk->manifests[here];
		int need;

		if (walk->next[walk->depth - 1] == manifest->need_count) {
			walk->done[here] = true;
			walk->depth--;
			continue;
		}
		need = find(walk->manifests, walk->count,
			manifest->needs[walk->next[walk->depth - 1]++]);
		if (need < 0 || walk->done[need])
			continue;
		for (i = 0; i < walk->depth; i++)
			if (walk->path[i] == (unsigned)need) {
				tell(walk, i, problem);
				return true;
			}
		walk->path[walk->depth] = need;
		walk->next[walk->depth++] = 0;
	}
	return false;
}

bool order_cycle(
	const struct manifest *const *manifests, unsigned count, struct order_problem *problem)
{
	struct walk walk = {
		.manifests = manifests,
		.count = count < ORDER_MAX ? count : ORDER_MAX,
	};
	unsigned i;

	for (i = 0; i < walk.count; i++)
		if (!walk.done[i] && comes_back(&walk, i, problem))
			return true;
	return false;
}

bool order_possible(
	const struct manifest *const *manifests, unsigned count, struct order_problem *problem)
{
	unsigned i, j;

	for (i = 0; i < count; i++)
		for (j = 0; j < manifests[i]->need_count; j++)
			if (find(manifests, count, manifests[i]->needs[j]) < 0) {
				problem->server = manifests[i]->name;
				problem->need = manifests[i]->needs[j];
				return false;
			}
	return !order_cycle(manifests, count, problem);
}

#include <stdlib.h>
#include <string.h>

#include "members.h"

static uint32_t hash_of(const struct gns_node *node)
{
	uint32_t bits;

	memcpy(&bits, node->id, sizeof bits); /* random, or a hash */
	return bits ^ (uint32_t)node->incarnation * 0x9e3779b1u;
}

static bool grow(struct lives *lives)
{
	uint32_t buckets = lives->buckets == 0 ? 64 : 2 * lives->buckets, i;
	uint32_t *index = calloc(buckets, sizeof *index);

	if (index == NULL)
		return false;
	for (i = 0; i < lives->count; i++) {
		uint32_t at = hash_of(&lives->list[i].node) & (buckets - 1);

		while (index[at] != 0)
			at = (at + 1) & (buckets - 1);
		index[at] = i + 1;
	}
	free(lives->index);
	lives->index = index;
	lives->buckets = buckets;
	return true;
}

static bool make_room(struct lives *lives)
{
	uint32_t room = lives->room == 0 ? 32 : 2 * lives->room;
	struct life *list;

	if (lives->count < lives->room)
		return true;
	list = realloc(lives->list, room * sizeof *list);
	if (list == NULL)
		return false;
	lives->list = list;
	lives->room = room;
	return true;
}

uint32_t lives_enter(struct lives *lives, const struct life *life)
{
	uint32_t at;

	if (lives->count >= lives->buckets / 2 && !grow(lives))
		return LIFE_NONE;
	at = hash_of(&life->node) & (lives->buckets - 1);
	for (; lives->index[at] != 0; at = (at + 1) & (lives->buckets - 1))
		if (gns_node_is(&lives->list[lives->index[at] - 1].node, &life->node))
			return lives->index[at] - 1;
	if (!make_room(lives))
		return LIFE_NONE;
	lives->list[lives->count] = *life;
	lives->index[at] = ++lives->count;
	return lives->count - 1;
}

void lives_free(struct lives *lives)
{
	free(lives->list);
	free(lives->index);
	memset(lives, 0, sizeof *lives);
}

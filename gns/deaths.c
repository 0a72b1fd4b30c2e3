#include "deaths.h"

#include <string.h>

static int find(const struct deaths *deaths, const struct gns_node *node)
{
	int i;

	for (i = 0; i < DEATHS_NODES_MAX; i++)
		if (deaths->used[i] && gns_node_is(&deaths->nodes[i].node, node))
			return i;
	return -1;
}

bool deaths_join(struct deaths *deaths, const struct gns_node *node)
{
	int i;

	if (find(deaths, node) >= 0)
		return true;
	for (i = 0; i < DEATHS_NODES_MAX; i++)
		if (!deaths->used[i]) {
			deaths->used[i] = true;
			deaths->nodes[i] = (struct deaths_node){ .node = *node };
			return true;
		}
	return false;
}

bool deaths_cut(struct deaths *deaths, const struct gns_node *node)
{
	int i = find(deaths, node);

	if (i < 0)
		return false;
	deaths->nodes[i].dead = deaths->nodes[i].cut_by_us = true;
	return true;
}

bool deaths_cut_by(struct deaths *deaths, const struct gns_node *by, const struct gns_node *node)
{
	int i = find(deaths, node), j = find(deaths, by);

	if (i < 0 || j < 0)
		return false;
	deaths->nodes[i].cut[j / 64] |= 1ull << j % 64;
	return true;
}

/* Has every living node cut it? */
static bool is_cut(const struct deaths *deaths, const struct deaths_node *node)
{
	int i;

	for (i = 0; i < DEATHS_NODES_MAX; i++)
		if (deaths->used[i] && !deaths->nodes[i].dead && !(node->cut[i / 64] >> i % 64 & 1))
			return false;
	return node->cut_by_us;
}

/* The bit of an entry that another node may get next. */
static void forget(struct deaths *deaths, int entry)
{
	int i;

	deaths->used[entry] = false;
	for (i = 0; i < DEATHS_NODES_MAX; i++)
		deaths->nodes[i].cut[entry / 64] &= ~(1ull << entry % 64);
}

unsigned deaths_ready(struct deaths *deaths, struct gns_node reclaimed[DEATHS_NODES_MAX])
{
	unsigned count = 0;
	int i;

	for (i = 0; i < DEATHS_NODES_MAX; i++)
		if (deaths->used[i] && deaths->nodes[i].dead && !is_cut(deaths, &deaths->nodes[i]))
			return 0;
	for (i = 0; i < DEATHS_NODES_MAX; i++)
		if (deaths->used[i] && deaths->nodes[i].dead) {
			reclaimed[count++] = deaths->nodes[i].node;
			forget(deaths, i);
		}
	return count;
}

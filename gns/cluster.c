#include "cluster.h"

#include <sodium/randombytes.h>

#include <masix/server.h>

#include "members.h"
#include "neighbour.h"
#include "state.h"

/* As long as a link may be silent: who is back sooner goes on in the same life. */
#define PATIENCE_MS 15000

static struct members members; /* gns.lock */
static struct lives lives;     /* gns.lock */
static bool has_begun;	       /* gns.lock */

static void send_packet(void *context, uint32_t address, const uint8_t *packet, size_t size)
{
	(void)context;
	neighbour_gossip(address, packet, size);
}

static void event(void *context, uint32_t life, enum member_state state)
{
	const struct life *about = &lives.list[life];

	(void)context;
	if (state == MEMBER_DEAD)
		neighbour_given_up(about->address, about->node.incarnation);
	else
		neighbour_add(about->address);
}

static void reborn(void *context)
{
	(void)context;
	masix_fatal("the cluster has given us up: a new life begins");
}

void cluster_start(uint32_t address)
{
	static const struct members_ops ops = { send_packet, event, reborn, NULL };
	const struct life own = { gns.self, address };
	uint64_t seed;

	randombytes_buf(&seed, sizeof seed);
	has_begun = members_init(&members, &ops, &lives, &own, seed, (uint32_t)engine_now());
	if (!has_begun)
		masix_fatal("no memory for the cluster");
	members.patience_ms = PATIENCE_MS;
}

void cluster_join(uint32_t address)
{
	if (has_begun)
		members_join(&members, (uint32_t)engine_now(), address);
}

void cluster_tick(uint64_t now)
{
	if (has_begun)
		members_tick(&members, (uint32_t)now);
}

void cluster_receive(uint32_t address, const uint8_t *packet, size_t size)
{
	if (has_begun)
		(void)members_receive(&members, (uint32_t)engine_now(), address, packet, size);
}

#include "cluster.h"

#include <sodium/randombytes.h>

#include <masix/server.h>

#include "members.h"
#include "neighbour.h"
#include "state.h"

/* As long as a link may be silent: who is back sooner goes on in the same life. */
#define PATIENCE_MS 15000
#define STEP_MS 1000 /* a longer one was a standstill */

static struct members members; /* gns.lock */
static struct lives lives;     /* gns.lock */
static bool has_begun;	       /* gns.lock */
/* The members' time: the machine's, but while that stood still (a virtual one that was paused) nothing was heard of anybody, and
 * nobody is to be judged by that.  gns.lock. */
static uint32_t clock_ms;
static uint64_t ticked;

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
}

static void reborn(void *context)
{
	(void)context;
	masix_fatal("others have gone on without us: a new life begins");
}

void cluster_start(uint32_t address)
{
	static const struct members_ops ops = { send_packet, event, reborn, NULL };
	const struct life own = { gns.self, address };
	uint64_t seed;

	randombytes_buf(&seed, sizeof seed);
	has_begun = members_init(&members, &ops, &lives, &own, seed, clock_ms);
	if (!has_begun)
		masix_fatal("no memory for the cluster");
	members.patience_ms = PATIENCE_MS;
}

void cluster_join(uint32_t address)
{
	if (has_begun)
		members_join(&members, clock_ms, address);
}

void cluster_tick(uint64_t now)
{
	const uint64_t passed = ticked == 0 ? 0 : now - ticked;

	if (!has_begun)
		return;
	if (passed >= PATIENCE_MS && gns.peers != NULL)
		masix_fatal("stood still for %u s: the others have gone on, and a new life begins",
			(unsigned)(passed / 1000));
	ticked = now;
	clock_ms += passed < STEP_MS ? (uint32_t)passed : STEP_MS;
	members_tick(&members, clock_ms);
}

void cluster_receive(
	uint32_t address, const struct gns_node *from, const uint8_t *packet, size_t size)
{
	const struct life life = { *from, address };

	if (has_begun)
		(void)members_receive(&members, clock_ms, &life, packet, size);
}

void cluster_told_dead(uint32_t address, const struct gns_node *from)
{
	const struct life life = { *from, address };

	if (has_begun)
		members_told_dead(&members, clock_ms, &life);
}

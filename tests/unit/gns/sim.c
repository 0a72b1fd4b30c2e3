#include "sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sim_packet {
	struct sim_packet *next;
	uint32_t from, to;
	struct life life; /* of the sender */
	uint16_t size;
	uint8_t bytes[];
};

uint32_t sim_roll(struct sim *sim, uint32_t bound)
{
	sim->dice ^= sim->dice >> 12;
	sim->dice ^= sim->dice << 25;
	sim->dice ^= sim->dice >> 27;
	return (uint32_t)((sim->dice * 0x2545f4914f6cdd1dull >> 32) % bound);
}

static void send_packet(void *context, uint32_t address, const uint8_t *bytes, size_t size)
{
	struct sim_node *node = context;
	struct sim *sim = node->sim;
	struct sim_packet *packet, **slot;
	uint32_t delay = sim->delay_least + sim_roll(sim, sim->delay_most - sim->delay_least + 1);

	node->bytes_sent += size + 28; /* IP and UDP */
	node->packets_sent++;
	if (sim_roll(sim, 1000) < sim->loss)
		return;
	packet = malloc(sizeof *packet + size);
	if (packet == NULL)
		abort();
	packet->from = (uint32_t)(node - sim->nodes);
	packet->to = address;
	packet->life = sim->lives.list[node->members.self];
	packet->size = (uint16_t)size;
	memcpy(packet->bytes, bytes, size);
	slot = &sim->wheel[(sim->now + delay) % 1024];
	packet->next = *slot;
	*slot = packet;
}

static void on_event(void *context, uint32_t life, enum member_state state)
{
	struct sim_node *node = context;

	(void)life;
	node->sim->deaths_told += state == MEMBER_DEAD;
}

static void on_reborn(void *context)
{
	struct sim_node *node = context;

	node->sim->reborn++;
}

static void on_found(void *context, uint32_t request, uint32_t life)
{
	struct sim_node *node = context;
	struct sim *sim = node->sim;
	unsigned owner;

	if (life == LIFE_NONE) {
		sim->not_found++;
		return;
	}
	owner = sim->lives.list[life].address;
	sim->found++;
	sim->wrong += !sim->has(sim, owner, &sim->asked[request % SIM_ASKED]);
}

static void on_came(void *context, const struct name *name, uint32_t life)
{
	struct sim_node *node = context;

	(void)name;
	(void)life;
	node->sim->came++;
}

static const struct members_ops *members_ops(struct sim_node *node, struct members_ops *ops)
{
	*ops = (struct members_ops){ send_packet, on_event, on_reborn, node };
	return ops;
}

/* Operations are the same for all; only the context differs, so each node has its own. */
struct node_ops {
	struct members_ops members;
	struct names_ops names;
};

static struct node_ops *all_ops;

void sim_init(struct sim *sim, unsigned count, uint64_t seed)
{
	unsigned i;

	memset(sim, 0, sizeof *sim);
	sim->count = count;
	sim->nodes = calloc(count, sizeof *sim->nodes);
	all_ops = calloc(count, sizeof *all_ops);
	sim->dice = seed * 0x9e3779b97f4a7c15ull + 1;
	sim->now = 1000;
	sim->delay_least = 1;
	sim->delay_most = 10;
	for (i = 0; i < count; i++)
		sim->nodes[i].sim = sim;
}

void sim_start(struct sim *sim, unsigned number, unsigned seed_node)
{
	struct sim_node *node = &sim->nodes[number];
	struct life self = { .node.incarnation = (uint64_t)sim->now << 8, .address = number };
	uint64_t bits[2] = { (number + 1) * 0x9e3779b97f4a7c15ull,
		(number + 1) * 0xc2b2ae3d27d4eb4full };

	bits[0] ^= bits[0] >> 29;
	bits[1] ^= bits[1] >> 31;
	memcpy(self.node.id, bits, sizeof bits);
	all_ops[number].names = (struct names_ops){ send_packet, on_found, on_came, node };
	if (!members_init(&node->members, members_ops(node, &all_ops[number].members), &sim->lives,
		    &self, sim->dice ^ number, sim->now))
		abort();
	names_init(&node->names, &all_ops[number].names, &node->members,
		sim->now + sim_roll(sim, NAMES_REFRESH_MS));
	node->up = true;
	if (seed_node != number)
		members_join(&node->members, sim->now, seed_node);
}

void sim_stop(struct sim *sim, unsigned number)
{
	struct sim_node *node = &sim->nodes[number];

	node->up = false;
	members_free(&node->members);
	names_free(&node->names);
}

/* A page of the table as a packet, from everybody to everybody, would take long: the table is filled by the same function that
 * hears news, with packets made here. */
void sim_meet_all(struct sim *sim)
{
	unsigned i, other;

	for (i = 0; i < sim->count; i++)
		for (other = 0; other < sim->count; other++) {
			const struct life *life = &sim->lives.list[sim->nodes[other].members.self];
			const uint8_t bytes[6] = { 2, 0xff, 0xff, 0xff, 0xff }; /* no news */

			if (other == i || !sim->nodes[i].up || !sim->nodes[other].up)
				continue;
			if (!members_receive(
				    &sim->nodes[i].members, sim->now, life, bytes, sizeof bytes))
				abort();
		}
}

static void deliver(struct sim *sim)
{
	struct sim_packet *packet = sim->wheel[sim->now % 1024], *next;

	sim->wheel[sim->now % 1024] = NULL;
	for (; packet != NULL; packet = next) {
		struct sim_node *to = &sim->nodes[packet->to], *from = &sim->nodes[packet->from];

		next = packet->next;
		if (to->up && to->group == from->group) {
			bool good = packet->bytes[0] < NAMES_PACKET_FIRST
					    ? members_receive(&to->members, sim->now, &packet->life,
						      packet->bytes, packet->size)
					    : names_receive(&to->names, sim->now, &packet->life,
						      packet->bytes, packet->size);

			if (!good)
				abort();
		}
		free(packet);
	}
}

void sim_run(struct sim *sim, uint32_t ms)
{
	while (ms-- > 0) {
		unsigned i;

		sim->now++;
		deliver(sim);
		for (i = sim->now % SIM_TICK_MS; i < sim->count; i += SIM_TICK_MS)
			if (sim->nodes[i].up) {
				members_tick(&sim->nodes[i].members, sim->now);
				names_tick(&sim->nodes[i].names, sim->now);
			}
	}
}

unsigned sim_know_alive(const struct sim *sim, unsigned number)
{
	const struct members *about = &sim->nodes[number].members;
	const struct life *life = &sim->lives.list[about->self];
	unsigned know = 0, i;

	for (i = 0; i < sim->count; i++) {
		const struct member *member;

		if (i == number || !sim->nodes[i].up)
			continue;
		member = members_find(&sim->nodes[i].members, life->node.id);
		know += member != NULL && member->life == about->self + 1 &&
			member->state != MEMBER_DEAD;
	}
	return know;
}

unsigned sim_know_dead(const struct sim *sim, unsigned number)
{
	const struct life *life = &sim->lives.list[sim->nodes[number].members.self];
	unsigned know = 0, i;

	for (i = 0; i < sim->count; i++) {
		const struct member *member;

		if (i == number || !sim->nodes[i].up)
			continue;
		member = members_find(&sim->nodes[i].members, life->node.id);
		know += member == NULL || member->state == MEMBER_DEAD;
	}
	return know;
}

unsigned sim_up(const struct sim *sim)
{
	unsigned up = 0, i;

	for (i = 0; i < sim->count; i++)
		up += sim->nodes[i].up;
	return up;
}

bool sim_lookup(struct sim *sim, unsigned node, const struct name *name)
{
	static uint32_t request;

	sim->asked[++request % SIM_ASKED] = *name;
	return names_lookup(&sim->nodes[node].names, sim->now, request, name);
}

void sim_free(struct sim *sim)
{
	unsigned i;

	for (i = 0; i < 1024; i++)
		while (sim->wheel[i] != NULL) {
			struct sim_packet *next = sim->wheel[i]->next;

			free(sim->wheel[i]);
			sim->wheel[i] = next;
		}
	for (i = 0; i < sim->count; i++)
		if (sim->nodes[i].up)
			sim_stop(sim, i);
	free(sim->nodes);
	free(all_ops);
	lives_free(&sim->lives);
}

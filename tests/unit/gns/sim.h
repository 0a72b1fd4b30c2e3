/* Many nodes in one program: membership and names, the product's source, over a network that is played.  Times in ms. */
#ifndef GNS_SIM_H
#define GNS_SIM_H

#include "members.h"
#include "names.h"

#define SIM_TICK_MS 100
#define SIM_ASKED 65536

struct sim_node {
	struct members members;
	struct names names;
	bool up;
	unsigned group; /* only nodes of one group reach each other */
	uint64_t bytes_sent, packets_sent;
	struct sim *sim;
};

struct sim_packet;

struct sim {
	unsigned count;
	struct sim_node *nodes;
	struct lives lives;
	uint64_t dice;
	uint32_t now;
	unsigned loss; /* of a thousand */
	unsigned delay_least, delay_most;
	struct sim_packet *wheel[1024]; /* what arrives in which ms */

	/* Told by the nodes. */
	uint64_t deaths_told, reborn;
	uint64_t found, not_found, wrong, came;
	/* Does the node have the name now?  Given by the test; NULL: nobody asks. */
	bool (*has)(const struct sim *sim, unsigned node, const struct name *name);
	struct name asked[SIM_ASKED]; /* of lookups under way, by request % SIM_ASKED */
};

void sim_init(struct sim *sim, unsigned count, uint64_t seed);
void sim_free(struct sim *sim);

/* The node joins by asking another one. */
void sim_start(struct sim *sim, unsigned node, unsigned seed_node);
void sim_stop(struct sim *sim, unsigned node);

/* All nodes know each other already. */
void sim_meet_all(struct sim *sim);

void sim_run(struct sim *sim, uint32_t ms);

/* How many of the living know that the node's present life is there; and that none of its lives is. */
unsigned sim_know_alive(const struct sim *sim, unsigned node);
unsigned sim_know_dead(const struct sim *sim, unsigned node);

unsigned sim_up(const struct sim *sim);
bool sim_lookup(struct sim *sim, unsigned node, const struct name *name);
uint32_t sim_roll(struct sim *sim, uint32_t bound);

#endif

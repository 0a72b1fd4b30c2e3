/* Who is in the cluster, by gossip (after Das, Gupta, Motivala: SWIM).  Every period a node asks one other whether it is there, if need
 * be through others; news travels on these messages.  So cost per node does not grow with the number of nodes.
 *
 * Nothing is believed of a third: who is told of is asked, and only what a node says itself makes it a member, or alive; only one's
 * own questions, in vain for long enough, make one dead.  So a member that lies costs others questions, of which there are
 * MEMBERS_PROBES a second at most.  A node that is told that it is dead by more than one other is: it begins a
 * new life, since others have given up what the old one held.
 *
 * Pure: time in milliseconds and all sending are given.  The same source runs as thousands of nodes on the host (make scale). */
#ifndef GNS_MEMBERS_H
#define GNS_MEMBERS_H

#include "ledger.h"

#define MEMBERS_PERIOD_MS 1000
#define MEMBERS_ANSWER_MS 300 /* then others are asked to ask */
#define MEMBERS_HELPERS 3
#define MEMBERS_PACKET_MAX 512
#define MEMBERS_NEWS 14		 /* in a message, at most */
#define MEMBERS_HOT 256		 /* news that is still told */
#define MEMBERS_FORGET_MS 600000 /* the dead */
#define MEMBERS_MAX 65536
#define MEMBERS_PROBES 500 /* questions about what was told, a second */
#define MEMBERS_QUORUM 2   /* nodes that say we are dead; of two nodes in all, one is enough */
#define MEMBERS_VERDICT_MS 60000
#define MEMBERS_AGAIN_MS 120000 /* then the dead that speak are members again */

/* Lives that have been heard of, each once: a member is the index of one, so that a table of members is small. */
struct life {
	struct gns_node node;
	uint32_t address; /* how to reach it: means something to `send` */
};

struct lives { /* all zero = empty */
	struct life *list;
	uint32_t *index; /* open addressing; list index + 1 */
	uint32_t count, room, buckets;
};

#define LIFE_NONE UINT32_MAX

/* The life's number, entered if it is new; LIFE_NONE: no memory. */
uint32_t lives_enter(struct lives *lives, const struct life *life);
void lives_free(struct lives *lives);

enum member_state { MEMBER_ALIVE, MEMBER_SUSPECT, MEMBER_DEAD };

struct member {
	uint32_t life; /* + 1; 0: an empty place */
	uint8_t state;
	uint32_t since; /* ms, of the state */
};

struct members_ops {
	void (*send)(void *context, uint32_t address, const uint8_t *packet, size_t size);
	/* A member came (its first life, or a new one) or is dead. */
	void (*event)(void *context, uint32_t life, enum member_state state);
	/* Others say that we are dead: our life is over, members->self is the next one already. */
	void (*reborn)(void *context);
	void *context;
};

struct members_help {		  /* we asked somebody for another node */
	uint32_t address, number; /* the asker's */
	uint32_t own_number;
	uint32_t since;
};

struct members {
	const struct members_ops *ops;
	struct lives *lives;
	uint64_t dice;
	uint32_t self;	      /* life */
	uint32_t patience_ms; /* with a suspect, at least; 0 after members_init */

	struct member *places;		    /* open addressing by node id */
	uint32_t places_size, count, alive; /* others */
	uint32_t cursor, stride;	    /* who is asked next: a walk through the places */

	uint32_t next_period;
	uint32_t last_number;
	/* The question of this period. */
	uint32_t asked; /* life, or LIFE_NONE */
	uint32_t asked_number, asked_at;
	bool answered, helped;
	struct members_help helps[8];
	unsigned next_help;

	struct {
		uint32_t life;
		unsigned left; /* times to tell it */
	} hot[MEMBERS_HOT];
	unsigned hot_count;
	uint32_t probes, probes_since; /* in this second */
	struct {
		uint32_t life, at;
	} verdicts[MEMBERS_QUORUM]; /* who says that we are dead, and when */
	unsigned verdict_count;
	bool behind; /* there was more news than could be told: others' tables have what was missed */

	uint32_t pull_address; /* of whom the table is being fetched */
	uint32_t pull_cursor, pulled_at;
	unsigned pull_tries;
	bool quiet; /* who is met now need not be told of */
	bool pulling;
};

bool members_init(struct members *members, const struct members_ops *ops, struct lives *lives,
	const struct life *self, uint64_t seed, uint32_t now) __attribute__((warn_unused_result));
void members_free(struct members *members);

/* Join the cluster of the node at that address. */
void members_join(struct members *members, uint32_t now, uint32_t address);

/* To be called often (every 100 ms or so). */
void members_tick(struct members *members, uint32_t now);

/* A packet of that node, in that life and at that address: who calls knows that it is (by the link that it came over).  False:
 * malformed. */
bool members_receive(struct members *members, uint32_t now, const struct life *from,
	const uint8_t *packet, size_t size);

/* That node, itself, takes our present life for over.  Of enough of them it is believed. */
void members_told_dead(struct members *members, uint32_t now, const struct life *teller);

/* The member with that node id, or NULL; oneself is none. */
const struct member *members_find(const struct members *members, const uint8_t id[16]);

#endif

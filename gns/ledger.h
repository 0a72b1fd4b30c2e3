/* Who in the cluster holds rights to one port of ours, counted in credits.  With each right that leaves, its home grants
 * credits to the node it goes to; a node that gives the right on gives some of its credits with it; one that has no use
 * for it any more returns them.  While anybody holds credits, home holds a send right, so that the kernel's no-senders
 * notification comes exactly once and never early.
 *
 * A hand-over from one node to another is told by both: by the giver (ledger_gave) and by the receiver (ledger_claimed),
 * in either order, under a number of the giver's own.  So the end of one of them, or of both, loses no credit and invents
 * none: either word is enough to count the receiver, and only the giver's own word takes from the giver.
 *
 * When a node is dead its credits are reclaimed, but only after all others have said that they accept nothing more of
 * that incarnation (ledger_reclaim): until then a right that it gave may be on its way.
 *
 * What a node says about others never harms them; what it says about itself and cannot be is refused.  Pure; the
 * caller's lock. */
#ifndef GNS_LEDGER_H
#define GNS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A life of a node. */
struct gns_node {
	uint8_t id[16];
	uint64_t incarnation;
};

bool gns_node_is(const struct gns_node *a, const struct gns_node *b);

/* Granted with a right to send; enough to be halved often. */
#define LEDGER_GRANT (1ull << 32)
/* Hand-overs of one port that only one side has told. */
#define LEDGER_HALVES_MAX 4096

struct ledger_share {
	struct gns_node holder;
	uint64_t credits;
};

/* A hand-over of which one half is known. */
struct ledger_half {
	struct gns_node giver, receiver;
	uint64_t number, credits;
	bool given; /* by the giver's word; else by the receiver's */
};

struct ledger { /* all zero = empty */
	struct ledger_share *shares;
	struct ledger_half *halves;
	unsigned share_count, share_room, half_count, half_room;
	uint64_t total; /* of all shares */
};

void ledger_free(struct ledger *ledger);

/* False: no memory, or a sum that does not fit; nothing has changed. */
bool ledger_grant(struct ledger *ledger, const struct gns_node *holder, uint64_t credits)
	__attribute__((warn_unused_result));

/* The holder gave them back.  False: it does not have them. */
bool ledger_return(struct ledger *ledger, const struct gns_node *holder, uint64_t credits)
	__attribute__((warn_unused_result));

/* The giver says so.  False: it does not have them, or contradicts the receiver; or no memory. */
bool ledger_gave(struct ledger *ledger, const struct gns_node *giver, uint64_t number,
	const struct gns_node *receiver, uint64_t credits) __attribute__((warn_unused_result));

/* The receiver says so.  False: it contradicts the giver; or no memory, too many. */
bool ledger_claimed(struct ledger *ledger, const struct gns_node *receiver,
	const struct gns_node *giver, uint64_t number, uint64_t credits)
	__attribute__((warn_unused_result));

/* The node is dead, and nothing that it gave is on its way any more. */
void ledger_reclaim(struct ledger *ledger, const struct gns_node *dead);

uint64_t ledger_of(const struct ledger *ledger, const struct gns_node *holder);

/* The receiver's side: what a node that holds `*credits` gives along with a right; a small part of them, since it may give
 * the right to many.  0: it must get more from home first. */
uint64_t purse_split(uint64_t *credits);

/* Are there enough to give the right on as often as one message can? */
bool purse_is_enough(uint64_t credits);

/* Time to ask home for more, before there are none left to give. */
bool purse_is_low(uint64_t credits);

#endif

/* When may the credits of a dead node be reclaimed?  When nothing that it gave is on its way any more: each living node says
 * that it accepts nothing more of it (a *cut*), on the same ordered road as its claims before.  Two nodes that die about the
 * same time wait for each other's cuts: what the first gave to the second may be on its way to a third.  Pure; the
 * caller's lock. */
#ifndef GNS_DEATHS_H
#define GNS_DEATHS_H

#include "ledger.h"

#define DEATHS_NODES_MAX 128 /* that this node has links to, or that died and are not reclaimed */

struct deaths_node {
	struct gns_node node;
	bool dead;
	/* By whom it has been cut: a bit for each entry, and one for ourselves. */
	uint64_t cut[DEATHS_NODES_MAX / 64];
	bool cut_by_us;
};

struct deaths { /* all zero = nobody */
	struct deaths_node nodes[DEATHS_NODES_MAX];
	bool used[DEATHS_NODES_MAX];
};

/* A living node.  False: too many. */
bool deaths_join(struct deaths *deaths, const struct gns_node *node)
	__attribute__((warn_unused_result));

/* The node is dead and we have cut it.  False: it is not known. */
bool deaths_cut(struct deaths *deaths, const struct gns_node *node);

/* Another node says that it has cut `node`.  We may have yet to learn of that death.  False: either is not known. */
bool deaths_cut_by(struct deaths *deaths, const struct gns_node *by, const struct gns_node *node);

/* Those whose credits can be reclaimed now, all of the dead or none, into `reclaimed`; they are forgotten.  How many. */
unsigned deaths_ready(struct deaths *deaths, struct gns_node reclaimed[DEATHS_NODES_MAX]);

#endif

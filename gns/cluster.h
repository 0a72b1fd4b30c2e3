/* The cluster as this server knows it: members by gossip (members.h) over its links.  All with gns.lock. */
#ifndef GNS_CLUSTER_H
#define GNS_CLUSTER_H

#include <stddef.h>
#include <stdint.h>

#include "ledger.h"

/* We are at that IPv4 address (network order). */
void cluster_start(uint32_t address);

/* There is a link to the node at that address: what does it know? */
void cluster_join(uint32_t address);
void cluster_tick(uint64_t now);
/* Of the node at that address, which is that one in that life. */
void cluster_receive(
	uint32_t address, const struct gns_node *from, const uint8_t *packet, size_t size);
/* It says that our life is over. */
void cluster_told_dead(uint32_t address, const struct gns_node *from);

#endif

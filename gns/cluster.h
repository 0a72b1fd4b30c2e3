/* The cluster as this server knows it: members by gossip (members.h) over its links.  All with gns.lock. */
#ifndef GNS_CLUSTER_H
#define GNS_CLUSTER_H

#include <stddef.h>
#include <stdint.h>

/* We are at that IPv4 address (network order). */
void cluster_start(uint32_t address);

/* There is a link to the node at that address: what does it know? */
void cluster_join(uint32_t address);
void cluster_tick(uint64_t now);
void cluster_receive(uint32_t address, const uint8_t *packet, size_t size);

#endif

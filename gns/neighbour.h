/* Nodes at addresses: who they are is told by certificates (introduce.h) and proved by the handshakes of links (link.h); what their lives
 * are, by what is heard of them.  All with gns.lock. */
#ifndef GNS_NEIGHBOUR_H
#define GNS_NEIGHBOUR_H

#include <masix/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct neighbour;

struct neighbour_figures {
	char address[16];
	uint64_t handshakes, dropped;
};

/* Before all others: this machine has a certificate (masix_identity.node). */
void neighbour_start(void);

/* A node is to be looked for at that IPv4 address (network order), again and again. */
void neighbour_add(uint32_t address);

/* To be called often; does something now and then.  When it will next. */
uint64_t neighbour_tick(uint64_t now);
void neighbour_receive(const struct masix_inet_name *from, const uint8_t *packet, size_t size);
void neighbour_emit(struct neighbour *neighbour, const uint8_t *frame, size_t size);
/* A packet of cluster.h; lost if there is no link yet. */
void neighbour_gossip(uint32_t address, const uint8_t *packet, size_t size);
/* The cluster says that this life is over. */
void neighbour_given_up(uint32_t address, uint64_t incarnation);
void neighbour_tell(const struct neighbour *neighbour, struct neighbour_figures *figures);
/* The peer's life is over; it is not taken back. */
void neighbour_forget(struct neighbour *neighbour);

#endif

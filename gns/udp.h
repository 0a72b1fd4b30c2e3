/* Links over UDP to the nodes that the arguments name. */
#ifndef GNS_UDP_H
#define GNS_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct neighbour;

#define UDP_PORT 4662

/* "NAME=ADDRESS": before udp_start.  False: malformed. */
bool udp_add(const char *text);

/* Open the socket and keep links to all that were added, if any. */
void udp_start(void);

/* With gns.lock: */
void udp_tick(uint64_t now);
void udp_emit(struct neighbour *neighbour, const uint8_t *frame, size_t size);
/* The peer's life is over; it is not taken back. */
void udp_forget(struct neighbour *neighbour);

#endif

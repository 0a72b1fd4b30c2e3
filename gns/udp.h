/* Links over UDP to the nodes that the arguments name. */
#ifndef GNS_UDP_H
#define GNS_UDP_H

#include <mach/message.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct neighbour;

struct udp_figures {
	char address[16];
	uint64_t handshakes, dropped;
};

#define UDP_PORT 4662

/* "NAME=ADDRESS": before udp_start.  False: malformed. */
bool udp_add(const char *text);

/* Open the socket and keep links to all that were added, if any. */
void udp_start(void);

/* With gns.lock: */
void udp_tick(uint64_t now);
/* What was emitted goes now. */
void udp_flush(void);
/* The engine received this message on the port that net sends to. */
bool udp_take(mach_msg_header_t *message);
/* A name died: if it is the socket's, the server ends. */
void udp_died(mach_port_t name);
void udp_emit(struct neighbour *neighbour, const uint8_t *frame, size_t size);
void udp_tell(const struct neighbour *neighbour, struct udp_figures *figures);
/* The peer's life is over; it is not taken back. */
void udp_forget(struct neighbour *neighbour);

#endif

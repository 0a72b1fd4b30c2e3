/* The socket through which packets go to other machines, and come. */
#ifndef GNS_UDP_H
#define GNS_UDP_H

#include <mach/message.h>
#include <masix/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UDP_PORT 4662

/* Open the socket, once net is there. */
void udp_start(void);

/* With gns.lock: */
/* Goes with the next udp_flush; lost if there is no socket yet. */
void udp_send(const struct masix_inet_name *to, const uint8_t *packet, size_t size);
/* What was sent goes now. */
void udp_flush(void);
/* The engine received this message on the port that net sends to. */
bool udp_take(mach_msg_header_t *message);
/* A name died: if it is the socket's, the server ends. */
void udp_died(mach_port_t name);

#endif

/* What sockets that send and receive datagrams have in common. */
#ifndef NET_DATAGRAM_H
#define NET_DATAGRAM_H

#include "sockets.h"

struct pbuf;

/* Takes over `data`; drops it if nobody reads what is there. */
void datagram_arrived(
	struct socket *socket, struct pbuf *data, const ip_addr_t *from, uint16_t port);
void datagram_drop_first(struct socket *socket);
bool datagram_receive(struct socket *socket, struct call *call);
int datagram_ready(const struct socket *socket);
kern_return_t datagram_shutdown(struct socket *socket, int how);
/* Where a call to send goes: its name, or the peer. */
kern_return_t datagram_destination(
	const struct socket *socket, const struct call *call, ip_addr_t *to, uint16_t *port);
/* The address that this machine has towards `to`; NULL: there is no way. */
const ip_addr_t *datagram_source(const struct socket *socket, const ip_addr_t *to);
/* The data as a packet; NULL: no memory. */
struct pbuf *datagram_packet(const struct call *call, int layer);

#endif

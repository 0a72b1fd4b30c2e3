/* Datagrams over lwIP's UDP. */
#include <masix/error.h>
#include <string.h>

#include "address.h"
#include "datagram.h"
#include "interfaces.h"
#include "lwip/udp.h"

#define UDP_HEADER 8
#define IP4_HEADER 20

static void on_received(
	void *arg, struct udp_pcb *pcb, struct pbuf *data, const ip_addr_t *from, u16_t port)
{
	(void)pcb;
	datagram_arrived(arg, data, from, port);
}

static bool open_udp(struct socket *s)
{
	s->udp = udp_new_ip_type(IP_GET_TYPE(&s->local));
	if (s->udp == NULL)
		return false;
	udp_recv(s->udp, on_received, s);
	return true;
}

static void close_udp(struct socket *s)
{
	udp_remove(s->udp);
	s->udp = NULL;
}

static void note_local(struct socket *s)
{
	ip_addr_copy(s->local, s->udp->local_ip);
	s->local_port = s->udp->local_port;
}

static kern_return_t bind_udp(struct socket *s, const ip_addr_t *address, uint16_t port)
{
	kern_return_t kr = address_error(udp_bind(s->udp, address, port));

	note_local(s);
	return kr;
}

/* The local address that an earlier peer brought: the next one may be of the other version of IP. */
static void forget_local(struct socket *s)
{
	if (!s->local_is_chosen)
		return;
	s->local_is_chosen = false;
	memset(&s->udp->local_ip, 0, sizeof s->udp->local_ip);
	IP_SET_TYPE(&s->udp->local_ip, s->family == MASIX_INET ? IPADDR_TYPE_V4
				       : s->options.only_inet6 ? IPADDR_TYPE_V6
							       : IPADDR_TYPE_ANY);
	note_local(s);
}

static kern_return_t connect_to(struct socket *s, const struct call *call)
{
	const ip_addr_t *source;
	ip_addr_t to;
	uint16_t port;
	kern_return_t kr;

	forget_local(s);
	if (!call->has_name) {
		udp_disconnect(s->udp);
		s->state = SOCKET_FRESH;
		return KERN_SUCCESS;
	}
	kr = datagram_destination(s, call, &to, &port);
	if (kr != KERN_SUCCESS)
		return kr;
	source = datagram_source(s, &to);
	if (source == NULL)
		return MASIX_E_UNREACHABLE;
	if (interfaces_is_broadcast(&to) && !s->options.broadcast)
		return MASIX_E_ACCESS;
	kr = address_error(udp_connect(s->udp, &to, port));
	if (kr != KERN_SUCCESS)
		return kr;
	if (address_is_any(&s->udp->local_ip)) {
		ip_addr_copy(s->udp->local_ip, *source);
		s->local_is_chosen = true;
	}
	s->state = SOCKET_CONNECTED;
	s->is_bound = true;
	ip_addr_copy(s->peer, to);
	s->peer_port = port;
	note_local(s);
	return KERN_SUCCESS;
}

static bool connect_udp(struct socket *s, struct call *call)
{
	return call_done(call, connect_to(s, call));
}

static kern_return_t send_to(struct socket *s, const struct call *call)
{
	struct pbuf *packet;
	ip_addr_t to;
	uint16_t port;
	kern_return_t kr = datagram_destination(s, call, &to, &port);

	if (kr != KERN_SUCCESS)
		return kr;
	if (port == 0)
		return MASIX_E_INVALID;
	if (call->length > UINT16_MAX - UDP_HEADER - (IP_IS_V4_VAL(to) ? IP4_HEADER : 0))
		return MASIX_E_MESSAGE_SIZE;
	if (interfaces_is_broadcast(&to) && !s->options.broadcast)
		return MASIX_E_ACCESS;
	packet = datagram_packet(call, PBUF_TRANSPORT);
	if (packet == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kr = address_error(udp_sendto(s->udp, packet, &to, port));
	pbuf_free(packet);
	s->is_bound = true; /* a port was chosen */
	note_local(s);
	return kr;
}

static bool send_udp(struct socket *s, struct call *call)
{
	if (s->error != KERN_SUCCESS)
		return call_done(call, socket_take_error(s));
	if (s->shut_out)
		return call_done(call, MASIX_E_PIPE);
	call->count = call->length;
	return call_done(call, send_to(s, call));
}

static void unreachable_udp(struct socket *s, kern_return_t error, uint32_t sequence)
{
	(void)sequence;
	if (s->state != SOCKET_CONNECTED)
		return;
	s->error = error;
	socket_changed(s, MASIX_POLL_IN | MASIX_POLL_OUT);
}

static void apply_udp(struct socket *s)
{
	const struct socket_options *o = &s->options;

	s->udp->so_options =
		(u8_t)((o->reuse_address ? SOF_REUSEADDR : 0) | (o->broadcast ? SOF_BROADCAST : 0));
	s->udp->ttl = (u8_t)o->hops;
	s->udp->tos = (u8_t)o->service;
	if (o->only_inet6 && !s->is_bound)
		IP_SET_TYPE(&s->udp->local_ip, IPADDR_TYPE_V6);
}

const struct socket_protocol udp_protocol = {
	.type = SOCKET_DATAGRAM,
	.open = open_udp,
	.close = close_udp,
	.bind = bind_udp,
	.connect = connect_udp,
	.send = send_udp,
	.receive = datagram_receive,
	.shutdown = datagram_shutdown,
	.ready = datagram_ready,
	.unreachable = unreachable_udp,
	.apply = apply_udp,
};

/* Raw IP, and ICMP echo as datagrams (Linux's ping sockets: icmp(7)), both over lwIP's raw control blocks. */
#include <masix/error.h>
#include <string.h>

#include "address.h"
#include "datagram.h"
#include "lwip/inet_chksum.h"
#include "lwip/ip.h"
#include "lwip/raw.h"

#define IP4_HEADER 20

struct echo_header {
	uint8_t type, code;
	uint16_t checksum, id, sequence; /* network order */
};

enum { ECHO4_REPLY = 0, ECHO4_REQUEST = 8, ECHO6_REQUEST = 128, ECHO6_REPLY = 129 };

/* --- Receiving: others want the packet too, so each gets a copy --- */

static struct pbuf *copy_without(const struct pbuf *packet, uint16_t header)
{
	struct pbuf *copy;

	if (header > packet->tot_len)
		return NULL;
	copy = pbuf_clone(PBUF_RAW, PBUF_RAM, (struct pbuf *)packet);
	if (copy != NULL)
		pbuf_remove_header(copy, header);
	return copy;
}

/* A raw socket of IPv4 sees the header, one of IPv6 does not. */
static u8_t on_packet(void *arg, struct raw_pcb *pcb, struct pbuf *packet, const ip_addr_t *from)
{
	struct socket *s = arg;
	struct pbuf *copy = copy_without(packet, IP_IS_V4(from) ? 0 : ip_current_header_tot_len());

	(void)pcb;
	if (copy != NULL)
		datagram_arrived(s, copy, from, s->ip_protocol == 58 ? 0 : s->ip_protocol);
	return 0;
}

static u8_t on_echo(void *arg, struct raw_pcb *pcb, struct pbuf *packet, const ip_addr_t *from)
{
	struct socket *s = arg;
	const uint16_t header_size = ip_current_header_tot_len();
	struct echo_header header;
	struct pbuf *copy;

	(void)pcb;
	if (pbuf_copy_partial(packet, &header, sizeof header, header_size) != sizeof header)
		return 0;
	if (header.type != (IP_IS_V4(from) ? ECHO4_REPLY : ECHO6_REPLY) ||
		header.id != lwip_htons(s->echo_id))
		return 0;
	copy = copy_without(packet, header_size);
	if (copy != NULL)
		datagram_arrived(s, copy, from, 0);
	return 0;
}

/* --- Both --- */

static bool open_with(struct socket *s, raw_recv_fn receive)
{
	s->raw = raw_new_ip_type(
		s->family == MASIX_INET ? IPADDR_TYPE_V4 : IPADDR_TYPE_V6, s->ip_protocol);
	if (s->raw == NULL)
		return false;
	raw_recv(s->raw, receive, s);
	IP_SET_TYPE(&s->local, IP_GET_TYPE(&s->raw->local_ip));
	return true;
}

static bool open_raw(struct socket *s)
{
	return open_with(s, on_packet);
}

static void close_raw(struct socket *s)
{
	raw_remove(s->raw);
	s->raw = NULL;
}

static bool is_our_version(const struct socket *s, const ip_addr_t *address)
{
	return IP_IS_V4(address) == (s->family == MASIX_INET);
}

static kern_return_t bind_raw(struct socket *s, const ip_addr_t *address, uint16_t port)
{
	ip_addr_t local = *address;

	IP_SET_TYPE(&local, IP_IS_V4(address) ? IPADDR_TYPE_V4 : IPADDR_TYPE_V6);
	if (!is_our_version(s, &local))
		return MASIX_E_FAMILY;
	s->local_port = port;
	ip_addr_copy(s->local, local);
	return address_error(raw_bind(s->raw, &local));
}

static kern_return_t connect_to(struct socket *s, const struct call *call)
{
	const ip_addr_t *source;
	ip_addr_t to;
	uint16_t port;
	kern_return_t kr;

	if (!call->has_name) {
		raw_disconnect(s->raw);
		s->state = SOCKET_FRESH;
		return KERN_SUCCESS;
	}
	kr = datagram_destination(s, call, &to, &port);
	if (kr == KERN_SUCCESS && !is_our_version(s, &to))
		kr = MASIX_E_FAMILY;
	if (kr != KERN_SUCCESS)
		return kr;
	source = datagram_source(s, &to);
	if (source == NULL)
		return MASIX_E_UNREACHABLE;
	kr = address_error(raw_connect(s->raw, &to));
	if (kr != KERN_SUCCESS)
		return kr;
	if (address_is_any(&s->raw->local_ip))
		(void)raw_bind(s->raw, source);
	ip_addr_copy(s->local, *source);
	ip_addr_copy(s->peer, to);
	s->peer_port = port;
	s->state = SOCKET_CONNECTED;
	return KERN_SUCCESS;
}

static bool connect_raw(struct socket *s, struct call *call)
{
	return call_done(call, connect_to(s, call));
}

/* `packet` is consumed. */
static kern_return_t send_packet(struct socket *s, struct pbuf *packet, const ip_addr_t *to)
{
	kern_return_t kr = address_error(raw_sendto(s->raw, packet, to));

	pbuf_free(packet);
	return kr;
}

static kern_return_t prepare(
	struct socket *s, const struct call *call, ip_addr_t *to, struct pbuf **packet)
{
	uint16_t port;
	kern_return_t kr = datagram_destination(s, call, to, &port);

	if (kr == KERN_SUCCESS && !is_our_version(s, to))
		kr = MASIX_E_FAMILY;
	if (kr == KERN_SUCCESS && call->length > UINT16_MAX - IP4_HEADER)
		kr = MASIX_E_MESSAGE_SIZE;
	if (kr != KERN_SUCCESS)
		return kr;
	*packet = datagram_packet(call, PBUF_IP);
	return *packet != NULL ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

static bool send_raw(struct socket *s, struct call *call)
{
	struct pbuf *packet;
	ip_addr_t to;
	kern_return_t kr = prepare(s, call, &to, &packet);

	if (kr == KERN_SUCCESS)
		kr = send_packet(s, packet, &to);
	call->count = call->length;
	return call_done(call, kr);
}

static void apply_raw(struct socket *s)
{
	const struct socket_options *o = &s->options;

	s->raw->so_options = (u8_t)(o->broadcast ? SOF_BROADCAST : 0);
	s->raw->ttl = (u8_t)o->hops;
	s->raw->tos = (u8_t)o->service;
}

/* --- Echo --- */

static bool id_is_used(uint16_t id)
{
	for (const struct socket *s = socket_first(); s != NULL; s = s->next_open)
		if (s->protocol == &echo_protocol && s->echo_id == id)
			return true;
	return false;
}

static bool open_echo(struct socket *s)
{
	return open_with(s, on_echo);
}

static kern_return_t choose_id(struct socket *s, uint16_t id)
{
	if (id != 0 && id_is_used(id))
		return MASIX_E_IN_USE;
	while (id == 0 || id_is_used(id)) /* there are fewer sockets than ids */
		id = (uint16_t)port_random();
	s->echo_id = s->local_port = id;
	return KERN_SUCCESS;
}

static kern_return_t bind_echo(struct socket *s, const ip_addr_t *address, uint16_t port)
{
	kern_return_t kr = choose_id(s, port);

	return kr == KERN_SUCCESS ? bind_raw(s, address, s->echo_id) : kr;
}

static kern_return_t send_request(struct socket *s, const struct call *call)
{
	struct echo_header *header;
	struct pbuf *packet;
	ip_addr_t to;
	kern_return_t kr;

	if (call->length < sizeof *header)
		return MASIX_E_INVALID;
	kr = s->echo_id == 0 ? choose_id(s, 0) : KERN_SUCCESS;
	if (kr == KERN_SUCCESS)
		kr = prepare(s, call, &to, &packet);
	if (kr != KERN_SUCCESS)
		return kr;
	header = packet->payload;
	if (header->type != (IP_IS_V4_VAL(to) ? ECHO4_REQUEST : ECHO6_REQUEST) ||
		header->code != 0) {
		pbuf_free(packet);
		return MASIX_E_INVALID;
	}
	header->id = lwip_htons(s->echo_id);
	header->checksum = 0; /* of IPv6 the stack makes it */
	if (IP_IS_V4_VAL(to))
		header->checksum = inet_chksum_pbuf(packet);
	return send_packet(s, packet, &to);
}

static bool send_echo(struct socket *s, struct call *call)
{
	call->count = call->length;
	return call_done(call, send_request(s, call));
}

const struct socket_protocol raw_protocol = {
	.type = SOCKET_RAW,
	.open = open_raw,
	.close = close_raw,
	.bind = bind_raw,
	.connect = connect_raw,
	.send = send_raw,
	.receive = datagram_receive,
	.shutdown = datagram_shutdown,
	.ready = datagram_ready,
	.apply = apply_raw,
};

const struct socket_protocol echo_protocol = {
	.type = SOCKET_DATAGRAM,
	.open = open_echo,
	.close = close_raw,
	.bind = bind_echo,
	.connect = connect_raw,
	.send = send_echo,
	.receive = datagram_receive,
	.shutdown = datagram_shutdown,
	.ready = datagram_ready,
	.apply = apply_raw,
};

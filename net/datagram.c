#include "datagram.h"

#include <masix/error.h>

#include "address.h"
#include "lwip/ip.h"
#include "lwip/pbuf.h"
#include "sink.h"

#define PACKET_COST 256 /* what a packet takes beside its bytes */

void datagram_arrived(struct socket *s, struct pbuf *data, const ip_addr_t *from, uint16_t port)
{
	if (s->shut_in || s->queue.bytes + data->tot_len > s->options.receive_buffer ||
		!queue_add(&s->queue, data, from, port)) {
		pbuf_free(data);
		return;
	}
	s->queue.bytes += PACKET_COST;
	socket_changed(s, MASIX_POLL_IN);
	if (s->sink != MACH_PORT_NULL)
		sink_note(s);
}

void datagram_drop_first(struct socket *s)
{
	queue_drop_first(&s->queue);
	s->queue.bytes -= PACKET_COST;
}

bool datagram_receive(struct socket *s, struct call *call)
{
	const struct packet *first = s->queue.first;
	uint32_t amount;

	if (s->error != KERN_SUCCESS)
		return call_done(call, socket_take_error(s));
	if (first == NULL)
		return s->shut_in ? call_done(call, KERN_SUCCESS) : false;
	amount = first->length < call->amount ? first->length : call->amount;
	if (amount > call->room)
		return call_done(call, MASIX_E_TOO_BIG);
	if (!call_buffer(call, amount))
		return call_done(call, KERN_RESOURCE_SHORTAGE);
	call->count = amount > 0 ? queue_copy(&s->queue, call->buffer, amount) : 0;
	call->full = first->length;
	call->has_sender = true;
	address_write(&first->from, first->port, s->family, &call->sender);
	if (!call->peek)
		datagram_drop_first(s);
	return call_done(call, KERN_SUCCESS);
}

int datagram_ready(const struct socket *s)
{
	int ready = MASIX_POLL_OUT;

	if (s->queue.first != NULL || s->shut_in)
		ready |= MASIX_POLL_IN;
	if (s->shut_in)
		ready |= MASIX_POLL_RDHUP;
	if (s->shut_in && s->shut_out)
		ready |= MASIX_POLL_HUP;
	if (s->error != KERN_SUCCESS)
		ready |= MASIX_POLL_ERR | MASIX_POLL_IN;
	return ready;
}

kern_return_t datagram_shutdown(struct socket *s, int how)
{
	if (s->state != SOCKET_CONNECTED)
		return MASIX_E_NOT_CONNECTED;
	s->shut_in |= (how & 1) != 0;
	s->shut_out |= (how & 2) != 0;
	return KERN_SUCCESS;
}

kern_return_t datagram_destination(
	const struct socket *s, const struct call *call, ip_addr_t *to, uint16_t *port)
{
	kern_return_t kr;

	if (!call->has_name) {
		if (s->state != SOCKET_CONNECTED)
			return MASIX_E_DESTINATION;
		ip_addr_copy(*to, s->peer);
		*port = s->peer_port;
		return KERN_SUCCESS;
	}
	*port = call->name.port;
	kr = address_read(&call->name, s->family, s->options.only_inet6, to);
	if (kr == KERN_SUCCESS && address_is_any(to))
		address_loopback(to);
	return kr;
}

const ip_addr_t *datagram_source(const struct socket *s, const ip_addr_t *to)
{
	struct netif *way = ip_route(&s->local, to);

	return way != NULL ? ip_netif_get_local_ip(way, to) : NULL;
}

struct pbuf *datagram_packet(const struct call *call, int layer)
{
	struct pbuf *packet = pbuf_alloc((pbuf_layer)layer, (u16_t)call->length, PBUF_RAM);

	if (packet != NULL)
		pbuf_take(packet, call->data, (u16_t)call->length);
	return packet;
}

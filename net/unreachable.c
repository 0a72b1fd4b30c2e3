#include "unreachable.h"

#include <masix/error.h>
#include <string.h>

#include "lwip/ip.h"
#include "lwip/raw.h"
#include "sockets.h"

enum { UNREACHABLE4 = 3, UNREACHABLE6 = 1, ICMP_HEADER = 8 };

/* What the error quotes: the beginning of a packet that this machine sent. */
struct quoted {
	uint8_t protocol;
	uint16_t from_port, to_port;
	uint32_t sequence; /* of TCP */
	ip_addr_t to;
};

struct ports {
	uint16_t from, to;
	uint32_t sequence;
};

static bool read_ports(struct pbuf *packet, uint32_t at, struct quoted *q)
{
	struct ports ports;

	if (at > UINT16_MAX ||
		pbuf_copy_partial(packet, &ports, sizeof ports, (u16_t)at) != sizeof ports)
		return false;
	q->from_port = lwip_ntohs(ports.from);
	q->to_port = lwip_ntohs(ports.to);
	q->sequence = lwip_ntohl(ports.sequence);
	return true;
}

static bool read_quoted4(struct pbuf *packet, uint32_t at, struct quoted *q)
{
	struct ip_hdr header;

	if (pbuf_copy_partial(packet, &header, sizeof header, (u16_t)at) != sizeof header)
		return false;
	q->protocol = IPH_PROTO(&header);
	ip_addr_set_zero_ip4(&q->to);
	memcpy(ip_2_ip4(&q->to), &header.dest, sizeof header.dest);
	return read_ports(packet, at + IPH_HL_BYTES(&header), q);
}

static bool read_quoted6(struct pbuf *packet, uint32_t at, struct quoted *q)
{
	struct ip6_hdr header;

	if (pbuf_copy_partial(packet, &header, sizeof header, (u16_t)at) != sizeof header)
		return false;
	q->protocol = IP6H_NEXTH(&header);
	ip_addr_set_zero_ip6(&q->to);
	memcpy(ip_2_ip6(&q->to)->addr, &header.dest, sizeof header.dest);
	return read_ports(packet, at + sizeof header, q);
}

static kern_return_t error4(uint8_t code)
{
	return code == 3   ? MASIX_E_REFUSED
	       : code == 0 ? MASIX_E_UNREACHABLE
	       : code == 4 ? KERN_SUCCESS /* about the size of packets */
			   : MASIX_E_HOST_UNREACHABLE;
}

static kern_return_t error6(uint8_t code)
{
	return code == 4   ? MASIX_E_REFUSED
	       : code == 0 ? MASIX_E_UNREACHABLE
			   : MASIX_E_HOST_UNREACHABLE;
}

static bool is_about(const struct socket *s, const struct quoted *q)
{
	return s->protocol->unreachable != NULL && s->ip_protocol == q->protocol &&
	       s->local_port == q->from_port && s->peer_port == q->to_port &&
	       IP_GET_TYPE(&s->peer) == IP_GET_TYPE(&q->to) &&
	       (IP_IS_V4_VAL(q->to) ? ip4_addr_eq(ip_2_ip4(&s->peer), ip_2_ip4(&q->to))
				    : ip6_addr_zoneless_eq(ip_2_ip6(&s->peer), ip_2_ip6(&q->to)));
}

/* Others want the packet too. */
static u8_t on_icmp(void *arg, struct raw_pcb *pcb, struct pbuf *packet, const ip_addr_t *from)
{
	const uint16_t at = ip_current_header_tot_len();
	const bool is_inet4 = IP_IS_V4(from);
	struct quoted q = { .protocol = 0 };
	uint8_t head[2];
	kern_return_t error;

	(void)arg;
	(void)pcb;
	if (pbuf_copy_partial(packet, head, sizeof head, at) != sizeof head ||
		head[0] != (is_inet4 ? UNREACHABLE4 : UNREACHABLE6))
		return 0;
	error = is_inet4 ? error4(head[1]) : error6(head[1]);
	if (error == KERN_SUCCESS || !(is_inet4 ? read_quoted4(packet, at + ICMP_HEADER, &q)
						: read_quoted6(packet, at + ICMP_HEADER, &q)))
		return 0;
	for (struct socket *s = socket_first(), *next; s != NULL; s = next) {
		next = s->next_open;
		if (is_about(s, &q))
			s->protocol->unreachable(s, error, q.sequence);
	}
	return 0;
}

kern_return_t unreachable_start(void)
{
	static const struct {
		uint8_t type, protocol;
	} kinds[] = { { IPADDR_TYPE_V4, IP_PROTO_ICMP }, { IPADDR_TYPE_V6, IP6_NEXTH_ICMP6 } };

	for (unsigned i = 0; i < 2; i++) {
		struct raw_pcb *pcb = raw_new_ip_type(kinds[i].type, kinds[i].protocol);

		if (pcb == NULL)
			return KERN_RESOURCE_SHORTAGE;
		raw_recv(pcb, on_icmp, NULL);
	}
	return KERN_SUCCESS;
}

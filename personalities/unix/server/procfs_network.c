/* The files of /proc/net: what the network server tells, in Linux's layouts (proc_pid_net(5)). */
#include <arpa/inet.h>
#include <mach.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <network.h>

#include "net_link.h"
#include "procfs_text.h"
#include "server.h"
#include "stuck.h"

#define INTERFACES 8u
#define ROUTE_UP 1
#define ROUTE_GATEWAY 2

struct interfaces {
	struct masix_interface list[INTERFACES];
	unsigned count;
};

/* None without a network server. */
static void get_interfaces(mach_port_t network, struct interfaces *to)
{
	mach_msg_type_number_t size = 0;
	char *data;

	to->count = 0;
	if (network == MACH_PORT_NULL ||
		network_interfaces(network, &data, &size) != KERN_SUCCESS || size == 0)
		return;
	to->count = size / sizeof(to->list[0]);
	if (to->count > INTERFACES)
		to->count = INTERFACES;
	memcpy(to->list, data, to->count * sizeof(to->list[0]));
	vm_deallocate(mach_task_self(), (vm_address_t)data, size);
}

static void dev(struct text *text)
{
	struct interfaces i;

	get_interfaces(net_link_port(), &i);
	text_append(text,
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|"
		"bytes    packets errs drop fifo colls carrier compressed\n");
	for (unsigned n = 0; n < i.count; n++) {
		const struct masix_interface *f = &i.list[n];

		text_append(text,
			"%6s: %7llu %7llu    0 %4llu    0     0          0         0 "
			"%8llu %7llu    0 %4llu    0     0       0          0\n",
			f->name, (unsigned long long)f->received_bytes,
			(unsigned long long)f->received_packets,
			(unsigned long long)f->received_dropped, (unsigned long long)f->sent_bytes,
			(unsigned long long)f->sent_packets, (unsigned long long)f->sent_dropped);
	}
}

static void route(struct text *text)
{
	struct interfaces i;

	get_interfaces(net_link_port(), &i);
	text_append(text, "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\t"
			  "Window\tIRTT\n");
	for (unsigned n = 0; n < i.count; n++) {
		const struct masix_interface *f = &i.list[n];

		if ((f->flags & MASIX_INTERFACE_LOOPBACK) || !(f->flags & MASIX_INTERFACE_UP))
			continue;
		if (f->gateway != 0)
			text_append(text, "%s\t%08X\t%08X\t%04X\t0\t0\t0\t%08X\t0\t0\t0\n", f->name,
				0, f->gateway, ROUTE_UP | ROUTE_GATEWAY, 0);
		if (f->address != 0)
			text_append(text, "%s\t%08X\t%08X\t%04X\t0\t0\t0\t%08X\t0\t0\t0\n", f->name,
				f->address & f->mask, 0, ROUTE_UP, f->mask);
	}
}

static void inet6_addresses(struct text *text)
{
	struct interfaces i;

	get_interfaces(net_link_port(), &i);
	for (unsigned n = 0; n < i.count; n++)
		for (unsigned a = 0; a < 4 && i.list[n].inet6[a].state != 0; a++) {
			const uint8_t *address = i.list[n].inet6[a].address;
			const unsigned scope = i.list[n].flags & MASIX_INTERFACE_LOOPBACK ? 0x10
					       : address[0] == 0xfe			  ? 0x20
											  : 0;

			for (unsigned b = 0; b < 16; b++)
				text_append(text, "%02x", address[b]);
			text_append(text, " %02x %02x %02x %02x %8s\n", i.list[n].number,
				i.list[n].inet6[a].prefix, scope,
				i.list[n].inet6[a].state == 1 ? 0x40 : 0x80, i.list[n].name);
		}
}

/* Name servers, as resolv.conf(5) wants them: /etc/resolv.conf is a link to this file.  Whoever reads it is about to use the
 * network, so the network server is started. */
static void name_servers(struct text *text)
{
	struct interfaces i;
	struct stuck_call stuck;
	mach_port_t network;

	stuck_begin(&stuck, 0, 0, &workers);
	network = net_link_need();
	stuck_end(&stuck);
	get_interfaces(network, &i);
	for (unsigned n = 0; n < i.count; n++)
		for (unsigned s = 0; s < 3; s++) {
			static const uint8_t none[16], mapped[12] = { [10] = 0xff, [11] = 0xff };
			const uint8_t *address = i.list[n].name_servers[s];
			const bool is_inet4 = memcmp(address, mapped, sizeof(mapped)) == 0;
			char name[INET6_ADDRSTRLEN];

			if (memcmp(address, none, sizeof(none)) != 0 &&
				inet_ntop(is_inet4 ? AF_INET : AF_INET6,
					is_inet4 ? address + sizeof(mapped) : address, name,
					sizeof(name)) != NULL)
				text_append(text, "nameserver %s\n", name);
		}
}

/* --- Sockets --- */

static void append_name(struct text *text, const struct masix_inet_name *name, bool is_inet6)
{
	for (unsigned word = is_inet6 ? 0 : 3; word < 4; word++) {
		uint32_t value;

		memcpy(&value, name->address + 4 * word, sizeof(value));
		text_append(text, "%08X", value);
	}
	text_append(text, ":%04X ", name->port);
}

static void sockets(struct text *text, uint32_t type, uint32_t family)
{
	mach_port_t network = net_link_port();
	mach_msg_type_number_t size = 0;
	char *data = NULL;
	unsigned line = 0;

	text_append(text,
		"  sl  local_address %srem_address %s  st tx_queue rx_queue tr tm->when "
		"retrnsmt   uid  timeout inode\n",
		family == MASIX_INET6 ? "                        " : "",
		family == MASIX_INET6 ? "                        " : "");
	if (network == MACH_PORT_NULL || network_sockets(network, &data, &size) != KERN_SUCCESS)
		return;
	const struct masix_connection *all = (const struct masix_connection *)(const void *)data;

	for (unsigned n = 0; n < size / sizeof(*all); n++) {
		const struct masix_connection *c = &all[n];

		if (c->type != type || c->family != family)
			continue;
		text_append(text, "%4u: ", line++);
		append_name(text, &c->local, family == MASIX_INET6);
		append_name(text, &c->peer, family == MASIX_INET6);
		text_append(text,
			"%02X %08X:%08X 00:00000000 00000000 %5u        0 %u 1 00000000\n",
			c->state, c->queued_out, c->queued_in, c->uid, c->inode);
	}
	if (size > 0)
		vm_deallocate(mach_task_self(), (vm_address_t)data, size);
}

bool proc_network_text(enum proc_kind kind, struct text *text)
{
	switch (kind) {
	case PROC_NET_DEV:
		dev(text);
		break;
	case PROC_NET_ROUTE:
		route(text);
		break;
	case PROC_NET_IF_INET6:
		inet6_addresses(text);
		break;
	case PROC_NET_PNP:
		name_servers(text);
		break;
	case PROC_NET_TCP:
	case PROC_NET_TCP6:
		sockets(text, 1, kind == PROC_NET_TCP ? MASIX_INET : MASIX_INET6);
		break;
	case PROC_NET_UDP:
	case PROC_NET_UDP6:
		sockets(text, 2, kind == PROC_NET_UDP ? MASIX_INET : MASIX_INET6);
		break;
	case PROC_NET_RAW:
	case PROC_NET_RAW6:
		sockets(text, 3, kind == PROC_NET_RAW ? MASIX_INET : MASIX_INET6);
		break;
	default:
		return false;
	}
	return true;
}

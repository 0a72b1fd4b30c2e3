/* network.defs and interface.defs. */
#include <masix/error.h>
#include <masix/mach.h>
#include <string.h>

#include "address.h"
#include "core.h"
#include "face.h"
#include "interface_server.h"
#include "interfaces.h"
#include "mach.h"
#include "mach_port.h"
#include "network_server.h"
#include "sockets.h"

#define NO_OBJECT KERN_INVALID_ARGUMENT

const struct masix_class network_class = { .name = "network" };

static bool is_network(mach_port_t port)
{
	struct masix_object *object = masix_object_get(port, &network_class);

	if (object != NULL)
		masix_object_put(object);
	return object != NULL;
}

kern_return_t S_network_socket(mach_port_t network, int family, int type, int protocol,
	uint32_t rights, uint32_t owner, mach_port_t *right)
{
	const struct socket_request request = { family, type, protocol, rights, owner };
	struct socket *socket;
	kern_return_t kr;

	*right = MACH_PORT_NULL;
	if (!is_network(network))
		return NO_OBJECT;
	core_enter();
	kr = socket_create(&request, &socket);
	core_leave();
	return kr == KERN_SUCCESS ? socket_hand_out(socket, right) : kr;
}

kern_return_t S_network_identify(mach_port_t network, mach_port_t right, masix_stat_t *stat)
{
	struct socket *socket = is_network(network) ? socket_get(right) : NULL;

	if (socket == NULL)
		return MASIX_E_NOT_FOUND;
	core_enter();
	socket_stat(socket, stat);
	core_leave();
	socket_put(socket);
	/* The right came to its own port's task: it counts as ours now. */
	(void)mach_port_deallocate(mach_task_self(), right);
	return KERN_SUCCESS;
}

/* A table in pages of its own, which the reply takes. */
static kern_return_t give_table(
	const void *table, uint32_t size, masix_bulk_t *out, mach_msg_type_number_t *count)
{
	vm_address_t pages = 0;
	kern_return_t kr =
		size > 0 ? vm_allocate(mach_task_self(), &pages, size, TRUE) : KERN_SUCCESS;

	*out = (char *)pages;
	*count = kr == KERN_SUCCESS ? size : 0;
	if (kr == KERN_SUCCESS)
		memcpy((void *)pages, table, size);
	return kr;
}

static kern_return_t give_interfaces(masix_bulk_t *out, mach_msg_type_number_t *count)
{
	struct masix_interface table[INTERFACES_MAX];
	unsigned found;

	core_enter();
	found = interfaces_list(table);
	core_leave();
	return give_table(table, found * sizeof table[0], out, count);
}

kern_return_t S_network_interfaces(
	mach_port_t network, masix_bulk_t *interfaces, mach_msg_type_number_t *count)
{
	*interfaces = NULL;
	*count = 0;
	return is_network(network) ? give_interfaces(interfaces, count) : NO_OBJECT;
}

static void describe(struct socket *s, struct masix_connection *to)
{
	uint32_t state;

	*to = (struct masix_connection){
		.family = s->family,
		.type = (uint32_t)s->protocol->type,
		.protocol = s->ip_protocol,
		.uid = s->owner,
		.inode = s->inode,
		.queued_in = s->state == SOCKET_LISTENS ? s->accepted_count : s->queue.bytes,
	};
	(void)options_get(s, MASIX_SOCKET_TCP_STATE, &state);
	to->state = s->protocol->type == SOCKET_STREAM ? state
		    : s->state == SOCKET_CONNECTED     ? 1
						       : 7;
	address_write(&s->local, s->local_port, s->family, &to->local);
	address_write(&s->peer, s->peer_port, s->family, &to->peer);
}

kern_return_t S_network_sockets(
	mach_port_t network, masix_bulk_t *sockets, mach_msg_type_number_t *count)
{
	struct masix_connection *table;
	vm_address_t pages = 0;
	vm_size_t size = 0, used = 0;
	kern_return_t kr;

	*sockets = NULL;
	*count = 0;
	if (!is_network(network))
		return NO_OBJECT;
	core_enter();
	for (const struct socket *s = socket_first(); s != NULL; s = s->next_open)
		size += sizeof *table;
	kr = size > 0 ? vm_allocate(mach_task_self(), &pages, size, TRUE) : KERN_SUCCESS;
	table = (struct masix_connection *)pages;
	for (struct socket *s = socket_first(); s != NULL && kr == KERN_SUCCESS; s = s->next_open) {
		describe(s, table++);
		used += sizeof *table;
	}
	core_leave();
	*sockets = (char *)pages;
	*count = used;
	return kr;
}

kern_return_t S_interface_list(
	mach_port_t port, masix_bulk_t *interfaces, mach_msg_type_number_t *count)
{
	struct socket *socket = socket_get(port);

	*interfaces = NULL;
	*count = 0;
	if (socket == NULL)
		return NO_OBJECT;
	socket_put(socket);
	return give_interfaces(interfaces, count);
}

kern_return_t S_interface_set(mach_port_t port, uint32_t number, int setting, uint32_t value)
{
	struct socket *socket = socket_get(port);
	kern_return_t kr = MASIX_E_PERMISSION;

	if (socket == NULL)
		return NO_OBJECT;
	if (socket->rights & MASIX_NETWORK_CONFIGURE) {
		core_enter();
		kr = interfaces_set(number, setting, value);
		core_leave();
	}
	socket_put(socket);
	return kr;
}

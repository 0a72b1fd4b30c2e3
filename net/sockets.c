#include "sockets.h"

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "core.h"
#include "interfaces.h"
#include "mach_port.h"
#include "sink.h"

#define LOW_PORTS 1024
#define SOCKETS_MAX 4096
#define SOCKETS_OF_OWNER_MAX 1024 /* root has no limit of its own */

static struct socket *all; /* core lock */
static unsigned count;	   /* core lock */
static uint32_t last_inode;

/* --- Coming and going --- */

static const struct socket_protocol *protocol_of(const struct socket_request *request)
{
	const int echo = request->family == MASIX_INET6 ? 58 : 1; /* ICMP */

	switch (request->type) {
	case SOCKET_STREAM:
		return request->protocol == 0 || request->protocol == 6 ? &tcp_protocol : NULL;
	case SOCKET_DATAGRAM:
		if (request->protocol == echo)
			return &echo_protocol;
		return request->protocol == 0 || request->protocol == 17 ? &udp_protocol : NULL;
	case SOCKET_RAW:
		return request->protocol > 0 && request->protocol < 255 ? &raw_protocol : NULL;
	default:
		return NULL;
	}
}

static unsigned sockets_of(uint32_t owner)
{
	unsigned found = 0;

	for (const struct socket *s = all; s != NULL; s = s->next_open)
		found += s->owner == owner;
	return found;
}

static struct socket *allocate(void)
{
	struct socket *socket = calloc(1, sizeof *socket);

	if (socket == NULL)
		return NULL;
	socket->object.class = &socket_class;
	atomic_store(&socket->object.references, 1);
	socket->inode = ++last_inode;
	socket->created = masix_realtime_ns() / 1000000000;
	return socket;
}

static void enter(struct socket *socket)
{
	socket->next_open = all;
	all = socket;
	count++;
}

kern_return_t socket_create(const struct socket_request *request, struct socket **made)
{
	static const uint8_t usual[] = { [SOCKET_STREAM] = 6, [SOCKET_DATAGRAM] = 17 };
	const struct socket_protocol *protocol = protocol_of(request);
	struct socket *socket;

	if (protocol == NULL || (request->family != MASIX_INET && request->family != MASIX_INET6))
		return MASIX_E_NOT_SUPPORTED;
	if (protocol == &raw_protocol && (request->rights & MASIX_NETWORK_RAW) == 0)
		return MASIX_E_PERMISSION;
	if (count >= SOCKETS_MAX ||
		(request->owner != 0 && sockets_of(request->owner) >= SOCKETS_OF_OWNER_MAX))
		return MASIX_E_LIMIT;
	socket = allocate();
	if (socket == NULL)
		return KERN_RESOURCE_SHORTAGE;
	socket->protocol = protocol;
	socket->family = (uint8_t)request->family;
	socket->ip_protocol =
		(uint8_t)(request->protocol != 0 ? request->protocol : usual[request->type]);
	socket->rights = request->rights;
	socket->owner = request->owner;
	IP_SET_TYPE(
		&socket->local, socket->family == MASIX_INET ? IPADDR_TYPE_V4 : IPADDR_TYPE_ANY);
	options_init(socket);
	if (!protocol->open(socket)) {
		free(socket);
		return KERN_RESOURCE_SHORTAGE;
	}
	enter(socket);
	*made = socket;
	return KERN_SUCCESS;
}

struct socket *socket_create_accepted(struct socket *listener)
{
	struct socket *socket = count < SOCKETS_MAX ? allocate() : NULL;

	if (socket == NULL)
		return NULL;
	socket->protocol = listener->protocol;
	socket->family = listener->family;
	socket->ip_protocol = listener->ip_protocol;
	socket->rights = listener->rights;
	socket->owner = listener->owner;
	socket->options = listener->options;
	socket->send_timeout = listener->send_timeout;
	socket->receive_timeout = listener->receive_timeout;
	socket->is_bound = true;
	enter(socket);
	return socket;
}

kern_return_t socket_hand_out(struct socket *socket, mach_port_t *right)
{
	kern_return_t kr = masix_object_init(&socket->object, &socket_class);

	*right = MACH_PORT_NULL;
	if (kr == KERN_SUCCESS) {
		kr = masix_object_send_right(&socket->object, right);
		if (kr != KERN_SUCCESS)
			masix_object_kill(&socket->object);
	}
	if (kr != KERN_SUCCESS) {
		core_enter();
		socket_close_locked(socket);
		core_leave();
	}
	socket_put(socket);
	return kr;
}

void socket_close_locked(struct socket *socket)
{
	struct socket **at = &all;

	if (socket->is_closed)
		return;
	socket->is_closed = true;
	while (*at != socket)
		at = &(*at)->next_open;
	*at = socket->next_open;
	count--;
	socket->protocol->close(socket);
	queue_clear(&socket->queue);
	sink_close(socket);
	(void)calls_end(socket, NULL, MASIX_E_INTERRUPTED);
}

static void close_socket(struct masix_object *object)
{
	core_enter();
	socket_close_locked((struct socket *)object);
	core_leave();
}

static void destroy(struct masix_object *object)
{
	const struct socket *socket = (const struct socket *)object;

	if (socket->sink != MACH_PORT_NULL)
		(void)mach_port_deallocate(mach_task_self(), socket->sink);
	free(object);
}

const struct masix_class socket_class = {
	.name = "socket",
	.destroy = destroy,
	.no_senders = close_socket,
	.reuses_ports = 1,
};

struct socket *socket_get(mach_port_t port)
{
	return (struct socket *)masix_object_get(port, &socket_class);
}

void socket_put(struct socket *socket)
{
	masix_object_put(&socket->object);
}

struct socket *socket_first(void)
{
	return all;
}

/* --- What all have in common --- */

int socket_ready(const struct socket *socket)
{
	return socket->protocol->ready(socket);
}

static bool try_poll(struct socket *socket, struct call *call)
{
	const int holds = socket_ready(socket);

	if ((call->events & MASIX_POLL_OUT) && !(holds & MASIX_POLL_OUT))
		socket->lacks_room = true;
	call->ready = masix_activity_answer(&socket->activity, holds, call->events);
	call->result = KERN_SUCCESS;
	return !masix_activity_waits(&socket->activity, holds, call->events);
}

bool socket_try(struct socket *socket, struct call *call)
{
	switch (call->kind) {
	case CALL_POLL:
		return try_poll(socket, call);
	case CALL_CONNECT:
		return socket->protocol->connect(socket, call);
	case CALL_ACCEPT:
		return socket->protocol->accept != NULL ? socket->protocol->accept(socket, call)
							: call_done(call, MASIX_E_NOT_SUPPORTED);
	default:
		return call_receives(call) ? socket->protocol->receive(socket, call)
					   : socket->protocol->send(socket, call);
	}
}

void socket_changed(struct socket *socket, int news)
{
	socket->activity.came += (news & MASIX_POLL_IN) != 0;
	socket->activity.went += (news & MASIX_POLL_OUT) != 0;
	calls_retry(socket);
}

kern_return_t socket_take_error(struct socket *socket)
{
	kern_return_t error = socket->error;

	socket->error = KERN_SUCCESS;
	return error;
}

kern_return_t socket_bind_to(struct socket *socket, const struct masix_inet_name *name)
{
	ip_addr_t address;
	kern_return_t kr = address_read(name, socket->family, socket->options.only_inet6, &address);

	if (kr != KERN_SUCCESS)
		return kr;
	if (socket->is_bound)
		return MASIX_E_INVALID;
	if (name->port != 0 && name->port < LOW_PORTS &&
		(socket->rights & MASIX_NETWORK_LOW_PORTS) == 0)
		return MASIX_E_ACCESS;
	if (!address_is_any(&address) && !interfaces_have(&address) &&
		!(ip_addr_ismulticast(&address) && socket->protocol != &tcp_protocol))
		return MASIX_E_ADDRESS;
	kr = socket->protocol->bind(socket, &address, name->port);
	socket->is_bound = kr == KERN_SUCCESS;
	return kr;
}

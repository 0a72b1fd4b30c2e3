/* datagrams.defs on UDP sockets. */
#include <masix/error.h>
#include <masix/mach.h>
#include <string.h>

#include "core.h"
#include "datagrams_server.h"
#include "mach.h"
#include "mach_port.h"
#include "sink.h"
#include "sockets.h"

#define NO_OBJECT KERN_INVALID_ARGUMENT

static kern_return_t set_sink(struct socket *socket, mach_port_t sink)
{
	kern_return_t kr = KERN_SUCCESS;

	if (socket->protocol != &udp_protocol)
		return MASIX_E_NOT_SUPPORTED;
	core_enter();
	if (socket->is_closed)
		kr = NO_OBJECT;
	else if (socket->sink != MACH_PORT_NULL)
		kr = MASIX_E_EXISTS;
	else
		socket->sink = sink;
	if (kr == KERN_SUCCESS)
		sink_note(socket);
	core_leave();
	return kr;
}

kern_return_t S_datagrams_open(mach_port_t port, mach_port_t sink)
{
	struct socket *socket = MACH_PORT_VALID(sink) ? socket_get(port) : NULL;
	kern_return_t kr;

	if (socket == NULL)
		return MACH_PORT_VALID(sink) ? NO_OBJECT : MASIX_E_INVALID;
	kr = set_sink(socket, sink);
	if (kr == KERN_SUCCESS)
		(void)mach_port_set_qlimit(mach_task_self(), port, MACH_PORT_QLIMIT_MAX);
	socket_put(socket);
	return kr;
}

/* Core lock held. */
static void send_all(struct socket *socket, const char *batch, uint32_t size)
{
	struct masix_datagram head;

	while (size >= sizeof head) {
		struct call call = { .kind = CALL_SEND, .has_name = true };
		uint32_t whole;

		memcpy(&head, batch, sizeof head);
		size -= sizeof head;
		if (head.length > size)
			return;
		call.name = head.name;
		call.data = batch + sizeof head;
		call.length = head.length;
		(void)socket->protocol->send(socket, &call);
		whole = head.length + (-head.length & 3);
		whole = whole < size ? whole : size;
		batch += sizeof head + whole;
		size -= whole;
	}
}

kern_return_t S_datagrams_send(
	mach_port_t port, const masix_inline_t batch, mach_msg_type_number_t size)
{
	struct socket *socket = socket_get(port);

	if (socket == NULL)
		return NO_OBJECT;
	if (socket->protocol != &udp_protocol) {
		socket_put(socket);
		return MASIX_E_NOT_SUPPORTED;
	}
	core_enter();
	if (!socket->is_closed)
		send_all(socket, batch, size);
	core_leave();
	socket_put(socket);
	return KERN_SUCCESS;
}

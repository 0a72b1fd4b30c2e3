/* datagrams.defs on UDP sockets. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "datagrams_server.h"
#include "mach.h"
#include "mach_port.h"
#include "sink.h"
#include "sockets.h"

#define NO_OBJECT KERN_INVALID_ARGUMENT

/* Where a socket's owner sends batches.  One thread takes them all: several would change their order. */
struct way {
	struct masix_object object; /* first */
	struct socket *socket;	    /* a reference */
};

static struct masix_set *ways; /* core lock */

static void destroy(struct masix_object *object)
{
	socket_put(((struct way *)object)->socket);
	free(object);
}

static const struct masix_class way_class = { .name = "way", .destroy = destroy };

static kern_return_t start_ways(void)
{
	static const masix_demux_t demux[] = { datagrams_server_routine, NULL };
	static const struct masix_pool_options options = {
		.demux = demux,
		.workers = 1,
		.name = "net ways",
	};
	kern_return_t kr = KERN_SUCCESS;

	core_enter();
	if (ways == NULL) {
		ways = masix_set_create();
		kr = ways != NULL ? masix_set_start(ways, &options) : KERN_RESOURCE_SHORTAGE;
	}
	core_leave();
	return kr;
}

static kern_return_t make_way(struct socket *socket, mach_port_t *right)
{
	kern_return_t kr = start_ways();
	struct way *way = kr == KERN_SUCCESS ? calloc(1, sizeof *way) : NULL;

	if (way == NULL)
		return KERN_RESOURCE_SHORTAGE;
	way->object.class = &way_class;
	atomic_store(&way->object.references, 1);
	masix_object_ref(&socket->object);
	way->socket = socket;
	kr = masix_object_init_in(&way->object, &way_class, ways);
	if (kr == KERN_SUCCESS) {
		(void)mach_port_set_qlimit(
			mach_task_self(), way->object.port, MACH_PORT_QLIMIT_MAX);
		kr = masix_object_send_right(&way->object, right);
		if (kr != KERN_SUCCESS)
			masix_object_kill(&way->object);
	}
	masix_object_put(&way->object);
	return kr;
}

static kern_return_t set_sink(struct socket *socket, mach_port_t sink)
{
	kern_return_t kr = KERN_SUCCESS;

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

kern_return_t S_datagrams_open(mach_port_t port, mach_port_t sink, mach_port_t *right)
{
	struct socket *socket = MACH_PORT_VALID(sink) ? socket_get(port) : NULL;
	kern_return_t kr = MASIX_E_NOT_SUPPORTED;

	*right = MACH_PORT_NULL;
	if (socket == NULL)
		return MACH_PORT_VALID(sink) ? NO_OBJECT : MASIX_E_INVALID;
	if (socket->protocol == &udp_protocol)
		kr = make_way(socket, right);
	if (kr == KERN_SUCCESS) {
		kr = set_sink(socket, sink);
		if (kr != KERN_SUCCESS)
			(void)mach_port_deallocate(mach_task_self(), *right);
	}
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
	struct way *way = (struct way *)masix_object_get(port, &way_class);

	if (way == NULL)
		return NO_OBJECT;
	core_enter();
	if (!way->socket->is_closed) {
		send_all(way->socket, batch, size);
		sink_heard(way->socket);
	}
	core_leave();
	masix_object_put(&way->object);
	return KERN_SUCCESS;
}

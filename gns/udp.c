#include "udp.h"

#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "bytes.h"
#include "datagrams.h"
#include "datagrams_event_server.h"
#include "mach.h"
#include "mach_port.h"
#include "neighbour.h"
#include "network.h"
#include "socket.h"
#include "state.h"

/* The server is up soon, or will be started again. */
#define NET_WAIT_MS 30000

static mach_port_t wire;      /* the socket */
static mach_port_t way, sink; /* what goes, and comes */
static masix_inline_t batch;  /* gns.lock: what goes next */
static uint32_t batch_size;

void udp_send(const struct masix_inet_name *to, const uint8_t *packet, size_t size)
{
	const struct masix_datagram head = { .name = *to, .length = size };
	const uint32_t padded = (size + 3) & ~3u;

	if (!gns.has_network)
		return;
	if (sizeof head + padded > sizeof batch - batch_size)
		udp_flush();
	memcpy(batch + batch_size, &head, sizeof head);
	memcpy(batch + batch_size + sizeof head, packet, size);
	memset(batch + batch_size + sizeof head + size, 0, padded - size);
	batch_size += sizeof head + padded;
}

void udp_flush(void)
{
	/* Lost if it cannot go now.  The kernel gives the copy of the right back. */
	if (batch_size > 0 && datagrams_send(way, 0, batch, batch_size) == MACH_SEND_TIMED_OUT)
		(void)mach_port_deallocate(mach_task_self(), way);
	batch_size = 0;
}

kern_return_t S_datagrams_arrived(
	mach_port_t port, const masix_inline_t packets, mach_msg_type_number_t size)
{
	struct reader reader = reader_of(packets, size);
	struct masix_datagram head;
	const uint8_t *packet;

	(void)port;
	for (;;) {
		read_copy(&reader, &head, sizeof head);
		packet = read_bytes(&reader, head.length);
		if (packet == NULL)
			return KERN_SUCCESS;
		neighbour_receive(&head.name, packet, head.length);
		(void)read_bytes(&reader, -head.length & 3);
	}
}

bool udp_take(mach_msg_header_t *message)
{
	mig_routine_t routine = datagrams_event_server_routine(message);
	mig_reply_header_t reply;

	if (message->msgh_local_port != sink)
		return false;
	if (routine != NULL)
		routine(message, &reply.Head);
	masix_msg_destroy(message, 0);
	return true;
}

void udp_died(mach_port_t name)
{
	/* Its successor does not know our socket: a new life of ours makes a new one. */
	if (gns.has_network && name == way)
		masix_fatal("the network is gone");
}

/* A port that net sends to, received from by the engine. */
static kern_return_t open_sink(void)
{
	mach_port_t previous = MACH_PORT_NULL;
	kern_return_t kr = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &sink);

	if (kr == KERN_SUCCESS)
		kr = mach_port_set_qlimit(mach_task_self(), sink, MACH_PORT_QLIMIT_MAX);
	if (kr == KERN_SUCCESS)
		kr = mach_port_move_member(mach_task_self(), sink, gns.set);
	if (kr == KERN_SUCCESS)
		kr = datagrams_open(wire, sink, &way);
	if (kr == KERN_SUCCESS)
		kr = mach_port_request_notification(mach_task_self(), way, MACH_NOTIFY_DEAD_NAME, 1,
			gns.notify, MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);
	return kr;
}

static kern_return_t open_socket(void)
{
	struct masix_inet_name any = { .port = UDP_PORT };
	mach_port_t network;
	kern_return_t kr = masix_lookup("net", NET_WAIT_MS, &network);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = network_socket(network, MASIX_INET, 2, 0, 0, 0, &wire);
	(void)mach_port_deallocate(mach_task_self(), network);
	any.address[10] = any.address[11] = 0xff;
	if (kr == KERN_SUCCESS)
		kr = socket_bind(
			wire, MACH_PORT_NULL, 0, MACH_PORT_NULL, (const char *)&any, sizeof any);
	return kr == KERN_SUCCESS ? open_sink() : kr;
}

/* A thread of its own: net may take long to come up. */
static void *opener(void *unused)
{
	kern_return_t kr = open_socket();

	(void)unused;
	if (kr != KERN_SUCCESS)
		masix_fatal("there is no network: %s", masix_strerror(kr));
	pthread_mutex_lock(&gns.lock);
	gns.has_network = true;
	pthread_mutex_unlock(&gns.lock);
	engine_kick();
	return NULL;
}

void udp_start(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, opener, NULL) != 0)
		masix_fatal("no thread for the network");
}

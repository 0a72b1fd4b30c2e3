/* The engine: the one thread that takes what comes to proxies, from links, and from the kernel about them. */
#include <mach/mig_errors.h>
#include <mach/notify.h>

#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "gns_link_server.h"
#include "mach_port.h"
#include "neighbour.h"
#include "state.h"
#include "udp.h"

#define FRAME_ID 503201 /* gns_frame */
#define TIMEOUT_MS_MAX 60000

static uint32_t buffer[(WIRE_BODY_MAX + sizeof(mach_msg_header_t)) / 4]; /* the engine's */

uint64_t engine_now(void)
{
	return masix_monotonic_ns() / 1000000;
}

uint64_t engine_run_links(void)
{
	uint64_t now = engine_now();
	uint64_t deadline = gns.has_network ? neighbour_tick(now) : UINT64_MAX, due;
	struct peer *peer = gns.peers;

	while (peer != NULL) {
		due = stream_run(&peer->stream, now);
		if (peer->stream.failed) {
			peer_end(peer, "it breaks the rules");
			peer = gns.peers; /* there is news for the others */
			continue;
		}
		if (due < deadline)
			deadline = due;
		peer = peer->next;
	}
	due = answer_tick(now);
	if (due < deadline)
		deadline = due;
	udp_flush();
	return deadline;
}

void engine_kick(void)
{
	mach_msg_header_t kick = {
		.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND_ONCE, 0),
		.msgh_size = sizeof kick,
		.msgh_remote_port = gns.notify,
	};

	(void)mach_msg(&kick, MACH_SEND_MSG, sizeof kick, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

void engine_settle(void)
{
	uint64_t deadline;

	proxy_look_after();
	deadline = engine_run_links();
	if (deadline < gns.wakes_at)
		engine_kick();
}

static struct peer *peer_of_road(mach_port_t road)
{
	struct peer *peer = gns.peers;

	while (peer != NULL && (peer->wire != NULL || peer->road != road))
		peer = peer->next;
	return peer;
}

static void name_died(mach_port_t name)
{
	struct peer *peer = peer_of_road(name);
	struct gns_port *port;

	udp_died(name);
	watch_port_died(name);
	if (peer != NULL)
		peer_end(peer, "its server has ended");
	while (peer == NULL && (port = ports_export(&gns.ports, name, NULL)) != NULL)
		export_dead(port);
	/* The notification carried a reference to the dead name. */
	(void)mach_port_deallocate(mach_task_self(), name);
}

static void message_accepted(mach_port_t name)
{
	struct gns_port *port = ports_export(&gns.ports, name, NULL), *next;

	for (; port != NULL; port = next) {
		next = ports_export(&gns.ports, name, port);
		port->stuck = false;
		deliver_waiting(port);
		export_drop_if_idle(port);
	}
}

/* Only the kernel has rights to this port. */
static void take_notification(mach_msg_header_t *message)
{
	const mach_dead_name_notification_t *about = (const void *)message;

	switch (message->msgh_id) {
	case MACH_NOTIFY_DEAD_NAME:
		name_died(about->not_port);
		break;
	case MACH_NOTIFY_MSG_ACCEPTED:
		message_accepted(about->not_port);
		break;
	default: /* a request that is over with its name, or a kick */
		break;
	}
}

static void take_frame(mach_msg_header_t *message)
{
	mig_routine_t routine = gns_link_server_routine(message);
	mig_reply_header_t reply;

	if (message->msgh_id == FRAME_ID && routine != NULL)
		routine(message, &reply.Head);
	masix_msg_destroy(message, 0);
}

kern_return_t S_gns_frame(mach_port_t road, const masix_inline_t frame, mach_msg_type_number_t size)
{
	struct peer *peer = peer_of_back(road);

	if (peer != NULL)
		(void)stream_receive(&peer->stream, engine_now(), (const uint8_t *)frame, size);
	return KERN_SUCCESS;
}

static void take_message(mach_msg_header_t *message)
{
	struct gns_port *port;

	if (message->msgh_local_port == gns.notify) {
		take_notification(message);
		return;
	}
	if (udp_take(message) || watch_take(message))
		return;
	if (peer_of_back(message->msgh_local_port) != NULL) {
		take_frame(message);
		return;
	}
	port = ports_proxy(&gns.ports, message->msgh_local_port);
	if (port != NULL)
		forward_message(port, message);
	else
		masix_msg_destroy(message, 0);
}

static mach_msg_timeout_t patience(uint64_t deadline)
{
	uint64_t now = engine_now();

	if (deadline <= now)
		return 0;
	return deadline - now < TIMEOUT_MS_MAX ? (mach_msg_timeout_t)(deadline - now)
					       : TIMEOUT_MS_MAX;
}

static void *engine(void *unused)
{
	mach_msg_header_t *message = (mach_msg_header_t *)buffer;
	uint64_t deadline = UINT64_MAX;

	(void)unused;
	for (;;) {
		/* The kernel destroys a message that is too large. */
		mach_msg_return_t result = mach_msg(message, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
			sizeof buffer, gns.set, patience(deadline), MACH_PORT_NULL);

		pthread_mutex_lock(&gns.lock);
		if (result == MACH_MSG_SUCCESS)
			take_message(message);
		else if ((result & ~MACH_MSG_MASK) == MACH_RCV_BODY_ERROR)
			masix_msg_destroy(message, 0);
		proxy_look_after();
		deadline = gns.wakes_at = engine_run_links();
		pthread_mutex_unlock(&gns.lock);
	}
	return NULL;
}

void engine_start(void)
{
	pthread_t thread;

	if (mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &gns.set) !=
			KERN_SUCCESS ||
		mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &gns.notify) !=
			KERN_SUCCESS ||
		mach_port_move_member(mach_task_self(), gns.notify, gns.set) != KERN_SUCCESS ||
		pthread_create(&thread, NULL, engine, NULL) != 0)
		masix_fatal("the engine cannot start");
}

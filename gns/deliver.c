/* From another node to a port of this one. */
#include <stdlib.h>

#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "mach.h"
#include "mach_port.h"
#include "state.h"

static uint32_t buffer[(WIRE_BODY_MAX + sizeof(mach_msg_header_t)) / 4]; /* gns.lock */

static void free_arrival(struct arrival *arrival)
{
	free(arrival->message);
	free(arrival);
}

/* It is off our hands, one way or the other. */
static void consumed(struct arrival *arrival)
{
	if (!arrival->detained)
		stream_consumed(&arrival->peer->stream, arrival->lane, arrival->size);
	free_arrival(arrival);
}

static void refuse(struct arrival *arrival)
{
	gns.refused++;
	wire_rights(arrival->head, arrival->head_size, rights_give_back, arrival->peer);
	consumed(arrival);
}

/* Give each region memory of its own with its contents. */
static bool fill_regions(const struct wire_regions *regions, const uint8_t *contents)
{
	unsigned i;

	for (i = 0; i < regions->count; i++) {
		vm_address_t memory = 0;

		if (vm_allocate(mach_task_self(), &memory, regions->list[i].size, TRUE) !=
			KERN_SUCCESS)
			return false;
		memcpy((void *)memory, contents, regions->list[i].size);
		contents += regions->list[i].size;
		buffer[regions->list[i].at] = (uint32_t)memory;
	}
	return true;
}

/* The message in `buffer`.  False: it cannot be made, and its rights are gone. */
static bool make_message(const struct arrival *arrival)
{
	const struct wire_sink sink = {
		.right = rights_make,
		.array = rights_make_array,
		.context = arrival->peer,
	};
	static struct wire_regions regions; /* gns.lock */
	mach_msg_header_t *message = (mach_msg_header_t *)buffer;
	unsigned rights;
	size_t size;

	if (wire_check(arrival->head, arrival->head_size, &size, &rights, &regions) != WIRE_OK)
		return false;
	if (wire_read(arrival->head, arrival->head_size, &sink, buffer, sizeof buffer) == WIRE_OK &&
		fill_regions(&regions, arrival->head + arrival->head_size))
		return true;
	/* As it would have been received: the reply where a receiver looks for it. */
	message->msgh_remote_port = message->msgh_local_port;
	message->msgh_bits =
		MACH_MSGH_BITS_OTHER(message->msgh_bits) | MACH_MSGH_BITS_LOCAL(message->msgh_bits);
	masix_msg_destroy(message, 0);
	return false;
}

/* After these the message still holds what it carried, under names that may be others. */
static bool gave_back(mach_msg_return_t result)
{
	return result == MACH_SEND_INVALID_DEST || result == MACH_SEND_TIMED_OUT ||
	       result == MACH_SEND_INTERRUPTED || result == MACH_SEND_NOTIFY_IN_PROGRESS ||
	       result == MACH_SEND_NO_NOTIFY;
}

/* Send what is in `buffer`; true when the port's queue is full now and msg-accepted will come. */
static bool send_message(const struct gns_port *port)
{
	mach_msg_header_t *message = (mach_msg_header_t *)buffer;
	mach_msg_return_t result;

	message->msgh_remote_port = port->name;
	message->msgh_bits |= port->once	  ? MACH_MSG_TYPE_MOVE_SEND_ONCE
			      : port->coming != 0 ? MACH_MSG_TYPE_MAKE_SEND_ONCE
						  : MACH_MSG_TYPE_COPY_SEND;
	/* One message more than the queue takes is let in; then the kernel tells when it has been received. */
	result = mach_msg(message, MACH_SEND_MSG | MACH_SEND_TIMEOUT | MACH_SEND_NOTIFY,
		message->msgh_size, 0, MACH_PORT_NULL, 0, gns.notify);
	if (result == MACH_MSG_SUCCESS || result == MACH_SEND_WILL_NOTIFY) {
		gns.delivered++;
	} else {
		gns.refused++;
		if (gave_back(result)) {
			/* The destination stays ours: a send-once right is a dead name now. */
			if (port->once)
				(void)mach_port_deallocate(
					mach_task_self(), message->msgh_remote_port);
			message->msgh_remote_port = message->msgh_local_port;
			message->msgh_bits = MACH_MSGH_BITS_OTHER(message->msgh_bits) |
					     MACH_MSGH_BITS_LOCAL(message->msgh_bits);
			masix_msg_destroy(message, 0);
		}
	}
	return result == MACH_SEND_WILL_NOTIFY;
}

/* The kernel tells only once for each name that a message was accepted.  Nothing goes into the queue of a port that comes home but
 * what comes from its old home. */
static bool is_stuck(const struct gns_port *port)
{
	const struct gns_port *same = port, *proxy;

	if (port->name == MACH_PORT_NULL || port->coming != 0)
		return false;
	proxy = ports_proxy(&gns.ports, port->name);
	if (proxy != NULL && proxy->homecoming != NULL && !port->dying)
		return true;
	same = ports_export(&gns.ports, port->name, NULL);
	while (same != NULL && !same->stuck)
		same = ports_export(&gns.ports, port->name, same);
	return same != NULL;
}

static void await(void *context, const struct wire_right *right)
{
	struct gns_port *port = context;

	if (home_awaited(port->arrivals->peer, right))
		port->detained = true;
}

/* Does the first arrival wait for a port that it brings home? */
static bool is_detained(struct gns_port *port)
{
	struct arrival *arrival = port->arrivals;

	gns.detained -= port->detained;
	port->detained = false;
	if (arrival->rights == 0 || port->dying)
		return false;
	wire_rights(arrival->head, arrival->head_size, await, port);
	gns.detained += port->detained;
	/* The old home waits until the right is here before it sends what is in its queue. */
	if (port->detained && !arrival->detained)
		stream_consumed(&arrival->peer->stream, arrival->lane, arrival->size);
	arrival->detained |= port->detained;
	return port->detained;
}

/* One that is not a mark. */
static void deliver(struct gns_port *port, struct arrival *arrival)
{
	if (!home_may_take(port) || port->name == MACH_PORT_NULL) {
		refuse(arrival);
		return;
	}
	if (make_message(arrival)) {
		port->stuck = send_message(port);
		if (port->once) /* it goes with its message */
			ports_rename(&gns.ports, port, MACH_PORT_NULL);
	} else {
		gns.refused++;
	}
	consumed(arrival);
}

void deliver_waiting(struct gns_port *port)
{
	while (port->arrivals != NULL && !is_stuck(port)) {
		struct arrival *arrival = port->arrivals;

		if (arrival->message != NULL && is_detained(port))
			return;
		if (arrival->message == NULL)
			port->stuck = moved_mark(port, arrival->peer);
		port->arrivals = arrival->next;
		if (arrival->message == NULL)
			free_arrival(arrival);
		else
			deliver(port, arrival);
	}
}

/* The port may go with what waited. */
static void go_on(struct gns_port *port)
{
	gns.detained -= port->detained;
	port->detained = false;
	deliver_waiting(port);
	home_go_on(port);
	if (port->once && port->arrivals == NULL)
		ledger_free(&port->ledger);
	export_drop_if_idle(port);
}

static struct gns_port *next_again(void)
{
	struct gns_port *port = ports_next(&gns.ports, NULL);

	while (port != NULL && !port->again)
		port = ports_next(&gns.ports, port);
	return port;
}

/* Some of them may have to wait on. */
void deliver_detained(void)
{
	struct gns_port *port;

	if (gns.detained == 0)
		return;
	for (port = ports_next(&gns.ports, NULL); port != NULL; port = ports_next(&gns.ports, port))
		port->again = port->detained;
	while ((port = next_again()) != NULL) {
		port->again = false;
		go_on(port);
	}
}

void deliver_others(const struct gns_port *port)
{
	struct gns_port *other = ports_export(&gns.ports, port->name, NULL), *next;

	for (; other != NULL; other = next) {
		next = ports_export(&gns.ports, port->name, other);
		go_on(other);
	}
}

void deliver_add(struct gns_port *port, struct arrival *arrival)
{
	if (port->arrivals == NULL)
		port->arrivals = arrival;
	else
		port->last_arrival->next = arrival;
	port->last_arrival = arrival;
	deliver_waiting(port);
}

/* Identity, size of the head, head, memory.  NULL: malformed, or no such port. */
static struct gns_port *find_destination(struct arrival *arrival)
{
	struct reader reader = reader_of(arrival->message, arrival->size);
	static struct wire_regions regions; /* gns.lock */
	struct wire_identity identity;
	struct gns_port *port;
	size_t size;

	read_copy(&reader, &identity, sizeof identity);
	arrival->head_size = read_u32(&reader);
	arrival->head = read_bytes(&reader, arrival->head_size);
	if (arrival->head == NULL ||
		wire_check(arrival->head, arrival->head_size, &size, &arrival->rights, &regions) !=
			WIRE_OK ||
		regions.total != reader.left) {
		arrival->head_size = 0; /* nothing in it is believed */
		return NULL;
	}
	port = ports_identified(&gns.ports, &identity);
	if (port == NULL || !port->is_export || ledger_of(&port->ledger, &arrival->peer->node) == 0)
		return NULL;
	return port;
}

void deliver_message(void *context, uint32_t lane, uint8_t *message, size_t size)
{
	struct peer *peer = context;
	struct arrival *arrival;
	struct gns_port *port;

	if (lane == 0) {
		answer_letter(peer, message, size);
		free(message);
		return;
	}
	arrival = calloc(1, sizeof *arrival);
	if (arrival == NULL) {
		free(message);
		peer->stream.failed = true;
		return;
	}
	*arrival = (struct arrival){ .peer = peer, .lane = lane, .message = message, .size = size };
	port = find_destination(arrival);
	if (port == NULL) {
		refuse(arrival);
		return;
	}
	deliver_add(port, arrival);
	if (port->once && port->arrivals == NULL) {
		ledger_free(&port->ledger);
		export_drop_if_idle(port);
	}
}

void deliver_discard(struct peer *peer)
{
	struct arrival *discarded = NULL;
	struct gns_port *port;

	for (port = ports_next(&gns.ports, NULL); port != NULL;
		port = ports_next(&gns.ports, port)) {
		struct arrival **link = &port->arrivals;

		port->last_arrival = NULL;
		while (*link != NULL) {
			struct arrival *arrival = *link;

			if (arrival->peer != peer) {
				port->last_arrival = arrival;
				link = &arrival->next;
				continue;
			}
			*link = arrival->next;
			arrival->next = discarded;
			discarded = arrival;
		}
	}
	while (discarded != NULL) {
		struct arrival *arrival = discarded;

		discarded = arrival->next;
		if (arrival->message != NULL)
			wire_rights(arrival->head, arrival->head_size, home_abandon, peer);
		free_arrival(arrival);
	}
	deliver_detained(); /* what waited behind those */
}

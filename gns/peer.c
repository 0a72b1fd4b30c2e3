/* Other nodes in one of their lives, and links of ports on one machine (mig/gns_link.defs). */
#include <mach/notify.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "gns_link.h"
#include "link.h"
#include "mach.h"
#include "mach_port.h"
#include "neighbour.h"
#include "state.h"

/* At a time: acknowledgements come over the same queue, which takes MACH_PORT_QLIMIT_MAX. */
#define ROAD_FRAMES (MACH_PORT_QLIMIT_MAX - 4)
#define JOIN_MS 20000 /* for the other server to come up */

/* A message on its way, and the memory that it was made of. */
struct outgoing {
	struct stream_message message; /* first */
	void *memory;
	size_t memory_size;
};

static void emit(void *context, const uint8_t *frame, size_t size)
{
	const struct peer *peer = context;

	if (peer->wire != NULL)
		neighbour_emit(peer->wire, frame, size);
	else /* a full queue loses it; a dead one is told by a notification */
		(void)gns_frame(peer->road, 0, (char *)(uintptr_t)frame, size);
}

static void done(void *context, struct stream_message *message)
{
	struct outgoing *outgoing = (struct outgoing *)message;

	(void)context;
	free((void *)(uintptr_t)message->head);
	if (outgoing->memory != NULL)
		(void)vm_deallocate(
			mach_task_self(), (vm_address_t)outgoing->memory, outgoing->memory_size);
	free(outgoing);
}

/* --- Finding ---------------------------------------------------------------------------------------------------- */

struct peer *peer_find(const struct gns_node *node)
{
	struct peer *peer = gns.peers;

	while (peer != NULL && !gns_node_is(&peer->node, node))
		peer = peer->next;
	return peer;
}

struct peer *peer_of_id(const uint8_t id[16])
{
	struct peer *peer = gns.peers;

	while (peer != NULL && memcmp(peer->node.id, id, sizeof peer->node.id) != 0)
		peer = peer->next;
	return peer;
}

struct peer *peer_named(const char *name, size_t length)
{
	struct peer *peer = gns.peers;

	while (peer != NULL &&
		(strlen(peer->name) != length || memcmp(peer->name, name, length) != 0))
		peer = peer->next;
	return peer;
}

struct peer *peer_of_back(mach_port_t back)
{
	struct peer *peer = gns.peers;

	while (peer != NULL && (peer->wire != NULL || peer->back != back))
		peer = peer->next;
	return peer;
}

/* --- Beginning and end ------------------------------------------------------------------------------------------ */

void peer_hello(struct masix_gns_hello *hello)
{
	memset(hello, 0, sizeof *hello);
	memcpy(hello->node, gns.self.id, sizeof hello->node);
	hello->incarnation = gns.self.incarnation;
	memcpy(hello->name, gns.name, sizeof hello->name);
}

static kern_return_t check_hello(const struct masix_gns_hello *hello, const struct gns_node *node)
{
	struct peer *known = peer_of_id(node->id);

	if (memchr(hello->name, '\0', sizeof hello->name) == NULL || hello->name[0] == '\0' ||
		memcmp(node->id, gns.self.id, sizeof node->id) == 0)
		return MASIX_E_INVALID;
	if (known != NULL && known->node.incarnation >= node->incarnation)
		return MASIX_E_EXISTS;
	if (known != NULL)
		peer_end(known, "it has begun a new life");
	return peer_named(hello->name, strlen(hello->name)) != NULL ? MASIX_E_EXISTS : KERN_SUCCESS;
}

/* Its frames come to `back`; when its server ends, `road` dies. */
static kern_return_t open_road(mach_port_t road, mach_port_t back)
{
	mach_port_t previous = MACH_PORT_NULL;
	kern_return_t kr = mach_port_move_member(mach_task_self(), back, gns.set);

	(void)mach_port_set_qlimit(mach_task_self(), back, MACH_PORT_QLIMIT_MAX);
	return kr != KERN_SUCCESS ? kr
				  : mach_port_request_notification(mach_task_self(), road,
					    MACH_NOTIFY_DEAD_NAME, 1, gns.notify,
					    MACH_MSG_TYPE_MAKE_SEND_ONCE, &previous);
}

kern_return_t peer_add(const struct masix_gns_hello *hello, mach_port_t road, mach_port_t back,
	struct neighbour *wire, struct peer **added)
{
	struct stream_ops *ops;
	struct peer *peer = calloc(1, sizeof *peer + sizeof *ops);
	struct gns_node node = { .incarnation = hello->incarnation };
	kern_return_t kr;

	if (peer == NULL)
		return KERN_RESOURCE_SHORTAGE;
	memcpy(node.id, hello->node, sizeof node.id);
	kr = check_hello(hello, &node);
	if (kr == KERN_SUCCESS && !deaths_join(&gns.deaths, &node))
		kr = MASIX_E_LIMIT;
	if (kr == KERN_SUCCESS && wire == NULL)
		kr = open_road(road, back);
	if (kr != KERN_SUCCESS) {
		free(peer);
		return kr;
	}
	ops = (struct stream_ops *)(peer + 1);
	*ops = (struct stream_ops){ emit, done, deliver_message, peer };
	peer->node = node;
	memcpy(peer->name, hello->name, sizeof peer->name);
	peer->wire = wire;
	peer->road = road;
	peer->back = back;
	stream_init(
		&peer->stream, ops, wire != NULL ? LINK_FRAME_MAX : STREAM_FRAME_MAX, GNS_BUDGET);
	if (wire == NULL)
		peer->stream.window = peer->stream.window_most = ROAD_FRAMES;
	peer->next = gns.peers;
	gns.peers = peer;
	masix_log("node %s is there", peer->name);
	watch_peer_comes(peer);
	*added = peer;
	return KERN_SUCCESS;
}

static void tell_cut(const struct gns_node *node)
{
	const struct letter cut = { .type = LETTER_CUT, .node = *node };
	struct peer *peer;

	for (peer = gns.peers; peer != NULL; peer = peer->next)
		peer_letter(peer, &cut);
}

void peer_end(struct peer *peer, const char *why)
{
	struct peer **link = &gns.peers;
	struct gns_port *port, *next;

	masix_log("node %s is lost: %s", peer->name, why);
	while (*link != peer)
		link = &(*link)->next;
	*link = peer->next;
	moved_peer_ends(peer);
	for (port = ports_next(&gns.ports, NULL); port != NULL; port = next) {
		next = ports_next(&gns.ports, port);
		if (!port->is_export && port->peer == peer)
			proxy_destroy(port);
	}
	deliver_discard(peer);
	answer_lookups_lost(peer);
	watch_peer_ends(peer);
	stream_end(&peer->stream);
	if (peer->wire != NULL) {
		neighbour_forget(peer->wire);
	} else {
		(void)mach_port_mod_refs(mach_task_self(), peer->back, MACH_PORT_RIGHT_RECEIVE, -1);
		(void)mach_port_deallocate(mach_task_self(), peer->road);
	}
	(void)deaths_cut(&gns.deaths, &peer->node);
	tell_cut(&peer->node);
	free(peer);
	export_reclaim();
}

kern_return_t peer_join(const char *server)
{
	struct masix_gns_hello own, other;
	mach_port_t door, back, road;
	char name[MASIX_NAME_MAX + 1];
	struct peer *peer;
	kern_return_t kr;

	(void)snprintf(name, sizeof name, "%s/link", server);
	kr = masix_lookup(name, JOIN_MS, &door);
	if (kr != KERN_SUCCESS)
		return kr;
	peer_hello(&own);
	kr = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &back);
	if (kr != KERN_SUCCESS)
		return kr;
	kr = gns_join(door, own, back, &other, &road);
	(void)mach_port_deallocate(mach_task_self(), door);
	if (kr == KERN_SUCCESS) {
		pthread_mutex_lock(&gns.lock);
		kr = peer_add(&other, road, back, NULL, &peer);
		pthread_mutex_unlock(&gns.lock);
		if (kr != KERN_SUCCESS)
			(void)mach_port_deallocate(mach_task_self(), road);
	}
	if (kr != KERN_SUCCESS)
		(void)mach_port_mod_refs(mach_task_self(), back, MACH_PORT_RIGHT_RECEIVE, -1);
	return kr;
}

/* --- Sending ------------------------------------------------------------------------------------------------------ */

bool peer_send(struct peer *peer, uint32_t lane, uint8_t *head, size_t head_size, void *memory,
	size_t size)
{
	struct outgoing *outgoing = head == NULL ? NULL : calloc(1, sizeof *outgoing);

	if (outgoing != NULL) {
		outgoing->message = (struct stream_message){
			.lane = lane,
			.head = head,
			.head_size = head_size,
			.rest = memory,
			.rest_size = size,
		};
		outgoing->memory = memory;
		outgoing->memory_size = size;
		if (stream_send(&peer->stream, &outgoing->message))
			return true;
		free(outgoing);
	}
	free(head);
	if (memory != NULL)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)memory, size);
	return false;
}

void peer_letter(struct peer *peer, const struct letter *letter)
{
	uint8_t *bytes = malloc(LETTER_MAX);
	size_t size = bytes == NULL ? 0 : letter_write(letter, bytes, LETTER_MAX);

	if (size == 0 || !peer_send(peer, 0, bytes, size, NULL, 0)) {
		if (size == 0)
			free(bytes);
		peer->stream.failed = true; /* it must not be missing */
	}
}

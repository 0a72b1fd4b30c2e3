/* gns.defs, the client face; and the door of gns_link.defs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>

#include "gns_link_server.h"
#include "gns_server.h"
#include "mach.h"
#include "mach_port.h"
#include "neighbour.h"
#include "state.h"

#define LINE_MAX 320
#define TIMEOUT_MS_MAX 60000

/* "NAME@NODE" into its two parts. */
static bool split(const char *name, mach_msg_type_number_t length, size_t *at)
{
	const char *sign = memchr(name, '@', length);

	if (sign == NULL || memchr(name, '\0', length) != NULL || length > LETTER_NAME_MAX)
		return false;
	*at = (size_t)(sign - name);
	return *at > 0 && *at + 1 < length;
}

/* False: no node is called so. */
static bool name_node(struct lookup *lookup, const char *node, size_t length)
{
	if (length == 0 || length >= sizeof lookup->node || memchr(node, '\0', length) != NULL)
		return false;
	memcpy(lookup->node, node, length);
	return true;
}

kern_return_t S_gns_lookup(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	const masix_name_t name, mach_msg_type_number_t length, uint32_t timeout_ms,
	mach_port_t *found)
{
	struct lookup lookup = { .reply = reply, .reply_type = reply_type };
	kern_return_t kr;
	size_t at;

	(void)port;
	if (timeout_ms > TIMEOUT_MS_MAX)
		timeout_ms = TIMEOUT_MS_MAX;
	if (!split(name, length, &at))
		return MASIX_E_INVALID;
	if (!name_node(&lookup, name + at + 1, length - at - 1))
		return MASIX_E_NOT_FOUND;
	lookup.any = strcmp(lookup.node, "*") == 0;
	if (lookup.any || strcmp(gns.name, lookup.node) == 0) {
		kr = answer_local_lookup(name, at, found);
		if (!lookup.any || kr != MASIX_E_NOT_FOUND)
			return kr;
	}
	memcpy(lookup.name, name, at);
	lookup.name_length = (uint8_t)at;
	pthread_mutex_lock(&gns.lock);
	lookup.deadline = engine_now() + timeout_ms;
	kr = answer_begin(&lookup);
	engine_settle();
	pthread_mutex_unlock(&gns.lock);
	return kr;
}

kern_return_t S_gns_ping(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	const masix_name_t node, mach_msg_type_number_t length)
{
	struct lookup ping = { .reply = reply, .reply_type = reply_type, .is_ping = true };
	kern_return_t kr;

	(void)port;
	if (!name_node(&ping, node, length))
		return MASIX_E_NOT_FOUND;
	if (strcmp(gns.name, ping.node) == 0)
		return KERN_SUCCESS;
	pthread_mutex_lock(&gns.lock);
	kr = answer_begin(&ping);
	engine_settle();
	pthread_mutex_unlock(&gns.lock);
	return kr;
}

kern_return_t S_gns_watch(
	mach_port_t face, const masix_name_t name, mach_msg_type_number_t length, mach_port_t port)
{
	struct lookup about = { 0 };
	kern_return_t kr;
	size_t at;

	(void)face;
	if (!MACH_PORT_VALID(port) || !split(name, length, &at))
		return MASIX_E_INVALID;
	if (!name_node(&about, name + at + 1, length - at - 1))
		return MASIX_E_NOT_FOUND;
	pthread_mutex_lock(&gns.lock);
	kr = watch_begin(name, at, about.node, strcmp(about.node, "*") == 0, port);
	engine_settle();
	pthread_mutex_unlock(&gns.lock);
	return kr;
}

kern_return_t S_gns_where(
	mach_port_t port, mach_port_t right, masix_name_t node, mach_msg_type_number_t *length)
{
	const struct gns_port *known;
	const char *name = gns.name;

	(void)port;
	if (!MACH_PORT_VALID(right))
		return MASIX_E_DEAD;
	pthread_mutex_lock(&gns.lock);
	known = ports_named(&gns.ports, right);
	if (known != NULL && !known->is_export)
		name = known->peer->name;
	*length = (mach_msg_type_number_t)strlen(name);
	memcpy(node, name, *length);
	pthread_mutex_unlock(&gns.lock);
	(void)mach_port_deallocate(mach_task_self(), right);
	return KERN_SUCCESS;
}

static int print_peer(const struct peer *peer, char *line)
{
	const struct stream_totals *totals = &peer->stream.totals;
	struct neighbour_figures figures = { .address = "-" };
	const struct gns_port *port = NULL;
	uint64_t credits = 0;

	while ((port = ports_next(&gns.ports, port)) != NULL)
		if (!port->is_export && port->peer == peer)
			credits += port->purse;
	if (peer->wire != NULL)
		neighbour_tell(peer->wire, &figures);
	return snprintf(line, LINE_MAX,
		"peer %s %llx %u %llu %llu %llu %s %llu %llu %llu %llu %llu\n", peer->name,
		(unsigned long long)peer->node.incarnation, peer->proxies,
		(unsigned long long)totals->frames_sent,
		(unsigned long long)totals->frames_received,
		(unsigned long long)totals->frames_again, figures.address,
		(unsigned long long)totals->bytes_sent, (unsigned long long)totals->bytes_received,
		(unsigned long long)figures.handshakes, (unsigned long long)figures.dropped,
		(unsigned long long)credits);
}

kern_return_t S_gns_list(mach_port_t port, masix_bulk_t *table, mach_msg_type_number_t *size)
{
	vm_address_t memory = 0;
	const struct peer *peer;
	unsigned lines = 2; /* of ourselves, and of all */
	kern_return_t kr;

	(void)port;
	pthread_mutex_lock(&gns.lock);
	for (peer = gns.peers; peer != NULL; peer = peer->next)
		lines++;
	kr = vm_allocate(mach_task_self(), &memory, lines * LINE_MAX, TRUE);
	if (kr == KERN_SUCCESS) {
		char *at = (char *)memory;

		at += snprintf(at, LINE_MAX, "self %s %llx\n", gns.name,
			(unsigned long long)gns.self.incarnation);
		for (peer = gns.peers; peer != NULL; peer = peer->next)
			at += print_peer(peer, at);
		at += snprintf(at, LINE_MAX, "total %u %u %llu %llu %llu\n", gns.proxies,
			gns.exports, (unsigned long long)gns.forwarded,
			(unsigned long long)gns.delivered, (unsigned long long)gns.refused);
		*table = (char *)memory;
		*size = (mach_msg_type_number_t)(at - (char *)memory);
	}
	pthread_mutex_unlock(&gns.lock);
	return kr;
}

kern_return_t S_gns_join(mach_port_t door, masix_gns_hello_t caller, mach_port_t road,
	masix_gns_hello_t *answerer, mach_port_t *back)
{
	struct peer *peer;
	mach_port_t port;
	kern_return_t kr;

	(void)door;
	if (!MACH_PORT_VALID(road))
		return MASIX_E_INVALID;
	kr = mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &port);
	if (kr != KERN_SUCCESS)
		return kr;
	kr = mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND);
	if (kr == KERN_SUCCESS) {
		pthread_mutex_lock(&gns.lock);
		kr = peer_add(&caller, road, port, NULL, &peer);
		pthread_mutex_unlock(&gns.lock);
		if (kr != KERN_SUCCESS)
			(void)mach_port_deallocate(mach_task_self(), port);
	}
	if (kr != KERN_SUCCESS) {
		(void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_RECEIVE, -1);
		return kr;
	}
	peer_hello(answerer);
	*back = port;
	return KERN_SUCCESS;
}

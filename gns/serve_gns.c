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
#include "state.h"

#define LINE_MAX 160

/* "NAME@NODE" into its two parts. */
static bool split(const char *name, mach_msg_type_number_t length, size_t *at)
{
	const char *sign = memchr(name, '@', length);

	if (sign == NULL || memchr(name, '\0', length) != NULL || length > LETTER_NAME_MAX)
		return false;
	*at = (size_t)(sign - name);
	return *at > 0 && *at + 1 < length;
}

kern_return_t S_gns_lookup(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	const masix_name_t name, mach_msg_type_number_t length, mach_port_t *found)
{
	const char *node = name;
	struct peer *peer;
	kern_return_t kr;
	size_t at;

	(void)port;
	if (!split(name, length, &at))
		return MASIX_E_INVALID;
	node += at + 1;
	length -= at + 1;
	if (strlen(gns.name) == length && memcmp(gns.name, node, length) == 0)
		return answer_local_lookup(name, at, found);
	pthread_mutex_lock(&gns.lock);
	peer = peer_named(node, length);
	kr = peer == NULL ? MASIX_E_NOT_FOUND
			  : answer_begin_lookup(peer, name, at, reply, reply_type);
	engine_settle();
	pthread_mutex_unlock(&gns.lock);
	return kr;
}

static int print_peer(const struct peer *peer, char *line)
{
	const struct stream_totals *totals = &peer->stream.totals;

	return snprintf(line, LINE_MAX, "peer %s %llx %u %llu %llu %llu\n", peer->name,
		(unsigned long long)peer->node.incarnation, peer->proxies,
		(unsigned long long)totals->frames_sent,
		(unsigned long long)totals->frames_received,
		(unsigned long long)totals->frames_again);
}

kern_return_t S_gns_list(mach_port_t port, masix_bulk_t *table, mach_msg_type_number_t *size)
{
	vm_address_t memory = 0;
	const struct peer *peer;
	unsigned lines = 1;
	kern_return_t kr;

	(void)port;
	pthread_mutex_lock(&gns.lock);
	for (peer = gns.peers; peer != NULL; peer = peer->next)
		lines++;
	kr = vm_allocate(mach_task_self(), &memory, lines * LINE_MAX, TRUE);
	if (kr == KERN_SUCCESS) {
		char *at = (char *)memory;

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

#include "udp.h"

#include <arpa/inet.h>
#include <sodium/crypto_generichash.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/identity.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "link.h"
#include "mach.h"
#include "mach_port.h"
#include "network.h"
#include "socket.h"
#include "state.h"

/* The server is up soon, or will be started again. */
#define NET_WAIT_MS 30000
#define QUIET_MS 4000	/* then a sign of life */
#define SILENT_MS 15000 /* then its life is over */

struct neighbour {
	char name[sizeof((struct masix_gns_hello *)0)->name];
	struct masix_inet_name address;
	struct link link;
	struct link_ops ops;
	struct peer *peer; /* while it is joined */
	uint64_t over;	   /* its incarnation that has ended; 0: none */
	uint64_t spoken;   /* when we last sent */
	struct neighbour *next;
};

static struct neighbour *neighbours; /* gns.lock; none comes after the start */
static struct link_self self;	     /* gns.lock */
static mach_port_t wire;

/* --- Keys ----------------------------------------------------------------------------------------------------------- */

/* All servers of this name that the site has signed have one secret; what they need follows from it. */
static void derive(const char *label, const char *name, uint8_t key[32])
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, masix_identity.seed, sizeof masix_identity.seed, 32);
	(void)crypto_generichash_update(&state, (const uint8_t *)label, strlen(label) + 1);
	(void)crypto_generichash_update(&state, (const uint8_t *)name, strlen(name) + 1);
	(void)crypto_generichash_final(&state, key, 32);
}

static void keys_of_node(const char *name, struct noise_keys *keys)
{
	uint8_t secret[32];

	derive("MASIX-GNS-STATIC-v1", name, secret);
	noise_keys_of(secret, keys);
}

/* --- Packets ---------------------------------------------------------------------------------------------------------- */

static void send_packet(void *context, const uint8_t *packet, size_t size)
{
	struct neighbour *neighbour = context;
	const masix_socket_ids_t nobody = { 0 };
	uint32_t sent;

	neighbour->spoken = engine_now();
	/* Lost if it cannot go now. */
	(void)socket_send(wire, 0, MASIX_IO_NONBLOCK, MACH_PORT_NULL, 0, MACH_PORT_NULL,
		(const char *)&neighbour->address, sizeof neighbour->address, nobody, NULL, 0, NULL,
		0, (const char *)packet, size, &sent);
}

static void came_up(void *context, const uint8_t bytes[LINK_HELLO_SIZE])
{
	struct neighbour *neighbour = context;
	struct masix_gns_hello hello;
	kern_return_t kr;

	memcpy(&hello, bytes, sizeof hello);
	if (neighbour->peer != NULL && neighbour->peer->node.incarnation == hello.incarnation) {
		stream_reconnected(&neighbour->peer->stream); /* new keys of the same life */
		return;
	}
	if (hello.incarnation <= neighbour->over ||
		strncmp(hello.name, neighbour->name, sizeof hello.name) != 0)
		return;
	if (neighbour->peer != NULL)
		peer_end(neighbour->peer, "it has begun a new life");
	kr = peer_add(&hello, MACH_PORT_NULL, MACH_PORT_NULL, neighbour, &neighbour->peer);
	if (kr != KERN_SUCCESS)
		masix_log("node %s cannot join: %s", neighbour->name, masix_strerror(kr));
}

static void take_frame(void *context, const uint8_t *frame, size_t size)
{
	struct neighbour *neighbour = context;

	if (neighbour->peer != NULL)
		(void)stream_receive(&neighbour->peer->stream, engine_now(), frame, size);
}

void udp_emit(struct neighbour *neighbour, const uint8_t *frame, size_t size)
{
	(void)link_send(&neighbour->link, engine_now(), frame, size);
}

void udp_forget(struct neighbour *neighbour)
{
	neighbour->over = neighbour->peer->node.incarnation;
	neighbour->peer = NULL;
}

void udp_tick(uint64_t now)
{
	struct neighbour *neighbour;

	for (neighbour = neighbours; neighbour != NULL; neighbour = neighbour->next) {
		link_tick(&neighbour->link, now);
		if (neighbour->peer == NULL)
			continue;
		if (now - neighbour->link.heard >= SILENT_MS)
			peer_end(neighbour->peer, "nothing is heard of it");
		else if (now - neighbour->spoken >= QUIET_MS)
			(void)link_send(&neighbour->link, now, NULL, 0);
	}
}

/* --- The socket ------------------------------------------------------------------------------------------------------- */

static void take_packet(const struct masix_socket_info *info, const uint8_t *packet, size_t size)
{
	const struct masix_inet_name *from = (const struct masix_inet_name *)info->name;
	struct neighbour *neighbour;

	if (info->name_length != sizeof *from)
		return;
	for (neighbour = neighbours; neighbour != NULL; neighbour = neighbour->next)
		if (memcmp(from->address, neighbour->address.address, sizeof from->address) == 0) {
			link_receive(&neighbour->link, engine_now(), from->address,
				sizeof from->address, packet, size);
			return;
		}
}

static void drop_extras(masix_bulk_t files, mach_msg_type_number_t file_bytes,
	masix_rights_t rights, mach_msg_type_number_t right_count)
{
	if (file_bytes > 0)
		(void)vm_deallocate(mach_task_self(), (vm_address_t)files, file_bytes);
	if (right_count > 0)
		(void)vm_deallocate(
			mach_task_self(), (vm_address_t)rights, right_count * sizeof *rights);
}

static kern_return_t receive(void)
{
	static masix_part_t packet; /* of the one thread that receives */
	mach_msg_type_number_t size = sizeof packet, file_bytes = 0, right_count = 0;
	masix_socket_info_t info;
	masix_rights_t rights = NULL;
	masix_bulk_t files = NULL;
	kern_return_t kr = socket_receive(wire, 1, 0, MACH_PORT_NULL, sizeof packet, &info, &files,
		&file_bytes, &rights, &right_count, packet, &size);

	if (kr != KERN_SUCCESS)
		return kr;
	drop_extras(files, file_bytes, rights, right_count);
	pthread_mutex_lock(&gns.lock);
	take_packet(&info, (const uint8_t *)packet, size);
	engine_settle();
	pthread_mutex_unlock(&gns.lock);
	return KERN_SUCCESS;
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
	return kr;
}

static void *receiver(void *unused)
{
	kern_return_t kr = open_socket();

	(void)unused;
	if (kr == KERN_SUCCESS) {
		pthread_mutex_lock(&gns.lock);
		gns.has_network = true;
		pthread_mutex_unlock(&gns.lock);
		engine_kick();
	}
	while (kr == KERN_SUCCESS || kr == MASIX_E_REFUSED || kr == MASIX_E_HOST_UNREACHABLE)
		kr = receive();
	/* Its successor does not know our socket: a new life of ours makes a new one. */
	masix_fatal("the network is gone: %s", masix_strerror(kr));
}

/* --- The start ---------------------------------------------------------------------------------------------------------- */

bool udp_add(const char *text)
{
	const char *sign = strchr(text, '=');
	struct neighbour *neighbour = calloc(1, sizeof *neighbour);

	if (neighbour == NULL || sign == NULL || sign == text ||
		(size_t)(sign - text) >= sizeof neighbour->name ||
		inet_pton(AF_INET, sign + 1, neighbour->address.address + 12) != 1) {
		free(neighbour);
		return false;
	}
	memcpy(neighbour->name, text, (size_t)(sign - text));
	neighbour->address.address[10] = neighbour->address.address[11] = 0xff;
	neighbour->address.port = UDP_PORT;
	neighbour->next = neighbours;
	neighbours = neighbour;
	return true;
}

void udp_start(void)
{
	struct neighbour *neighbour;
	struct masix_gns_hello hello;
	struct noise_keys own, theirs;
	uint8_t psk[32];
	pthread_t thread;

	if (neighbours == NULL)
		return;
	peer_hello(&hello);
	keys_of_node(gns.name, &own);
	derive("MASIX-GNS-PSK-v1", "", psk);
	link_self_init(&self, own.secret, psk, (const uint8_t *)&hello, gns.self.incarnation,
		engine_now());
	for (neighbour = neighbours; neighbour != NULL; neighbour = neighbour->next) {
		neighbour->ops = (struct link_ops){ send_packet, came_up, take_frame, neighbour };
		keys_of_node(neighbour->name, &theirs);
		link_init(&neighbour->link, &neighbour->ops, &self, theirs.public, engine_now());
	}
	if (pthread_create(&thread, NULL, receiver, NULL) != 0)
		masix_fatal("no thread for the network");
}

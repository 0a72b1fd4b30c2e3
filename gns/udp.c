#include "udp.h"

#include <arpa/inet.h>
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <sodium/crypto_generichash.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/identity.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>

#include "datagrams.h"
#include "datagrams_event_server.h"
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

/* A frame that is none of a stream: a sequence number that no stream comes to 8, the life that is over 8, how many others the
 * sender has 4. */
#define NO_SEQUENCE UINT64_MAX
#define OVER_SIZE 20
#define OVER_AGAIN_MS 1000

struct neighbour {
	char name[sizeof((struct masix_gns_hello *)0)->name];
	struct masix_inet_name address;
	struct link link;
	struct link_ops ops;
	struct peer *peer;  /* while it is joined */
	uint64_t over;	    /* its incarnation that has ended; 0: none */
	uint64_t told_over; /* when we told it so */
	uint64_t spoken;    /* when we last sent */
	struct neighbour *next;
};

static struct neighbour *neighbours; /* gns.lock; none comes after the start */
static struct link_self self;	     /* gns.lock */
static mach_port_t wire;	     /* the socket */
static mach_port_t way, sink;	     /* what goes, and comes */
static masix_inline_t batch;	     /* gns.lock: what goes next */
static uint32_t batch_size;

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
	const struct masix_datagram head = { .name = neighbour->address, .length = size };
	const uint32_t padded = (size + 3) & ~3u;

	neighbour->spoken = engine_now();
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

/* --- Lives that are over -------------------------------------------------------------------------------------------- */

static uint32_t living_peers(const struct peer *except)
{
	const struct peer *peer;
	uint32_t count = 0;

	for (peer = gns.peers; peer != NULL; peer = peer->next)
		count += peer != except;
	return count;
}

/* Here it is again, in a life that we have given up.  One of us has to begin a new one. */
static void tell_over(struct neighbour *neighbour, uint64_t now)
{
	uint8_t frame[OVER_SIZE];
	struct writer writer = writer_to(frame, sizeof frame);

	neighbour->told_over = now;
	write_u64(&writer, NO_SEQUENCE);
	write_u64(&writer, neighbour->over);
	write_u32(&writer, living_peers(NULL));
	(void)link_send(&neighbour->link, now, frame, sizeof frame);
}

/* The other has given up this life of ours.  Who has fewer others begins a new one: that loses least. */
static void take_over(struct neighbour *neighbour, const uint8_t *frame, size_t size)
{
	struct reader reader = reader_of(frame + 8, size - 8);
	const uint64_t incarnation = read_u64(&reader);
	const uint32_t theirs = read_u32(&reader);
	uint32_t ours;

	if (!read_all(&reader) || incarnation != gns.self.incarnation)
		return;
	if (neighbour->peer != NULL)
		peer_end(neighbour->peer, "it has given us up");
	ours = living_peers(NULL);
	if (ours < theirs || (ours == theirs && neighbour->link.begins))
		masix_fatal("%s has gone on without us: a new life begins", neighbour->name);
	tell_over(neighbour, engine_now());
}

static void take_frame(void *context, const uint8_t *frame, size_t size)
{
	struct neighbour *neighbour = context;
	struct reader reader = reader_of(frame, size);

	if (read_u64(&reader) == NO_SEQUENCE && !reader.failed)
		take_over(neighbour, frame, size);
	else if (neighbour->peer != NULL)
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

/* It speaks, in its life that is over. */
static bool is_back(const struct neighbour *neighbour, uint64_t now)
{
	struct masix_gns_hello hello;

	memcpy(&hello, neighbour->link.hello, sizeof hello);
	return neighbour->over != 0 && hello.incarnation == neighbour->over &&
	       now - neighbour->link.heard < SILENT_MS &&
	       now - neighbour->told_over >= OVER_AGAIN_MS;
}

void udp_tell(const struct neighbour *neighbour, struct udp_figures *figures)
{
	(void)inet_ntop(AF_INET, neighbour->address.address + 12, figures->address,
		sizeof figures->address);
	figures->handshakes = neighbour->link.handshakes;
	figures->dropped = neighbour->link.dropped;
}

void udp_tick(uint64_t now)
{
	struct neighbour *neighbour;

	for (neighbour = neighbours; neighbour != NULL; neighbour = neighbour->next) {
		link_tick(&neighbour->link, now);
		if (neighbour->peer == NULL) {
			if (is_back(neighbour, now))
				tell_over(neighbour, now);
			continue;
		}
		if (now - neighbour->link.heard >= SILENT_MS)
			peer_end(neighbour->peer, "nothing is heard of it");
		else if (now - neighbour->spoken >= QUIET_MS)
			(void)link_send(&neighbour->link, now, NULL, 0);
	}
}

/* --- The socket ------------------------------------------------------------------------------------------------------- */

static void take_packet(const struct masix_inet_name *from, const uint8_t *packet, size_t size)
{
	struct neighbour *neighbour;

	for (neighbour = neighbours; neighbour != NULL; neighbour = neighbour->next)
		if (memcmp(from->address, neighbour->address.address, sizeof from->address) == 0) {
			link_receive(&neighbour->link, engine_now(), from->address,
				sizeof from->address, packet, size);
			return;
		}
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
		take_packet(&head.name, packet, head.length);
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
	if (pthread_create(&thread, NULL, opener, NULL) != 0)
		masix_fatal("no thread for the network");
}

/* Nodes at addresses: who they are, links to them, and their lives. */
#include "neighbour.h"

#include <arpa/inet.h>
#include <sodium/randombytes.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/identity.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "bytes.h"
#include "cluster.h"
#include "introduce.h"
#include "link.h"
#include "state.h"
#include "udp.h"

#define QUIET_MS 4000	/* then a sign of life */
#define SILENT_MS 15000 /* then its life is over */
#define NEIGHBOURS_MAX 128
#define ASK_AGAIN_MS 1000
#define STRANGER_MS 30000 /* who has not answered by then is forgotten */
#define TICK_MS 200
#define CHECKS_PER_SECOND 20 /* of certificates */

/* A frame that is none of a stream: a sequence number that no stream comes to 8, kind 1, and
 *	FRAME_OVER	the life that is over 8, how many others the sender has 4
 *	FRAME_CLUSTER	a packet of cluster.h */
#define NO_SEQUENCE UINT64_MAX
enum { FRAME_OVER = 1, FRAME_CLUSTER };
#define OVER_SIZE 21
#define OVER_AGAIN_MS 1000

struct neighbour {
	struct masix_inet_name address;
	bool is_known; /* whose key is there: */
	struct masix_node_certificate certificate;
	bool is_seed;
	uint64_t entered;
	uint64_t asked; /* when we last asked */
	struct link link;
	struct link_ops ops;
	bool is_itself; /* the link's other end has the identity that follows from its key: */
	struct gns_node node;
	struct peer *peer;  /* while it is joined */
	uint64_t over;	    /* its incarnation that has ended; 0: none */
	uint64_t told_over; /* when we told it so */
	uint64_t spoken;    /* when we last sent */
	struct neighbour *next;
};

/* gns.lock: */
static struct neighbour *neighbours;
static unsigned neighbour_count;
static struct link_self self;
static uint8_t key[32]; /* of introductions */
static uint64_t second; /* of `checks` */
static unsigned checks;

static const char *name_of(const struct neighbour *neighbour)
{
	return neighbour->certificate.name;
}

static uint32_t address_of(const struct neighbour *neighbour)
{
	uint32_t address;

	memcpy(&address, neighbour->address.address + 12, sizeof address);
	return address;
}

static struct neighbour *neighbour_at(const struct masix_inet_name *address)
{
	struct neighbour *found = neighbours;

	while (found != NULL &&
		memcmp(found->address.address, address->address, sizeof address->address) != 0)
		found = found->next;
	return found;
}

static struct neighbour *enter(const struct masix_inet_name *address)
{
	struct neighbour *made;

	if (neighbour_count == NEIGHBOURS_MAX)
		return NULL;
	made = calloc(1, sizeof *made);
	if (made == NULL)
		return NULL;
	made->address = *address;
	made->address.port = UDP_PORT;
	made->entered = engine_now();
	made->next = neighbours;
	neighbours = made;
	neighbour_count++;
	return made;
}

static void inet_name(uint32_t address, struct masix_inet_name *name)
{
	*name = (struct masix_inet_name){ .port = UDP_PORT };
	name->address[10] = name->address[11] = 0xff;
	memcpy(name->address + 12, &address, sizeof address);
}

static struct neighbour *at_or_new(uint32_t address)
{
	struct masix_inet_name name;
	struct neighbour *found;

	inet_name(address, &name);
	found = neighbour_at(&name);
	return found != NULL ? found : enter(&name);
}

void neighbour_add(uint32_t address)
{
	struct neighbour *neighbour = at_or_new(address);

	if (neighbour != NULL)
		neighbour->is_seed = true;
}

/* --- Links ------------------------------------------------------------------------------------------------------------ */

static void send_packet(void *context, const uint8_t *packet, size_t size)
{
	struct neighbour *neighbour = context;

	neighbour->spoken = engine_now();
	udp_send(&neighbour->address, packet, size);
}

/* Nobody is called as another, or takes another's identity, and so its place. */
static bool is_of(
	const struct masix_gns_hello *hello, const struct masix_node_certificate *certificate)
{
	uint8_t id[sizeof hello->node];

	introduce_id(certificate->public_key, id);
	return memcmp(id, hello->node, sizeof id) == 0 &&
	       strncmp(hello->name, certificate->name, sizeof hello->name) == 0;
}

static void came_up(void *context, const uint8_t bytes[LINK_HELLO_SIZE])
{
	struct neighbour *neighbour = context;
	struct masix_gns_hello hello;
	kern_return_t kr;

	memcpy(&hello, bytes, sizeof hello);
	neighbour->is_itself = is_of(&hello, &neighbour->certificate);
	if (!neighbour->is_itself)
		return;
	memcpy(neighbour->node.id, hello.node, sizeof neighbour->node.id);
	neighbour->node.incarnation = hello.incarnation;
	if (neighbour->peer != NULL && neighbour->peer->node.incarnation == hello.incarnation) {
		stream_reconnected(&neighbour->peer->stream); /* new keys of the same life */
		return;
	}
	if (hello.incarnation <= neighbour->over)
		return;
	if (neighbour->peer != NULL)
		peer_end(neighbour->peer, "it has begun a new life");
	kr = peer_add(&hello, MACH_PORT_NULL, MACH_PORT_NULL, neighbour, &neighbour->peer);
	if (kr != KERN_SUCCESS)
		masix_log("node %s cannot join: %s", name_of(neighbour), masix_strerror(kr));
	else
		cluster_join(address_of(neighbour));
}

void neighbour_gossip(uint32_t address, const uint8_t *packet, size_t size)
{
	struct neighbour *neighbour = at_or_new(address);
	uint8_t frame[LINK_FRAME_MAX];
	struct writer writer = writer_to(frame, sizeof frame);

	write_u64(&writer, NO_SEQUENCE);
	write_u8(&writer, FRAME_CLUSTER);
	write_bytes(&writer, packet, size);
	if (neighbour != NULL && neighbour->is_known && !writer.failed)
		(void)link_send(&neighbour->link, engine_now(), frame, writer.used);
}

void neighbour_given_up(uint32_t address, uint64_t incarnation)
{
	struct neighbour *neighbour = at_or_new(address);

	if (neighbour != NULL && neighbour->peer != NULL &&
		neighbour->peer->node.incarnation == incarnation)
		peer_end(neighbour->peer, "the cluster has given it up");
}

/* --- Lives that are over -------------------------------------------------------------------------------------------- */

static uint32_t living_peers(void)
{
	const struct peer *peer;
	uint32_t count = 0;

	for (peer = gns.peers; peer != NULL; peer = peer->next)
		count++;
	return count;
}

/* Here it is again, in a life that we have given up.  One of us has to begin a new one. */
static void tell_over(struct neighbour *neighbour, uint64_t now)
{
	uint8_t frame[OVER_SIZE];
	struct writer writer = writer_to(frame, sizeof frame);

	neighbour->told_over = now;
	write_u64(&writer, NO_SEQUENCE);
	write_u8(&writer, FRAME_OVER);
	write_u64(&writer, neighbour->over);
	write_u32(&writer, living_peers());
	(void)link_send(&neighbour->link, now, frame, sizeof frame);
}

/* The other has given up this life of ours: what was between us is over. */
static void take_over(struct neighbour *neighbour, struct reader *reader)
{
	const uint64_t incarnation = read_u64(reader);
	const uint32_t theirs = read_u32(reader);
	uint32_t ours;

	if (!read_all(reader) || incarnation != gns.self.incarnation)
		return;
	if (neighbour->peer != NULL)
		peer_end(neighbour->peer, "it has given us up");
	ours = living_peers();
	/* Of two, one goes on; of more, so many must say it that one that lies is not enough (members.h). */
	if (ours > 0 || theirs > 0 || neighbour->link.begins)
		cluster_told_dead(address_of(neighbour), &neighbour->node);
	tell_over(neighbour, engine_now());
}

static void take_frame(void *context, const uint8_t *frame, size_t size)
{
	struct neighbour *neighbour = context;
	struct reader reader = reader_of(frame, size);
	uint8_t kind;

	if (read_u64(&reader) != NO_SEQUENCE || reader.failed) {
		if (neighbour->peer != NULL)
			(void)stream_receive(&neighbour->peer->stream, engine_now(), frame, size);
		return;
	}
	kind = read_u8(&reader);
	if (!neighbour->is_itself)
		return;
	if (kind == FRAME_OVER)
		take_over(neighbour, &reader);
	else if (kind == FRAME_CLUSTER)
		cluster_receive(address_of(neighbour), &neighbour->node, reader.next, reader.left);
}

/* --- Who is there ------------------------------------------------------------------------------------------------------- */

static void introduce(const struct masix_inet_name *to, uint8_t kind)
{
	uint8_t nonce[INTRODUCE_NONCE], packet[INTRODUCE_SIZE];

	randombytes_buf(nonce, sizeof nonce);
	introduce_write(key, kind, nonce, &masix_identity.node.certificate, packet);
	udp_send(to, packet, sizeof packet);
}

static void ask(struct neighbour *neighbour, uint64_t now)
{
	neighbour->asked = now;
	introduce(&neighbour->address, INTRODUCE_ASK);
}

static bool has_key(const struct neighbour *neighbour, const struct masix_node_certificate *whose)
{
	return neighbour->is_known && memcmp(neighbour->certificate.public_key, whose->public_key,
					      sizeof whose->public_key) == 0;
}

/* Signatures are dear: only so many, whoever asks. */
static bool check(const struct masix_node_certificate *certificate)
{
	const uint64_t now = engine_now() / 1000;

	if (now != second)
		checks = 0;
	second = now;
	return checks++ < CHECKS_PER_SECOND &&
	       introduce_certified(certificate, masix_identity.site);
}

/* The owner of that key is at that address now; no link that is in use is given up for it. */
static bool take_place(
	const struct masix_inet_name *address, const struct masix_node_certificate *certificate)
{
	struct neighbour *there = neighbour_at(address), *other = neighbours;

	if (there != NULL && there->peer != NULL)
		return false;
	while (other != NULL && !has_key(other, certificate))
		other = other->next;
	if (other != NULL && other->peer != NULL)
		return false;
	if (other != NULL)
		other->is_known = other->is_itself = false; /* it has moved */
	if (there == NULL)
		there = enter(address);
	if (there == NULL)
		return false;
	there->is_known = true;
	there->is_itself = false;
	there->certificate = *certificate;
	there->over = other != NULL ? other->over : 0;
	there->ops = (struct link_ops){ send_packet, came_up, take_frame, there };
	link_init(&there->link, &there->ops, &self, certificate->public_key, engine_now());
	return true;
}

static void take_introduction(
	const struct masix_inet_name *from, const uint8_t *packet, size_t size)
{
	struct masix_node_certificate certificate;
	const struct neighbour *known = neighbour_at(from);
	uint8_t kind;

	if (!introduce_read(key, packet, size, &kind, &certificate) ||
		memcmp(certificate.public_key, self.keys.public, sizeof self.keys.public) == 0)
		return;
	if ((known == NULL || !has_key(known, &certificate)) &&
		(!check(&certificate) || !take_place(from, &certificate)))
		return;
	if (kind == INTRODUCE_ASK)
		introduce(from, INTRODUCE_TELL);
}

void neighbour_receive(const struct masix_inet_name *from, const uint8_t *packet, size_t size)
{
	struct neighbour *neighbour;

	if (size > 0 && packet[0] >= INTRODUCE_ASK) {
		take_introduction(from, packet, size);
		return;
	}
	neighbour = neighbour_at(from);
	if (neighbour != NULL && neighbour->is_known)
		link_receive(&neighbour->link, engine_now(), from->address, sizeof from->address,
			packet, size);
}

void neighbour_start(void)
{
	struct masix_gns_hello hello;

	introduce_key(masix_identity.node.cluster, key);
	peer_hello(&hello);
	link_self_init(&self, masix_identity.node.secret, masix_identity.node.cluster,
		(const uint8_t *)&hello, gns.self.incarnation, engine_now());
}

void neighbour_emit(struct neighbour *neighbour, const uint8_t *frame, size_t size)
{
	(void)link_send(&neighbour->link, engine_now(), frame, size);
}

void neighbour_forget(struct neighbour *neighbour)
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

void neighbour_tell(const struct neighbour *neighbour, struct neighbour_figures *figures)
{
	(void)inet_ntop(AF_INET, neighbour->address.address + 12, figures->address,
		sizeof figures->address);
	figures->handshakes = neighbour->link.handshakes;
	figures->dropped = neighbour->link.dropped;
}

static void tend(struct neighbour *neighbour, uint64_t now)
{
	if (!neighbour->is_known) {
		if (now - neighbour->asked >= ASK_AGAIN_MS)
			ask(neighbour, now);
		return;
	}
	link_tick(&neighbour->link, now);
	if (neighbour->peer == NULL) {
		if (is_back(neighbour, now))
			tell_over(neighbour, now);
	} else if (now - neighbour->link.heard >= SILENT_MS) {
		peer_end(neighbour->peer, "nothing is heard of it");
	} else if (now - neighbour->spoken >= QUIET_MS) {
		(void)link_send(&neighbour->link, now, NULL, 0);
	}
}

/* Nobody is there, or nobody of ours; those who are to be looked for always are seeds. */
static bool is_stranger(const struct neighbour *neighbour, uint64_t now)
{
	return !neighbour->is_known && !neighbour->is_seed &&
	       now - neighbour->entered >= STRANGER_MS;
}

uint64_t neighbour_tick(uint64_t now)
{
	static uint64_t next;
	struct neighbour **link = &neighbours;

	if (now < next)
		return next;
	next = now + TICK_MS;
	cluster_tick(now);
	while (*link != NULL) {
		struct neighbour *neighbour = *link;

		if (!is_stranger(neighbour, now)) {
			tend(neighbour, now);
			link = &neighbour->next;
			continue;
		}
		*link = neighbour->next;
		neighbour_count--;
		free(neighbour);
	}
	return next;
}

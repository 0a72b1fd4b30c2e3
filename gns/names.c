#include "names.h"

#include <stdlib.h>

#include "bytes.h"

enum packet_kind {
	PACKET_HAVE = NAMES_PACKET_FIRST, /* the sender has it */
	PACKET_WATCH,			  /* the sender wants to hear of owners */
	PACKET_WHO,			  /* who has it? */
	PACKET_THESE,			  /* may have it */
	PACKET_REALLY,			  /* have you? */
	PACKET_YES,
	PACKET_NO,
	PACKET_CAME, /* that one has it */
	PACKET_LAST = PACKET_CAME,
};

/* What a keeper knows: that a node has a name, or that it watches it. */
struct kept_name {
	struct name name;
	uint32_t life;
	uint32_t told; /* when, last */
	bool watches;
};

#define PACKET_MAX 256

static const struct life *life_of(const struct names *names, uint32_t life)
{
	return &names->members->lives->list[life];
}

static bool is_same(const struct name *a, const struct name *b)
{
	return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* --- Keepers ---------------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t bits)
{
	bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9ull;
	bits = (bits ^ bits >> 27) * 0x94d049bb133111ebull;
	return bits ^ bits >> 31;
}

static uint64_t hash_name(const struct name *name)
{
	uint64_t hash = 0xcbf29ce484222325ull;
	unsigned i;

	for (i = 0; i < name->length; i++)
		hash = (hash ^ (uint8_t)name->text[i]) * 0x100000001b3ull;
	return hash;
}

static uint64_t rank(const struct names *names, uint64_t name, uint32_t life)
{
	uint64_t bits;

	memcpy(&bits, life_of(names, life)->node.id + 8, sizeof bits);
	return mix(name ^ bits);
}

/* The living members of highest rank, oneself too, the first one first; how many. */
static unsigned find_keepers(
	const struct names *names, const struct name *name, uint32_t keepers[NAMES_KEEPERS])
{
	const struct members *members = names->members;
	uint64_t hash = hash_name(name), best[NAMES_KEEPERS] = { 0 };
	unsigned count = 0, at;
	uint32_t i;

	for (i = 0; i <= members->places_size; i++) {
		uint32_t life = members->self;
		uint64_t score;

		if (i < members->places_size) {
			if (members->places[i].life == 0 || members->places[i].state == MEMBER_DEAD)
				continue;
			life = members->places[i].life - 1;
		}
		score = rank(names, hash, life);
		if (count == NAMES_KEEPERS && score <= best[count - 1])
			continue;
		count += count < NAMES_KEEPERS;
		for (at = count - 1; at > 0 && best[at - 1] < score; at--) {
			best[at] = best[at - 1];
			keepers[at] = keepers[at - 1];
		}
		best[at] = score;
		keepers[at] = life;
	}
	return count;
}

/* --- Packets ---------------------------------------------------------------------------------------------------------- */

struct packet {
	uint8_t kind;
	uint32_t number;
	struct name name;
	unsigned life_count;
	struct life lives[NAMES_OWNERS];
};

static void write_node(struct writer *writer, const struct gns_node *node)
{
	write_bytes(writer, node->id, sizeof node->id);
	write_u64(writer, node->incarnation);
}

static void send_packet(struct names *names, uint32_t address, enum packet_kind kind,
	uint32_t number, const struct name *name, const uint32_t *lives, unsigned count)
{
	uint8_t bytes[PACKET_MAX];
	struct writer writer = writer_to(bytes, sizeof bytes);
	unsigned i;

	write_u8(&writer, (uint8_t)kind);
	write_u32(&writer, number);
	write_u8(&writer, name->length);
	write_bytes(&writer, name->text, name->length);
	write_u8(&writer, (uint8_t)count);
	for (i = 0; i < count; i++) {
		write_node(&writer, &life_of(names, lives[i])->node);
		write_u32(&writer, life_of(names, lives[i])->address);
	}
	names->ops->send(names->ops->context, address, bytes, writer.used);
}

static void read_node(struct reader *reader, struct gns_node *node)
{
	read_copy(reader, node->id, sizeof node->id);
	node->incarnation = read_u64(reader);
}

static bool read_packet(const uint8_t *bytes, size_t size, struct packet *packet)
{
	struct reader reader = reader_of(bytes, size);
	unsigned i;

	packet->kind = read_u8(&reader);
	packet->number = read_u32(&reader);
	packet->name.length = read_u8(&reader);
	if (packet->name.length > NAMES_LENGTH_MAX)
		return false;
	read_copy(&reader, packet->name.text, packet->name.length);
	packet->life_count = read_u8(&reader);
	if (packet->life_count > NAMES_OWNERS)
		return false;
	for (i = 0; i < packet->life_count; i++) {
		read_node(&reader, &packet->lives[i].node);
		packet->lives[i].address = read_u32(&reader);
	}
	return read_all(&reader) && packet->kind >= PACKET_HAVE && packet->kind <= PACKET_LAST &&
	       (packet->kind != PACKET_CAME || packet->life_count == 1);
}

/* The living member that is that life, or LIFE_NONE. */
static uint32_t living(const struct names *names, const struct gns_node *node)
{
	const struct members *members = names->members;
	const struct member *member;

	if (gns_node_is(node, &life_of(names, members->self)->node))
		return members->self;
	member = members_find(members, node->id);
	if (member == NULL || member->state == MEMBER_DEAD ||
		!gns_node_is(&life_of(names, member->life - 1)->node, node))
		return LIFE_NONE;
	return member->life - 1;
}

/* --- As a keeper -------------------------------------------------------------------------------------------------------- */

static struct kept_name *find_kept(
	struct names *names, const struct name *name, uint32_t life, bool watches)
{
	unsigned i;

	for (i = 0; i < names->kept_count; i++)
		if (names->kept[i].life == life && names->kept[i].watches == watches &&
			is_same(&names->kept[i].name, name))
			return &names->kept[i];
	return NULL;
}

/* Those who watch hear of an owner; one who begins to watch hears of all. */
static void tell_watchers(
	struct names *names, const struct name *name, uint32_t watcher, uint32_t owner)
{
	unsigned i;

	for (i = 0; i < names->kept_count; i++) {
		const struct kept_name *kept = &names->kept[i];
		uint32_t to = owner == LIFE_NONE ? watcher : kept->life;
		uint32_t about = owner == LIFE_NONE ? kept->life : owner;

		if (kept->watches == (owner != LIFE_NONE) && is_same(&kept->name, name))
			send_packet(names, life_of(names, to)->address, PACKET_CAME, 0, name,
				&about, 1);
	}
}

static void keep(struct names *names, uint32_t now, const struct name *name,
	const struct gns_node *node, bool watches)
{
	uint32_t life = living(names, node);
	struct kept_name *kept, *grown;

	if (life == LIFE_NONE)
		return;
	kept = find_kept(names, name, life, watches);
	if (kept != NULL) {
		kept->told = now;
		return;
	}
	if (names->kept_count == NAMES_KEPT_MAX)
		return;
	if (names->kept_count == names->kept_room) {
		unsigned room = names->kept_room == 0 ? 8 : 2 * names->kept_room;

		grown = realloc(names->kept, room * sizeof *grown);
		if (grown == NULL)
			return;
		names->kept = grown;
		names->kept_room = room;
	}
	names->kept[names->kept_count++] = (struct kept_name){ *name, life, now, watches };
	tell_watchers(names, name, life, watches ? LIFE_NONE : life);
}

static void forget_old(struct names *names, uint32_t now)
{
	unsigned i, left = 0;

	for (i = 0; i < names->kept_count; i++)
		if (now - names->kept[i].told < NAMES_KEPT_MS)
			names->kept[left++] = names->kept[i];
	names->kept_count = left;
}

static void tell_owners(struct names *names, uint32_t address, const struct packet *packet)
{
	uint32_t owners[NAMES_OWNERS];
	unsigned count = 0, i, start;

	/* Not always the same ones first. */
	start = names->kept_count > 0 ? ++names->last_number % names->kept_count : 0;
	for (i = 0; i < names->kept_count && count < NAMES_OWNERS; i++) {
		const struct kept_name *kept = &names->kept[(start + i) % names->kept_count];

		if (!kept->watches && is_same(&kept->name, &packet->name) &&
			living(names, &life_of(names, kept->life)->node) == kept->life)
			owners[count++] = kept->life;
	}
	send_packet(names, address, PACKET_THESE, packet->number, &packet->name, owners, count);
}

/* --- As an owner and a watcher ----------------------------------------------------------------------------------------------- */

static bool has(const struct names *names, const struct name *name)
{
	unsigned i;

	for (i = 0; i < names->own_count; i++)
		if (is_same(&names->own[i], name))
			return true;
	return false;
}

static void tell_keepers(
	struct names *names, uint32_t now, const struct name *name, enum packet_kind kind)
{
	uint32_t keepers[NAMES_KEEPERS];
	unsigned count = find_keepers(names, name, keepers), i;

	for (i = 0; i < count; i++)
		if (keepers[i] == names->members->self)
			keep(names, now, name, &life_of(names, keepers[i])->node,
				kind == PACKET_WATCH);
		else
			send_packet(
				names, life_of(names, keepers[i])->address, kind, 0, name, NULL, 0);
}

bool names_add(struct names *names, uint32_t now, const struct name *name)
{
	if (names->own_count == NAMES_OWN_MAX || name->length > NAMES_LENGTH_MAX)
		return false;
	names->own[names->own_count++] = *name;
	tell_keepers(names, now, name, PACKET_HAVE);
	return true;
}

void names_remove(struct names *names, const struct name *name)
{
	unsigned i;

	for (i = 0; i < names->own_count; i++)
		if (is_same(&names->own[i], name))
			names->own[i--] = names->own[--names->own_count];
}

bool names_watch(struct names *names, uint32_t now, const struct name *name)
{
	if (names->watched_count == NAMES_OWN_MAX || name->length > NAMES_LENGTH_MAX)
		return false;
	names->watched[names->watched_count++] = *name;
	tell_keepers(names, now, name, PACKET_WATCH);
	return true;
}

static void take_came(struct names *names, const struct packet *packet)
{
	uint32_t life = living(names, &packet->lives[0].node);
	unsigned i;

	for (i = 0; i < names->watched_count && life != LIFE_NONE; i++)
		if (is_same(&names->watched[i], &packet->name))
			names->ops->came(names->ops->context, &packet->name, life);
}

/* --- Lookups ------------------------------------------------------------------------------------------------------------ */

static void end_request(struct names *names, struct names_request *request, uint32_t life)
{
	request->used = false;
	names->ops->found(names->ops->context, request->request, life);
}

/* Ask the next owner; or the next keeper for owners; or give up. */
static void go_on(struct names *names, uint32_t now, struct names_request *request)
{
	uint32_t life;

	request->asked_at = now;
	request->number = ++names->last_number;
	request->asked = LIFE_NONE;
	if (request->owner_count > 0) {
		life = request->owners[--request->owner_count];
		request->asked = life;
		if (life == names->members->self && has(names, &request->name)) {
			end_request(names, request, life);
			return;
		}
		send_packet(names, life_of(names, life)->address, PACKET_REALLY, request->number,
			&request->name, NULL, 0);
	} else if (request->keeper_count > 0) {
		life = request->keepers[--request->keeper_count];
		send_packet(names, life_of(names, life)->address, PACKET_WHO, request->number,
			&request->name, NULL, 0);
	} else {
		end_request(names, request, LIFE_NONE);
	}
}

bool names_lookup(struct names *names, uint32_t now, uint32_t number, const struct name *name)
{
	unsigned i;

	for (i = 0; i < NAMES_REQUESTS_MAX; i++) {
		struct names_request *request = &names->requests[i];

		if (request->used)
			continue;
		*request = (struct names_request){ .used = true, .request = number, .name = *name };
		if (has(names, name)) /* nearest first */
			request->owners[request->owner_count++] = names->members->self;
		request->keeper_count = find_keepers(names, name, request->keepers);
		go_on(names, now, request);
		return true;
	}
	return false;
}

static struct names_request *find_request(struct names *names, const struct packet *packet)
{
	unsigned i;

	for (i = 0; i < NAMES_REQUESTS_MAX; i++)
		if (names->requests[i].used && names->requests[i].number == packet->number &&
			is_same(&names->requests[i].name, &packet->name))
			return &names->requests[i];
	return NULL;
}

static void take_these(
	struct names *names, struct names_request *request, const struct packet *packet)
{
	unsigned i;

	for (i = 0; i < packet->life_count; i++) {
		uint32_t life = living(names, &packet->lives[i].node);

		if (life != LIFE_NONE && request->owner_count < NAMES_OWNERS)
			request->owners[request->owner_count++] = life;
	}
}

static void take_reply(
	struct names *names, uint32_t now, const struct life *from, const struct packet *packet)
{
	struct names_request *request = find_request(names, packet);

	if (request == NULL)
		return;
	if (packet->kind == PACKET_THESE && request->asked == LIFE_NONE) {
		take_these(names, request, packet);
		go_on(names, now, request);
	} else if (packet->kind != PACKET_THESE && request->asked != LIFE_NONE &&
		   gns_node_is(&life_of(names, request->asked)->node, &from->node)) {
		if (packet->kind == PACKET_YES)
			end_request(names, request, request->asked);
		else
			go_on(names, now, request);
	}
}

bool names_receive(struct names *names, uint32_t now, const struct life *from, const uint8_t *bytes,
	size_t size)
{
	struct packet packet;

	if (!read_packet(bytes, size, &packet))
		return false;
	switch (packet.kind) {
	case PACKET_HAVE:
	case PACKET_WATCH:
		keep(names, now, &packet.name, &from->node, packet.kind == PACKET_WATCH);
		break;
	case PACKET_WHO:
		tell_owners(names, from->address, &packet);
		break;
	case PACKET_REALLY:
		send_packet(names, from->address, has(names, &packet.name) ? PACKET_YES : PACKET_NO,
			packet.number, &packet.name, NULL, 0);
		break;
	case PACKET_CAME:
		take_came(names, &packet);
		break;
	default:
		take_reply(names, now, from, &packet);
	}
	return true;
}

void names_tick(struct names *names, uint32_t now)
{
	unsigned i;

	for (i = 0; i < NAMES_REQUESTS_MAX; i++)
		if (names->requests[i].used && now - names->requests[i].asked_at >= NAMES_WAIT_MS)
			go_on(names, now, &names->requests[i]);
	if ((int32_t)(now - names->next_refresh) < 0)
		return;
	names->next_refresh = now + NAMES_REFRESH_MS;
	for (i = 0; i < names->own_count; i++)
		tell_keepers(names, now, &names->own[i], PACKET_HAVE);
	for (i = 0; i < names->watched_count; i++)
		tell_keepers(names, now, &names->watched[i], PACKET_WATCH);
	forget_old(names, now);
}

void names_init(
	struct names *names, const struct names_ops *ops, struct members *members, uint32_t now)
{
	memset(names, 0, sizeof *names);
	names->ops = ops;
	names->members = members;
	names->next_refresh = now + NAMES_REFRESH_MS / 2;
}

void names_free(struct names *names)
{
	free(names->kept);
	names->kept = NULL;
	names->kept_count = names->kept_room = 0;
}

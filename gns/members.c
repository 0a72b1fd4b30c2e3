/* The protocol: questions, answers, and news of members. */
#include "members.h"

#include <stdlib.h>

#include "bytes.h"

enum packet_kind {
	PACKET_ASK = 1, /* are you there? */
	PACKET_ANSWER,
	PACKET_HELP, /* ask that node for me */
	PACKET_PULL, /* what do you know, from place `number` on? */
	PACKET_PAGE, /* this; the next place is `number` */
};

/* In an ordinary message; all that fits while much happens. */
#define CALM_NEWS 6
#define MUCH_NEWS 32
#define CATCH_UP_MS 10000
#define PULL_TRIES 20

static uint32_t roll(struct members *members)
{
	members->dice ^= members->dice >> 12;
	members->dice ^= members->dice << 25;
	members->dice ^= members->dice >> 27;
	return (uint32_t)(members->dice * 0x2545f4914f6cdd1dull >> 32);
}

static const struct life *life_of(const struct members *members, uint32_t life)
{
	return &members->lives->list[life];
}

static unsigned digits(uint32_t number)
{
	unsigned count = 1;

	while (number >= 10) {
		number /= 10;
		count++;
	}
	return count;
}

/* --- The table -------------------------------------------------------------------------------------------------------- */

static uint32_t place_of(const struct members *members, const uint8_t id[16])
{
	uint32_t bits, at;

	memcpy(&bits, id + 4, sizeof bits);
	at = bits & (members->places_size - 1);
	while (members->places[at].life != 0 &&
		memcmp(life_of(members, members->places[at].life - 1)->node.id, id, 16) != 0)
		at = (at + 1) & (members->places_size - 1);
	return at;
}

const struct member *members_find(const struct members *members, const uint8_t id[16])
{
	const struct member *member = &members->places[place_of(members, id)];

	return member->life != 0 ? member : NULL;
}

static bool set_places(struct members *members, uint32_t size)
{
	struct member *old = members->places;
	uint32_t old_size = members->places_size, i;

	members->places = calloc(size, sizeof *members->places);
	if (members->places == NULL) {
		members->places = old;
		return false;
	}
	members->places_size = size;
	members->cursor = roll(members) & (size - 1);
	members->stride = roll(members) | 1; /* odd: comes by every place */
	for (i = 0; i < old_size; i++)
		if (old[i].life != 0)
			members->places[place_of(
				members, life_of(members, old[i].life - 1)->node.id)] = old[i];
	free(old);
	return true;
}

bool members_init(struct members *members, const struct members_ops *ops, struct lives *lives,
	const struct life *self, uint64_t seed, uint32_t now)
{
	memset(members, 0, sizeof *members);
	members->ops = ops;
	members->lives = lives;
	members->dice = seed | 1;
	members->asked = LIFE_NONE;
	members->self = lives_enter(lives, self);
	members->next_period = now + roll(members) % MEMBERS_PERIOD_MS;
	return members->self != LIFE_NONE && set_places(members, 16);
}

void members_free(struct members *members)
{
	free(members->places);
	members->places = NULL;
}

/* Rare: the places behind it are put anew, so that a search finds them. */
static void forget(struct members *members, uint32_t at)
{
	uint32_t mask = members->places_size - 1;

	members->places[at].life = 0;
	members->count--;
	for (at = (at + 1) & mask; members->places[at].life != 0; at = (at + 1) & mask) {
		struct member moved = members->places[at];

		members->places[at].life = 0;
		members->places[place_of(members, life_of(members, moved.life - 1)->node.id)] =
			moved;
	}
}

/* --- News ------------------------------------------------------------------------------------------------------------- */

/* Something about that life is to be told, often enough that all hear of it. */
static void heat(struct members *members, uint32_t life)
{
	unsigned left = 4 * digits(members->alive + 1), coldest = 0, i;

	if (members->quiet)
		return;
	for (i = 0; i < members->hot_count; i++) {
		if (members->hot[i].life == life) {
			members->hot[i].left = left;
			return;
		}
		if (members->hot[i].left < members->hot[coldest].left)
			coldest = i;
	}
	if (members->hot_count < MEMBERS_HOT)
		coldest = members->hot_count++;
	else
		members->behind = true;
	members->hot[coldest].life = life;
	members->hot[coldest].left = left;
}

static void write_life(struct writer *writer, const struct life *life)
{
	write_bytes(writer, life->node.id, sizeof life->node.id);
	write_u64(writer, life->node.incarnation);
	write_u32(writer, life->address);
}

static void write_news(struct members *members, struct writer *writer, uint32_t life)
{
	const struct member *member = members_find(members, life_of(members, life)->node.id);

	if (life == members->self)
		write_u8(writer, MEMBER_ALIVE);
	else
		write_u8(writer,
			member != NULL && member->life == life + 1 ? member->state : MEMBER_DEAD);
	write_u16(writer, life == members->self ? members->version
			  : member != NULL	? member->version
						: 0);
	write_life(writer, life_of(members, life));
}

static bool is_among(const uint32_t *lives, unsigned count, uint32_t life)
{
	while (count > 0 && lives[count - 1] != life)
		count--;
	return count > 0;
}

/* The least told of those that are not in this message already; MEMBERS_HOT: none. */
static unsigned next_hot(const struct members *members, const uint32_t *told, unsigned count)
{
	unsigned i, found = MEMBERS_HOT;

	for (i = 0; i < members->hot_count; i++)
		if ((found == MEMBERS_HOT || members->hot[i].left > members->hot[found].left) &&
			!is_among(told, count, members->hot[i].life))
			found = i;
	return found;
}

/* What is hot; and two members by chance, so that what was missed is learnt one day. */
static unsigned write_all_news(struct members *members, struct writer *writer)
{
	/* One place is for somebody whom we think dead: he hears so first. */
	unsigned most = members->hot_count < MUCH_NEWS ? CALM_NEWS : MEMBERS_NEWS - 3;
	unsigned count = 0, i, hot;
	uint32_t told[MEMBERS_NEWS];

	while (count < most && (hot = next_hot(members, told, count)) != MEMBERS_HOT) {
		told[count++] = members->hot[hot].life;
		if (--members->hot[hot].left == 0)
			members->hot[hot] = members->hot[--members->hot_count];
	}
	for (i = 0; i < 2 && members->count > 0; i++) {
		const struct member *member =
			&members->places[roll(members) & (members->places_size - 1)];

		if (member->life != 0)
			told[count++] = member->life - 1;
	}
	for (i = 0; i < count; i++)
		write_news(members, writer, told[i]);
	return count;
}

static void die_and_rise(struct members *members)
{
	struct life next = *life_of(members, members->self);
	uint32_t life;

	next.node.incarnation++;
	life = lives_enter(members->lives, &next);
	if (life == LIFE_NONE)
		return;
	members->self = life;
	members->version = 0;
	heat(members, life);
	members->behind = true; /* who says that we are dead has been elsewhere */
	members->ops->reborn(members->ops->context);
}

static void hear_of_self(
	struct members *members, uint64_t incarnation, uint16_t version, enum member_state state)
{
	const struct life *self = life_of(members, members->self);

	if (incarnation != self->node.incarnation || state == MEMBER_ALIVE)
		return;
	if (state == MEMBER_DEAD) {
		die_and_rise(members);
	} else if (version >= members->version && version < UINT16_MAX) {
		members->version = (uint16_t)(version + 1);
		heat(members, members->self);
	}
}

static void change(
	struct members *members, struct member *member, enum member_state state, uint32_t now)
{
	bool was_dead = member->state == MEMBER_DEAD;

	member->state = (uint8_t)state;
	member->since = now;
	heat(members, member->life - 1);
	if (state == MEMBER_DEAD && !was_dead) {
		members->alive--;
		members->ops->event(members->ops->context, member->life - 1, MEMBER_DEAD);
	}
}

/* A life that we did not know, of a node that we may have known. */
static void meet(struct members *members, struct member *place, const struct life *life,
	uint16_t version, enum member_state state, uint32_t now)
{
	uint32_t entered;

	if (place->life == 0 && members->count >= MEMBERS_MAX)
		return;
	entered = lives_enter(members->lives, life);
	if (entered == LIFE_NONE)
		return;
	if (place->life != 0 && place->state != MEMBER_DEAD)
		change(members, place, MEMBER_DEAD, now);
	members->count += place->life == 0;
	*place = (struct member){ entered + 1, version, (uint8_t)state, now };
	heat(members, entered);
	if (state != MEMBER_DEAD) {
		members->alive++;
		members->ops->event(members->ops->context, entered, MEMBER_ALIVE);
	}
	if (4 * members->count > 3 * members->places_size)
		(void)set_places(members, 2 * members->places_size);
}

static void hear(struct members *members, const struct life *life, uint16_t version,
	enum member_state state, uint32_t now)
{
	struct member *place;
	const struct life *known;

	if (memcmp(life->node.id, life_of(members, members->self)->node.id, 16) == 0) {
		hear_of_self(members, life->node.incarnation, version, state);
		return;
	}
	place = &members->places[place_of(members, life->node.id)];
	known = place->life != 0 ? life_of(members, place->life - 1) : NULL;
	if (known == NULL || life->node.incarnation > known->node.incarnation) {
		/* A death that is news to nobody here need not be remembered. */
		if (known != NULL || state != MEMBER_DEAD)
			meet(members, place, life, version, state, now);
		return;
	}
	if (life->node.incarnation < known->node.incarnation || place->state == MEMBER_DEAD)
		return;
	if (state == MEMBER_DEAD || version > place->version ||
		(version == place->version && state > place->state)) {
		bool same = place->state == (uint8_t)state;

		place->version = version;
		if (!same)
			change(members, place, state, now);
		else
			heat(members, place->life - 1);
	}
}

/* --- Packets ---------------------------------------------------------------------------------------------------------- */

static void begin_packet(struct members *members, struct writer *writer, uint8_t *bytes,
	enum packet_kind kind, uint32_t number)
{
	*writer = writer_to(bytes, MEMBERS_PACKET_MAX);
	write_u8(writer, (uint8_t)kind);
	write_u32(writer, number);
	write_u16(writer, members->version);
	write_life(writer, life_of(members, members->self));
}

static void send_packet(struct members *members, uint32_t address, enum packet_kind kind,
	uint32_t number, uint32_t about)
{
	uint8_t bytes[MEMBERS_PACKET_MAX];
	struct writer writer;
	uint8_t *count;

	begin_packet(members, &writer, bytes, kind, number);
	if (kind == PACKET_HELP)
		write_life(&writer, life_of(members, about));
	count = write_room(&writer, 1);
	*count = 0;
	/* Whom we think dead hears so first. */
	if (kind == PACKET_ASK && about != LIFE_NONE) {
		write_news(members, &writer, about);
		*count = 1;
	}
	*count = (uint8_t)(*count + write_all_news(members, &writer));
	members->ops->send(members->ops->context, address, bytes, writer.used);
}

static void send_page(struct members *members, uint32_t address, uint32_t cursor)
{
	uint8_t bytes[MEMBERS_PACKET_MAX];
	uint32_t told[MEMBERS_NEWS];
	struct writer writer;
	unsigned count = 0, i;

	for (; cursor < members->places_size && count < MEMBERS_NEWS; cursor++)
		if (members->places[cursor].life != 0 &&
			members->places[cursor].state != MEMBER_DEAD)
			told[count++] = members->places[cursor].life - 1;
	begin_packet(members, &writer, bytes, PACKET_PAGE,
		cursor < members->places_size ? cursor : UINT32_MAX);
	write_u8(&writer, (uint8_t)count);
	for (i = 0; i < count; i++)
		write_news(members, &writer, told[i]);
	members->ops->send(members->ops->context, address, bytes, writer.used);
}

static void read_life(struct reader *reader, struct life *life)
{
	read_copy(reader, life->node.id, sizeof life->node.id);
	life->node.incarnation = read_u64(reader);
	life->address = read_u32(reader);
}

static void pull(struct members *members, uint32_t now)
{
	members->pulled_at = now;
	send_packet(members, members->pull_address, PACKET_PULL, members->pull_cursor, LIFE_NONE);
}

void members_join(struct members *members, uint32_t now, uint32_t address)
{
	members->pulling = true;
	members->pull_tries = 0;
	members->pull_address = address;
	members->pull_cursor = 0;
	pull(members, now);
}

static void take_answer(struct members *members, uint32_t number)
{
	unsigned i;

	if (members->asked != LIFE_NONE && number == members->asked_number)
		members->answered = true;
	for (i = 0; i < sizeof members->helps / sizeof members->helps[0]; i++) {
		struct members_help *help = &members->helps[i];

		if (help->own_number != 0 && help->own_number == number) {
			send_packet(members, help->address, PACKET_ANSWER, help->number, LIFE_NONE);
			help->own_number = 0;
		}
	}
}

static void help(struct members *members, uint32_t now, uint32_t address, uint32_t number,
	const struct life *whom)
{
	const struct member *member = members_find(members, whom->node.id);
	struct members_help *slot;

	/* Only whom we know: nobody shall use us to send packets to strangers. */
	if (member == NULL || !gns_node_is(&life_of(members, member->life - 1)->node, &whom->node))
		return;
	slot = &members->helps[members->next_help++ %
			       (sizeof members->helps / sizeof members->helps[0])];
	*slot = (struct members_help){ address, number, ++members->last_number, now };
	send_packet(members, life_of(members, member->life - 1)->address, PACKET_ASK,
		slot->own_number, LIFE_NONE);
}

struct packet {
	uint8_t kind;
	uint32_t number;
	uint16_t version;
	struct life sender, whom;
	unsigned news_count;
	struct {
		struct life life;
		uint16_t version;
		uint8_t state;
	} news[MEMBERS_NEWS];
};

static bool read_packet(const uint8_t *bytes, size_t size, struct packet *packet)
{
	struct reader reader = reader_of(bytes, size);
	unsigned i;

	packet->kind = read_u8(&reader);
	packet->number = read_u32(&reader);
	packet->version = read_u16(&reader);
	read_life(&reader, &packet->sender);
	if (packet->kind == PACKET_HELP)
		read_life(&reader, &packet->whom);
	packet->news_count = read_u8(&reader);
	if (reader.failed || packet->kind < PACKET_ASK || packet->kind > PACKET_PAGE ||
		packet->news_count > sizeof packet->news / sizeof packet->news[0])
		return false;
	for (i = 0; i < packet->news_count; i++) {
		packet->news[i].state = read_u8(&reader);
		packet->news[i].version = read_u16(&reader);
		read_life(&reader, &packet->news[i].life);
		if (packet->news[i].state > MEMBER_DEAD)
			return false;
	}
	return read_all(&reader);
}

bool members_receive(
	struct members *members, uint32_t now, uint32_t address, const uint8_t *bytes, size_t size)
{
	struct packet packet;
	unsigned i;

	if (!read_packet(bytes, size, &packet))
		return false;
	hear(members, &packet.sender, packet.version, MEMBER_ALIVE, now);
	members->quiet = packet.kind == PACKET_PAGE;
	for (i = 0; i < packet.news_count; i++)
		hear(members, &packet.news[i].life, packet.news[i].version,
			(enum member_state)packet.news[i].state, now);
	members->quiet = false;
	switch (packet.kind) {
	case PACKET_ASK:
		send_packet(members, address, PACKET_ANSWER, packet.number, LIFE_NONE);
		break;
	case PACKET_ANSWER:
		take_answer(members, packet.number);
		break;
	case PACKET_HELP:
		help(members, now, address, packet.number, &packet.whom);
		break;
	case PACKET_PULL:
		send_page(members, address, packet.number);
		break;
	default: /* PACKET_PAGE */
		if (!members->pulling || address != members->pull_address)
			break;
		members->pull_cursor = packet.number;
		members->pull_tries = 0;
		members->pulling = packet.number != UINT32_MAX;
		if (members->pulling)
			pull(members, now);
	}
	return true;
}

/* --- Time --------------------------------------------------------------------------------------------------------------- */

/* Longer in a larger cluster, so that a suspect can hear of it and object. */
static uint32_t suspicion_ms(const struct members *members)
{
	const uint32_t usual = MEMBERS_PERIOD_MS * (3 + 2 * digits(members->alive + 1));

	return usual > members->patience_ms ? usual : members->patience_ms;
}

/* The next member of the walk with that property. */
static struct member *walk(struct members *members, bool dead)
{
	uint32_t i;

	for (i = 0; i < members->places_size; i++) {
		struct member *member = &members->places[members->cursor];

		members->cursor = (members->cursor + members->stride) & (members->places_size - 1);
		if (member->life != 0 && (member->state == MEMBER_DEAD) == dead)
			return member;
	}
	return NULL;
}

static void ask_for_help(struct members *members)
{
	unsigned i;

	members->helped = true;
	for (i = 0; i < MEMBERS_HELPERS; i++) {
		const struct member *helper = walk(members, false);

		if (helper != NULL && helper->life - 1 != members->asked)
			send_packet(members, life_of(members, helper->life - 1)->address,
				PACKET_HELP, members->asked_number, members->asked);
	}
}

static void end_period(struct members *members, uint32_t now)
{
	struct member *member;

	if (members->asked == LIFE_NONE || members->answered)
		return;
	member = &members->places[place_of(members, life_of(members, members->asked)->node.id)];
	if (member->life == members->asked + 1 && member->state == MEMBER_ALIVE)
		change(members, member, MEMBER_SUSPECT, now);
}

static void begin_period(struct members *members, uint32_t now)
{
	/* Now and then one of the dead: a partition may have healed. */
	const struct member *member =
		walk(members, members->count > members->alive && roll(members) % 8 == 0);

	members->asked = LIFE_NONE;
	if (member == NULL)
		return;
	members->asked_number = ++members->last_number;
	members->asked_at = now;
	members->answered = members->helped = member->state == MEMBER_DEAD;
	members->asked = member->life - 1;
	send_packet(members, life_of(members, members->asked)->address, PACKET_ASK,
		members->asked_number, member->state != MEMBER_ALIVE ? members->asked : LIFE_NONE);
}

static void look_at_suspects(struct members *members, uint32_t now)
{
	unsigned i;

	/* A suspicion is news until it ends: suspects are found among what is hot, and on the walk. */
	for (i = 0; i < members->hot_count; i++) {
		struct member *member = &members->places[place_of(
			members, life_of(members, members->hot[i].life)->node.id)];

		if (member->life == members->hot[i].life + 1 && member->state == MEMBER_SUSPECT &&
			now - member->since >= suspicion_ms(members))
			change(members, member, MEMBER_DEAD, now);
	}
}

static void look_at_some(struct members *members, uint32_t now)
{
	uint32_t steps = members->places_size / 16 + 1, at = members->cursor;

	while (steps-- > 0) {
		struct member *member = &members->places[at];

		at = (at + 1) & (members->places_size - 1);
		if (member->life == 0)
			continue;
		if (member->state == MEMBER_SUSPECT &&
			now - member->since >= suspicion_ms(members)) {
			change(members, member, MEMBER_DEAD, now);
		} else if (member->state == MEMBER_DEAD &&
			   now - member->since >= MEMBERS_FORGET_MS) {
			forget(members, (uint32_t)(member - members->places));
			return; /* others have moved */
		}
	}
}

/* Much happens at once, as after a partition: not only with questions and answers. */
static void tell_more(struct members *members)
{
	const struct member *member = walk(members, false);

	if (member != NULL)
		send_packet(members, life_of(members, member->life - 1)->address, PACKET_ANSWER, 0,
			LIFE_NONE);
}

/* All of somebody's table. */
static void catch_up(struct members *members, uint32_t now)
{
	const struct member *member;

	if (!members->behind || members->pulling || now - members->pulled_at < CATCH_UP_MS)
		return;
	member = walk(members, false);
	if (member == NULL)
		return;
	members->behind = false;
	members_join(members, now, life_of(members, member->life - 1)->address);
}

void members_tick(struct members *members, uint32_t now)
{
	if (members->pulling && now - members->pulled_at >= MEMBERS_PERIOD_MS) {
		if (++members->pull_tries < PULL_TRIES) {
			pull(members, now);
		} else { /* he is gone: another one, if there is one */
			members->pulling = false;
			members->behind = true;
		}
	}
	if (members->asked != LIFE_NONE && !members->answered && !members->helped &&
		now - members->asked_at >= MEMBERS_ANSWER_MS)
		ask_for_help(members);
	if (members->hot_count >= MUCH_NEWS)
		tell_more(members);
	if ((int32_t)(now - members->next_period) < 0)
		return;
	members->next_period += MEMBERS_PERIOD_MS;
	end_period(members, now);
	begin_period(members, now);
	look_at_suspects(members, now);
	look_at_some(members, now);
	catch_up(members, now);
}

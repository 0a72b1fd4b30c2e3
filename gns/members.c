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

/* Numbers of questions to those who were told of: one that came, or one that is on somebody's page and no news. */
#define NUMBER_NEWS 0
#define NUMBER_PAGE UINT32_MAX

/* In an ordinary message; all that fits while much happens. */
#define CALM_NEWS 6
#define MUCH_NEWS 32
#define CATCH_UP_MS 10000
#define PULL_TRIES 20
#define AROUND 16	    /* of whom, each period */
#define DOUBT_AGAIN_MS 2000 /* who has answered is not asked again at once, whatever is told */

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

static bool is_suspect(const struct members *members, uint32_t life)
{
	const struct member *member = members_find(members, life_of(members, life)->node.id);

	return member != NULL && member->life == life + 1 && member->state == MEMBER_SUSPECT;
}

/* Something about that life is to be told, often enough that all hear of it.  A suspect stays until it is none. */
static void heat(struct members *members, uint32_t life)
{
	unsigned left = 4 * digits(members->alive + 1), coldest = MEMBERS_HOT, i;

	for (i = 0; i < members->hot_count; i++) {
		if (members->hot[i].life == life) {
			members->hot[i].left = left;
			return;
		}
		if ((coldest == MEMBERS_HOT || members->hot[i].left < members->hot[coldest].left) &&
			!is_suspect(members, members->hot[i].life))
			coldest = i;
	}
	if (members->hot_count < MEMBERS_HOT)
		coldest = members->hot_count++;
	else
		members->behind = true;
	if (coldest == MEMBERS_HOT)
		return;
	members->hot[coldest].life = life;
	members->hot[coldest].left = left;
}

static void cool(struct members *members, uint32_t life)
{
	unsigned i;

	for (i = 0; i < members->hot_count; i++)
		if (members->hot[i].life == life)
			members->hot[i--] = members->hot[--members->hot_count];
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
	write_life(writer, life_of(members, life));
}

static bool is_among(const uint32_t *lives, unsigned count, uint32_t life)
{
	while (count > 0 && lives[count - 1] != life)
		count--;
	return count > 0;
}

/* Of a suspect others are told when it has had the time to answer. */
static bool may_be_told(const struct members *members, uint32_t now, uint32_t life)
{
	const struct member *member = members_find(members, life_of(members, life)->node.id);

	return member == NULL || member->life != life + 1 || member->state != MEMBER_SUSPECT ||
	       now - member->since >= MEMBERS_ANSWER_MS;
}

/* The least told of those that are not in this message already; MEMBERS_HOT: none. */
static unsigned next_hot(
	const struct members *members, uint32_t now, const uint32_t *told, unsigned count)
{
	unsigned i, found = MEMBERS_HOT;

	for (i = 0; i < members->hot_count; i++)
		if (members->hot[i].left > 0 &&
			(found == MEMBERS_HOT || members->hot[i].left > members->hot[found].left) &&
			!is_among(told, count, members->hot[i].life) &&
			may_be_told(members, now, members->hot[i].life))
			found = i;
	return found;
}

/* What is hot; and two members by chance, so that what was missed is learnt one day. */
static unsigned write_all_news(struct members *members, uint32_t now, struct writer *writer)
{
	/* One place is for somebody whom we think dead: he hears so first. */
	unsigned most = members->hot_count < MUCH_NEWS ? CALM_NEWS : MEMBERS_NEWS - 3;
	unsigned count = 0, i, hot;
	uint32_t told[MEMBERS_NEWS];

	while (count < most && (hot = next_hot(members, now, told, count)) != MEMBERS_HOT) {
		told[count++] = members->hot[hot].life;
		if (--members->hot[hot].left == 0 && !is_suspect(members, members->hot[hot].life))
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
	members->verdict_count = 0;
	heat(members, life);
	members->behind = true; /* who says that we are dead has been elsewhere */
	members->ops->reborn(members->ops->context);
}

static unsigned quorum(const struct members *members)
{
	const unsigned most = members->alive / 2 + 1;

	return most < MEMBERS_QUORUM ? most : MEMBERS_QUORUM;
}

void members_told_dead(struct members *members, uint32_t now, const struct life *teller)
{
	const struct member *member = members_find(members, teller->node.id);
	unsigned i, left = 0;

	if (member == NULL)
		return;
	for (i = 0; i < members->verdict_count; i++)
		if (memcmp(life_of(members, members->verdicts[i].life)->node.id, teller->node.id,
			    sizeof teller->node.id) != 0 &&
			now - members->verdicts[i].at < MEMBERS_VERDICT_MS)
			members->verdicts[left++] = members->verdicts[i];
	members->verdicts[left].life = member->life - 1;
	members->verdicts[left].at = now;
	members->verdict_count = left + 1;
	if (members->verdict_count >= quorum(members))
		die_and_rise(members);
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
static void meet(
	struct members *members, struct member *place, const struct life *life, uint32_t now)
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
	*place = (struct member){ entered + 1, MEMBER_ALIVE, now };
	members->alive++;
	if (!members->quiet)
		heat(members, entered);
	members->ops->event(members->ops->context, entered, MEMBER_ALIVE);
	if (4 * members->count > 3 * members->places_size)
		(void)set_places(members, 2 * members->places_size);
}

/* The node itself has spoken.  A life that is over here stays so, and is told; if nobody else tells it, it is a member again in the end
 * (what was between the two of us stays over: that is the links' business). */
static void hear_speaker(struct members *members, const struct life *life, uint32_t now)
{
	struct member *place;
	const struct life *known;

	if (memcmp(life->node.id, life_of(members, members->self)->node.id, 16) == 0)
		return;
	place = &members->places[place_of(members, life->node.id)];
	known = place->life != 0 ? life_of(members, place->life - 1) : NULL;
	if (known == NULL || life->node.incarnation > known->node.incarnation) {
		meet(members, place, life, now);
	} else if (life->node.incarnation == known->node.incarnation &&
		   place->state == MEMBER_SUSPECT) {
		place->state = MEMBER_ALIVE;
		place->since = now;
		cool(members, place->life - 1);
	} else if (life->node.incarnation == known->node.incarnation &&
		   place->state == MEMBER_DEAD && now - place->since >= MEMBERS_AGAIN_MS) {
		place->state = MEMBER_ALIVE;
		place->since = now;
		members->alive++;
	}
}

/* --- Packets ---------------------------------------------------------------------------------------------------------- */

static void begin_packet(
	struct writer *writer, uint8_t *bytes, enum packet_kind kind, uint32_t number)
{
	*writer = writer_to(bytes, MEMBERS_PACKET_MAX);
	write_u8(writer, (uint8_t)kind);
	write_u32(writer, number);
}

/* `about`: a life that is not to be left out of what is told, or LIFE_NONE. */
static void send_packet(struct members *members, uint32_t now, uint32_t address,
	enum packet_kind kind, uint32_t number, uint32_t about)
{
	uint8_t bytes[MEMBERS_PACKET_MAX];
	struct writer writer;
	uint8_t *count;

	begin_packet(&writer, bytes, kind, number);
	if (kind == PACKET_HELP)
		write_life(&writer, life_of(members, about));
	count = write_room(&writer, 1);
	*count = 0;
	/* Whom we think dead hears so first. */
	if (kind != PACKET_HELP && about != LIFE_NONE) {
		write_news(members, &writer, about);
		*count = 1;
	}
	*count = (uint8_t)(*count + write_all_news(members, now, &writer));
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
	begin_packet(
		&writer, bytes, PACKET_PAGE, cursor < members->places_size ? cursor : UINT32_MAX);
	write_u8(&writer, (uint8_t)count);
	for (i = 0; i < count; i++)
		write_news(members, &writer, told[i]);
	members->ops->send(members->ops->context, address, bytes, writer.used);
}

/* --- What is told of others -------------------------------------------------------------------------------------------- */

static bool probe(struct members *members, uint32_t now, uint32_t address, uint32_t number)
{
	if (now - members->probes_since >= 1000) {
		members->probes_since = now;
		members->probes = 0;
	}
	if (members->probes == MEMBERS_PROBES) {
		members->behind = true;
		return false;
	}
	members->probes++;
	send_packet(members, now, address, PACKET_ASK, number, LIFE_NONE);
	return true;
}

/* It is said to be in doubt, or dead. */
static void doubt(
	struct members *members, struct member *place, enum member_state told, uint32_t now)
{
	const uint32_t asked_long = 3 * MEMBERS_PERIOD_MS;

	if (place->state == MEMBER_SUSPECT) {
		/* Our own questions are in vain, too. */
		if (told == MEMBER_DEAD && now - place->since >= asked_long &&
			now - place->since >= members->patience_ms)
			change(members, place, MEMBER_DEAD, now);
		return;
	}
	if (now - place->since < DOUBT_AGAIN_MS || members->hot_count == MEMBERS_HOT)
		return;
	if (probe(members, now, life_of(members, place->life - 1)->address, NUMBER_PAGE))
		change(members, place, MEMBER_SUSPECT, now);
}

static void hear(struct members *members, const struct life *from, const struct life *life,
	enum member_state state, bool is_page, uint32_t now)
{
	const struct life *self = life_of(members, members->self);
	struct member *place;
	uint64_t known;

	if (memcmp(life->node.id, self->node.id, 16) == 0) {
		if (state == MEMBER_DEAD && life->node.incarnation == self->node.incarnation)
			members_told_dead(members, now, from);
		return;
	}
	place = &members->places[place_of(members, life->node.id)];
	known = place->life != 0 ? life_of(members, place->life - 1)->node.incarnation : 0;
	if (place->life == 0 || life->node.incarnation > known) {
		if (state != MEMBER_DEAD)
			(void)probe(
				members, now, life->address, is_page ? NUMBER_PAGE : NUMBER_NEWS);
	} else if (life->node.incarnation == known && state != MEMBER_ALIVE &&
		   place->state != MEMBER_DEAD) {
		doubt(members, place, state, now);
	}
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
	send_packet(
		members, now, members->pull_address, PACKET_PULL, members->pull_cursor, LIFE_NONE);
}

void members_join(struct members *members, uint32_t now, uint32_t address)
{
	members->pulling = true;
	members->pull_tries = 0;
	members->pull_address = address;
	members->pull_cursor = 0;
	pull(members, now);
}

static void take_answer(struct members *members, uint32_t now, uint32_t number)
{
	unsigned i;

	if (members->asked != LIFE_NONE && number == members->asked_number)
		members->answered = true;
	for (i = 0; i < sizeof members->helps / sizeof members->helps[0]; i++) {
		struct members_help *help = &members->helps[i];

		if (help->own_number != 0 && help->own_number == number) {
			send_packet(members, now, help->address, PACKET_ANSWER, help->number,
				LIFE_NONE);
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
	send_packet(members, now, life_of(members, member->life - 1)->address, PACKET_ASK,
		slot->own_number, LIFE_NONE);
}

struct packet {
	uint8_t kind;
	uint32_t number;
	struct life whom;
	unsigned news_count;
	struct {
		struct life life;
		uint8_t state;
	} news[MEMBERS_NEWS];
};

static bool read_packet(const uint8_t *bytes, size_t size, struct packet *packet)
{
	struct reader reader = reader_of(bytes, size);
	unsigned i;

	packet->kind = read_u8(&reader);
	packet->number = read_u32(&reader);
	if (packet->kind == PACKET_HELP)
		read_life(&reader, &packet->whom);
	packet->news_count = read_u8(&reader);
	if (reader.failed || packet->kind < PACKET_ASK || packet->kind > PACKET_PAGE ||
		packet->news_count > sizeof packet->news / sizeof packet->news[0])
		return false;
	for (i = 0; i < packet->news_count; i++) {
		packet->news[i].state = read_u8(&reader);
		read_life(&reader, &packet->news[i].life);
		if (packet->news[i].state > MEMBER_DEAD)
			return false;
	}
	return read_all(&reader);
}

/* Whom we take for dead hears so. */
static uint32_t about_speaker(const struct members *members, const struct life *from)
{
	const struct member *member = members_find(members, from->node.id);

	return member != NULL && member->state == MEMBER_DEAD &&
			       gns_node_is(&life_of(members, member->life - 1)->node, &from->node)
		       ? member->life - 1
		       : LIFE_NONE;
}

bool members_receive(struct members *members, uint32_t now, const struct life *from,
	const uint8_t *bytes, size_t size)
{
	struct packet packet;
	unsigned i;

	if (!read_packet(bytes, size, &packet))
		return false;
	/* News is who comes to us, and of whom we were told as news; not who was on a page, or has been told of us. */
	members->quiet = packet.kind == PACKET_PAGE || packet.kind == PACKET_HELP ||
			 (packet.kind == PACKET_ASK && packet.number == NUMBER_NEWS) ||
			 (packet.kind == PACKET_ANSWER && packet.number != NUMBER_NEWS);
	hear_speaker(members, from, now);
	members->quiet = false;
	for (i = 0; i < packet.news_count; i++)
		hear(members, from, &packet.news[i].life, (enum member_state)packet.news[i].state,
			packet.kind == PACKET_PAGE, now);
	switch (packet.kind) {
	case PACKET_ASK:
		send_packet(members, now, from->address, PACKET_ANSWER, packet.number,
			about_speaker(members, from));
		break;
	case PACKET_ANSWER:
		take_answer(members, now, packet.number);
		break;
	case PACKET_HELP:
		help(members, now, from->address, packet.number, &packet.whom);
		break;
	case PACKET_PULL:
		send_page(members, from->address, packet.number);
		break;
	default: /* PACKET_PAGE */
		if (!members->pulling || from->address != members->pull_address)
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

static void ask_for_help(struct members *members, uint32_t now)
{
	unsigned i;

	members->helped = true;
	for (i = 0; i < MEMBERS_HELPERS; i++) {
		const struct member *helper = walk(members, false);

		if (helper != NULL && helper->life - 1 != members->asked)
			send_packet(members, now, life_of(members, helper->life - 1)->address,
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
	send_packet(members, now, life_of(members, members->asked)->address, PACKET_ASK,
		members->asked_number, member->state != MEMBER_ALIVE ? members->asked : LIFE_NONE);
}

/* One says that we are dead: do others, who may be so for us? */
static void ask_around(struct members *members, uint32_t now)
{
	unsigned i, left = 0;

	for (i = 0; i < members->verdict_count; i++)
		if (now - members->verdicts[i].at < MEMBERS_VERDICT_MS)
			members->verdicts[left++] = members->verdicts[i];
	members->verdict_count = left;
	for (i = 0; left > 0 && i < AROUND; i++) {
		const struct member *member = walk(members, i % 2 != 0);

		if (member != NULL)
			(void)probe(members, now, life_of(members, member->life - 1)->address,
				NUMBER_PAGE);
	}
}

/* They are asked again and again, until the time is over. */
static void look_at_suspects(struct members *members, uint32_t now)
{
	unsigned i;

	/* Suspects are found among what is hot, and on the walk. */
	for (i = 0; i < members->hot_count; i++) {
		const uint32_t life = members->hot[i].life;
		struct member *member =
			&members->places[place_of(members, life_of(members, life)->node.id)];

		if (member->life != life + 1 || member->state != MEMBER_SUSPECT)
			continue;
		if (now - member->since >= suspicion_ms(members))
			change(members, member, MEMBER_DEAD, now);
		else
			(void)probe(members, now, life_of(members, life)->address, NUMBER_PAGE);
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
static void tell_more(struct members *members, uint32_t now)
{
	const struct member *member = walk(members, false);

	if (member != NULL)
		send_packet(members, now, life_of(members, member->life - 1)->address,
			PACKET_ANSWER, NUMBER_PAGE, LIFE_NONE);
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
		ask_for_help(members, now);
	if (members->hot_count >= MUCH_NEWS)
		tell_more(members, now);
	if ((int32_t)(now - members->next_period) < 0)
		return;
	members->next_period += MEMBERS_PERIOD_MS;
	end_period(members, now);
	begin_period(members, now);
	ask_around(members, now);
	look_at_suspects(members, now);
	look_at_some(members, now);
	catch_up(members, now);
}

#include "link.h"

#include <sodium/randombytes.h>

#include "bytes.h"

#define PROLOGUE "MASIX-GNS-LINK-v1"
#define HEADER_SIZE 8
#define FIRST_NOISE (NOISE_FIRST_OVERHEAD + LINK_PAYLOAD_SIZE)
#define SECOND_NOISE (NOISE_SECOND_OVERHEAD + LINK_PAYLOAD_SIZE)
#define FIRST_SIZE (HEADER_SIZE + FIRST_NOISE + COOKIE_MACS_SIZE)
#define SECOND_SIZE (HEADER_SIZE + 4 + SECOND_NOISE)
#define COOKIE_PACKET_SIZE (HEADER_SIZE + COOKIE_REPLY_SIZE)

void link_self_init(struct link_self *self, const uint8_t secret[NOISE_KEY_SIZE],
	const uint8_t psk[NOISE_KEY_SIZE], const uint8_t hello[LINK_HELLO_SIZE], uint64_t stamp,
	uint64_t now)
{
	memset(self, 0, sizeof *self);
	noise_keys_of(secret, &self->keys);
	memcpy(self->psk, psk, sizeof self->psk);
	memcpy(self->hello, hello, sizeof self->hello);
	self->stamp = stamp;
	cookie_door_init(&self->door, self->keys.public, now);
}

void link_init(struct link *link, const struct link_ops *ops, struct link_self *self,
	const uint8_t public[NOISE_KEY_SIZE], uint64_t now)
{
	memset(link, 0, sizeof *link);
	link->ops = ops;
	link->self = self;
	memcpy(link->public, public, sizeof link->public);
	cookie_keys_of(public, &link->cookie_keys);
	link->begins = memcmp(self->keys.public, public, NOISE_KEY_SIZE) < 0;
	record_ring_init(&link->ring, false);
	link->asked_at = now - LINK_RETRY_MS;
}

static void write_header(struct writer *writer, uint8_t type, uint32_t index)
{
	write_u8(writer, type);
	write_number(writer, 0, 3);
	write_u32(writer, index);
}

static bool read_header(struct reader *reader, uint32_t *index)
{
	bool good = (read_number(reader, 4) & 0xffffff00u) == 0;

	*index = read_u32(reader);
	return good && !reader->failed;
}

static void write_payload(struct link *link, uint8_t payload[LINK_PAYLOAD_SIZE])
{
	struct writer writer = writer_to(payload, LINK_PAYLOAD_SIZE);

	write_bytes(&writer, link->self->hello, LINK_HELLO_SIZE);
	write_u64(&writer, ++link->self->stamp);
}

/* False: it was said before. */
static bool take_payload(struct link *link, const uint8_t payload[LINK_PAYLOAD_SIZE])
{
	struct reader reader = reader_of(payload + LINK_HELLO_SIZE, 8);
	uint64_t stamp = read_u64(&reader);

	if (stamp <= link->stamp)
		return false;
	link->stamp = stamp;
	memcpy(link->hello, payload, LINK_HELLO_SIZE);
	link->is_new = true;
	link->handshakes++;
	return true;
}

static void add_keys(struct link *link, struct noise *noise, uint32_t own_index,
	uint32_t peer_index, uint64_t now)
{
	struct record_session session = {
		.initiator = noise->initiator, .own_index = own_index, .peer_index = peer_index
	};
	uint8_t hash[NOISE_HASH_SIZE];

	if (noise_finish(noise, session.send, session.receive, hash))
		record_ring_add(&link->ring, &session, now);
}

static void begin(struct link *link, uint64_t now)
{
	uint8_t packet[FIRST_SIZE], payload[LINK_PAYLOAD_SIZE], ephemeral[NOISE_KEY_SIZE];
	struct writer writer = writer_to(packet, sizeof packet);

	link->asked_at = now;
	link->asking_index = randombytes_random();
	write_header(&writer, RECORD_FIRST, link->asking_index);
	write_payload(link, payload);
	randombytes_buf(ephemeral, sizeof ephemeral);
	noise_begin(&link->noise, &link->self->keys, link->public, link->self->psk, PROLOGUE,
		sizeof PROLOGUE - 1);
	link->asking = noise_write(&link->noise, ephemeral, payload, sizeof payload,
			       packet + HEADER_SIZE, FIRST_NOISE) != 0;
	if (!link->asking)
		return;
	cookie_jar_stamp(&link->jar, &link->cookie_keys, now, packet, sizeof packet);
	link->ops->send(link->ops->context, packet, sizeof packet);
}

void link_tick(struct link *link, uint64_t now)
{
	if (link->begins &&
		(record_ring_is_due(&link->ring, now) || now - link->heard >= LINK_DEAF_MS) &&
		now - link->asked_at >= LINK_RETRY_MS)
		begin(link, now);
}

static bool answer(struct link *link, uint64_t now, const uint8_t *packet)
{
	uint8_t reply[SECOND_SIZE], payload[LINK_PAYLOAD_SIZE], ephemeral[NOISE_KEY_SIZE];
	struct writer writer = writer_to(reply, sizeof reply);
	struct reader reader = reader_of(packet, HEADER_SIZE);
	uint32_t index, own_index = randombytes_random();
	struct noise noise;
	size_t size;

	noise_begin(
		&noise, &link->self->keys, NULL, link->self->psk, PROLOGUE, sizeof PROLOGUE - 1);
	if (!read_header(&reader, &index) ||
		!noise_read(&noise, packet + HEADER_SIZE, FIRST_NOISE, payload, sizeof payload,
			&size) ||
		memcmp(noise.remote_s, link->public, sizeof link->public) != 0 ||
		!take_payload(link, payload)) {
		noise_wipe(&noise);
		return false;
	}
	write_header(&writer, RECORD_SECOND, own_index);
	write_u32(&writer, index);
	write_payload(link, payload);
	randombytes_buf(ephemeral, sizeof ephemeral);
	if (noise_write(&noise, ephemeral, payload, sizeof payload, reply + writer.used,
		    SECOND_NOISE) == 0)
		return false;
	add_keys(link, &noise, own_index, index, now);
	link->ops->send(link->ops->context, reply, sizeof reply);
	return true;
}

static bool take_first(struct link *link, uint64_t now, const void *address, size_t address_size,
	const uint8_t *packet, size_t size)
{
	uint8_t reply[COOKIE_PACKET_SIZE];
	struct writer writer = writer_to(reply, sizeof reply);
	struct reader reader = reader_of(packet, size);
	uint32_t index;

	if (size != FIRST_SIZE || link->begins || !read_header(&reader, &index))
		return false;
	switch (cookie_door_check(&link->self->door, now, address, address_size, packet, size)) {
	case COOKIE_PASS:
		return answer(link, now, packet);
	case COOKIE_ASK:
		write_header(&writer, RECORD_COOKIE, index);
		cookie_door_reply(&link->self->door, address, address_size, packet, size,
			reply + HEADER_SIZE);
		link->ops->send(link->ops->context, reply, sizeof reply);
		return true;
	default:
		return false;
	}
}

static void say_up(struct link *link)
{
	if (!link->is_new)
		return;
	link->is_new = false;
	link->ops->up(link->ops->context, link->hello);
}

static bool take_second(struct link *link, uint64_t now, const uint8_t *packet, size_t size)
{
	struct reader reader = reader_of(packet, size);
	uint8_t payload[LINK_PAYLOAD_SIZE];
	struct noise noise;
	uint32_t index;
	size_t payload_size;

	if (size != SECOND_SIZE || !link->asking || !read_header(&reader, &index) ||
		read_u32(&reader) != link->asking_index)
		return false;
	noise = link->noise; /* a forged one must not end ours */
	if (!noise_read(&noise, reader.next, reader.left, payload, sizeof payload, &payload_size) ||
		!take_payload(link, payload)) {
		noise_wipe(&noise);
		return false;
	}
	link->asking = false;
	noise_wipe(&link->noise);
	add_keys(link, &noise, link->asking_index, index, now);
	link->heard = now;
	/* The responder speaks when it has seen that we have the keys. */
	(void)link_send(link, now, NULL, 0);
	say_up(link);
	return true;
}

static bool take_cookie(struct link *link, uint64_t now, const uint8_t *packet, size_t size)
{
	struct reader reader = reader_of(packet, size);
	uint32_t index;

	return size == COOKIE_PACKET_SIZE && link->asking && read_header(&reader, &index) &&
	       index == link->asking_index &&
	       cookie_jar_take(&link->jar, &link->cookie_keys, now, reader.next, reader.left);
}

static bool take_data(struct link *link, uint64_t now, const uint8_t *packet, size_t size)
{
	uint8_t frame[LINK_FRAME_MAX];
	size_t frame_size;

	if (!record_open(&link->ring, now, packet, size, frame, sizeof frame, &frame_size))
		return false;
	link->heard = now;
	say_up(link);
	if (frame_size > 0) /* else only a sign of life */
		link->ops->frame(link->ops->context, frame, frame_size);
	return true;
}

void link_receive(struct link *link, uint64_t now, const void *address, size_t address_size,
	const uint8_t *packet, size_t size)
{
	bool good = false;

	if (size > 0 && packet[0] == RECORD_FIRST)
		good = take_first(link, now, address, address_size, packet, size);
	else if (size > 0 && packet[0] == RECORD_SECOND)
		good = take_second(link, now, packet, size);
	else if (size > 0 && packet[0] == RECORD_COOKIE)
		good = take_cookie(link, now, packet, size);
	else if (size > 0 && packet[0] == RECORD_DATA)
		good = take_data(link, now, packet, size);
	link->dropped += !good;
}

bool link_send(struct link *link, uint64_t now, const uint8_t *frame, size_t size)
{
	uint8_t packet[LINK_PACKET_MAX];
	size_t sealed;

	if (size > LINK_FRAME_MAX)
		return false;
	sealed = record_seal(
		&link->ring, now, 0, size > 0 ? frame : packet, size, packet, sizeof packet);
	if (sealed == 0)
		return false;
	link->ops->send(link->ops->context, packet, sealed);
	return true;
}

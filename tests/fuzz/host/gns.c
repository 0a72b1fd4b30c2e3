/* What the network server reads of other nodes: heads of messages, letters, frames, packets.  The first byte says which. */
#include <sodium.h>

#include "input.h"
#include "letter.h"
#include "link.h"
#include "stream.h"
#include "wire.h"

#define BUDGET 65536

/* --- Heads of messages --- */

static uint32_t names[WIRE_RIGHTS_MAX];
static unsigned made, given;

static bool make_right(void *context, const struct wire_right *right, uint32_t *name)
{
	(void)context;
	REQUIRE(right->kind > WIRE_DEAD && right->kind <= WIRE_RECEIVE);
	*name = ++made;
	return true;
}

static bool make_array(void *context, uint32_t count, uint32_t *address, uint32_t **to)
{
	(void)context;
	REQUIRE(count <= WIRE_RIGHTS_MAX);
	*address = 0x1000;
	*to = names;
	return true;
}

static void give(void *context, const struct wire_right *right)
{
	(void)context;
	(void)right;
	given++;
}

static void read_head(const uint8_t *head, size_t head_size)
{
	static struct wire_regions regions;
	const struct wire_sink sink = { .right = make_right, .array = make_array };
	uint64_t total = 0;
	unsigned rights;
	uint32_t *words;
	size_t size;

	if (wire_check(head, head_size, &size, &rights, &regions) != WIRE_OK)
		return;
	REQUIRE(size % 4 == 0 && size >= 24 && size <= WIRE_BODY_MAX + 24);
	REQUIRE(rights <= WIRE_RIGHTS_MAX && regions.count <= WIRE_REGIONS_MAX);
	for (unsigned i = 0; i < regions.count; i++) {
		REQUIRE(regions.list[i].at >= 6 && regions.list[i].at < size / 4);
		total += regions.list[i].size;
	}
	REQUIRE(total == regions.total && total <= WIRE_MEMORY_MAX);
	words = malloc(size);
	REQUIRE(words != NULL);
	made = given = 0;
	REQUIRE(wire_read(head, head_size, &sink, words, size) == WIRE_OK);
	wire_rights(head, head_size, give, NULL);
	REQUIRE(made == given && made == rights);
	free(words);
}

/* --- Letters --- */

static void read_letter(const uint8_t *bytes, size_t size)
{
	uint8_t again[LETTER_MAX];
	struct letter letter;

	if (letter_read(bytes, size, &letter))
		REQUIRE(letter_write(&letter, again, sizeof again) == size &&
			memcmp(again, bytes, size) == 0);
}

/* In memory of just that size, so that nothing behind it is read unseen. */
static uint8_t *exactly(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = malloc(size);

	REQUIRE(copy != NULL);
	memcpy(copy, bytes, size);
	return copy;
}

/* --- Frames --- */

static struct stream stream;

static void on_emit(void *context, const uint8_t *frame, size_t size)
{
	(void)context;
	(void)frame;
	REQUIRE(size <= LINK_FRAME_MAX);
}

static void on_done(void *context, struct stream_message *message)
{
	(void)context;
	free(message);
}

static void on_deliver(void *context, uint32_t lane, uint8_t *message, size_t size)
{
	(void)context;
	free(message);
	if (lane != 0 && size % 3 != 0)
		stream_consumed(&stream, lane, size);
}

/* Frames in the order of their numbers, most of them, while there is something of ours on its way. */
static void read_frames(struct input *input)
{
	static const struct stream_ops ops = { on_emit, on_done, on_deliver, NULL };
	static const uint8_t bytes[2000];
	uint64_t now = 1000;

	stream_init(&stream, &ops, LINK_FRAME_MAX, BUDGET);
	for (uint8_t number = 0; input->left > 0 && !stream.failed; number++) {
		struct stream_message *message = calloc(1, sizeof *message);
		uint8_t frame[24 + 255] = { 0 }, *copy;
		size_t size;

		REQUIRE(message != NULL);
		message->lane = take_below(input, 4);
		message->head = bytes;
		message->head_size = 1 + take32(input) % sizeof bytes;
		if (!stream_send(&stream, message))
			free(message);
		frame[0] = (uint8_t)(number + (take_below(input, 8) == 0));
		frame[8] = (uint8_t)take_below(input, 4);
		frame[16] = (uint8_t)take_below(input, 4);
		size = 24 + take_bytes(input, frame + 24, 255);
		copy = exactly(frame, size);
		(void)stream_receive(&stream, now, copy, size);
		free(copy);
		(void)stream_run(&stream, now += take8(input));
		REQUIRE(stream.holds <= BUDGET);
	}
	stream_end(&stream);
}

/* --- Packets --- */

static void on_send(void *context, const uint8_t *packet, size_t size)
{
	(void)context;
	(void)packet;
	REQUIRE(size <= LINK_PACKET_MAX);
}

static void on_up(void *context, const uint8_t hello[LINK_HELLO_SIZE])
{
	(void)context;
	(void)hello;
	REQUIRE(!"nobody has our keys");
}

static void on_frame(void *context, const uint8_t *frame, size_t size)
{
	on_up(context, frame + size);
}

static void read_packets(struct input *input)
{
	static const struct link_ops ops = { on_send, on_up, on_frame, NULL };
	static const uint8_t secret[32] = { 1 }, psk[32] = { 2 }, hello[LINK_HELLO_SIZE];
	static struct link_self self;
	static struct link link;
	struct noise_keys other;
	const uint8_t its_secret[32] = { (uint8_t)(3 + take_below(input, 2)) };
	uint64_t now = 100000;

	link_self_init(&self, secret, psk, hello, 1, now);
	noise_keys_of(its_secret, &other);
	link_init(&link, &ops, &self, other.public, now);
	while (input->left > 0) {
		uint8_t packet[8 + 255 + COOKIE_MACS_SIZE] = { 0 }, *copy;
		struct cookie_jar jar = { 0 };
		size_t size;

		packet[0] = (uint8_t)take_below(input, 6);
		memcpy(packet + 4, &link.asking_index, 4);
		size = 8 + take_bytes(input, packet + 8, 255) + COOKIE_MACS_SIZE;
		if (packet[0] == RECORD_FIRST) /* by somebody who knows whom he speaks to */
			cookie_jar_stamp(&jar, &self.door.keys, now, packet, size);
		copy = exactly(packet, size);
		link_receive(&link, now, "address", 7, copy, size);
		free(copy);
		link_tick(&link, now += take8(input) * 20);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data + 1, size - 1 };

	if (size == 0)
		return 0;
	REQUIRE(sodium_init() >= 0);
	switch (data[0] % 4) {
	case 0:
		read_head(input.next, input.left);
		break;
	case 1:
		read_letter(input.next, input.left);
		break;
	case 2:
		read_frames(&input);
		break;
	default:
		read_packets(&input);
	}
	return 0;
}

/* Two links over a wire that does everything a wire can do: they come up, change keys, and let through nothing that was not
 * sent. */
#include "test.h"

#include <sodium.h>

#include "fault.h"
#include "link.h"

static struct side {
	struct link_self self;
	struct link link;
	struct fault_wire *out, *in;
	unsigned ups, frames;
	uint32_t last; /* number of the last frame */
	uint8_t hello[LINK_HELLO_SIZE];
} sides[2];

static struct fault_wire wires[2];
static uint64_t now;
static uint32_t sent;

static void on_send(void *context, const uint8_t *packet, size_t size)
{
	struct side *side = context;

	fault_send(side->out, now, packet, size);
}

static void on_up(void *context, const uint8_t hello[LINK_HELLO_SIZE])
{
	struct side *side = context;

	side->ups++;
	memcpy(side->hello, hello, LINK_HELLO_SIZE);
}

static void on_frame(void *context, const uint8_t *frame, size_t size)
{
	struct side *side = context;
	size_t i;

	assert_in_range(size, 4, LINK_FRAME_MAX);
	memcpy(&side->last, frame, 4);
	assert_true(side->last <= sent);
	for (i = 4; i < size; i++)
		assert_int_equal(frame[i], (uint8_t)(side->last + i));
	side->frames++;
}

static const struct link_ops ops[2] = {
	{ on_send, on_up, on_frame, &sides[0] },
	{ on_send, on_up, on_frame, &sides[1] },
};

static void begin(struct fault_rules rules, bool same_psk)
{
	unsigned i;

	now = 100000;
	sent = 0;
	for (i = 0; i < 2; i++) {
		uint8_t secret[32], psk[32] = { 7 }, hello[LINK_HELLO_SIZE];

		memset(&sides[i], 0, sizeof sides[i]);
		randombytes_buf(secret, sizeof secret);
		memset(hello, (int)('a' + i), sizeof hello);
		psk[1] = (uint8_t)(same_psk ? 0 : i);
		link_self_init(&sides[i].self, secret, psk, hello, 1000 * i, now);
		fault_clear(&wires[i]);
		wires[i] = (struct fault_wire){ .rules = rules, .dice = 17 + i };
		sides[i].out = &wires[i];
		sides[i].in = &wires[1 - i];
	}
	for (i = 0; i < 2; i++)
		link_init(&sides[i].link, &ops[i], &sides[i].self, sides[1 - i].self.keys.public,
			now);
}

static void run(unsigned ms)
{
	while (ms-- > 0) {
		unsigned i;

		now++;
		for (i = 0; i < 2; i++) {
			uint8_t *packet;
			size_t size;

			while ((packet = fault_receive(sides[i].in, now, &size)) != NULL) {
				link_receive(&sides[i].link, now, "address", 7, packet, size);
				free(packet);
			}
			if (now % 100 == i)
				link_tick(&sides[i].link, now);
		}
	}
}

static bool send_frame(unsigned side, size_t size)
{
	uint8_t frame[LINK_FRAME_MAX];
	size_t i;

	sent++;
	memcpy(frame, &sent, 4);
	for (i = 4; i < size; i++)
		frame[i] = (uint8_t)(sent + i);
	return link_send(&sides[side].link, now, frame, size);
}

static void comes_up(void **state)
{
	unsigned i;

	(void)state;
	begin((struct fault_rules){ .delay_ms = 1 }, true);
	assert_false(send_frame(0, 100));
	run(500);
	for (i = 0; i < 2; i++) {
		assert_int_equal(sides[i].ups, 1);
		assert_int_equal(sides[i].hello[0], 'a' + 1 - i);
		assert_true(send_frame(i, LINK_FRAME_MAX));
		run(5);
		assert_int_equal(sides[1 - i].frames, 1);
		assert_int_equal(sides[1 - i].last, sent);
	}
	assert_int_equal(sides[0].link.dropped + sides[1].link.dropped, 0);
}

static void strangers_stay_outside(void **state)
{
	(void)state;
	begin((struct fault_rules){ .delay_ms = 1 }, false); /* another cluster's secret */
	run(20000);
	assert_int_equal(sides[0].ups + sides[1].ups, 0);
	assert_false(send_frame(0, 100));
	assert_false(send_frame(1, 100));
	assert_true(sides[0].link.dropped + sides[1].link.dropped > 10);
}

/* Ten minutes with all faults: keys change every two, and frames go on arriving. */
static void through_faults(void **state)
{
	unsigned i, tried = 0;

	(void)state;
	begin((struct fault_rules){ .drop = 100,
		      .duplicate = 100,
		      .reorder = 100,
		      .corrupt = 100,
		      .delay_ms = 3 },
		true);
	for (i = 0; i < 12000; i++) {
		run(50);
		tried += send_frame(i % 2, 4 + i % 1000);
	}
	assert_true(tried > 11900);
	/* Each frame at most once: what is drop, lost or spoilt, is about a fifth. */
	assert_in_range(sides[0].frames + sides[1].frames, tried * 3 / 4, tried);
	assert_in_range(sides[0].link.handshakes, 5, 30);
	assert_true(sides[0].link.dropped > 100);
}

/* All that was ever sent is sent again. */
static void replay(void **state)
{
	static uint8_t packets[400][LINK_PACKET_MAX];
	static size_t sizes[400];
	unsigned count = 0, i, frames, handshakes;

	(void)state;
	begin((struct fault_rules){ .delay_ms = 1 }, true);
	for (i = 0; i < 300; i++) {
		uint8_t *packet;
		size_t size;
		unsigned side = i % 2;

		now += 20;
		link_tick(&sides[side].link, now);
		(void)send_frame(side, 50);
		while ((packet = fault_receive(sides[side].in, now, &size)) != NULL) {
			if (side == 1 && count < 400) {
				memcpy(packets[count], packet, size);
				sizes[count++] = size;
			}
			link_receive(&sides[side].link, now, "address", 7, packet, size);
			free(packet);
		}
	}
	assert_true(count > 50);
	frames = sides[1].frames;
	handshakes = (unsigned)sides[1].link.handshakes;
	for (i = 0; i < count; i++)
		link_receive(&sides[1].link, now, "address", 7, packets[i], sizes[i]);
	assert_int_equal(sides[1].frames, frames);
	assert_int_equal(sides[1].link.handshakes, handshakes);
	assert_int_equal(sides[1].ups, 1);
	fault_clear(&wires[0]);
	fault_clear(&wires[1]);
}

static void hostile_packets(void **state)
{
	uint64_t dice = 5;
	unsigned i, ups;

	(void)state;
	begin((struct fault_rules){ .delay_ms = 1 }, true);
	run(500);
	ups = sides[0].ups + sides[1].ups;
	for (i = 0; i < 100000; i++) {
		uint8_t bytes[400], *copy;
		size_t size = dice_below(&dice, sizeof bytes), at;

		for (at = 0; at < sizeof bytes; at++)
			bytes[at] = dice_below(&dice, 3) ? 0 : (uint8_t)dice_next(&dice);
		bytes[0] = (uint8_t)dice_below(&dice, 6);
		if (dice_below(&dice, 4) == 0)
			size = bytes[0] == RECORD_FIRST	   ? 200
			       : bytes[0] == RECORD_SECOND ? 124
							   : 64;
		copy = guarded(bytes, size);
		link_receive(&sides[i % 2].link, now, "address", 7, copy, size);
		free(copy);
	}
	assert_int_equal(sides[0].frames + sides[1].frames, 0);
	assert_int_equal(sides[0].ups + sides[1].ups, ups);
	assert_true(send_frame(0, 100)); /* and the link still works */
	run(5);
	assert_int_equal(sides[1].frames, 1);
	fault_clear(&wires[0]);
	fault_clear(&wires[1]);
}

#define FIRST_SIZE (8 + NOISE_FIRST_OVERHEAD + LINK_PAYLOAD_SIZE + COOKIE_MACS_SIZE)
#define FLOOD_SECONDS 150 /* keys are changed once */

/* A first message of nobody who knows whom he speaks to, from any address, also that of the other side. */
static void one_of_a_flood(struct side *victim, const struct cookie_keys *keys, uint64_t *dice)
{
	struct cookie_jar jar = { 0 };
	uint8_t packet[FIRST_SIZE], address[7] = "address";

	randombytes_buf(packet, sizeof packet);
	memset(packet, 0, 4);
	packet[0] = RECORD_FIRST;
	cookie_jar_stamp(&jar, keys, now, packet, sizeof packet);
	if (dice_below(dice, 10) != 0)
		address[0] = (uint8_t)dice_next(dice);
	link_receive(&victim->link, now, address, sizeof address, packet, sizeof packet);
}

/* A thousand handshakes a second that go nowhere: frames of who is known arrive all the same, keys are changed in time, and
 * few of the strangers' are computed. */
static void a_flood_of_handshakes(void **state)
{
	struct cookie_keys keys;
	uint64_t dice = 3, answered;
	struct side *victim;
	unsigned ms, good = 0;

	(void)state;
	begin((struct fault_rules){ .delay_ms = 1 }, true);
	run(500);
	victim = &sides[sides[0].link.begins];
	cookie_keys_of(victim->self.keys.public, &keys);
	for (ms = 0; ms < FLOOD_SECONDS * 1000; ms++) {
		one_of_a_flood(victim, &keys, &dice);
		if (ms % 100 == 0)
			good += send_frame(ms / 100 % 2, 100);
		run(1);
	}
	run(5);
	assert_int_equal(good, FLOOD_SECONDS * 10);
	assert_int_equal(sides[0].frames + sides[1].frames, good);
	assert_int_equal(victim->link.handshakes, 2);
	assert_in_range(victim->link.ring.current.born, now - 40000, now - 25000);
	answered = FLOOD_SECONDS * 1000 - victim->self.door.asked - victim->self.door.dropped;
	assert_in_range(answered, FLOOD_SECONDS, FLOOD_SECONDS * COOKIE_RATE + COOKIE_RATE);
	fault_clear(&wires[0]);
	fault_clear(&wires[1]);
}

/* A side that has begun a new life is spoken to soon, not when the old keys are too old. */
static void a_new_life(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		begin((struct fault_rules){ .delay_ms = 1 }, true);
		run(5000);
		sides[i].self.stamp += 1000;
		link_init(&sides[i].link, &ops[i], &sides[i].self, sides[1 - i].self.keys.public,
			now);
		run(10000); /* of silence, and a handshake */
		assert_true(sides[0].ups >= 2 && sides[1].ups >= 2);
		assert_true(send_frame(0, 100) && send_frame(1, 100));
		run(5);
		assert_int_equal(sides[0].frames + sides[1].frames, 2);
	}
}

/* Signs of life both ways, as the server sends them. */
static void live(unsigned seconds)
{
	while (seconds-- > 0) {
		(void)link_send(&sides[0].link, now, NULL, 0);
		(void)link_send(&sides[1].link, now, NULL, 0);
		run(1000);
	}
}

/* One direction is cut while keys should change: it goes on in the other until the keys are too old, and comes back. */
static void a_cut_over_a_change_of_keys(void **state)
{
	unsigned way;

	(void)state;
	for (way = 0; way < 2; way++) {
		begin((struct fault_rules){ .delay_ms = 1 }, true);
		live(110);
		wires[way].rules.cut = true;
		live(65); /* 175 s: still good, in the other direction */
		assert_true(send_frame(1 - way, 100));
		run(5);
		assert_int_equal(sides[way].frames, 1);
		live(15);
		assert_false(send_frame(0, 100) && send_frame(1, 100));
		wires[way].rules.cut = false;
		live(5);
		assert_true(send_frame(0, 100) && send_frame(1, 100));
		run(5);
		assert_int_equal(sides[way].frames, 2);
		assert_int_equal(sides[1 - way].frames, 1);
		fault_clear(&wires[0]);
		fault_clear(&wires[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_up),
		cmocka_unit_test(strangers_stay_outside),
		cmocka_unit_test(through_faults),
		cmocka_unit_test(replay),
		cmocka_unit_test(hostile_packets),
		cmocka_unit_test(a_flood_of_handshakes),
		cmocka_unit_test(a_new_life),
		cmocka_unit_test(a_cut_over_a_change_of_keys),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}

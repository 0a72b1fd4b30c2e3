/* The walk over messages: every kind of descriptor, malformed sizes. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "object/walk.h"

#define COMPLEX 0x80000000u
#define SEND 17u
#define SEND_ONCE 18u
#define RECEIVE 16u

/* Short descriptor. */
#define TYPE(name, bits, number, is_inline, dealloc)                                               \
	((uint32_t)(name) | (uint32_t)(bits) << 8 | (uint32_t)(number) << 16 |                     \
		(uint32_t)(is_inline) << 28 | (uint32_t)(dealloc) << 30)
#define LONG(is_inline, dealloc)                                                                   \
	(1u << 29 | (uint32_t)(is_inline) << 28 | (uint32_t)(dealloc) << 30)

static struct {
	uint32_t name;
	unsigned disposition;
} rights[64];
static unsigned right_count;

static struct {
	uint32_t address, size;
} regions[16];
static unsigned region_count;

static const uint32_t array[] = { 101, 0, 0xffffffff, 104 };
#define ARRAY_ADDRESS 0x5000

static void on_right(void *context, uint32_t name, unsigned disposition)
{
	(void)context;
	assert_in_range(right_count, 0, 63);
	rights[right_count].name = name;
	rights[right_count++].disposition = disposition;
}

static const uint32_t *on_array(void *context, uint32_t address, uint32_t count)
{
	(void)context;
	return address == ARRAY_ADDRESS && count <= 4 ? array : NULL;
}

static void on_memory(void *context, uint32_t address, uint32_t size)
{
	(void)context;
	assert_in_range(region_count, 0, 15);
	regions[region_count].address = address;
	regions[region_count++].size = size;
}

/* In memory of exactly `size` bytes, for the address sanitizer. */
static void walk(const uint32_t *words, size_t size, int keep_reply)
{
	static const struct message_sink sink = {
		.right = on_right,
		.array = on_array,
		.memory = on_memory,
	};
	uint32_t *copy = malloc(size);

	memcpy(copy, words, size);
	right_count = region_count = 0;
	message_walk(copy, size, keep_reply, &sink);
	free(copy);
}

static void reply_port(void **state)
{
	const uint32_t message[6] = { SEND_ONCE | SEND << 8, 24, 7, 9, 0, 100 };

	(void)state;
	walk(message, sizeof message, 0);
	assert_int_equal(right_count, 1);
	assert_int_equal(rights[0].name, 7);
	assert_int_equal(rights[0].disposition, SEND_ONCE);
	walk(message, sizeof message, 1);
	assert_int_equal(right_count, 0);
	walk(message, 20, 0);
	assert_int_equal(right_count, 0);
}

static void simple_messages_carry_nothing(void **state)
{
	const uint32_t message[8] = { 0, 32, 0, 9, 0, 100, TYPE(SEND, 32, 1, 1, 0), 55 };

	(void)state;
	walk(message, sizeof message, 0);
	assert_int_equal(right_count, 0);
}

static void inline_rights(void **state)
{
	const uint32_t message[] = { COMPLEX, 56, 0, 9, 0, 100, TYPE(2, 32, 1, 1, 0),
		1234,				       /* a number first */
		TYPE(8, 8, 5, 1, 0), 0x61616161, 0x61, /* 5 characters, padded */
		TYPE(RECEIVE, 32, 2, 1, 0), 33, 44 };

	(void)state;
	walk(message, sizeof message, 0);
	assert_int_equal(right_count, 2);
	assert_int_equal(rights[0].name, 33);
	assert_int_equal(rights[1].name, 44);
	assert_int_equal(rights[1].disposition, RECEIVE);
}

static void long_form(void **state)
{
	const uint32_t message[] = { COMPLEX, 56, 0, 9, 0, 100, LONG(1, 0), SEND | 32u << 16, 1, 66,
		LONG(0, 1), 8 | 8u << 16, 5000, 0x9000 };

	(void)state;
	walk(message, sizeof message, 0);
	assert_int_equal(right_count, 1);
	assert_int_equal(rights[0].name, 66);
	assert_int_equal(region_count, 1);
	assert_int_equal(regions[0].address, 0x9000);
	assert_int_equal(regions[0].size, 5000);
}

static void out_of_line(void **state)
{
	const uint32_t message[] = { COMPLEX, 56, 0, 9, 0, 100, TYPE(SEND, 32, 4, 0, 1),
		ARRAY_ADDRESS, TYPE(9, 8, 100, 0, 0), 0x7000, /* not given away */
		TYPE(9, 8, 0, 0, 1), 0x7000,		      /* empty */
		TYPE(9, 8, 100, 0, 1), 0 };		      /* copy-out failed */

	(void)state;
	walk(message, sizeof message, 0);
	assert_int_equal(right_count, 2); /* null and dead are no rights */
	assert_int_equal(rights[0].name, 101);
	assert_int_equal(rights[1].name, 104);
	assert_int_equal(region_count, 1);
	assert_int_equal(regions[0].address, ARRAY_ADDRESS);
	assert_int_equal(regions[0].size, 16);
}

static void malformed_sizes(void **state)
{
	uint32_t message[] = { COMPLEX, 40, 0, 9, 0, 100, TYPE(SEND, 32, 4000, 1, 0), 1, 2, 3 };

	(void)state;
	walk(message, sizeof message, 0); /* says 4000, has three */
	assert_int_equal(right_count, 3);
	message[1] = 0xffffffff;
	walk(message, sizeof message, 0);
	assert_int_equal(right_count, 3);
	message[1] = 36;
	walk(message, sizeof message, 0);
	assert_int_equal(right_count, 2);
	message[1] = 26; /* half a descriptor */
	walk(message, sizeof message, 0);
	assert_int_equal(right_count, 0);
	message[1] = 40;
	message[6] = LONG(1, 0);
	message[7] = SEND | 32u << 16;
	message[8] = 0xffffffff;
	walk(message, sizeof message, 0);
	assert_int_equal(right_count, 1);
	message[6] = LONG(1, 0);
	message[7] = 8 | 0xffffu << 16;
	message[8] = 0xffffffff;
	walk(message, sizeof message, 0);
	assert_int_equal(right_count, 0);
	message[7] = SEND | 8u << 16; /* no name has 8 bits */
	message[8] = 4;
	walk(message, sizeof message, 0);
	assert_int_equal(right_count, 0);
	message[6] = LONG(0, 1); /* the address is missing */
	message[7] = 8 | 8u << 16;
	message[8] = 100;
	walk(message, 36, 0);
	assert_int_equal(region_count, 0);
}

static int moves(uint32_t type, uint32_t value)
{
	const uint32_t message[] = { COMPLEX | 19 | 21 << 8, 32, 7, 9, 0, 100, type, value };

	return message_moves(message, sizeof message);
}

static void what_a_sender_loses(void **state)
{
	const uint32_t reply[6] = { SEND_ONCE, 24, 7, 0, 0, 100 };

	(void)state;
	assert_int_equal(moves(TYPE(2, 32, 1, 1, 0), 5), 0);
	assert_int_equal(moves(TYPE(19, 32, 1, 1, 0), 5), 0); /* a copy */
	assert_int_equal(moves(TYPE(20, 32, 1, 1, 0), 5), 0); /* made */
	assert_int_equal(moves(TYPE(SEND, 32, 1, 1, 0), 5), 1);
	assert_int_equal(moves(TYPE(SEND, 32, 1, 1, 0), 0), 0); /* none */
	assert_int_equal(moves(TYPE(RECEIVE, 32, 1, 1, 0), 5), 1);
	assert_int_equal(moves(TYPE(8, 8, 100, 0, 0), 0x7000), 0);
	assert_int_equal(moves(TYPE(8, 8, 100, 0, 1), 0x7000), 1);
	assert_int_equal(moves(TYPE(19, 32, 4, 0, 0), ARRAY_ADDRESS), 1); /* not looked at */
	assert_int_equal(message_moves(reply, sizeof reply), 1);
}

static void random_messages(void **state)
{
	uint32_t message[16];
	unsigned round, i;

	(void)state;
	srandom(2);
	for (round = 0; round < 200000; round++) {
		for (i = 0; i < 16; i++)
			message[i] = (uint32_t)random() << 1 ^ (uint32_t)random();
		for (i = 6; i < 16; i++) /* likelier to be taken for something */
			if (random() % 2)
				message[i] = (message[i] & 0xf0000000) |
					     TYPE(16 + random() % 6, 32, random() % 4, 0, 0);
		message[0] |= COMPLEX;
		walk(message, 24 + 4 * ((unsigned)random() % 11), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reply_port),
		cmocka_unit_test(simple_messages_carry_nothing),
		cmocka_unit_test(inline_rights),
		cmocka_unit_test(long_form),
		cmocka_unit_test(out_of_line),
		cmocka_unit_test(malformed_sizes),
		cmocka_unit_test(what_a_sender_loses),
		cmocka_unit_test(random_messages),
	};

	return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}

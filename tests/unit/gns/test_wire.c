/* Messages to bytes and back: each kind of descriptor, the limits, and hostile bytes. */
#include "test.h"

#include "wire.h"

#define COMPLEX 0x80000000u
#define RECEIVE 16u
#define SEND 17u
#define SEND_ONCE 18u
#define DEAD 0xffffffffu

#define TYPE(name, bits, number, is_inline)                                                        \
	((uint32_t)(name) | (uint32_t)(bits) << 8 | (uint32_t)(number) << 16 |                     \
		(is_inline ? 1u << 28 : 1u << 30))
#define LONG(is_inline) (1u << 29 | (is_inline ? 1u << 28 : 1u << 30))

static uint32_t array[] = { 101, 0, DEAD, 104 };
#define ARRAY_ADDRESS 0x5000

static const uint32_t *give_array(void *context, uint32_t address, uint32_t count)
{
	(void)context;
	return address == ARRAY_ADDRESS && count <= 4 ? array : NULL;
}

/* The identity of a port is made of its name, so that it can be found again. */
static bool tell_right(void *context, uint32_t name, unsigned type, struct wire_right *right)
{
	(void)context;
	right->kind = type == RECEIVE ? WIRE_RECEIVE : type == SEND ? WIRE_SEND : WIRE_SEND_ONCE;
	memset(&right->identity, 0, sizeof right->identity);
	memcpy(right->identity.number, &name, sizeof name);
	right->credits = name * 3ull;
	right->number = 0;
	return name != 666;
}

static unsigned rights_left; /* how many can be had */
static uint32_t made_array[WIRE_RIGHTS_MAX];
static unsigned rights_made;

static bool make_right(void *context, const struct wire_right *right, uint32_t *name)
{
	(void)context;
	memcpy(name, right->identity.number, sizeof *name);
	if (*name == 0 || *name == DEAD || *name == 666)
		*name = 1; /* a changed identity is a right all the same */
	if (rights_left == 0)
		return false;
	rights_left--;
	rights_made++;
	return true;
}

static bool make_array(void *context, uint32_t count, uint32_t *address, uint32_t **names)
{
	(void)context;
	assert_in_range(count, 1, WIRE_RIGHTS_MAX);
	*address = ARRAY_ADDRESS;
	*names = made_array;
	return true;
}

static const struct wire_source source = { .array = give_array, .right = tell_right };
static const struct wire_sink sink = { .right = make_right, .array = make_array };

static uint8_t head[WIRE_HEAD_MAX];
static size_t head_size;
static struct wire_regions regions;

static enum wire_result write_message(const uint32_t *words, size_t size)
{
	uint32_t *copy = (uint32_t *)guarded(words, size);
	enum wire_result result =
		wire_write(copy, size, &source, head, sizeof head, &head_size, &regions);

	free(copy);
	return result;
}

/* The message that the bytes stand for, in memory of just its size. */
static enum wire_result read_message(uint32_t **words, size_t *size)
{
	struct wire_regions found;
	uint8_t *copy = guarded(head, head_size);
	unsigned rights;
	enum wire_result result = wire_check(copy, head_size, size, &rights, &found);

	*words = NULL;
	if (result == WIRE_OK) {
		rights_made = 0;
		*words = malloc(*size);
		memset(*words, 0xa5, *size);
		result = wire_read(copy, head_size, &sink, *words, *size);
		if (result == WIRE_OK)
			assert_int_equal(rights_made, rights);
	}
	free(copy);
	return result;
}

/* There and back: the same message, with what names the reply where a sender puts it. */
static void round_trip(const uint32_t *words, size_t size)
{
	uint32_t *back;
	size_t back_size, i;

	assert_int_equal(write_message(words, size), WIRE_OK);
	rights_left = WIRE_RIGHTS_MAX;
	assert_int_equal(read_message(&back, &back_size), WIRE_OK);
	assert_int_equal(back_size, words[1]);
	assert_int_equal(back[0], (words[0] & COMPLEX) | (words[0] & 0xff) << 8);
	assert_int_equal(back[3], words[0] & 0xff ? words[2] : 0);
	assert_int_equal(back[5], words[5]);
	for (i = 6; i < back_size / 4; i++) {
		unsigned region;

		for (region = 0; region < regions.count; region++)
			if (regions.list[region].at == i)
				break;
		if (region < regions.count)
			assert_int_equal(back[i], 0); /* to be filled in */
		else
			assert_int_equal(back[i], words[i]);
	}
	free(back);
}

static void simple_messages(void **state)
{
	const uint32_t message[9] = { SEND_ONCE | SEND << 8, 36, 7, 9, 3, 100, 0x11223344, 55, 66 };
	const uint32_t empty[6] = { SEND << 8, 24, 0, 9, 0, 100 };
	const uint32_t send[6] = { SEND | SEND << 8, 24, 12, 9, 0, 0xffffffff };
	const uint32_t dead[6] = { SEND_ONCE | SEND << 8, 24, DEAD, 9, 0, 1 };

	(void)state;
	round_trip(message, sizeof message);
	assert_int_equal(head_size, 13 + 49 + 12);
	round_trip(empty, sizeof empty);
	assert_int_equal(head_size, 14);
	round_trip(send, sizeof send);
	round_trip(dead, sizeof dead);
}

static void every_descriptor(void **state)
{
	const uint32_t message[] = { COMPLEX | SEND_ONCE, 128, 7, 9, 0, 100, TYPE(2, 32, 1, 1),
		1234,				       /* a number */
		TYPE(8, 8, 5, 1), 0x61616161, 0x61,    /* 5 characters, padded */
		TYPE(RECEIVE, 32, 2, 1), 33, 44,       /* rights */
		TYPE(SEND, 32, 3, 1), 0, DEAD, 35,     /* none, dead, one */
		LONG(1), SEND_ONCE | 32u << 16, 1, 66, /* in long form */
		LONG(0), 8 | 8u << 16, 5000, 0,	       /* memory */
		TYPE(SEND, 32, 4, 0), ARRAY_ADDRESS,   /* an array of rights */
		TYPE(9, 8, 0, 0), 0, TYPE(9, 1, 9, 1), 0x1ff };

	(void)state;
	assert_int_equal(sizeof message, 128);
	round_trip(message, sizeof message);
	assert_memory_equal(made_array, array, sizeof array);
	assert_int_equal(regions.count, 1);
	assert_int_equal(regions.total, 5000);
	assert_int_equal(regions.list[0].at, 25);
}

static void limits(void **state)
{
	uint32_t *big = calloc(1, WIRE_BODY_MAX + 28);
	uint32_t memory[] = { COMPLEX, 40, 0, 9, 0, 100, LONG(0), 8 | 8u << 16, WIRE_MEMORY_MAX,
		0 };
	uint32_t rights[] = { COMPLEX, 40, 0, 9, 0, 100, LONG(0), SEND | 32u << 16,
		WIRE_RIGHTS_MAX + 1, ARRAY_ADDRESS };
	uint32_t *words;
	size_t size;

	(void)state;
	big[1] = WIRE_BODY_MAX + 24;
	round_trip(big, WIRE_BODY_MAX + 24);
	big[1] += 4;
	assert_int_equal(write_message(big, WIRE_BODY_MAX + 28), WIRE_LIMIT);
	free(big);
	round_trip(memory, sizeof memory);
	memory[8]++;
	assert_int_equal(write_message(memory, sizeof memory), WIRE_LIMIT);
	assert_int_equal(write_message(rights, sizeof rights), WIRE_LIMIT);
	rights[8] = 5; /* the array cannot be had */
	assert_int_equal(write_message(rights, sizeof rights), WIRE_REFUSED);
	/* Rights run out on the other side: what was given is in the message, the rest is null. */
	rights[8] = 4;
	assert_int_equal(write_message(rights, sizeof rights), WIRE_OK);
	rights_left = 1;
	assert_int_equal(read_message(&words, &size), WIRE_REFUSED);
	assert_int_equal(made_array[0], 101);
	assert_int_equal(made_array[2], DEAD);
	assert_int_equal(made_array[3], 0);
	assert_int_equal(words[9], ARRAY_ADDRESS);
	free(words);
}

static void malformed_messages(void **state)
{
	uint32_t message[10] = { COMPLEX, 40, 0, 9, 0, 100, TYPE(SEND, 32, 3, 1), 1, 2, 3 };
	static const uint32_t bad[] = {
		TYPE(SEND, 32, 4, 1),	      /* more than there are */
		TYPE(SEND, 16, 3, 1),	      /* no name has 16 bits */
		TYPE(20, 32, 3, 1),	      /* nobody receives MAKE_SEND */
		TYPE(2, 32, 3, 1) | 1u << 31, /* an unused bit */
		LONG(1) | 1,		      /* a long form with a short one in it */
		TYPE(2, 32, 2, 1),	      /* what follows is no descriptor */
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		message[6] = bad[i];
		message[9] = 0x80000000;
		assert_int_equal(write_message(message, sizeof message), WIRE_MALFORMED);
	}
	message[6] = TYPE(SEND, 32, 3, 1);
	message[9] = 666; /* a right that may not leave */
	assert_int_equal(write_message(message, sizeof message), WIRE_REFUSED);
	message[9] = 3;
	for (i = 0; i < 40; i++) {
		message[1] = i;
		/* With 24 it is a complex message with nothing in it. */
		assert_int_equal(
			write_message(message, sizeof message), i == 24 ? WIRE_OK : WIRE_MALFORMED);
	}
	message[1] = 44;
	assert_int_equal(write_message(message, sizeof message), WIRE_MALFORMED);
	message[1] = 40;
	message[0] = COMPLEX | RECEIVE;
	assert_int_equal(write_message(message, sizeof message), WIRE_MALFORMED);
}

static void count_right(void *context, const struct wire_right *right)
{
	assert_true(right->credits % 3 == 0);
	++*(unsigned *)context;
}

static void rights_of_what_is_not_delivered(void **state)
{
	const uint32_t message[] = { COMPLEX | SEND_ONCE, 56, 7, 9, 0, 100, TYPE(SEND, 32, 2, 1), 1,
		2, TYPE(SEND, 32, 4, 0), ARRAY_ADDRESS, TYPE(RECEIVE, 32, 2, 1), 0, 9 };
	unsigned count = 0;

	(void)state;
	assert_int_equal(write_message(message, sizeof message), WIRE_OK);
	wire_rights(head, head_size, count_right, &count);
	assert_int_equal(count, 1 + 2 + 2 + 1);
}

/* Whatever is accepted is the one form of some message. */
static void accept_only_canonical(unsigned *accepted)
{
	uint8_t before[4096];
	uint32_t *words;
	size_t size, before_size = head_size;
	enum wire_result result;

	rights_left = WIRE_RIGHTS_MAX;
	result = read_message(&words, &size);
	if (result != WIRE_OK) {
		assert_int_not_equal(result, WIRE_REFUSED);
		return;
	}
	++*accepted;
	memcpy(before, head, head_size);
	/* As it would be received: the reply is the remote port. */
	words[2] = words[3];
	words[0] = (words[0] & COMPLEX) | (words[0] >> 8 & 0xff);
	memcpy(array, made_array, sizeof array);
	if (write_message(words, size) == WIRE_OK) {
		unsigned i;

		assert_int_equal(head_size, before_size);
		/* Credits and nodes are not told by names. */
		for (i = 0; i < 13; i++)
			assert_int_equal(head[i], before[i]);
	}
	free(words);
}

static void hostile_bytes(void **state)
{
	static const uint32_t message[] = { COMPLEX | SEND_ONCE, 128, 7, 9, 0, 100,
		TYPE(2, 32, 1, 1), 1234, TYPE(8, 8, 5, 1), 0x61616161, 0x61,
		TYPE(RECEIVE, 32, 2, 1), 33, 44, TYPE(SEND, 32, 3, 1), 0, DEAD, 35, LONG(1),
		SEND_ONCE | 32u << 16, 1, 66, LONG(0), 8 | 8u << 16, 5000, 0, TYPE(SEND, 32, 4, 0),
		ARRAY_ADDRESS, TYPE(9, 8, 0, 0), 0, TYPE(9, 1, 9, 1), 0x1ff };
	static uint8_t good[4096];
	uint64_t dice = 0xdead;
	unsigned round, accepted = 0;
	size_t good_size;

	(void)state;
	assert_int_equal(write_message(message, sizeof message), WIRE_OK);
	good_size = head_size;
	memcpy(good, head, good_size);
	for (head_size = 0; head_size < good_size; head_size++) { /* cut */
		size_t size;
		unsigned rights;
		struct wire_regions found;
		uint8_t *copy = guarded(good, head_size);

		assert_int_equal(
			wire_check(copy, head_size, &size, &rights, &found), WIRE_MALFORMED);
		free(copy);
	}
	memcpy(head, good, good_size); /* and longer */
	head[good_size] = 0;
	head_size = good_size + 1;
	accept_only_canonical(&accepted);
	assert_int_equal(accepted, 0);
	for (round = 0; round < 200000; round++) {
		unsigned changes = 1 + dice_below(&dice, 4);

		memcpy(head, good, good_size);
		head_size = good_size;
		while (changes-- > 0) {
			unsigned at = dice_below(&dice, (uint32_t)good_size);

			switch (dice_below(&dice, 3)) {
			case 0:
				head[at] ^= (uint8_t)(1u << dice_below(&dice, 8));
				break;
			case 1:
				head[at] = (uint8_t)dice_next(&dice);
				break;
			default:
				head[at] = dice_below(&dice, 2) ? 0 : 0xff;
			}
		}
		if (dice_below(&dice, 8) == 0)
			head_size = dice_below(&dice, (uint32_t)good_size);
		accept_only_canonical(&accepted);
	}
	assert_true(accepted > 1000); /* else nothing was tried */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_messages),
		cmocka_unit_test(every_descriptor),
		cmocka_unit_test(limits),
		cmocka_unit_test(malformed_messages),
		cmocka_unit_test(rights_of_what_is_not_delivered),
		cmocka_unit_test(hostile_bytes),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}

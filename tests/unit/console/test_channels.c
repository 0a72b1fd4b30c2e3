#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/types.h>

#include "channels.h"
#include "tests.h"

#define SLOT_BYTES 64
#define ANSWERS 512

/* The outside: a device with a number of slots, and callers of whom some are dead. */
struct answered {
	unsigned reply;
	enum parked_kind kind;
	int error;
	size_t count;
	char data[32];
};

struct fixture {
	struct channels channels;
	unsigned slots; /* free ones */
	unsigned spare; /* slots that come back when the core says it wants some */
	bool wanted;
	uint8_t slot[SLOT_BYTES];
	uint8_t sent[200000];
	size_t sent_count;
	unsigned dead; /* reply number of a dead caller; 0: none */
	struct answered answers[ANSWERS];
	unsigned answer_count;
};

static struct fixture fixture;

static bool answer(const struct parked *call, const struct channels_answer *given)
{
	struct answered *answered = &fixture.answers[fixture.answer_count];

	if (fixture.dead && call->caller.reply == fixture.dead)
		return false;
	assert_true(fixture.answer_count < ANSWERS);
	fixture.answer_count++;
	*answered = (struct answered){ .reply = call->caller.reply,
		.kind = call->kind,
		.error = given->error,
		.count = given->count };
	if (given->data && given->count < sizeof answered->data)
		memcpy(answered->data, given->data, given->count);
	return true;
}

static bool is_alive(const struct parked *call)
{
	return call->caller.reply != fixture.dead;
}

static uint8_t *slot(void *device, size_t *size)
{
	assert_ptr_equal(device, &fixture);
	*size = SLOT_BYTES;
	return fixture.slots ? fixture.slot : NULL;
}

static void send(void *device, size_t length)
{
	(void)device;
	assert_true(length <= SLOT_BYTES && fixture.slots);
	fixture.slots--;
	memcpy(fixture.sent + fixture.sent_count, fixture.slot, length);
	fixture.sent_count += length;
}

static bool flush(void *device, bool wanted)
{
	(void)device;
	fixture.wanted = wanted;
	if (!wanted || !fixture.spare)
		return true;
	fixture.spare--;
	fixture.slots++;
	return false;
}

static unsigned claim(void *device, unsigned reply)
{
	assert_ptr_equal(device, &fixture);
	return reply;
}

static void commit(void *device, const struct channels_record *record)
{
	(void)device;
	(void)record;
}

static const struct channels_ops ops = {
	.claim = claim,
	.commit = commit,
	.answer = answer,
	.is_alive = is_alive,
	.slot = slot,
	.send = send,
	.flush = flush,
};

static int set_up(void **state)
{
	(void)state;
	memset(&fixture, 0, sizeof fixture);
	fixture.slots = 1000;
	channels_init(&fixture.channels, &ops, &fixture);
	return 0;
}

/* Nothing may stay parked: the leak checker would not see it, the fixture is static. */
static int tear_down(void **state)
{
	(void)state;
	fixture.dead = 0;
	channels_forget(&fixture.channels, &fixture);
	assert_int_equal(fixture.channels.parked, 0);
	return 0;
}

static const struct caller *caller(unsigned number)
{
	static struct caller one;

	one = (struct caller){ .owner = &fixture, .token = number, .reply = number };
	return &one;
}

static void receive(enum frame_channel channel, unsigned flags, const char *text)
{
	struct frame frame = { .channel = channel,
		.flags = flags,
		.length = strlen(text),
		.payload = (const uint8_t *)text };

	assert_true(channels_receive(&fixture.channels, &frame));
}

/* The answer that this call has just got, taken out of the list; NULL if it waits. */
static const struct answered *answer_of(unsigned number, unsigned before)
{
	const struct answered *last = &fixture.answers[fixture.answer_count];

	if (fixture.answer_count == before || last[-1].reply != number)
		return NULL;
	fixture.answer_count--;
	return last - 1;
}

/* 0 if it is answered at once. */
static int read_input(unsigned number, int flags, size_t amount, char *text)
{
	const unsigned before = fixture.answer_count;
	int result = channels_read(
		&fixture.channels, MASIX_CHANNEL_STDIN, caller(number), PARKED_READ, flags, amount);
	const struct answered *now = result == CHANNELS_PARKED ? answer_of(number, before) : NULL;

	text[0] = '\0';
	if (!now)
		return result;
	memcpy(text, now->data, now->count);
	text[now->count] = '\0';
	return now->error;
}

static int write_output(unsigned number, int flags, size_t count, size_t *written)
{
	static uint8_t data[CHANNELS_WRITE_MAX];
	const unsigned before = fixture.answer_count;
	const struct answered *now = NULL;
	int result;

	memset(data, 'd', sizeof data);
	result = channels_write(&fixture.channels, MASIX_CHANNEL_STDOUT, caller(number),
		PARKED_WRITE, flags, data, count);
	if (result == CHANNELS_PARKED)
		now = answer_of(number, before);
	*written = now ? now->count : 0;
	return now ? now->error : result;
}

/* The payload bytes sent on `channel`. */
static size_t payload_sent(unsigned channel)
{
	size_t total = 0;

	for (size_t at = 0; at < fixture.sent_count;) {
		size_t length = frame_decode_u16(fixture.sent + at + 2);

		if (fixture.sent[at] == channel)
			total += length;
		at += FRAME_HEADER + length;
	}
	return total;
}

/* All credit returned so far. */
static uint32_t credit_sent(void)
{
	uint32_t total = 0;

	for (size_t at = 0; at < fixture.sent_count;) {
		const uint8_t *payload = fixture.sent + at + FRAME_HEADER;
		size_t length = frame_decode_u16(fixture.sent + at + 2);

		if (fixture.sent[at] == FRAME_CREDIT_BYTES)
			total += payload[0] | payload[1] << 8 | payload[2] << 16;
		at += FRAME_HEADER + length;
	}
	return total;
}

static void data_waits_for_its_reader(void **state)
{
	char text[32];

	(void)state;
	receive(FRAME_STDIN, 0, "hello");
	assert_int_equal(read_input(1, 0, 3, text), 0);
	assert_string_equal(text, "hel");
	assert_int_equal(credit_sent(), 0);
	assert_int_equal(read_input(2, 0, 30, text), 0);
	assert_string_equal(text, "lo");
	assert_int_equal(credit_sent(), 5);
}

static void readers_wait_for_data_in_order(void **state)
{
	char text[32];

	(void)state;
	assert_int_equal(read_input(1, MASIX_IO_NONBLOCK, 2, text), MASIX_E_WOULD_BLOCK);
	assert_int_equal(read_input(1, 0, 2, text), CHANNELS_PARKED);
	assert_int_equal(read_input(2, 0, 9, text), CHANNELS_PARKED);
	receive(FRAME_STDIN, 0, "abc");
	assert_int_equal(fixture.answer_count, 2);
	assert_int_equal(fixture.answers[0].reply, 1);
	assert_string_equal(fixture.answers[0].data, "ab");
	assert_int_equal(fixture.answers[1].reply, 2);
	assert_string_equal(fixture.answers[1].data, "c");
	assert_int_equal(credit_sent(), 3);
}

static void a_dead_reader_takes_nothing(void **state)
{
	char text[32];

	(void)state;
	assert_int_equal(read_input(1, 0, 9, text), CHANNELS_PARKED);
	fixture.dead = 1;
	receive(FRAME_STDIN, 0, "precious");
	assert_int_equal(fixture.answer_count, 0);
	assert_int_equal(read_input(2, 0, 30, text), 0);
	assert_string_equal(text, "precious");
}

static void the_end_stays_until_the_channel_starts_anew(void **state)
{
	char text[32];

	(void)state;
	assert_int_equal(read_input(1, 0, 9, text), CHANNELS_PARKED);
	receive(FRAME_STDIN, FRAME_END, "");
	assert_int_equal(fixture.answer_count, 1);
	assert_int_equal(fixture.answers[0].count, 0);
	assert_int_equal(read_input(2, 0, 9, text), 0);
	assert_string_equal(text, "");
	receive(FRAME_STDIN, FRAME_ANEW, "");
	assert_int_equal(read_input(3, 0, 9, text), CHANNELS_PARKED);
}

static void starting_anew_voids_the_unread(void **state)
{
	char text[32];

	(void)state;
	receive(FRAME_STDIN, 0, "old");
	receive(FRAME_STDIN, FRAME_ANEW, "");
	assert_int_equal(credit_sent(), 3);
	receive(FRAME_STDIN, 0, "new");
	assert_int_equal(read_input(1, 0, 9, text), 0);
	assert_string_equal(text, "new");
}

static void data_beyond_the_credit_is_refused(void **state)
{
	static uint8_t payload[FRAME_PAYLOAD_MAX];
	struct frame frame = {
		.channel = FRAME_STDIN, .length = sizeof payload, .payload = payload
	};

	(void)state;
	for (unsigned i = 0; i < CHANNELS_INBOX / FRAME_PAYLOAD_MAX; i++)
		assert_true(channels_receive(&fixture.channels, &frame));
	assert_false(channels_receive(&fixture.channels, &frame));
	assert_int_equal(fixture.channels.input.ring.count, CHANNELS_INBOX);
}

static void credit_waits_for_a_slot(void **state)
{
	char text[32];

	(void)state;
	fixture.slots = 0;
	receive(FRAME_STDIN, 0, "abc");
	assert_int_equal(read_input(1, 0, 9, text), 0);
	assert_int_equal(credit_sent(), 0);
	assert_true(fixture.wanted);
	fixture.slots = 1;
	channels_slots_freed(&fixture.channels);
	assert_int_equal(credit_sent(), 3);
	assert_false(fixture.wanted);
}

static void a_write_is_cut_into_frames(void **state)
{
	size_t written;

	(void)state;
	assert_int_equal(write_output(1, 0, 1000, &written), 0);
	assert_int_equal(written, 1000);
	assert_int_equal(payload_sent(FRAME_STDOUT), 1000);
}

static void a_write_waits_until_all_is_sent(void **state)
{
	size_t written;

	(void)state;
	fixture.slots = 2;
	assert_int_equal(write_output(1, 0, 200, &written), CHANNELS_PARKED);
	assert_true(fixture.wanted);
	assert_int_equal(payload_sent(FRAME_STDOUT), 120);
	/* Another one stays behind it. */
	assert_int_equal(write_output(2, 0, 10, &written), CHANNELS_PARKED);
	fixture.slots = 1;
	channels_slots_freed(&fixture.channels);
	assert_int_equal(fixture.answer_count, 0);
	fixture.slots = 2;
	channels_slots_freed(&fixture.channels);
	assert_int_equal(fixture.answer_count, 2);
	assert_int_equal(fixture.answers[0].reply, 1);
	assert_int_equal(fixture.answers[0].count, 200);
	assert_int_equal(fixture.answers[1].count, 10);
	assert_int_equal(payload_sent(FRAME_STDOUT), 210);
	assert_false(fixture.wanted);
}

static void a_write_that_must_not_wait_is_partial(void **state)
{
	size_t written;

	(void)state;
	fixture.slots = 1;
	assert_int_equal(write_output(1, MASIX_IO_NONBLOCK, 100, &written), 0);
	assert_int_equal(written, 60);
	assert_int_equal(write_output(2, MASIX_IO_NONBLOCK, 100, &written), MASIX_E_WOULD_BLOCK);
}

static void a_slot_that_comes_back_at_once_is_used(void **state)
{
	size_t written;

	(void)state;
	fixture.slots = 1;
	fixture.spare = 100;
	assert_int_equal(write_output(1, 0, 600, &written), 0);
	assert_int_equal(written, 600);
	assert_int_equal(fixture.spare, 91);
}

static void cancelling_ends_one_call(void **state)
{
	size_t written;
	char text[32];

	(void)state;
	fixture.slots = 1;
	assert_int_equal(read_input(1, 0, 9, text), CHANNELS_PARKED);
	assert_int_equal(read_input(2, 0, 9, text), CHANNELS_PARKED);
	assert_int_equal(write_output(3, 0, 200, &written), CHANNELS_PARKED);
	assert_int_equal(channels_cancel(&fixture.channels, &fixture, 1), 0);
	assert_int_equal(fixture.answers[0].error, MASIX_E_INTERRUPTED);
	assert_int_equal(channels_cancel(&fixture.channels, &fixture, 1), MASIX_E_NOT_FOUND);
	assert_int_equal(channels_cancel(&fixture.channels, &text, 2), MASIX_E_NOT_FOUND);
	/* A write that sent something says how much. */
	assert_int_equal(channels_cancel(&fixture.channels, &fixture, 3), 0);
	assert_int_equal(fixture.answers[1].error, 0);
	assert_int_equal(fixture.answers[1].count, 60);
	receive(FRAME_STDIN, 0, "x");
	assert_int_equal(fixture.answers[2].reply, 2);
	assert_int_equal(fixture.answer_count, 3);
}

static void polls_see_both_directions(void **state)
{
	int ready;

	(void)state;
	assert_int_equal(channels_poll(&fixture.channels, MASIX_CHANNEL_STDOUT, caller(1), 0,
				 MASIX_POLL_OUT, &ready),
		0);
	assert_int_equal(ready, MASIX_POLL_OUT);
	assert_int_equal(channels_poll(&fixture.channels, MASIX_CHANNEL_STDIN, caller(1),
				 MASIX_IO_NONBLOCK, MASIX_POLL_IN, &ready),
		0);
	assert_int_equal(ready, 0);
	assert_int_equal(channels_poll(&fixture.channels, MASIX_CHANNEL_STDIN, caller(1), 0,
				 MASIX_POLL_IN, &ready),
		CHANNELS_PARKED);
	fixture.slots = 0;
	assert_int_equal(channels_poll(&fixture.channels, MASIX_CHANNEL_CONTROL, caller(2), 0,
				 MASIX_POLL_OUT, &ready),
		CHANNELS_PARKED);
	assert_true(fixture.wanted);
	receive(FRAME_STDIN, 0, "x");
	assert_int_equal(fixture.answer_count, 1);
	assert_int_equal(fixture.answers[0].count, MASIX_POLL_IN);
	fixture.slots = 1;
	channels_slots_freed(&fixture.channels);
	assert_int_equal(fixture.answer_count, 2);
	assert_int_equal(fixture.answers[1].count, MASIX_POLL_OUT);
	/* A poll takes nothing away. */
	assert_int_equal(fixture.channels.input.ring.count, 1);
}

static void the_window_is_told_when_it_changes(void **state)
{
	struct frame frame = { .channel = FRAME_WINDOW_SIZE,
		.length = 4,
		.payload = (const uint8_t *)"\x18\0\x50\0" };
	struct channels_answer now;

	(void)state;
	assert_int_equal(channels_window(&fixture.channels, caller(1), 0, &now), 0);
	assert_int_equal(now.rows, 0);
	assert_int_equal(
		channels_window(&fixture.channels, caller(1), now.serial, &now), CHANNELS_PARKED);
	assert_true(channels_receive(&fixture.channels, &frame));
	assert_int_equal(fixture.answer_count, 1);
	assert_int_equal(channels_window(&fixture.channels, caller(1), 0, &now), 0);
	assert_int_equal(now.rows, 24);
	assert_int_equal(now.columns, 80);
}

static void parked_calls_are_bounded(void **state)
{
	char text[32];

	(void)state;
	for (unsigned i = 1; i <= CHANNELS_PARKED_MAX; i++)
		assert_int_equal(read_input(i, 0, 9, text), CHANNELS_PARKED);
	assert_int_equal(read_input(1000, 0, 9, text), MASIX_E_LIMIT);
	/* The place of a dead one is found. */
	fixture.dead = 7;
	assert_int_equal(read_input(1000, 0, 9, text), CHANNELS_PARKED);
	assert_int_equal(fixture.answer_count, 0);
}

int test_channels(void)
{
#define CHANNEL_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		CHANNEL_TEST(data_waits_for_its_reader),
		CHANNEL_TEST(readers_wait_for_data_in_order),
		CHANNEL_TEST(a_dead_reader_takes_nothing),
		CHANNEL_TEST(the_end_stays_until_the_channel_starts_anew),
		CHANNEL_TEST(starting_anew_voids_the_unread),
		CHANNEL_TEST(data_beyond_the_credit_is_refused),
		CHANNEL_TEST(credit_waits_for_a_slot),
		CHANNEL_TEST(a_write_is_cut_into_frames),
		CHANNEL_TEST(a_write_waits_until_all_is_sent),
		CHANNEL_TEST(a_write_that_must_not_wait_is_partial),
		CHANNEL_TEST(a_slot_that_comes_back_at_once_is_used),
		CHANNEL_TEST(cancelling_ends_one_call),
		CHANNEL_TEST(polls_see_both_directions),
		CHANNEL_TEST(the_window_is_told_when_it_changes),
		CHANNEL_TEST(parked_calls_are_bounded),
	};
#undef CHANNEL_TEST

	return cmocka_run_group_tests_name("console channels", tests, NULL, NULL);
}

/* The console's channels die at every step that the outside can see, and a successor goes on from the record: no byte may
 * be lost or doubled on the way from a host to a client and back, and all credit returns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <masix/types.h>

#include "channels.h"

#define TOTAL 60000 /* bytes each way */
#define REPLIES 200000
#define SLOTS 4
#define SLOT_BYTES 300

/* Calls that the server was holding are lost with it: that is the point. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

static struct fixture {
	struct channels channels; /* kept memory */
	struct channels_record record;
	size_t taken,
		recorded; /* bytes of the host that were received, and those that the record knows of */
	/* The device. */
	uint8_t slot[SLOT_BYTES];
	uint16_t given;
	unsigned slots;
	/* The host. */
	size_t got, credit;
	/* The clients: one reads, one writes. */
	bool owed[REPLIES];
	unsigned replies, reader, writer;
	size_t read, written, writing;
	/* Death. */
	jmp_buf grave;
	unsigned until, deaths;
	uint32_t random;
} f;

static uint8_t byte_at(size_t offset)
{
	return (uint8_t)(offset * 7 + offset / 251);
}

static unsigned chance(unsigned most)
{
	f.random = f.random * 1664525 + 1013904223;
	return (f.random >> 8) % most;
}

static void may_die(void)
{
	if (f.until && !--f.until)
		longjmp(f.grave, 1);
}

static unsigned claim(void *device, unsigned reply)
{
	(void)device;
	may_die();
	return reply;
}

static void commit(void *device, const struct channels_record *record)
{
	(void)device;
	may_die();
	f.record = *record;
	f.recorded = f.taken;
	may_die();
}

static void hear(const struct parked *call, size_t count, const uint8_t *data)
{
	assert_true(f.owed[call->caller.reply]);
	f.owed[call->caller.reply] = false;
	if (call->kind == PARKED_WRITE) {
		assert_int_equal(call->caller.reply, f.writer);
		assert_true(count <= f.writing);
		f.written += count;
		f.writer = 0;
		return;
	}
	assert_int_equal(call->caller.reply, f.reader);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(data[i], byte_at(f.read + i));
	f.read += count;
	f.reader = 0;
}

static bool answer(const struct parked *call, const struct channels_answer *given)
{
	may_die();
	hear(call, given->count, given->data);
	may_die();
	return true;
}

static bool is_alive(const struct parked *call)
{
	(void)call;
	return true;
}

static uint8_t *slot(void *device, size_t *size)
{
	(void)device;
	*size = SLOT_BYTES;
	return f.slots ? f.slot : NULL;
}

static void send(void *device, size_t length)
{
	const uint8_t *payload = f.slot + FRAME_HEADER;
	const size_t count = length - FRAME_HEADER;

	(void)device;
	may_die();
	f.slots--;
	f.given++;
	if (f.slot[0] == FRAME_CREDIT_BYTES) {
		f.credit += payload[0] | payload[1] << 8 | payload[2] << 16;
	} else {
		for (size_t i = 0; i < count; i++)
			assert_int_equal(payload[i], byte_at(f.got + i));
		f.got += count;
	}
	may_die();
}

static bool flush(void *device, bool wanted)
{
	(void)device;
	(void)wanted;
	may_die();
	return true;
}

static const struct channels_ops ops = { claim, commit, answer, is_alive, slot, send, flush };

static bool is_owed(void *context, unsigned reply)
{
	(void)context;
	return f.owed[reply];
}

static void host_types(void)
{
	uint8_t bytes[500];
	struct frame frame = { .channel = FRAME_STDIN, .payload = bytes };
	size_t most = CHANNELS_INBOX - (f.taken - f.credit);

	frame.length = chance(sizeof bytes) + 1;
	if (frame.length > most || frame.length > TOTAL - f.taken)
		return;
	for (size_t i = 0; i < frame.length; i++)
		bytes[i] = byte_at(f.taken + i);
	f.taken += frame.length; /* counts with the record */
	assert_true(channels_receive(&f.channels, &frame));
}

static struct caller new_caller(void)
{
	assert_true(++f.replies < REPLIES);
	f.owed[f.replies] = true;
	return (struct caller){ .owner = &f, .token = f.replies, .reply = f.replies };
}

static void client_reads(void)
{
	struct caller caller = new_caller();

	f.reader = caller.reply;
	assert_int_equal(channels_read(&f.channels, MASIX_CHANNEL_STDIN, &caller, PARKED_READ, 0,
				 chance(700) + 1),
		CHANNELS_PARKED);
}

static void client_writes(void)
{
	static uint8_t data[3000];
	struct caller caller = new_caller();

	f.writer = caller.reply;
	f.writing = chance(sizeof data) + 1;
	if (f.writing > TOTAL - f.written)
		f.writing = TOTAL - f.written;
	for (size_t i = 0; i < f.writing; i++)
		data[i] = byte_at(f.written + i);
	assert_int_equal(channels_write(&f.channels, MASIX_CHANNEL_STDOUT, &caller, PARKED_WRITE, 0,
				 data, f.writing),
		CHANNELS_PARKED);
}

static void step(void)
{
	switch (chance(4)) {
	case 0:
		host_types();
		break;
	case 1:
		if (!f.reader)
			client_reads();
		break;
	case 2:
		if (!f.writer && f.written < TOTAL)
			client_writes();
		break;
	default:
		f.slots = SLOTS;
		channels_slots_freed(&f.channels);
	}
}

/* The callers of what the server was holding hear of its death, and ask again. */
static void forget_calls(void)
{
	f.owed[f.reader] = f.owed[f.writer] = false;
	f.reader = f.writer = 0;
}

static void recover(void)
{
	struct channels_debt debt;

	f.deaths++;
	f.taken = f.recorded;
	assert_true(channels_recover(&f.channels, &f.record, f.given, is_owed, NULL, &debt));
	if (debt.reply) {
		const struct parked call = { .kind = debt.kind, .caller.reply = debt.reply };

		hear(&call, debt.count, NULL);
		may_die();
	}
	channels_resume(&f.channels, &ops, &f);
	forget_calls();
}

static void run(uint32_t seed, unsigned life)
{
	memset(&f, 0, sizeof f);
	f.random = seed;
	f.slots = SLOTS;
	channels_init(&f.channels, &ops, &f);
	if (setjmp(f.grave)) {
		f.until = chance(life) + 1;
		recover();
	} else {
		f.until = chance(life) + 1;
	}
	while (f.read < TOTAL || f.written < TOTAL || f.got < TOTAL)
		step();
	assert_int_equal(f.got, TOTAL);
	assert_int_equal(f.read, TOTAL);
	assert_int_equal(f.credit + f.channels.now.consumed, TOTAL);
}

static void no_byte_is_lost_or_doubled(void **state)
{
	unsigned deaths = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		run(seed, seed % 2 ? 40 : 7);
		deaths += f.deaths;
	}
	assert_true(deaths > 1000);
}

static void a_record_that_cannot_be_is_refused(void **state)
{
	struct channels_debt debt;

	(void)state;
	run(1, 40);
	f.until = 0;
	assert_false(channels_recover(
		&f.channels, &f.record, (uint16_t)(f.given + 2), is_owed, NULL, &debt));
	f.record.input.count = CHANNELS_INBOX + 1;
	assert_false(channels_recover(&f.channels, &f.record, f.given, is_owed, NULL, &debt));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_byte_is_lost_or_doubled),
		cmocka_unit_test(a_record_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

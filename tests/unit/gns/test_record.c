/* Records, changes of keys, and the door that handshakes come through. */
#include "test.h"

#include <sodium.h>

#include "cookie.h"
#include "record.h"

#define SIZE 100

static struct record_ring a, b; /* a was the initiator */
static uint64_t now;
static uint8_t text[SIZE], record[SIZE + RECORD_OVERHEAD], opened[SIZE];
static uint32_t index_next;

static void add_keys(void)
{
	struct record_session session = {
		.initiator = true, .own_index = ++index_next, .peer_index = ++index_next
	};

	randombytes_buf(session.send, 32);
	randombytes_buf(session.receive, 32);
	record_ring_add(&a, &session, now);
	session = (struct record_session){ .own_index = session.peer_index,
		.peer_index = session.own_index };
	memcpy(session.receive, a.current.send, 32);
	memcpy(session.send, a.current.receive, 32);
	record_ring_add(&b, &session, now);
}

static void begin(bool stream)
{
	now = 1000;
	record_ring_init(&a, stream);
	record_ring_init(&b, stream);
	randombytes_buf(text, sizeof text);
	add_keys();
}

static bool open_in(struct record_ring *ring, const uint8_t *bytes, size_t size)
{
	uint8_t *copy = guarded(bytes, size);
	size_t got = 0;
	bool good = record_open(ring, now, copy, size, opened, sizeof opened, &got);

	free(copy);
	if (good) {
		assert_int_equal(got, SIZE);
		assert_memory_equal(opened, text, SIZE);
	}
	return good;
}

static size_t seal(struct record_ring *ring)
{
	return record_seal(ring, now, 0, text, SIZE, record, sizeof record);
}

static bool passes(struct record_ring *from, struct record_ring *to)
{
	return seal(from) == sizeof record && open_in(to, record, sizeof record);
}

static void there_and_back(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		begin(i == 1);
		/* The responder may not speak first: it does not know that its keys arrived. */
		assert_int_equal(seal(&b), 0);
		assert_true(passes(&a, &b));
		assert_true(passes(&b, &a));
		assert_true(passes(&a, &b));
		assert_false(record_ring_is_due(&a, now));
		assert_memory_not_equal(record + RECORD_HEADER_SIZE, text, SIZE);
	}
}

static void every_changed_byte_is_noticed(void **state)
{
	unsigned i;

	(void)state;
	begin(false);
	assert_int_equal(seal(&a), sizeof record);
	for (i = 0; i < sizeof record; i++) {
		record[i] ^= (uint8_t)(1 << i % 8);
		assert_false(open_in(&b, record, sizeof record));
		record[i] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(b.drops.malformed + b.drops.unknown + b.drops.stale + b.drops.replayed +
				 b.drops.forged,
		sizeof record);
	assert_true(b.drops.forged >= SIZE + RECORD_TAG_SIZE);
	for (i = 0; i < sizeof record; i++)
		assert_false(open_in(&b, record, i));
	assert_true(open_in(&b, record, sizeof record));
	assert_false(open_in(&b, record, sizeof record));
	assert_int_equal(b.drops.replayed, 1);
	/* Back to its sender. */
	assert_false(open_in(&a, record, sizeof record));
}

static void order(void **state)
{
	uint8_t first[sizeof record];

	(void)state;
	begin(false); /* datagrams overtake each other */
	assert_int_equal(seal(&a), sizeof record);
	memcpy(first, record, sizeof record);
	assert_true(passes(&a, &b));
	assert_true(open_in(&b, first, sizeof first));
	assert_false(open_in(&b, first, sizeof first));

	begin(true); /* on a stream nothing may be missing */
	assert_int_equal(seal(&a), sizeof record);
	memcpy(first, record, sizeof record);
	assert_false(passes(&a, &b));
	assert_true(open_in(&b, first, sizeof first));
	assert_true(open_in(&b, record, sizeof record));
	assert_false(open_in(&b, record, sizeof record));
}

static void keys_change(void **state)
{
	uint8_t old[sizeof record];

	(void)state;
	begin(false);
	assert_true(passes(&a, &b));
	assert_int_equal(seal(&a), sizeof record);
	memcpy(old, record, sizeof record);
	now += RECORD_REKEY_MS - 1;
	assert_false(record_ring_is_due(&a, now));
	now++;
	assert_true(record_ring_is_due(&a, now));
	assert_false(record_ring_is_due(&b, now));
	now += RECORD_REKEY_LATE_MS - RECORD_REKEY_MS;
	assert_true(record_ring_is_due(&b, now));
	add_keys();
	assert_false(record_ring_is_due(&a, now));
	/* What was on its way still arrives, and the responder goes on with the old keys until it sees the new ones. */
	assert_true(passes(&b, &a));
	assert_true(open_in(&b, old, sizeof old));
	assert_true(passes(&a, &b));
	assert_true(passes(&b, &a));
	assert_false(b.next.valid);
}

static void old_keys_are_refused(void **state)
{
	(void)state;
	begin(false);
	assert_true(passes(&a, &b));
	assert_int_equal(seal(&a), sizeof record);
	now += RECORD_REFUSE_MS - 1;
	assert_true(open_in(&b, record, sizeof record));
	assert_int_equal(seal(&a), sizeof record);
	now++;
	assert_false(open_in(&b, record, sizeof record));
	assert_int_equal(b.drops.stale, 1);
	assert_int_equal(seal(&a), 0);
	assert_true(record_ring_is_due(&a, now));

	begin(false);
	a.current.sent = RECORD_REKEY_COUNT - 1;
	assert_false(record_ring_is_due(&a, now));
	assert_true(passes(&a, &b));
	assert_true(record_ring_is_due(&a, now));
	a.current.sent = RECORD_REFUSE_COUNT;
	assert_int_equal(seal(&a), 0);
}

/* --- The door ----------------------------------------------------------------------------------------------------- */

static uint8_t public[32];
static struct cookie_door door;
static struct cookie_keys keys;

static void open_door(void)
{
	now = 5000;
	randombytes_buf(public, sizeof public);
	cookie_door_init(&door, public, now);
	cookie_keys_of(public, &keys);
}

static enum cookie_verdict knock(struct cookie_jar *jar, const char *address, uint8_t *message)
{
	randombytes_buf(message, SIZE);
	cookie_jar_stamp(jar, &keys, now, message, SIZE);
	return cookie_door_check(&door, now, address, strlen(address), message, SIZE);
}

static void only_who_knows_the_key(void **state)
{
	struct cookie_jar jar = { 0 };
	uint8_t message[SIZE];
	unsigned i;

	(void)state;
	open_door();
	assert_int_equal(knock(&jar, "a", message), COOKIE_PASS);
	for (i = 0; i < SIZE - COOKIE_SIZE; i++) {
		message[i] ^= 1;
		assert_int_equal(cookie_door_check(&door, now, "a", 1, message, SIZE), COOKIE_DROP);
		message[i] ^= 1;
	}
	for (i = 0; i < SIZE; i++)
		assert_int_equal(cookie_door_check(&door, now, "a", 1, message, i), COOKIE_DROP);
}

static void cookies(void **state)
{
	struct cookie_jar jar = { 0 }, other = { 0 };
	uint8_t message[SIZE], reply[COOKIE_REPLY_SIZE];
	unsigned i;

	(void)state;
	open_door();
	for (i = 0; i < COOKIE_CALM; i++)
		assert_int_equal(knock(&other, "flood", message), COOKIE_PASS);
	assert_int_equal(knock(&other, "flood", message), COOKIE_ASK);
	assert_int_equal(knock(&jar, "good", message), COOKIE_ASK);
	cookie_door_reply(&door, "good", 4, message, SIZE, reply);
	/* Nobody else can use the answer, and a changed one is none. */
	assert_false(cookie_jar_take(&other, &keys, now, reply, sizeof reply));
	for (i = 0; i < sizeof reply; i++) {
		reply[i] ^= 1;
		assert_false(cookie_jar_take(&jar, &keys, now, reply, sizeof reply));
		reply[i] ^= 1;
	}
	assert_false(cookie_jar_take(&jar, &keys, now, reply, sizeof reply - 1));
	assert_true(cookie_jar_take(&jar, &keys, now, reply, sizeof reply));
	assert_false(cookie_jar_take(&jar, &keys, now, reply, sizeof reply)); /* once */
	assert_int_equal(knock(&jar, "good", message), COOKIE_PASS);
	/* The cookie is of that address. */
	assert_int_equal(knock(&jar, "elsewhere", message), COOKIE_ASK);
	/* It outlives one change of the secret, not two. */
	now += COOKIE_LIFE_MS - 1;
	assert_int_equal(knock(&jar, "good", message), COOKIE_PASS);
	now += 1;
	for (i = 0; i < COOKIE_CALM; i++)
		(void)knock(&other, "flood", message);
	assert_int_equal(knock(&jar, "good", message), COOKIE_ASK);
}

/* A flood of those who cannot be reached leaves the others their share; nobody gets more than the rate. */
static void flood(void **state)
{
	struct cookie_jar jar = { 0 }, none = { 0 };
	uint8_t message[SIZE], reply[COOKIE_REPLY_SIZE];
	unsigned ms, good = 0, bad = 0, tries = 0;

	(void)state;
	open_door();
	for (ms = 0; ms < 10000; ms++, now++) {
		unsigned i;

		for (i = 0; i < 3; i++)
			bad += knock(&none, "spoofed", message) == COOKIE_PASS;
		if (ms % 200 == 0) {
			enum cookie_verdict verdict = knock(&jar, "good", message);

			tries++;
			if (verdict == COOKIE_ASK) {
				cookie_door_reply(&door, "good", 4, message, SIZE, reply);
				assert_true(cookie_jar_take(&jar, &keys, now, reply, sizeof reply));
				verdict = knock(&jar, "good", message);
			}
			good += verdict == COOKIE_PASS;
		}
	}
	assert_int_equal(good, tries);
	assert_true(good + bad <= COOKIE_RATE * 11);
	assert_true(door.asked > 20000);

	/* One that can be reached floods: its own bucket is empty. */
	now += 5000;
	for (good = 0, ms = 0; ms < 1000; ms++, now++)
		good += knock(&jar, "good", message) == COOKIE_PASS;
	assert_in_range(good, COOKIE_SOURCE_RATE, 2 * COOKIE_SOURCE_RATE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(every_changed_byte_is_noticed),
		cmocka_unit_test(order),
		cmocka_unit_test(keys_change),
		cmocka_unit_test(old_keys_are_refused),
		cmocka_unit_test(only_who_knows_the_key),
		cmocka_unit_test(cookies),
		cmocka_unit_test(flood),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}

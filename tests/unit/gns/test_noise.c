/* The handshake against the published vectors, and against whoever cuts, changes or swaps its messages. */
#include "test.h"

#include <sodium.h>

#include "noise.h"

/* Noise_IKpsk2_25519_ChaChaPoly_SHA256 of vectors/cacophony.txt in github.com/haskell-cryptography/cacophony (commit
 * 8ee9d41e); the same figures are in tests/vectors/cacophony.txt of github.com/mcginty/snow (commit 8ac60f51). */
static const char prologue_hex[] = "4a6f686e2047616c74";
static const char psk_hex[] = "54686973206973206d7920417573747269616e20706572737065637469766521";
static const char initiator_static[] =
	"e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1";
static const char initiator_ephemeral[] =
	"893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a";
static const char responder_public[] =
	"31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62";
static const char responder_static[] =
	"4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893";
static const char responder_ephemeral[] =
	"bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b";
static const char handshake_hash[] =
	"8310f86394dc0dabb40beb8210031556db4403ab1202db7034c526232147a700";
static const struct {
	const char *payload, *ciphertext;
} messages[] = {
	{ "4c756477696720766f6e204d69736573",
		"ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79442ec9b09893d0f51079"
		"1784"
		"c10cbc959f25b1766e0def6e301d14fbca1c7790ac829b8b3674f5f649a5f0e98479662cbfbf2b2c47"
		"cd4b"
		"09fcd266cd29d7cb675f1808849707847840f6d178ec4d3733aa" },
	{ "4d757272617920526f746862617264", "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069"
					    "f1448088439a1b3cebf680b2c74217fc"
					    "b5eba4ff58a9468cd90c4aca6194f57479b379a7" },
	{ "462e20412e20486179656b", "a8fde7a0accec190cd306c5950d4fd8e04a205ec288aa747d8b347" },
	{ "4361726c204d656e676572", "59caddd9984a3bbe24c4fb31a2bd455b7eba3fa0980674b1a3a5f9" },
	{ "4a65616e2d426170746973746520536179",
		"3b9bfebd210c22ba0cff9de79b4007d7a552fffbf92616881faa8a883e25b80258" },
	{ "457567656e2042f6686d20766f6e2042617765726b",
		"f37512df1043d564d7c46ac85c53d3b6a9a05724bc297e7142808f217561651217fe85b782" },
};

struct pair {
	struct noise initiator, responder;
	uint8_t ephemeral[2][32], initiator_public[32];
};

static void begin(struct pair *pair, const char *responder_prologue)
{
	uint8_t secret[32], public[32], psk[32], prologue[16];
	struct noise_keys keys;
	size_t size = unhex(prologue_hex, prologue);

	unhex(psk_hex, psk);
	unhex(responder_public, public);
	unhex(initiator_static, secret);
	noise_keys_of(secret, &keys);
	memcpy(pair->initiator_public, keys.public, 32);
	noise_begin(&pair->initiator, &keys, public, psk, prologue, size);
	unhex(responder_static, secret);
	noise_keys_of(secret, &keys);
	assert_memory_equal(keys.public, public, 32);
	size = unhex(responder_prologue, prologue);
	noise_begin(&pair->responder, &keys, NULL, psk, prologue, size);
	unhex(initiator_ephemeral, pair->ephemeral[0]);
	unhex(responder_ephemeral, pair->ephemeral[1]);
}

/* Message `number` (0, 1) of the handshake with the payload of the vectors. */
static size_t write_message(struct pair *pair, unsigned number, uint8_t *message, size_t room)
{
	uint8_t payload[64];
	size_t size = unhex(messages[number].payload, payload);

	return noise_write(number == 0 ? &pair->initiator : &pair->responder,
		pair->ephemeral[number], payload, size, message, room);
}

static bool read_message(
	struct pair *pair, unsigned number, const uint8_t *message, size_t size, size_t room)
{
	uint8_t payload[64], expected[64], *copy = guarded(message, size);
	size_t payload_size = 0;
	bool good = noise_read(number == 0 ? &pair->responder : &pair->initiator, copy, size,
		payload, room, &payload_size);

	free(copy);
	if (good) {
		assert_int_equal(payload_size, unhex(messages[number].payload, expected));
		assert_memory_equal(payload, expected, payload_size);
	}
	return good;
}

static void transport(const uint8_t *key, uint64_t nonce_number, unsigned number)
{
	uint8_t payload[64], sealed[80], expected[128], nonce[12] = { 0 };
	size_t size = unhex(messages[number].payload, payload);

	nonce[4] = (uint8_t)nonce_number;
	crypto_aead_chacha20poly1305_ietf_encrypt(
		sealed, NULL, payload, size, NULL, 0, NULL, nonce, key);
	assert_int_equal(size + 16, unhex(messages[number].ciphertext, expected));
	assert_memory_equal(sealed, expected, size + 16);
}

static void published_vectors(void **state)
{
	uint8_t message[256], expected[256], send[2][32], receive[2][32], hash[2][32];
	struct pair pair;
	unsigned i;

	(void)state;
	begin(&pair, prologue_hex);
	for (i = 0; i < 2; i++) {
		size_t size = write_message(&pair, i, message, sizeof message);

		assert_int_equal(size, unhex(messages[i].ciphertext, expected));
		assert_memory_equal(message, expected, size);
		assert_true(read_message(&pair, i, message, size, 64));
	}
	assert_memory_equal(pair.responder.remote_s, pair.initiator_public, 32);
	assert_true(noise_finish(&pair.initiator, send[0], receive[0], hash[0]));
	assert_true(noise_finish(&pair.responder, send[1], receive[1], hash[1]));
	unhex(handshake_hash, expected);
	assert_memory_equal(hash[0], expected, 32);
	assert_memory_equal(hash[1], expected, 32);
	assert_memory_equal(send[0], receive[1], 32);
	assert_memory_equal(send[1], receive[0], 32);
	for (i = 2; i < 6; i++)
		transport(send[i % 2], (i - 2) / 2, i);
	/* Once. */
	assert_false(noise_finish(&pair.initiator, send[0], receive[0], hash[0]));
}

static void every_changed_byte_is_noticed(void **state)
{
	uint8_t message[256];
	unsigned number, i;

	(void)state;
	for (number = 0; number < 2; number++) {
		size_t size = sizeof message;

		for (i = 0; i < size; i++) {
			struct pair pair;

			begin(&pair, prologue_hex);
			size = write_message(&pair, 0, message, sizeof message);
			if (number == 1) {
				assert_true(read_message(&pair, 0, message, size, 64));
				size = write_message(&pair, 1, message, sizeof message);
			}
			/* The top bit of an X25519 key means nothing, but it is hashed. */
			message[i] ^= (uint8_t)(1 << i % 8);
			assert_false(read_message(&pair, number, message, size, 64));
			message[i] ^= (uint8_t)(1 << i % 8);
			/* The handshake is over, also for the right message. */
			assert_false(read_message(&pair, number, message, size, 64));
		}
	}
}

static void sizes_are_checked(void **state)
{
	uint8_t message[256];
	struct pair pair;
	size_t size, cut;

	(void)state;
	begin(&pair, prologue_hex);
	size = write_message(&pair, 0, message, sizeof message);
	for (cut = 0; cut < size; cut++) {
		begin(&pair, prologue_hex);
		assert_false(read_message(&pair, 0, message, cut, 64));
	}
	begin(&pair, prologue_hex);
	assert_false(read_message(&pair, 0, message, size + 1, 64));
	begin(&pair, prologue_hex);
	assert_false(read_message(&pair, 0, message, size, 15)); /* a payload of 16 */
	begin(&pair, prologue_hex);
	assert_int_equal(write_message(&pair, 0, message, size - 1), 0);
	assert_int_equal(write_message(&pair, 0, message, sizeof message), 0);
}

static void both_must_agree(void **state)
{
	uint8_t message[256], zero[32] = { 0 };
	struct pair pair;
	size_t size;

	(void)state;
	begin(&pair, "4a6f686e"); /* another prologue */
	size = write_message(&pair, 0, message, sizeof message);
	assert_false(read_message(&pair, 0, message, size, 64));

	begin(&pair, prologue_hex); /* another pre-shared key shows in the second message */
	pair.responder.psk[0] ^= 1;
	size = write_message(&pair, 0, message, sizeof message);
	assert_true(read_message(&pair, 0, message, size, 64));
	size = write_message(&pair, 1, message, sizeof message);
	assert_false(read_message(&pair, 1, message, size, 64));

	begin(&pair, prologue_hex); /* an ephemeral key of small order */
	size = write_message(&pair, 0, message, sizeof message);
	memcpy(message, zero, 32);
	assert_false(read_message(&pair, 0, message, size, 64));
}

static void turns(void **state)
{
	uint8_t message[256], keys[3][32];
	struct pair pair;
	size_t size;

	(void)state;
	begin(&pair, prologue_hex);
	assert_false(noise_finish(&pair.initiator, keys[0], keys[1], keys[2]));
	assert_int_equal(write_message(&pair, 1, message, sizeof message), 0);
	begin(&pair, prologue_hex);
	size = write_message(&pair, 0, message, sizeof message);
	/* Reflected to its sender. */
	assert_false(noise_read(&pair.initiator, message, size, keys[0], 32, &size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors),
		cmocka_unit_test(every_changed_byte_is_noticed),
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(both_must_agree),
		cmocka_unit_test(turns),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("noise", tests, NULL, NULL);
}

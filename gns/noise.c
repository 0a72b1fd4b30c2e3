#include "noise.h"

#include <sodium/crypto_aead_chacha20poly1305.h>
#include <sodium/crypto_auth_hmacsha256.h>
#include <sodium/crypto_hash_sha256.h>
#include <sodium/crypto_scalarmult.h>
#include <sodium/utils.h>
#include <string.h>

#define PROTOCOL "Noise_IKpsk2_25519_ChaChaPoly_SHA256"

_Static_assert(sizeof PROTOCOL - 1 > NOISE_HASH_SIZE, "the name is hashed, not padded");

void noise_keys_of(const uint8_t secret[NOISE_KEY_SIZE], struct noise_keys *keys)
{
	memmove(keys->secret, secret, NOISE_KEY_SIZE);
	(void)crypto_scalarmult_base(keys->public, keys->secret); /* cannot fail */
}

void noise_wipe(struct noise *noise)
{
	sodium_memzero(noise, sizeof *noise);
}

static void mix_hash(struct noise *noise, const void *bytes, size_t size)
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, noise->hash, sizeof noise->hash);
	crypto_hash_sha256_update(&state, bytes, size);
	crypto_hash_sha256_final(&state, noise->hash);
}

static void hmac(
	const uint8_t key[NOISE_HASH_SIZE], const uint8_t *bytes, size_t size, uint8_t out[32])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key, NOISE_HASH_SIZE);
	crypto_auth_hmacsha256_update(&state, bytes, size);
	crypto_auth_hmacsha256_final(&state, out);
	sodium_memzero(&state, sizeof state);
}

/* HKDF of the framework: `count` (2 or 3) outputs of 32 bytes. */
static void hkdf(const uint8_t chain[NOISE_HASH_SIZE], const uint8_t *input, size_t size,
	uint8_t out[][NOISE_HASH_SIZE], unsigned count)
{
	uint8_t temporary[NOISE_HASH_SIZE], block[NOISE_HASH_SIZE + 1];
	unsigned i;

	hmac(chain, input, size, temporary);
	for (i = 0; i < count; i++) {
		size_t before = i == 0 ? 0 : NOISE_HASH_SIZE;

		if (i > 0)
			memcpy(block, out[i - 1], NOISE_HASH_SIZE);
		block[before] = (uint8_t)(i + 1);
		hmac(temporary, block, before + 1, out[i]);
	}
	sodium_memzero(temporary, sizeof temporary);
	sodium_memzero(block, sizeof block);
}

static void mix_key(struct noise *noise, const uint8_t *input)
{
	uint8_t out[2][NOISE_HASH_SIZE];

	hkdf(noise->chain, input, NOISE_KEY_SIZE, out, 2);
	memcpy(noise->chain, out[0], sizeof noise->chain);
	memcpy(noise->key, out[1], sizeof noise->key);
	noise->nonce = 0;
	sodium_memzero(out, sizeof out);
}

static void mix_psk(struct noise *noise)
{
	uint8_t out[3][NOISE_HASH_SIZE];

	hkdf(noise->chain, noise->psk, sizeof noise->psk, out, 3);
	memcpy(noise->chain, out[0], sizeof noise->chain);
	mix_hash(noise, out[1], NOISE_HASH_SIZE);
	memcpy(noise->key, out[2], sizeof noise->key);
	noise->nonce = 0;
	sodium_memzero(out, sizeof out);
}

/* False: the other side's key is of small order. */
static bool mix_dh(struct noise *noise, const struct noise_keys *own, const uint8_t *remote)
{
	uint8_t shared[NOISE_KEY_SIZE];
	bool good = crypto_scalarmult(shared, own->secret, remote) == 0;

	if (good)
		mix_key(noise, shared);
	sodium_memzero(shared, sizeof shared);
	return good;
}

static void make_nonce(uint64_t number, uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES])
{
	unsigned i;

	memset(nonce, 0, 4);
	for (i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t)(number >> 8 * i);
}

static void seal(struct noise *noise, const void *text, size_t size, uint8_t *sealed)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	make_nonce(noise->nonce++, nonce);
	(void)crypto_aead_chacha20poly1305_ietf_encrypt(
		sealed, NULL, text, size, noise->hash, sizeof noise->hash, NULL, nonce, noise->key);
	mix_hash(noise, sealed, size + NOISE_TAG_SIZE);
}

static bool open_sealed(struct noise *noise, const uint8_t *sealed, size_t sealed_size, void *text)
{
	uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	make_nonce(noise->nonce++, nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(text, NULL, NULL, sealed, sealed_size,
		    noise->hash, sizeof noise->hash, nonce, noise->key) != 0)
		return false;
	mix_hash(noise, sealed, sealed_size);
	return true;
}

void noise_begin(struct noise *noise, const struct noise_keys *own, const uint8_t *responder,
	const uint8_t psk[NOISE_KEY_SIZE], const void *prologue, size_t prologue_size)
{
	memset(noise, 0, sizeof *noise);
	noise->state = NOISE_FIRST;
	noise->initiator = responder != NULL;
	noise->s = *own;
	memcpy(noise->psk, psk, sizeof noise->psk);
	if (noise->initiator)
		memcpy(noise->remote_s, responder, sizeof noise->remote_s);
	crypto_hash_sha256(noise->hash, (const uint8_t *)PROTOCOL, sizeof PROTOCOL - 1);
	memcpy(noise->chain, noise->hash, sizeof noise->chain);
	mix_hash(noise, prologue, prologue_size);
	mix_hash(noise, noise->initiator ? noise->remote_s : noise->s.public, NOISE_KEY_SIZE);
}

/* In a pattern with a pre-shared key an ephemeral key is mixed into both. */
static void mix_ephemeral(struct noise *noise, const uint8_t *public)
{
	mix_hash(noise, public, NOISE_KEY_SIZE);
	mix_key(noise, public);
}

static bool write_first(struct noise *noise, const void *payload, size_t size, uint8_t *message)
{
	mix_ephemeral(noise, noise->e.public);
	memcpy(message, noise->e.public, NOISE_KEY_SIZE);
	message += NOISE_KEY_SIZE;
	if (!mix_dh(noise, &noise->e, noise->remote_s))
		return false;
	seal(noise, noise->s.public, NOISE_KEY_SIZE, message);
	message += NOISE_KEY_SIZE + NOISE_TAG_SIZE;
	if (!mix_dh(noise, &noise->s, noise->remote_s))
		return false;
	seal(noise, payload, size, message);
	return true;
}

static bool write_second(struct noise *noise, const void *payload, size_t size, uint8_t *message)
{
	mix_ephemeral(noise, noise->e.public);
	memcpy(message, noise->e.public, NOISE_KEY_SIZE);
	if (!mix_dh(noise, &noise->e, noise->remote_e) ||
		!mix_dh(noise, &noise->e, noise->remote_s))
		return false;
	mix_psk(noise);
	seal(noise, payload, size, message + NOISE_KEY_SIZE);
	return true;
}

size_t noise_write(struct noise *noise, const uint8_t ephemeral[NOISE_KEY_SIZE],
	const void *payload, size_t size, uint8_t *message, size_t room)
{
	bool first = noise->state == NOISE_FIRST;
	size_t overhead = first ? NOISE_FIRST_OVERHEAD : NOISE_SECOND_OVERHEAD;

	if (noise->state != (noise->initiator ? NOISE_FIRST : NOISE_SECOND) || room < overhead ||
		size > room - overhead || size > NOISE_MESSAGE_MAX - overhead) {
		noise_wipe(noise);
		return 0;
	}
	noise_keys_of(ephemeral, &noise->e);
	if (!(first ? write_first : write_second)(noise, payload, size, message)) {
		noise_wipe(noise);
		return 0;
	}
	noise->state++;
	return overhead + size;
}

static bool read_first(struct noise *noise, const uint8_t *message, size_t sealed, uint8_t *payload)
{
	memcpy(noise->remote_e, message, NOISE_KEY_SIZE);
	message += NOISE_KEY_SIZE;
	mix_ephemeral(noise, noise->remote_e);
	if (!mix_dh(noise, &noise->s, noise->remote_e) ||
		!open_sealed(noise, message, NOISE_KEY_SIZE + NOISE_TAG_SIZE, noise->remote_s) ||
		!mix_dh(noise, &noise->s, noise->remote_s))
		return false;
	return open_sealed(noise, message + NOISE_KEY_SIZE + NOISE_TAG_SIZE, sealed, payload);
}

static bool read_second(
	struct noise *noise, const uint8_t *message, size_t sealed, uint8_t *payload)
{
	memcpy(noise->remote_e, message, NOISE_KEY_SIZE);
	mix_ephemeral(noise, noise->remote_e);
	if (!mix_dh(noise, &noise->e, noise->remote_e) ||
		!mix_dh(noise, &noise->s, noise->remote_e))
		return false;
	mix_psk(noise);
	return open_sealed(noise, message + NOISE_KEY_SIZE, sealed, payload);
}

bool noise_read(struct noise *noise, const uint8_t *message, size_t message_size, uint8_t *payload,
	size_t room, size_t *size)
{
	bool first = noise->state == NOISE_FIRST;
	size_t overhead = first ? NOISE_FIRST_OVERHEAD : NOISE_SECOND_OVERHEAD;

	if (noise->state != (noise->initiator ? NOISE_SECOND : NOISE_FIRST) ||
		message_size < overhead || message_size - overhead > room ||
		message_size > NOISE_MESSAGE_MAX ||
		!(first ? read_first : read_second)(
			noise, message, message_size - overhead + NOISE_TAG_SIZE, payload)) {
		noise_wipe(noise);
		return false;
	}
	*size = message_size - overhead;
	noise->state++;
	return true;
}

bool noise_finish(struct noise *noise, uint8_t send[NOISE_KEY_SIZE],
	uint8_t receive[NOISE_KEY_SIZE], uint8_t hash[NOISE_HASH_SIZE])
{
	uint8_t out[2][NOISE_HASH_SIZE];

	if (noise->state != NOISE_DONE)
		return false;
	hkdf(noise->chain, NULL, 0, out, 2);
	memcpy(send, out[noise->initiator ? 0 : 1], NOISE_KEY_SIZE);
	memcpy(receive, out[noise->initiator ? 1 : 0], NOISE_KEY_SIZE);
	memcpy(hash, noise->hash, NOISE_HASH_SIZE);
	sodium_memzero(out, sizeof out);
	noise_wipe(noise);
	return true;
}

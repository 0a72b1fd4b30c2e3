#include "cookie.h"

#include <sodium/crypto_aead_xchacha20poly1305.h>
#include <sodium/crypto_generichash.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>
#include <string.h>

static void derive(const char *label, const uint8_t public[32], uint8_t key[32])
{
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, 32);
	(void)crypto_generichash_update(&state, (const uint8_t *)label, strlen(label));
	(void)crypto_generichash_update(&state, public, 32);
	(void)crypto_generichash_final(&state, key, 32);
}

void cookie_keys_of(const uint8_t public[32], struct cookie_keys *keys)
{
	derive("MASIX-GNS-MAC1-v1", public, keys->mac1);
	derive("MASIX-GNS-COOKIE-v1", public, keys->cookie);
}

static void mac(const uint8_t *key, size_t key_size, const void *bytes, size_t size,
	uint8_t out[COOKIE_SIZE])
{
	(void)crypto_generichash(out, COOKIE_SIZE, bytes, size, key, key_size);
}

/* True when one was left. */
static bool bucket_take(struct cookie_bucket *bucket, uint64_t now, uint64_t rate)
{
	bucket->tokens += (now - bucket->filled) * rate;
	bucket->filled = now;
	if (bucket->tokens > rate * 1000)
		bucket->tokens = rate * 1000;
	if (bucket->tokens < 1000)
		return false;
	bucket->tokens -= 1000;
	return true;
}

void cookie_door_init(struct cookie_door *door, const uint8_t public[32], uint64_t now)
{
	unsigned i;

	memset(door, 0, sizeof *door);
	cookie_keys_of(public, &door->keys);
	randombytes_buf(door->secret, sizeof door->secret);
	randombytes_buf(door->before, sizeof door->before);
	door->secret_born = now;
	door->all = (struct cookie_bucket){ COOKIE_RATE * 1000, now };
	for (i = 0; i < COOKIE_SOURCES; i++)
		door->sources[i] = (struct cookie_bucket){ COOKIE_SOURCE_RATE * 1000, now };
}

static bool has_mac2(const struct cookie_door *door, const void *address, size_t address_size,
	const uint8_t *message, size_t size)
{
	const uint8_t *const secrets[] = { door->secret, door->before };
	uint8_t cookie[COOKIE_SIZE], expected[COOKIE_SIZE];
	unsigned i;

	for (i = 0; i < 2; i++) {
		mac(secrets[i], 32, address, address_size, cookie);
		mac(cookie, sizeof cookie, message, size - COOKIE_SIZE, expected);
		if (sodium_memcmp(expected, message + size - COOKIE_SIZE, COOKIE_SIZE) == 0)
			return true;
	}
	return false;
}

static struct cookie_bucket *source_bucket(
	struct cookie_door *door, const void *address, size_t address_size)
{
	uint8_t hash[COOKIE_SIZE];

	mac(door->keys.cookie, 32, address, address_size, hash);
	return &door->sources[hash[0] % COOKIE_SOURCES];
}

enum cookie_verdict cookie_door_check(struct cookie_door *door, uint64_t now, const void *address,
	size_t address_size, const uint8_t *message, size_t size)
{
	uint8_t expected[COOKIE_SIZE];
	bool reachable;

	if (size < COOKIE_MACS_SIZE)
		goto drop;
	mac(door->keys.mac1, 32, message, size - COOKIE_MACS_SIZE, expected);
	if (sodium_memcmp(expected, message + size - COOKIE_MACS_SIZE, COOKIE_SIZE) != 0)
		goto drop;
	if (now - door->secret_born >= COOKIE_LIFE_MS) {
		memcpy(door->before, door->secret, sizeof door->before);
		randombytes_buf(door->secret, sizeof door->secret);
		door->secret_born = now;
	}
	reachable = has_mac2(door, address, address_size, message, size);
	/* Whoever cannot be reached leaves half of what is there to those who can. */
	if (!reachable && door->all.tokens + (now - door->all.filled) * COOKIE_RATE <=
				  (uint64_t)(COOKIE_RATE - COOKIE_CALM) * 1000) {
		door->asked++;
		return COOKIE_ASK;
	}
	if (reachable &&
		!bucket_take(source_bucket(door, address, address_size), now, COOKIE_SOURCE_RATE))
		goto drop;
	if (bucket_take(&door->all, now, COOKIE_RATE))
		return COOKIE_PASS;
drop:
	door->dropped++;
	return COOKIE_DROP;
}

void cookie_door_reply(const struct cookie_door *door, const void *address, size_t address_size,
	const uint8_t *message, size_t size, uint8_t reply[COOKIE_REPLY_SIZE])
{
	uint8_t cookie[COOKIE_SIZE];

	mac(door->secret, 32, address, address_size, cookie);
	randombytes_buf(reply, COOKIE_NONCE_SIZE);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(reply + COOKIE_NONCE_SIZE, NULL, cookie,
		sizeof cookie, message + size - COOKIE_MACS_SIZE, COOKIE_SIZE, NULL, reply,
		door->keys.cookie);
}

void cookie_jar_stamp(struct cookie_jar *jar, const struct cookie_keys *keys, uint64_t now,
	uint8_t *message, size_t size)
{
	uint8_t *mac1 = message + size - COOKIE_MACS_SIZE, *mac2 = mac1 + COOKIE_SIZE;

	mac(keys->mac1, 32, message, size - COOKIE_MACS_SIZE, mac1);
	memcpy(jar->mac1, mac1, COOKIE_SIZE);
	jar->asked = true;
	if (jar->full && now - jar->got < COOKIE_LIFE_MS)
		mac(jar->cookie, COOKIE_SIZE, message, size - COOKIE_SIZE, mac2);
	else
		memset(mac2, 0, COOKIE_SIZE);
}

bool cookie_jar_take(struct cookie_jar *jar, const struct cookie_keys *keys, uint64_t now,
	const uint8_t *reply, size_t size)
{
	uint8_t cookie[COOKIE_SIZE];

	if (!jar->asked || size != COOKIE_REPLY_SIZE ||
		crypto_aead_xchacha20poly1305_ietf_decrypt(cookie, NULL, NULL,
			reply + COOKIE_NONCE_SIZE, size - COOKIE_NONCE_SIZE, jar->mac1, COOKIE_SIZE,
			reply, keys->cookie) != 0)
		return false;
	memcpy(jar->cookie, cookie, sizeof jar->cookie);
	jar->full = true;
	jar->asked = false;
	jar->got = now;
	return true;
}

/* The list of revoked keys: any bytes with the right MAC, and any bytes at all. */
#include "revoked.h"

#include <masix/error.h>
#include <sodium.h>

#include "input.h"

/* What is accepted says the same when it is written. */
static void read_list(const uint8_t *bytes, size_t size, const uint8_t *key)
{
	static struct trust_revoked revoked, again;
	static uint8_t written[REVOKED_MAX];
	const char *why = NULL;
	size_t length;

	if (revoked_read(bytes, size, key, &revoked, &why) != 0) {
		REQUIRE(why != NULL);
		return;
	}
	REQUIRE(revoked.count <= TRUST_REVOKED_MAX);
	length = revoked_write(&revoked, key, written);
	REQUIRE(length == size && revoked_read(written, length, key, &again, &why) == 0);
	REQUIRE(again.count == revoked.count);
	for (unsigned i = 0; i < again.count; i++)
		REQUIRE(memcmp(again.keys[i].key, revoked.keys[i].key, MASIX_PUBLIC_KEY_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seed[MASIX_SEED_SIZE] = { 1 };
	static struct trust_revoked revoked;
	uint8_t key[REVOKED_KEY_SIZE], *bytes;
	const char *why;

	REQUIRE(sodium_init() >= 0);
	revoked_key(seed, key);
	REQUIRE(revoked_read(data, size, key, &revoked, &why) != 0);
	if (size < 2)
		return 0;
	bytes = malloc(size + REVOKED_MAC_SIZE);
	REQUIRE(bytes != NULL);
	memcpy(bytes, data, size);
	(void)crypto_auth_hmacsha512256(bytes + size, bytes, size, key);
	read_list(bytes, size + REVOKED_MAC_SIZE, key);
	bytes[data[0] * 31u % (size + REVOKED_MAC_SIZE)] ^= 1 + data[1] % 255;
	REQUIRE(revoked_read(bytes, size + REVOKED_MAC_SIZE, key, &revoked, &why) != 0);
	free(bytes);
	return 0;
}

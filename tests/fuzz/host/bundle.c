/* Bundles: any bytes behind a header that the site has signed, and any bytes at all. */
#include "bundle.h"

#include <masix/error.h>
#include <sodium.h>

#include "input.h"

static void read_all(struct bundle *bundle, const uint8_t *begin, const uint8_t *end)
{
	const uint8_t *manifest;
	const char *why;
	unsigned count = 0;
	size_t size;

	while ((manifest = bundle_next(bundle, &size, &why)) != NULL) {
		REQUIRE(manifest >= begin && size <= (size_t)(end - manifest));
		REQUIRE(++count <= BUNDLE_ENTRIES);
	}
	REQUIRE(why != NULL || bundle->left == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t seed[32] = { 1 };
	static uint8_t public_key[32], secret_key[64];
	struct bundle bundle;
	const char *why;
	uint8_t *bytes;

	if (public_key[0] == 0)
		REQUIRE(sodium_init() >= 0 &&
			crypto_sign_seed_keypair(public_key, secret_key, seed) == 0);
	REQUIRE(bundle_open(data, size, public_key, &bundle, &why) != 0);
	if (size < 4 || size > BUNDLE_MAX - BUNDLE_HEADER_SIZE)
		return 0;
	bytes = malloc(BUNDLE_HEADER_SIZE + size);
	REQUIRE(bytes != NULL);
	memcpy(bytes + BUNDLE_HEADER_SIZE, data, size);
	bundle_sign(bytes, BUNDLE_HEADER_SIZE + size, data[0] % (BUNDLE_ENTRIES + 2), secret_key);
	if (bundle_open(bytes, BUNDLE_HEADER_SIZE + size, public_key, &bundle, &why) == 0)
		read_all(&bundle, bytes, bytes + BUNDLE_HEADER_SIZE + size);
	bytes[data[1] * 31u % (BUNDLE_HEADER_SIZE + size)] ^= 1 + data[2] % 255;
	REQUIRE(bundle_open(bytes, BUNDLE_HEADER_SIZE + size, public_key, &bundle, &why) != 0);
	free(bytes);
	return 0;
}

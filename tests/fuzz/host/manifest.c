/* Manifests: any bytes as a body, signed or not. */
#include "manifest.h"

#include <masix/error.h>
#include <sodium.h>

#include "input.h"

static uint8_t public_key[32], secret_key[64];

static void make_keys(void)
{
	static const uint8_t seed[32] = { 1 };

	if (public_key[0] == 0 && public_key[1] == 0)
		REQUIRE(sodium_init() >= 0 &&
			crypto_sign_seed_keypair(public_key, secret_key, seed) == 0);
}

/* What the site has signed is accepted, and nothing that differs from it in one byte. */
static void sign_and_spoil(const struct manifest *manifest, const uint8_t *data, size_t size)
{
	static uint8_t bytes[MANIFEST_MAX];
	struct manifest again;
	const char *why;
	const size_t length = manifest_sign(manifest, secret_key, bytes, sizeof bytes);

	REQUIRE(length == MANIFEST_HEADER_SIZE + size);
	REQUIRE(memcmp(bytes + MANIFEST_HEADER_SIZE, data, size) == 0);
	REQUIRE(manifest_open(bytes, length, public_key, &again, &why) == 0);
	REQUIRE(memcmp(&again, manifest, sizeof again) == 0);
	bytes[data[size - 1] * 37u % length] ^= 1 + data[0] % 255;
	REQUIRE(manifest_open(bytes, length, public_key, &again, &why) != 0);
	REQUIRE(manifest_open(bytes, length - 1, public_key, &again, &why) != 0);
}

static void ask(const struct manifest *manifest, struct input input)
{
	char name[64];

	take_name(&input, name);
	(void)manifest_requires(manifest, name);
	(void)manifest_resolves(manifest, name, strlen(name));
	(void)manifest_find_provide(manifest, name, strlen(name), (int)take_below(&input, 4));
	(void)manifest_grants(manifest, (int)take_below(&input, 8), take32(&input));
	if (manifest->provide_count != 0)
		REQUIRE(manifest_offers(&manifest->provides[0],
			manifest->provides[0].interfaces[0].id,
			manifest->provides[0].interfaces[0].version));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct manifest manifest;
	const char *why;

	make_keys();
	REQUIRE(manifest_open(data, size, public_key, &manifest, &why) != 0);
	if (manifest_parse(data, size, &manifest, &why) != 0) {
		REQUIRE(why != NULL);
		return 0;
	}
	REQUIRE(manifest_name_valid(manifest.name, strlen(manifest.name)));
	sign_and_spoil(&manifest, data, size);
	ask(&manifest, (struct input){ data, size });
	return 0;
}

/* The signed bundle of the boot servers' manifests. */
#include <masix/error.h>
#include <sodium.h>
#include <string.h>

#include "bundle.h"

#define MAGIC "MASIXBND"
#define VERSION 1
#define LABEL "MASIX-BUNDLE-v1"
#define UNSIGNED 24 /* bytes of the header before the signature */

static void signed_bytes(
	const uint8_t *bytes, size_t size, uint8_t message[sizeof LABEL + MASIX_HASH_SIZE])
{
	crypto_generichash_state state;

	memcpy(message, LABEL, sizeof LABEL);
	crypto_generichash_init(&state, NULL, 0, MASIX_HASH_SIZE);
	crypto_generichash_update(&state, bytes, UNSIGNED);
	crypto_generichash_update(&state, bytes + BUNDLE_HEADER_SIZE, size - BUNDLE_HEADER_SIZE);
	crypto_generichash_final(&state, message + sizeof LABEL, MASIX_HASH_SIZE);
}

size_t bundle_size(const uint8_t header[BUNDLE_HEADER_SIZE])
{
	size_t size = bytes_get32(header + 12);

	if (memcmp(header, MAGIC, 8) != 0 || bytes_get32(header + 8) != VERSION ||
		size < BUNDLE_HEADER_SIZE || size > BUNDLE_MAX)
		return 0;
	return size;
}

int bundle_open(const uint8_t *bytes, size_t size, const uint8_t site[MASIX_PUBLIC_KEY_SIZE],
	struct bundle *bundle, const char **why)
{
	uint8_t message[sizeof LABEL + MASIX_HASH_SIZE];

	if (size < BUNDLE_HEADER_SIZE || bundle_size(bytes) != size) {
		*why = "not a bundle of manifests";
		return MASIX_E_BAD_FORMAT;
	}
	signed_bytes(bytes, size, message);
	if (crypto_sign_verify_detached(bytes + UNSIGNED, message, sizeof message, site) != 0) {
		*why = "damaged, or not signed by this site";
		return MASIX_E_DENIED;
	}
	bundle->left = bytes_get32(bytes + 16);
	bundle->entries.next = bytes + BUNDLE_HEADER_SIZE;
	bundle->entries.left = size - BUNDLE_HEADER_SIZE;
	if (bundle->left > BUNDLE_ENTRIES) {
		*why = "too many manifests";
		return MASIX_E_BAD_FORMAT;
	}
	return 0;
}

const uint8_t *bundle_next(struct bundle *bundle, size_t *size, const char **why)
{
	const uint8_t *length, *manifest = NULL;

	*why = NULL;
	if (bundle->left == 0 && bundle->entries.left == 0)
		return NULL;
	if (bundle->left != 0) {
		length = bytes_take(&bundle->entries, 4);
		if (length != NULL) {
			*size = bytes_get32(length);
			manifest = bytes_take(&bundle->entries, *size);
		}
		bundle->left--;
	}
	if (manifest == NULL)
		*why = "cut off";
	return manifest;
}

void bundle_sign(uint8_t *bytes, size_t size, unsigned count, const uint8_t *site_secret)
{
	uint8_t message[sizeof LABEL + MASIX_HASH_SIZE];

	memcpy(bytes, MAGIC, 8);
	bytes_put32(bytes + 8, VERSION);
	bytes_put32(bytes + 12, size);
	bytes_put32(bytes + 16, count);
	bytes_put32(bytes + 20, 0);
	signed_bytes(bytes, size, message);
	crypto_sign_detached(bytes + UNSIGNED, NULL, message, sizeof message, site_secret);
}

/* The revoked keys as bytes. */
#include "revoked.h"

#include <masix/error.h>
#include <sodium.h>
#include <string.h>

#include "bytes.h"

#define MAGIC "MASIXREV"
#define VERSION 1
#define LABEL "MASIX-REVOKED-v1"

_Static_assert(REVOKED_KEY_SIZE == crypto_auth_hmacsha512256_KEYBYTES &&
		       REVOKED_MAC_SIZE == crypto_auth_hmacsha512256_BYTES,
	"sizes of libsodium");

void revoked_key(const uint8_t seed[MASIX_SEED_SIZE], uint8_t key[REVOKED_KEY_SIZE])
{
	(void)crypto_generichash(key, REVOKED_KEY_SIZE, (const uint8_t *)LABEL, sizeof LABEL - 1,
		seed, MASIX_SEED_SIZE);
}

size_t revoked_write(const struct trust_revoked *revoked, const uint8_t key[REVOKED_KEY_SIZE],
	uint8_t bytes[REVOKED_MAX])
{
	struct bytes_writer out = { bytes, REVOKED_MAX - REVOKED_MAC_SIZE, false };
	uint8_t mac[REVOKED_MAC_SIZE];
	unsigned i;

	bytes_append(&out, MAGIC, sizeof MAGIC - 1);
	bytes_append32(&out, VERSION);
	bytes_append32(&out, revoked->count);
	for (i = 0; i < revoked->count; i++) {
		char name[MANIFEST_NAME_SIZE] = "";

		memcpy(name, revoked->keys[i].name,
			strnlen(revoked->keys[i].name, sizeof name - 1));
		bytes_append(&out, name, sizeof name);
		bytes_append(&out, revoked->keys[i].key, MASIX_PUBLIC_KEY_SIZE);
	}
	(void)crypto_auth_hmacsha512256(mac, bytes, out.next - bytes, key);
	out.left = sizeof mac;
	bytes_append(&out, mac, sizeof mac);
	return out.next - bytes;
}

/* One entry of a genuine list. */
static int read_entry(struct bytes_reader *in, struct trust_revoked *revoked)
{
	const uint8_t *name = bytes_take(in, MANIFEST_NAME_SIZE),
		      *key = bytes_take(in, MASIX_PUBLIC_KEY_SIZE);

	if (name == NULL || key == NULL || revoked->count == TRUST_REVOKED_MAX ||
		name[MANIFEST_NAME_SIZE - 1] != 0)
		return MASIX_E_BAD_FORMAT;
	memcpy(revoked->keys[revoked->count].name, name, MANIFEST_NAME_SIZE);
	memcpy(revoked->keys[revoked->count++].key, key, MASIX_PUBLIC_KEY_SIZE);
	return 0;
}

int revoked_read(const uint8_t *bytes, size_t size, const uint8_t key[REVOKED_KEY_SIZE],
	struct trust_revoked *revoked, const char **why)
{
	struct bytes_reader in = { bytes, size };
	const uint8_t *head;
	uint32_t count;

	revoked->count = 0;
	*why = "not a list of revoked keys";
	if (size < REVOKED_HEAD + REVOKED_MAC_SIZE || size > REVOKED_MAX)
		return MASIX_E_BAD_FORMAT;
	in.left -= REVOKED_MAC_SIZE;
	head = bytes_take(&in, REVOKED_HEAD);
	if (memcmp(head, MAGIC, sizeof MAGIC - 1) != 0)
		return MASIX_E_BAD_FORMAT;
	*why = "the list of revoked keys is not what this ACS has written";
	if (crypto_auth_hmacsha512256_verify(
		    bytes + in.left + REVOKED_HEAD, bytes, size - REVOKED_MAC_SIZE, key) != 0)
		return MASIX_E_DENIED;
	*why = "the list of revoked keys is of another version";
	if (bytes_get32(head + 8) != VERSION)
		return MASIX_E_BAD_FORMAT;
	for (count = bytes_get32(head + 12); count != 0; count--)
		if (read_entry(&in, revoked) != 0)
			return MASIX_E_BAD_FORMAT;
	return in.left == 0 ? 0 : MASIX_E_BAD_FORMAT;
}

/* The revoked keys as bytes that outlive a boot: somebody else stores them, nobody else can make or change them.  Pure.
 *
 * Form (numbers little endian): magic "MASIXREV", 32-bit version 1, 32-bit count, then for each key its name (padded with
 * zeros) and the key, and at last an HMAC-SHA-512-256 of all that.  A list has exactly one encoding. */
#ifndef ACS_REVOKED_H
#define ACS_REVOKED_H

#include "trust.h"

#define REVOKED_HEAD 16
#define REVOKED_ENTRY (MANIFEST_NAME_SIZE + MASIX_PUBLIC_KEY_SIZE)
#define REVOKED_KEY_SIZE 32
#define REVOKED_MAC_SIZE 32
#define REVOKED_MAX (REVOKED_HEAD + TRUST_REVOKED_MAX * REVOKED_ENTRY + REVOKED_MAC_SIZE)

/* The key of the MAC, from ACS's own secret, which is the same in every boot. */
void revoked_key(const uint8_t seed[MASIX_SEED_SIZE], uint8_t key[REVOKED_KEY_SIZE]);

/* Returns the bytes written. */
size_t revoked_write(const struct trust_revoked *revoked, const uint8_t key[REVOKED_KEY_SIZE],
	uint8_t bytes[REVOKED_MAX]);

/* 0; or MASIX_E_BAD_FORMAT, or MASIX_E_DENIED: somebody else has written or changed it; *why a static text. */
int revoked_read(const uint8_t *bytes, size_t size, const uint8_t key[REVOKED_KEY_SIZE],
	struct trust_revoked *revoked, const char **why) __attribute__((warn_unused_result));

#endif

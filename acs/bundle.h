/* The signed bundle of the boot servers' manifests: the contents of the boot module `manifests`.
 * Pure.  The signature covers the whole bundle, so that no manifest of another build can be
 * mixed in and none left out.
 *
 * Form: magic "MASIXBND", 32-bit version 1, 32-bit total size, 32-bit count, 32-bit zero,
 * Ed25519 signature by the site key over "MASIX-BUNDLE-v1" and the hash of everything else,
 * then `count` times a 32-bit size and a signed manifest. */
#ifndef ACS_BUNDLE_H
#define ACS_BUNDLE_H

#include "bytes.h"
#include "manifest.h"

#define BUNDLE_ADDRESS 0x10000000u /* of the bundle in the module's task */
#define BUNDLE_HEADER_SIZE (8 + 4 + 4 + 4 + 4 + MASIX_SIGNATURE_SIZE)
#define BUNDLE_ENTRIES 64
#define BUNDLE_MAX (BUNDLE_HEADER_SIZE + BUNDLE_ENTRIES * (4 + MANIFEST_MAX))

struct bundle {
	unsigned left;
	struct bytes_reader entries;
};

/* The total size that a bundle's first BUNDLE_HEADER_SIZE bytes claim, or 0 if they are none. */
size_t bundle_size(const uint8_t header[BUNDLE_HEADER_SIZE]);

/* Check the signature over all of it.  0, MASIX_E_BAD_FORMAT or MASIX_E_DENIED with *why. */
int bundle_open(const uint8_t *bytes, size_t size, const uint8_t site[MASIX_PUBLIC_KEY_SIZE],
	struct bundle *bundle, const char **why) __attribute__((warn_unused_result));

/* The next signed manifest, for manifest_open; NULL after the last, with *why set if what is left
 * is malformed, else NULL. */
const uint8_t *bundle_next(struct bundle *bundle, size_t *size, const char **why);

/* Fill in the header of `bytes`, whose entries are already in place behind it, and sign. */
void bundle_sign(uint8_t *bytes, size_t size, unsigned count, const uint8_t *site_secret);

#endif

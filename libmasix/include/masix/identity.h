/* Who a server is: the identity that the signing tool writes into its image, the measure of an
 * image, and the bytes that a registration signs.  All pure: compiled on the host too, by the
 * signing tool and by the unit tests; needs libsodium only.
 *
 * The identity is the contents of an ELF note (owner "Masix", type MASIX_IDENTITY_NOTE) in
 * every server: zeros as linked, filled in by the host tool.  It is found through the PT_NOTE
 * program headers, which the measure covers.  The measure takes the identity itself as zeros,
 * so that it may hold the hashes that depend on the measure; what it claims is proved by the
 * signature that ACS checks against the signed manifest. */
#ifndef MASIX_IDENTITY_H
#define MASIX_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include <masix/elf.h>

#define MASIX_HASH_SIZE 32 /* BLAKE2b-256 */
#define MASIX_SEED_SIZE 32 /* Ed25519 */
#define MASIX_PUBLIC_KEY_SIZE 32
#define MASIX_SIGNATURE_SIZE 64
#define MASIX_CHALLENGE_SIZE 32
#define MASIX_NODE_SIZE 16
#define MASIX_NODE_NAME_SIZE 32
#define MASIX_SERVER_NAME_MAX 64 /* bytes with the NUL, of a manifest's name */
#define MASIX_INTERFACES_MAX 32	 /* pairs of id and version in one registration */
#define MASIX_INTERFACE_VERSION 1

#define MASIX_IDENTITY_NOTE 1
#define MASIX_IDENTITY_OWNER "Masix"
#define MASIX_IDENTITY_MAGIC "MASIX-IDENTITY1" /* 16 bytes with the NUL */

/* Who a machine is in a cluster.  The certificate says that the site takes the owner of the key for the node of that name:
 * `signature` is the site's, over the label "MASIX-NODE-v1" with its NUL, name and key. */
struct masix_node_certificate {
	char name[MASIX_NODE_NAME_SIZE];	   /* NULs behind it; empty: there is none */
	uint8_t public_key[MASIX_PUBLIC_KEY_SIZE]; /* X25519 */
	uint8_t signature[MASIX_SIGNATURE_SIZE];
};

#define MASIX_NODE_LABEL "MASIX-NODE-v1"

struct masix_node_identity {
	uint8_t secret[32];  /* X25519, of this machine alone */
	uint8_t cluster[32]; /* what all nodes of the cluster know */
	struct masix_node_certificate certificate;
};

struct masix_identity {
	char magic[16];			  /* present in an unsigned image too */
	uint32_t generation;		  /* 0: not signed yet */
	char name[MASIX_SERVER_NAME_MAX]; /* NUL-terminated */
	uint8_t seed[MASIX_SEED_SIZE];	  /* secret: crypto_sign_seed_keypair */
	uint8_t public_key[MASIX_PUBLIC_KEY_SIZE];
	uint8_t site[MASIX_PUBLIC_KEY_SIZE];	/* the site's public key, which names the cluster */
	uint8_t image_hash[MASIX_HASH_SIZE];	/* of masix_measure_image */
	uint8_t manifest_hash[MASIX_HASH_SIZE]; /* BLAKE2b-256 of the signed manifest's text */
	struct masix_node_identity node; /* of the network server of a machine in a cluster */
};
_Static_assert(sizeof(struct masix_identity) == 436, "note in identity/note.S");

/* Our own, on the target. */
extern const struct masix_identity masix_identity;

/* Reads `size` bytes of the image as loaded at `address` (as linked, never beyond a segment's
 * file bytes).  0, or not 0 to give up. */
typedef int (*masix_image_read_t)(void *context, uint32_t address, void *buffer, size_t size);

/* The measure: BLAKE2b-256 over the label "MASIX-IMAGE-v1", then for each PT_LOAD in order its
 * address, file size, memory size and protection (32 bits each, little endian) and its file
 * bytes, with the identity's bytes as zeros.  `elf` is what masix_elf_parse made of the first
 * page.  *identity_address tells where the identity lies in the image.
 * Returns 0, or MASIX_E_BAD_FORMAT (no identity note, more than one, an odd one) or MASIX_E_IO
 * (the reader gave up) with *why a static text.  No allocation; reads 4 KiB at a time. */
int masix_measure_image(const struct masix_elf *elf, masix_image_read_t read, void *context,
	uint8_t hash[MASIX_HASH_SIZE], uint32_t *identity_address, const char **why)
	__attribute__((warn_unused_result));

/* A masix_image_read_t for an image file that is in memory. */
struct masix_image_file {
	const struct masix_elf *elf;
	const uint8_t *bytes;
	size_t size;
};
int masix_image_file_read(void *image_file, uint32_t address, void *buffer, size_t size);

/* The file offset of a loaded address; 0 if it is not backed by the file. */
uint32_t masix_image_file_offset(const struct masix_elf *elf, uint32_t address);

/* What a registration says.  Both sides fill it in from what they know themselves. */
struct masix_registration {
	const uint8_t *cluster;	  /* MASIX_PUBLIC_KEY_SIZE: the site's public key */
	const uint8_t *node;	  /* MASIX_NODE_SIZE */
	uint64_t incarnation;	  /* of ACS */
	const uint8_t *challenge; /* MASIX_CHALLENGE_SIZE */
	uint64_t session;
	const char *name; /* as registered, with the suffix */
	size_t name_length;
	const uint32_t *interfaces; /* id, version, id, version, ... */
	size_t interface_words;
	uint32_t role;
	const uint8_t *image_hash;    /* MASIX_HASH_SIZE */
	const uint8_t *manifest_hash; /* MASIX_HASH_SIZE */
	const uint8_t *public_key;    /* MASIX_PUBLIC_KEY_SIZE */
	uint32_t generation;
};

#define MASIX_REGISTRATION_MAX 1024

/* The canonical bytes that Ed25519 signs: each field, beginning with the label "MASIX-ACS-REG-v1", as a
 * 32-bit little-endian length and its bytes; numbers little endian, 4 or 8 bytes.
 * Returns how many bytes were written, or 0 if `size` is too small or a length is not allowed. */
size_t masix_registration_bytes(const struct masix_registration *registration, uint8_t *out,
	size_t size) __attribute__((warn_unused_result));

#endif

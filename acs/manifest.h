/* A server's manifest: what ACS promises about it and what it may have.  Pure: parsed by ACS, made
 * by the host tool masix-sign, compiled on the host for the unit tests.
 *
 * Signed form (all numbers little endian):
 *	magic "MASIXMAN", 32-bit version 1, 32-bit size of the body,
 *	Ed25519 signature by the site key over "MASIX-MANIFEST-v1" and the body's hash,
 *	body: records of tag (8 bits), length (16 bits) and contents, tags never falling.
 * A manifest has exactly one encoding; its identity is the hash of its body. */
#ifndef ACS_MANIFEST_H
#define ACS_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <masix/identity.h>

#include "format.h"

#define MANIFEST_NAME_SIZE MASIX_SERVER_NAME_MAX /* with the NUL */
#define MANIFEST_PROVIDES 16
#define MANIFEST_INTERFACES 8
#define MANIFEST_RESOLVES 32
#define MANIFEST_RIGHTS 16
#define MANIFEST_NEEDS 16
#define MANIFEST_ARGUMENTS 16
#define MANIFEST_FORMATS 8
#define MANIFEST_POOL_MAX 16
#define MANIFEST_HAND_OVER_MAX 3600
#define MANIFEST_ARGUMENT_SIZE 128 /* with the NUL */

#define MANIFEST_HEADER_SIZE (8 + 4 + 4 + MASIX_SIGNATURE_SIZE)
#define MANIFEST_BODY_MAX 8192
#define MANIFEST_MAX (MANIFEST_HEADER_SIZE + MANIFEST_BODY_MAX)

/* What follows the death of a server. */
enum manifest_restart {
	MANIFEST_RESTART_NEVER,
	MANIFEST_RESTART_BACKOFF, /* after 1 s, doubling to 30 s, until it has failed too often */
	MANIFEST_RESTART_HALT,	  /* nothing works without it: stop the machine */
	MANIFEST_RESTART_ALWAYS,  /* at once, until it has failed too often */
};

struct manifest_interface {
	uint32_t id; /* message id base */
	uint32_t version;
};

/* A name that the server may register: its own, or one below it.  "NAME/" followed by a star
 * stands for every name below, and is never required. */
struct manifest_provide {
	char name[MANIFEST_NAME_SIZE];
	int role;      /* MASIX_ROLE_* */
	bool required; /* before acs_ready */
	unsigned interface_count;
	struct manifest_interface interfaces[MANIFEST_INTERFACES];
};

struct manifest_right {
	int which;	   /* MASIX_RIGHT_* */
	uint32_t from, to; /* lines of _IRQ, ports of _IO_PORTS, pages of _MEMORY, inclusive */
};

struct manifest {
	char name[MANIFEST_NAME_SIZE];
	uint32_t generation; /* grows with each new release: an older one is refused */
	uint8_t image_hash[MASIX_HASH_SIZE];
	uint8_t public_key[MASIX_PUBLIC_KEY_SIZE];
	enum manifest_restart restart;
	unsigned pool; /* how many may serve under its name at a time; 1 for most */
	unsigned
		hand_over; /* seconds that a replaced one goes on serving; 0: not replaced while it runs */
	bool inherits; /* the one that follows a dead one has its kept memory and its rights */
	unsigned provide_count, resolve_count, right_count, need_count, argument_count,
		format_count;
	struct manifest_provide provides[MANIFEST_PROVIDES];
	char resolves[MANIFEST_RESOLVES][MANIFEST_NAME_SIZE]; /* as in manifest_provide */
	struct manifest_right rights[MANIFEST_RIGHTS];
	char needs[MANIFEST_NEEDS][MANIFEST_NAME_SIZE];
	char arguments[MANIFEST_ARGUMENTS][MANIFEST_ARGUMENT_SIZE];
	struct format formats[MANIFEST_FORMATS]; /* of files that a program of its runs */
	uint8_t hash[MASIX_HASH_SIZE];		 /* of the body; set by the parser */
};

/* Lower case letters, digits, '.', '_' and '-' in parts divided by single '/'; the first
 * character is a letter; shorter than MANIFEST_NAME_SIZE. */
bool manifest_name_valid(const char *name, size_t length);

/* Check the site key's signature and parse.  0, or MASIX_E_BAD_FORMAT or MASIX_E_DENIED (signature)
 * with *why a static text. */
int manifest_open(const uint8_t *bytes, size_t size, const uint8_t site[MASIX_PUBLIC_KEY_SIZE],
	struct manifest *manifest, const char **why) __attribute__((warn_unused_result));

/* Parse a body without asking who signed it.  0 or MASIX_E_BAD_FORMAT. */
int manifest_parse(const uint8_t *body, size_t size, struct manifest *manifest, const char **why)
	__attribute__((warn_unused_result));

/* What in it cannot be together, a static text, or NULL. */
const char *manifest_contradiction(const struct manifest *manifest);

/* The body of `manifest`; its size, or 0 if `room` is too small. */
size_t manifest_build(const struct manifest *manifest, uint8_t *body, size_t room);

/* Build and sign with the site's Ed25519 secret key (64 bytes).  The size, or 0 as above. */
size_t manifest_sign(
	const struct manifest *manifest, const uint8_t *site_secret, uint8_t *bytes, size_t room);

/* The record that lets the server register `name` (not terminated) with this role, or NULL. */
const struct manifest_provide *manifest_find_provide(
	const struct manifest *manifest, const char *name, size_t length, int role);

/* Must this name be registered before the server is ready? */
bool manifest_requires(const struct manifest *manifest, const char *name);

bool manifest_offers(const struct manifest_provide *provide, uint32_t id, uint32_t version);
bool manifest_resolves(const struct manifest *manifest, const char *name, size_t length);

/* arg as in acs_right: a line for _IRQ, from << 16 | to for _IO_PORTS, else ignored. */
bool manifest_grants(const struct manifest *manifest, int which, uint32_t arg);

#endif

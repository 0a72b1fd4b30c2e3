/* The door of a responder: who may make it compute.  A message of the handshake ends with two keyed hashes, as in WireGuard:
 *
 *	mac1 16		under a key of the responder's public key: its sender knows whom it speaks to
 *	mac2 16		under the cookie of the sender's address, or zeros: its sender can be reached there
 *
 * When handshakes come faster than they are answered comfortably, only those with mac2 are; others get a cookie, sealed so
 * that only who sent that mac1 can open it.  And never more than COOKIE_RATE a second, nor COOKIE_SOURCE_RATE of one
 * address.  Pure; libsodium's keyed BLAKE2b and XChaCha20-Poly1305. */
#ifndef GNS_COOKIE_H
#define GNS_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COOKIE_SIZE 16
#define COOKIE_MACS_SIZE (2 * COOKIE_SIZE)
#define COOKIE_NONCE_SIZE 24
#define COOKIE_REPLY_SIZE (COOKIE_NONCE_SIZE + COOKIE_SIZE + 16)
#define COOKIE_LIFE_MS 120000
#define COOKIE_RATE 50	      /* handshakes a second */
#define COOKIE_CALM 25	      /* so many may come at once before cookies are asked for */
#define COOKIE_SOURCE_RATE 10 /* of one address */
#define COOKIE_SOURCES 64     /* addresses share these */

/* The two keys that follow from a responder's public key. */
struct cookie_keys {
	uint8_t mac1[32], cookie[32];
};

void cookie_keys_of(const uint8_t public[32], struct cookie_keys *keys);

/* So many a second, as many saved up. */
struct cookie_bucket {
	uint64_t tokens; /* thousandths */
	uint64_t filled; /* when */
};

struct cookie_door {
	struct cookie_keys keys;
	uint8_t secret[32], before[32]; /* cookies of the one before are good too */
	uint64_t secret_born;
	struct cookie_bucket all, sources[COOKIE_SOURCES];
	uint64_t dropped, asked;
};

void cookie_door_init(struct cookie_door *door, const uint8_t public[32], uint64_t now);

enum cookie_verdict { COOKIE_DROP, COOKIE_ASK, COOKIE_PASS };

/* A message of `size` bytes, with its macs, that came from an address.  COOKIE_ASK: answer with cookie_door_reply. */
enum cookie_verdict cookie_door_check(struct cookie_door *door, uint64_t now, const void *address,
	size_t address_size, const uint8_t *message, size_t size)
	__attribute__((warn_unused_result));

void cookie_door_reply(const struct cookie_door *door, const void *address, size_t address_size,
	const uint8_t *message, size_t size, uint8_t reply[COOKIE_REPLY_SIZE]);

/* The initiator's side: the cookie it was given, if any. */
struct cookie_jar {
	bool full;
	uint8_t cookie[COOKIE_SIZE];
	uint64_t got;
	bool asked;
	uint8_t mac1[COOKIE_SIZE]; /* of the last message */
};

/* Writes the macs into the last COOKIE_MACS_SIZE of the `size` bytes of a message. */
void cookie_jar_stamp(struct cookie_jar *jar, const struct cookie_keys *keys, uint64_t now,
	uint8_t *message, size_t size);

/* False: no answer to our last message. */
bool cookie_jar_take(struct cookie_jar *jar, const struct cookie_keys *keys, uint64_t now,
	const uint8_t *reply, size_t size) __attribute__((warn_unused_result));

#endif

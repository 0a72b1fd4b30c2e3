/* The handshake of a link: Noise_IKpsk2_25519_ChaChaPoly_SHA256 (Noise Protocol Framework, revision 34), over libsodium's
 * primitives.  The initiator knows the responder's static key beforehand; both know the pre-shared key.  Two messages:
 *
 *	-> e, es, s, ss		noise_write by the initiator, noise_read by the responder
 *	<- e, ee, se, psk	noise_write by the responder, noise_read by the initiator
 *
 * Pure.  After any error the handshake is over and holds no keys. */
#ifndef GNS_NOISE_H
#define GNS_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOISE_KEY_SIZE 32
#define NOISE_TAG_SIZE 16
#define NOISE_HASH_SIZE 32
#define NOISE_MESSAGE_MAX 65535
/* What the two messages add to their payloads. */
#define NOISE_FIRST_OVERHEAD (2 * NOISE_KEY_SIZE + 2 * NOISE_TAG_SIZE)
#define NOISE_SECOND_OVERHEAD (NOISE_KEY_SIZE + NOISE_TAG_SIZE)

struct noise_keys {
	uint8_t secret[NOISE_KEY_SIZE];
	uint8_t public[NOISE_KEY_SIZE];
};

/* The pair of a secret key. */
void noise_keys_of(const uint8_t secret[NOISE_KEY_SIZE], struct noise_keys *keys);

enum noise_state { NOISE_FAILED, NOISE_FIRST, NOISE_SECOND, NOISE_DONE };

struct noise {
	enum noise_state state;
	bool initiator;
	struct noise_keys s, e;
	uint8_t remote_s[NOISE_KEY_SIZE]; /* the responder learns it from the first message */
	uint8_t remote_e[NOISE_KEY_SIZE];
	uint8_t psk[NOISE_KEY_SIZE];
	uint8_t chain[NOISE_HASH_SIZE], hash[NOISE_HASH_SIZE];
	uint8_t key[NOISE_KEY_SIZE];
	uint64_t nonce;
};

/* `responder` is the responder's public key; the responder itself gives NULL.  The prologue is what both must agree on. */
void noise_begin(struct noise *noise, const struct noise_keys *own, const uint8_t *responder,
	const uint8_t psk[NOISE_KEY_SIZE], const void *prologue, size_t prologue_size);

/* The message that is our turn, with a payload, into `message` of `room` bytes.  `ephemeral`: 32 fresh random bytes.  The
 * number of bytes, or 0: not our turn, no room, a bad key. */
size_t noise_write(struct noise *noise, const uint8_t ephemeral[NOISE_KEY_SIZE],
	const void *payload, size_t size, uint8_t *message, size_t room)
	__attribute__((warn_unused_result));

/* The other side's message.  False: not authentic, too short, payload larger than `room`. */
bool noise_read(struct noise *noise, const uint8_t *message, size_t message_size, uint8_t *payload,
	size_t room, size_t *size) __attribute__((warn_unused_result));

/* The keys of the two directions when both messages are done; `hash` names this handshake and no other.  Forgets all
 * else.  False: not done. */
bool noise_finish(struct noise *noise, uint8_t send[NOISE_KEY_SIZE],
	uint8_t receive[NOISE_KEY_SIZE], uint8_t hash[NOISE_HASH_SIZE])
	__attribute__((warn_unused_result));

/* Forget all keys. */
void noise_wipe(struct noise *noise);

#endif

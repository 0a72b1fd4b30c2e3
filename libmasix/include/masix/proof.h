/* How servers prove themselves after their registration: the session key that a server has with ACS, the authenticated
 * lookup, tickets, and the three messages of mutual authentication.  All pure: compiled on the host too; needs
 * libsodium only.  Every text that is signed or authenticated is a sequence of fields with their lengths that begins
 * with a label of its own, so that none can stand for another. */
#ifndef MASIX_PROOF_H
#define MASIX_PROOF_H

#include <stddef.h>
#include <stdint.h>

#include <masix/identity.h>

#define MASIX_SESSION_KEY_SIZE 32
#define MASIX_MAC_SIZE 32   /* crypto_auth_hmacsha512256 */
#define MASIX_NONCE_SIZE 16 /* of a lookup */
#define MASIX_PEER_NONCE_SIZE 32

/* --- The session key: given to whoever signs ACS's challenge with the server's Ed25519 key. */

struct masix_key_request {
	const uint8_t *cluster;	  /* MASIX_PUBLIC_KEY_SIZE */
	const uint8_t *node;	  /* MASIX_NODE_SIZE */
	uint64_t incarnation;	  /* of ACS */
	const uint8_t *challenge; /* MASIX_CHALLENGE_SIZE */
	uint64_t session;
	const uint8_t *public_key; /* MASIX_PUBLIC_KEY_SIZE */
};

#define MASIX_KEY_REQUEST_MAX 256

/* The bytes that are signed ("MASIX-ACS-KEY-v1"); how many, or 0 if `size` is too small. */
size_t masix_key_request_bytes(const struct masix_key_request *request, uint8_t *out, size_t size)
	__attribute__((warn_unused_result));

/* --- Lookups by servers. */

struct masix_question {
	uint32_t what; /* MASIX_ASK_* */
	uint64_t incarnation, session;
	uint32_t epoch;	      /* of the key */
	uint64_t sequence;    /* greater than in all questions before */
	const uint8_t *nonce; /* MASIX_NONCE_SIZE */
	const char *name;
	size_t name_length;
	uint32_t role; /* in which the caller asks: MASIX_ROLE_SERVER */
};

#define MASIX_ASK_RESOLVE 1
#define MASIX_ASK_TICKET 2

/* HMAC-SHA-512-256 of the question ("MASIX-ACS-RESOLVE-v1") under the session key. */
void masix_question_mac(const struct masix_question *question,
	const uint8_t key[MASIX_SESSION_KEY_SIZE], uint8_t mac[MASIX_MAC_SIZE]);

/* --- Tickets: what a server shows to another to prove who it is.  Made by ACS for one pair of servers. */

struct masix_ticket {
	char client[MASIX_SERVER_NAME_MAX], target[MASIX_SERVER_NAME_MAX]; /* names of servers */
	uint32_t client_session, target_session;
	uint32_t rights; /* 1 << MASIX_RIGHT_* for each right of the client's manifest */
	uint32_t epoch;	 /* of the target's key */
	uint64_t expiry; /* monotonic ns */
	uint8_t key[MASIX_SESSION_KEY_SIZE]; /* of this pair */
};

/* Version, key id, ACS's incarnation, nonce, commitment, ciphertext with its tag. */
#define MASIX_TICKET_SIZE (4 + 4 + 8 + 24 + 32 + (64 + 64 + 4 + 4 + 4 + 4 + 8 + 32) + 16)

/* Seal under the target's session key, whose epoch is the key id: XChaCha20-Poly1305, with the version, key id and
 * incarnation as additional data, and a keyed BLAKE2b commitment, since the cipher does not commit to its key. */
void masix_ticket_seal(const struct masix_ticket *ticket, const uint8_t key[MASIX_SESSION_KEY_SIZE],
	uint64_t incarnation, uint8_t sealed[MASIX_TICKET_SIZE]);

/* The key id of a sealed ticket; nothing is proved by it. */
uint32_t masix_ticket_epoch(const uint8_t sealed[MASIX_TICKET_SIZE]);

/* What the target checks a ticket against. */
struct masix_ticket_check {
	const char *target; /* our own name */
	uint32_t target_session;
	uint64_t incarnation;
	uint64_t now;	/* monotonic ns */
	uint32_t epoch; /* of the key below */
	const uint8_t *key;
};

/* 0 or MASIX_E_DENIED (forged, cut, for another server or life, of another epoch) or MASIX_E_TIMEOUT (its time is
 * over). */
int masix_ticket_open(const uint8_t *sealed, size_t size, const struct masix_ticket_check *check,
	struct masix_ticket *ticket) __attribute__((warn_unused_result));

/* --- Mutual authentication.  Client to server: ticket, client nonce.  Server to client: server nonce, MAC as
 * "server".  Client to server: MAC as "client".  Both MACs cover both identities, lives and nonces under the ticket's key;
 * the role in them stops reflection. */

struct masix_exchange {
	struct masix_ticket ticket;
	uint64_t incarnation;
	uint8_t client_nonce[MASIX_PEER_NONCE_SIZE], server_nonce[MASIX_PEER_NONCE_SIZE];
	uint8_t link
		[MASIX_HASH_SIZE]; /* the handshake of the link between two nodes; zeros on one */
};

enum masix_side { MASIX_SIDE_CLIENT, MASIX_SIDE_SERVER };

/* What `side` shows to the other. */
void masix_exchange_mac(
	const struct masix_exchange *exchange, enum masix_side side, uint8_t mac[MASIX_MAC_SIZE]);
/* Has `side` shown what it must?  In constant time: 0 or MASIX_E_DENIED. */
int masix_exchange_check(const struct masix_exchange *exchange, enum masix_side side,
	const uint8_t mac[MASIX_MAC_SIZE]) __attribute__((warn_unused_result));

#endif

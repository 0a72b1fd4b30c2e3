/* The server's session keys with ACS. */
#ifndef MASIX_SERVER_KEYS_H
#define MASIX_SERVER_KEYS_H

#include <mach/mach_types.h>
#include <masix/proof.h>
#include <masix/types.h>

/* Ask ACS for the newest key: signs a challenge. */
kern_return_t session_key(uint32_t *epoch, masix_key_t *key) __attribute__((warn_unused_result));

/* What accompanies a question to ACS. */
struct keys_proof {
	uint32_t epoch;
	uint64_t sequence;
	masix_nonce_t nonce;
	masix_key_t mac;
};

/* Authenticate the question `what` (MASIX_ASK_*) about a name; the key is fetched when there is none. */
kern_return_t keys_prove(uint32_t what, const char *name, size_t length, struct keys_proof *proof)
	__attribute__((warn_unused_result));

/* ACS called a question of that epoch stale: may it be asked again?  Fetches the key if it has changed.  `tries` counts
 * those that failed. */
kern_return_t keys_renew(uint32_t epoch, unsigned *tries) __attribute__((warn_unused_result));

/* The key of the epoch of a ticket that somebody shows.  MASIX_E_DENIED: there is none. */
kern_return_t keys_find(uint32_t epoch, uint8_t key[MASIX_SESSION_KEY_SIZE])
	__attribute__((warn_unused_result));

#endif

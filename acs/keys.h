/* The session keys of a server with ACS: what its lookups are authenticated with and its tickets are sealed with.
 * Pure; the session's lock guards it. */
#ifndef ACS_KEYS_H
#define ACS_KEYS_H

#include <masix/proof.h>
#include <stdbool.h>

/* For so long the key before the newest is still good. */
#define KEYS_OVERLAP_NS 10000000000ull
#define KEYS_TICKET_NS 60000000000ull /* how long a ticket is good */

struct keys {
	uint32_t epoch; /* of the newest key, from 1; never falls */
	uint8_t newest[MASIX_SESSION_KEY_SIZE], previous[MASIX_SESSION_KEY_SIZE];
	uint64_t previous_until; /* monotonic ns; 0: there is none */
	uint64_t last_sequence;	 /* of all keys */
	uint32_t tickets;	 /* sealed so far */
};

void keys_begin(struct keys *keys);

/* A new key; the one before stays good for KEYS_OVERLAP_NS, older ones not at all. */
void keys_rotate(struct keys *keys, uint64_t now);

/* Is the question authentic and new?  0; MASIX_E_STALE: genuine, but repeated or overtaken, or made with a key whose
 * time is over; MASIX_E_DENIED: not genuine.  *why a static text for the log.  Only a genuine question is
 * remembered. */
int keys_check(struct keys *keys, const struct masix_question *question,
	const uint8_t mac[MASIX_MAC_SIZE], uint64_t now, const char **why)
	__attribute__((warn_unused_result));

/* A ticket for `client`, sealed under the newest key; sets its epoch, expiry and key of the pair. */
void keys_seal(struct keys *keys, struct masix_ticket *ticket, uint64_t incarnation, uint64_t now,
	uint8_t sealed[MASIX_TICKET_SIZE]);

#endif

/* Trust in a registration: the challenge of a session and the check of what was signed.  Pure.
 * The caller's lock guards a session. */
#ifndef ACS_TRUST_H
#define ACS_TRUST_H

#include <masix/proof.h>

#include "manifest.h"

/* What all registrations with this ACS have in common. */
struct trust_site {
	uint8_t public_key[MASIX_PUBLIC_KEY_SIZE]; /* the site key: names the cluster */
	uint8_t node[MASIX_NODE_SIZE];
	uint64_t incarnation; /* of this ACS */
};

struct trust_session {
	uint64_t id;
	uint8_t challenge[MASIX_CHALLENGE_SIZE]; /* good for one registration */
};

struct trust_claim {
	const char *name; /* not terminated */
	size_t name_length;
	int role;
	const uint32_t *interfaces; /* id, version, id, version, ... */
	size_t interface_words;
	uint32_t generation;
};

/* A new session with an unpredictable challenge. */
void trust_begin(struct trust_session *session, uint64_t id);

/* Check that the holder of the manifest's key made this claim on this session in answer to its
 * challenge, and that the manifest allows it.  Uses up the challenge, whatever comes out: the
 * next one is in session->challenge.  0, MASIX_E_INVALID or MASIX_E_DENIED with *why a static
 * text for the log (not for the claimant). */
int trust_check(struct trust_session *session, const struct trust_site *site,
	const struct manifest *manifest, const struct trust_claim *claim,
	const uint8_t signature[MASIX_SIGNATURE_SIZE], const char **why)
	__attribute__((warn_unused_result));

/* The same for a request of the session key (masix/proof.h). */
int trust_check_key_request(struct trust_session *session, const struct trust_site *site,
	const struct manifest *manifest, const uint8_t signature[MASIX_SIGNATURE_SIZE])
	__attribute__((warn_unused_result));

/* Public keys that are trusted no more, with the names that they had. */
#define TRUST_REVOKED_MAX 64

struct trust_revoked {
	unsigned count;
	struct {
		char name[MANIFEST_NAME_SIZE];
		uint8_t key[MASIX_PUBLIC_KEY_SIZE];
	} keys[TRUST_REVOKED_MAX];
};

/* 0, or MASIX_E_LIMIT; one that is there already stays. */
int trust_revoke(struct trust_revoked *revoked, const char *name,
	const uint8_t key[MASIX_PUBLIC_KEY_SIZE]) __attribute__((warn_unused_result));
bool trust_is_revoked(
	const struct trust_revoked *revoked, const uint8_t key[MASIX_PUBLIC_KEY_SIZE]);

#endif

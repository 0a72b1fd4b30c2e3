/* Challenges, and the check of signed registrations. */
#include <masix/error.h>
#include <sodium.h>
#include <string.h>

#include "trust.h"

static void renew(struct trust_session *session)
{
	randombytes_buf(session->challenge, sizeof session->challenge);
}

void trust_begin(struct trust_session *session, uint64_t id)
{
	session->id = id;
	renew(session);
}

/* What the manifest says about the claim; NULL if it allows it. */
static const char *forbidden(const struct manifest *manifest, const struct trust_claim *claim)
{
	const struct manifest_provide *provide;
	size_t i;

	provide = manifest_find_provide(manifest, claim->name, claim->name_length, claim->role);
	if (provide == NULL)
		return "its manifest does not provide that name in that role";
	for (i = 0; i < claim->interface_words; i += 2)
		if (!manifest_offers(provide, claim->interfaces[i], claim->interfaces[i + 1]))
			return "its manifest does not offer that interface";
	if (claim->generation != manifest->generation)
		return "generation of another manifest";
	return NULL;
}

static bool signed_by_server(const struct trust_session *session, const struct trust_site *site,
	const struct manifest *manifest, const struct trust_claim *claim,
	const uint8_t signature[MASIX_SIGNATURE_SIZE])
{
	struct masix_registration registration = {
		.cluster = site->public_key,
		.node = site->node,
		.incarnation = site->incarnation,
		.challenge = session->challenge,
		.session = session->id,
		.name = claim->name,
		.name_length = claim->name_length,
		.interfaces = claim->interfaces,
		.interface_words = claim->interface_words,
		.role = claim->role,
		.image_hash = manifest->image_hash,
		.manifest_hash = manifest->hash,
		.public_key = manifest->public_key,
		.generation = claim->generation,
	};
	uint8_t bytes[MASIX_REGISTRATION_MAX];
	size_t size = masix_registration_bytes(&registration, bytes, sizeof bytes);

	return size != 0 &&
	       crypto_sign_verify_detached(signature, bytes, size, manifest->public_key) == 0;
}

int trust_check(struct trust_session *session, const struct trust_site *site,
	const struct manifest *manifest, const struct trust_claim *claim,
	const uint8_t signature[MASIX_SIGNATURE_SIZE], const char **why)
{
	int error = MASIX_E_DENIED;

	if (claim->interface_words % 2 != 0 || claim->interface_words > 2 * MANIFEST_INTERFACES ||
		!manifest_name_valid(claim->name, claim->name_length)) {
		*why = "malformed";
		error = MASIX_E_INVALID;
	} else if ((*why = forbidden(manifest, claim)) == NULL) {
		if (signed_by_server(session, site, manifest, claim, signature))
			error = 0;
		else
			*why = "its signature is wrong";
	}
	renew(session);
	return error;
}

int trust_check_key_request(struct trust_session *session, const struct trust_site *site,
	const struct manifest *manifest, const uint8_t signature[MASIX_SIGNATURE_SIZE])
{
	const struct masix_key_request request = {
		.cluster = site->public_key,
		.node = site->node,
		.incarnation = site->incarnation,
		.challenge = session->challenge,
		.session = session->id,
		.public_key = manifest->public_key,
	};
	uint8_t bytes[MASIX_KEY_REQUEST_MAX];
	size_t size = masix_key_request_bytes(&request, bytes, sizeof bytes);
	int error = MASIX_E_DENIED;

	if (size != 0 &&
		crypto_sign_verify_detached(signature, bytes, size, manifest->public_key) == 0)
		error = 0;
	renew(session);
	return error;
}

int trust_revoke(
	struct trust_revoked *revoked, const char *name, const uint8_t key[MASIX_PUBLIC_KEY_SIZE])
{
	const size_t length = strnlen(name, MANIFEST_NAME_SIZE - 1);

	if (trust_is_revoked(revoked, key))
		return 0;
	if (revoked->count == TRUST_REVOKED_MAX)
		return MASIX_E_LIMIT;
	memset(revoked->keys[revoked->count].name, 0, MANIFEST_NAME_SIZE);
	memcpy(revoked->keys[revoked->count].name, name, length);
	memcpy(revoked->keys[revoked->count++].key, key, MASIX_PUBLIC_KEY_SIZE);
	return 0;
}

bool trust_is_revoked(const struct trust_revoked *revoked, const uint8_t key[MASIX_PUBLIC_KEY_SIZE])
{
	unsigned i;

	for (i = 0; i < revoked->count; i++)
		if (memcmp(revoked->keys[i].key, key, MASIX_PUBLIC_KEY_SIZE) == 0)
			return true;
	return false;
}

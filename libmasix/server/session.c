/* A server's session with ACS: registration, names, rights. */
#include <pthread.h>
#include <sodium/core.h>
#include <sodium/crypto_sign.h>
#include <sodium/utils.h>
#include <string.h>

#include <masix/error.h>
#include <masix/identity.h>
#include <masix/mach.h>
#include <masix/proof.h>
#include <masix/server.h>

#include "acs_session.h"
#include "mach_host.h"
#include "mach_port.h"
#include "server/estate.h"
#include "server/keys.h"
#include "start/start.h"

/* Every registration uses up the challenge, so they go one after the other. */
static pthread_mutex_t challenge_lock = PTHREAD_MUTEX_INITIALIZER;

mach_port_t masix_session(void)
{
	return start.session;
}

const struct masix_start *masix_start_info(void)
{
	return &start.info;
}

static kern_return_t make_name(const char *suffix, char name[MASIX_NAME_MAX + 1], size_t *length)
{
	size_t base = strnlen(masix_identity.name, sizeof masix_identity.name);
	size_t more = suffix != NULL ? strlen(suffix) + 1 : 0;

	if (base == 0 || base == sizeof masix_identity.name)
		return MASIX_E_DENIED; /* never signed */
	if (base + more > MASIX_NAME_MAX)
		return MASIX_E_NAME_TOO_LONG;
	memcpy(name, masix_identity.name, base);
	if (suffix != NULL) {
		name[base] = '/';
		memcpy(name + base + 1, suffix, more - 1);
	}
	*length = base + more;
	name[*length] = '\0';
	return KERN_SUCCESS;
}

/* With the server's own key: Ed25519's secret key is the seed and the public key, which would otherwise have to be
 * computed again, for as long as a signature takes. */
static kern_return_t sign_bytes(const uint8_t *bytes, size_t size, masix_signature_t *signature)
{
	uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
	int failed;

	_Static_assert(sizeof secret_key == MASIX_SEED_SIZE + MASIX_PUBLIC_KEY_SIZE, "seed, key");
	if (size == 0)
		return MASIX_E_INVALID;
	memcpy(secret_key, masix_identity.seed, MASIX_SEED_SIZE);
	memcpy(secret_key + MASIX_SEED_SIZE, masix_identity.public_key, MASIX_PUBLIC_KEY_SIZE);
	failed = crypto_sign_detached(signature->bytes, NULL, bytes, size, secret_key) != 0;
	sodium_memzero(secret_key, sizeof secret_key);
	return failed ? KERN_FAILURE : KERN_SUCCESS;
}

/* challenge_lock held. */
static kern_return_t sign(
	const struct masix_registration *registration, masix_signature_t *signature)
{
	uint8_t bytes[MASIX_REGISTRATION_MAX];

	return sign_bytes(
		bytes, masix_registration_bytes(registration, bytes, sizeof bytes), signature);
}

kern_return_t masix_register(
	const char *suffix, int role, const uint32_t *interfaces, unsigned n, mach_port_t receive)
{
	char name[MASIX_NAME_MAX + 1];
	uint32_t words[2 * MASIX_INTERFACES_MAX];
	struct masix_registration registration = {
		.cluster = masix_identity.site,
		.node = (const uint8_t *)start.info.node,
		.incarnation = start.info.incarnation,
		.challenge = start.challenge.bytes,
		.session = start.info.session,
		.name = name,
		.interfaces = words,
		.interface_words = 2 * n,
		.role = (uint32_t)role,
		.image_hash = masix_identity.image_hash,
		.manifest_hash = masix_identity.manifest_hash,
		.public_key = masix_identity.public_key,
		.generation = masix_identity.generation,
	};
	masix_signature_t signature;
	masix_start_t info;
	kern_return_t result;
	unsigned i;

	if (n > MASIX_INTERFACES_MAX)
		return MASIX_E_TOO_BIG;
	if (sodium_init() < 0)
		return KERN_FAILURE;
	result = make_name(suffix, name, &registration.name_length);
	if (result != KERN_SUCCESS)
		return result;
	for (i = 0; i < n; i++) {
		words[2 * i] = interfaces[i];
		words[2 * i + 1] = MASIX_INTERFACE_VERSION;
	}

	pthread_mutex_lock(&challenge_lock);
	result = sign(&registration, &signature);
	if (result == KERN_SUCCESS)
		result = acs_register(start.session, name, registration.name_length, role, words,
			2 * n, receive, masix_identity.generation, signature, &start.challenge);
	/* A refused one has used up its challenge too, and brings no next one. */
	if (result != KERN_SUCCESS)
		(void)acs_hello(start.session, &info, &start.challenge);
	pthread_mutex_unlock(&challenge_lock);
	return result;
}

kern_return_t session_key(uint32_t *epoch, masix_key_t *key)
{
	const struct masix_key_request request = {
		.cluster = masix_identity.site,
		.node = (const uint8_t *)start.info.node,
		.incarnation = start.info.incarnation,
		.challenge = start.challenge.bytes,
		.session = start.info.session,
		.public_key = masix_identity.public_key,
	};
	uint8_t bytes[MASIX_KEY_REQUEST_MAX];
	masix_signature_t signature;
	masix_start_t info;
	kern_return_t result = MASIX_E_DENIED;
	unsigned tries;

	if (sodium_init() < 0)
		return KERN_FAILURE;
	pthread_mutex_lock(&challenge_lock);
	/* Twice: the challenge may have been used up by a call that did not come back. */
	for (tries = 0; tries < 2 && result == MASIX_E_DENIED; tries++) {
		result = sign_bytes(
			bytes, masix_key_request_bytes(&request, bytes, sizeof bytes), &signature);
		if (result == KERN_SUCCESS)
			result = acs_key(start.session, signature, epoch, key, &start.challenge);
		if (result != KERN_SUCCESS)
			(void)acs_hello(start.session, &info, &start.challenge);
	}
	pthread_mutex_unlock(&challenge_lock);
	return result;
}

kern_return_t masix_ready(void)
{
	estate_refuse();
	return acs_ready(start.session);
}

kern_return_t masix_right(int which, uint32_t arg, mach_port_t *right)
{
	return acs_right(start.session, which, arg, right);
}

kern_return_t masix_wire_thread(mach_port_t host_priv)
{
	return thread_wire(host_priv, vector_thread()->port, TRUE);
}

int masix_random_available(void)
{
	uint32_t word;

	return vector_random(&word, sizeof word);
}

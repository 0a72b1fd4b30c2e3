/* The server's session keys with ACS, and what is asked with them. */
#include <pthread.h>
#include <sodium/randombytes.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "acs_session.h"
#include "mach_port.h"
#include "server/keys.h"
#include "start/start.h"

/* Two threads may draw numbers in one order and send in the other: the one that was overtaken asks again. */
#define TRIES_MAX 16
/* Tickets name a key id that nothing proves: they must not make us sign more often than this. */
#define FETCH_NS 200000000ull
#define OVERLAP_NS 10000000000ull /* as ACS keeps the key before the newest */

static struct {
	pthread_mutex_t lock; /* all below */
	uint32_t epoch;	      /* 0: no key yet */
	uint8_t newest[MASIX_SESSION_KEY_SIZE], previous[MASIX_SESSION_KEY_SIZE];
	uint32_t previous_epoch; /* 0: none */
	uint64_t fetched;	 /* monotonic ns, of the newest */
	uint64_t sequence;
} keys = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Under the lock. */
static kern_return_t fetch(void)
{
	masix_key_t key;
	uint32_t epoch;
	kern_return_t kr = session_key(&epoch, &key);

	keys.fetched = masix_monotonic_ns();
	if (kr != KERN_SUCCESS || epoch <= keys.epoch)
		return kr; /* an epoch never falls */
	keys.previous_epoch = keys.epoch;
	memcpy(keys.previous, keys.newest, sizeof keys.previous);
	memcpy(keys.newest, key.bytes, sizeof keys.newest);
	keys.epoch = epoch;
	return KERN_SUCCESS;
}

kern_return_t keys_prove(uint32_t what, const char *name, size_t length, struct keys_proof *proof)
{
	struct masix_question question = {
		.what = what,
		.incarnation = start.info.incarnation,
		.session = start.info.session,
		.nonce = proof->nonce.bytes,
		.name = name,
		.name_length = length,
		.role = MASIX_ROLE_SERVER,
	};
	kern_return_t kr = KERN_SUCCESS;

	pthread_mutex_lock(&keys.lock);
	if (keys.epoch == 0)
		kr = fetch();
	if (kr == KERN_SUCCESS) {
		randombytes_buf(proof->nonce.bytes, sizeof proof->nonce.bytes);
		question.epoch = proof->epoch = keys.epoch;
		question.sequence = proof->sequence = ++keys.sequence;
		masix_question_mac(&question, keys.newest, proof->mac.bytes);
	}
	pthread_mutex_unlock(&keys.lock);
	return kr;
}

kern_return_t keys_renew(uint32_t epoch, unsigned *tries)
{
	kern_return_t kr = KERN_SUCCESS;

	if (++*tries == TRIES_MAX)
		return MASIX_E_STALE;
	pthread_mutex_lock(&keys.lock);
	/* Overtaken, or is the key too old?  Only ACS knows; another thread may have asked meanwhile. */
	if (keys.epoch == epoch)
		kr = fetch();
	pthread_mutex_unlock(&keys.lock);
	return kr;
}

kern_return_t keys_find(uint32_t epoch, uint8_t key[MASIX_SESSION_KEY_SIZE])
{
	kern_return_t kr = MASIX_E_DENIED;
	uint64_t now = masix_monotonic_ns();

	pthread_mutex_lock(&keys.lock);
	if (epoch > keys.epoch && (keys.epoch == 0 || now - keys.fetched >= FETCH_NS) &&
		fetch() != KERN_SUCCESS)
		epoch = 0;
	if (epoch != 0 && epoch == keys.epoch) {
		memcpy(key, keys.newest, sizeof keys.newest);
		kr = KERN_SUCCESS;
	} else if (epoch != 0 && epoch == keys.previous_epoch && now - keys.fetched < OVERLAP_NS) {
		memcpy(key, keys.previous, sizeof keys.previous);
		kr = KERN_SUCCESS;
	}
	pthread_mutex_unlock(&keys.lock);
	return kr;
}

kern_return_t masix_lookup(const char *name, uint32_t timeout_ms, mach_port_t *port)
{
	size_t length = strlen(name);
	struct keys_proof proof;
	unsigned tries = 0;
	kern_return_t kr;

	if (length > MASIX_NAME_MAX)
		return MASIX_E_NAME_TOO_LONG;
	do {
		kr = keys_prove(MASIX_ASK_RESOLVE, name, length, &proof);
		if (kr != KERN_SUCCESS)
			return kr;
		kr = acs_resolve(start.session, name, length, timeout_ms, proof.epoch,
			proof.sequence, proof.nonce, proof.mac, port);
	} while (kr == MASIX_E_STALE && keys_renew(proof.epoch, &tries) == KERN_SUCCESS);
	return kr;
}

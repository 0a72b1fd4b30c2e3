/* Mutual authentication: the client's side. */
#include <masix/authenticate.h>

#include <mach/mig_errors.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>
#include <string.h>

#include <masix/error.h>
#include <masix/identity.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "acs_session.h"
#include "authenticate.h"
#include "mach_port.h"
#include "server/keys.h"
#include "start/start.h"

/* What ACS gives us for one target. */
struct introduction {
	mach_port_t port; /* ours */
	masix_sealed_t ticket;
	struct masix_exchange exchange; /* both identities and the key */
};

static kern_return_t introduce(const char *name, struct introduction *introduction)
{
	struct masix_ticket *known = &introduction->exchange.ticket;
	size_t length = strlen(name);
	struct keys_proof proof;
	masix_name_t target;
	mach_msg_type_number_t target_length;
	masix_key_t key;
	unsigned tries = 0;
	kern_return_t kr;

	if (length > MASIX_NAME_MAX)
		return MASIX_E_NAME_TOO_LONG;
	do {
		target_length = sizeof target;
		kr = keys_prove(MASIX_ASK_TICKET, name, length, &proof);
		if (kr != KERN_SUCCESS)
			return kr;
		kr = acs_ticket(start.session, name, length, proof.epoch, proof.sequence,
			proof.nonce, proof.mac, &introduction->port, target, &target_length,
			&known->target_session, &key, &introduction->ticket);
	} while (kr == MASIX_E_STALE && keys_renew(proof.epoch, &tries) == KERN_SUCCESS);
	if (kr != KERN_SUCCESS)
		return kr;
	if (target_length >= sizeof known->target) {
		(void)mach_port_deallocate(mach_task_self(), introduction->port); /* ours */
		return MASIX_E_DENIED;
	}
	memcpy(known->client, masix_identity.name, sizeof known->client);
	memcpy(known->target, target, target_length);
	memcpy(known->key, key.bytes, sizeof known->key);
	known->client_session = (uint32_t)start.info.session;
	introduction->exchange.incarnation = start.info.incarnation;
	sodium_memzero(&key, sizeof key);
	return KERN_SUCCESS;
}

/* The three messages. */
static kern_return_t exchange_proofs(struct introduction *introduction, mach_port_t *right)
{
	struct masix_exchange *exchange = &introduction->exchange;
	masix_key_t nonce, server_nonce, mac;
	mach_port_t proof = MACH_PORT_NULL;
	kern_return_t kr;

	randombytes_buf(nonce.bytes, sizeof nonce.bytes);
	kr = auth_begin(
		introduction->port, introduction->ticket, nonce, &server_nonce, &mac, &proof);
	if (kr != KERN_SUCCESS)
		return kr == MIG_BAD_ID ? MASIX_E_NOT_SUPPORTED : kr;
	memcpy(exchange->client_nonce, nonce.bytes, sizeof exchange->client_nonce);
	memcpy(exchange->server_nonce, server_nonce.bytes, sizeof exchange->server_nonce);
	kr = masix_exchange_check(exchange, MASIX_SIDE_SERVER, mac.bytes);
	if (kr == KERN_SUCCESS) {
		masix_exchange_mac(exchange, MASIX_SIDE_CLIENT, mac.bytes);
		kr = auth_prove(proof, mac, right);
	}
	if (MACH_PORT_VALID(proof))
		(void)mach_port_deallocate(mach_task_self(), proof); /* ours; dead by now */
	return kr;
}

kern_return_t masix_authenticate(const char *name, struct masix_peer *peer, mach_port_t *right)
{
	struct introduction introduction = { .port = MACH_PORT_NULL };
	kern_return_t kr = introduce(name, &introduction);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = exchange_proofs(&introduction, right);
	if (kr == KERN_SUCCESS && peer != NULL) {
		*peer = (struct masix_peer){
			.session = introduction.exchange.ticket.target_session,
		};
		memcpy(peer->name, introduction.exchange.ticket.target, sizeof peer->name);
	}
	(void)mach_port_deallocate(mach_task_self(), introduction.port); /* ours */
	sodium_memzero(&introduction, sizeof introduction);
	return kr;
}

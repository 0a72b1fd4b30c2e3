/* Mutual authentication: the server's side. */
#include <masix/authenticate.h>

#include <pthread.h>
#include <sodium/randombytes.h>
#include <sodium/utils.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/identity.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "authenticate_server.h"
#include "server/keys.h"
#include "start/start.h"

/* Exchanges that are half done: of all, and of one client, who could keep them open. */
#define HALF_DONE_MAX 64
#define HALF_DONE_OF_ONE 8

/* One exchange, between its second and third message. */
struct proof {
	struct masix_object object; /* first */
	struct proof *next;	    /* lock */
	mach_port_t port;	    /* on which it began */
	atomic_flag used;
	struct masix_exchange exchange;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct proof *proofs; /* lock */
static masix_admit_t admit;

static void proof_destroy(struct masix_object *object)
{
	struct proof *proof = (struct proof *)object, **link = &proofs;

	pthread_mutex_lock(&lock);
	while (*link != NULL && *link != proof)
		link = &(*link)->next;
	if (*link == proof)
		*link = proof->next;
	pthread_mutex_unlock(&lock);
	sodium_memzero(&proof->exchange, sizeof proof->exchange);
	free(proof);
}

static const struct masix_class proof_class = {
	.name = "proof",
	.destroy = proof_destroy,
};

void masix_authentication_serve(masix_admit_t function)
{
	admit = function;
}

masix_routine_t masix_authentication_demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)authenticate_server_routine(in);
}

/* Is the ticket good for us, now? */
static kern_return_t open_ticket(const masix_sealed_t *sealed, struct masix_ticket *ticket)
{
	uint8_t key[MASIX_SESSION_KEY_SIZE];
	struct masix_ticket_check check = {
		.target = masix_identity.name,
		.target_session = (uint32_t)start.info.session,
		.incarnation = start.info.incarnation,
		.now = masix_monotonic_ns(),
		.epoch = masix_ticket_epoch(sealed->bytes),
		.key = key,
	};
	kern_return_t kr = keys_find(check.epoch, key);

	if (kr == KERN_SUCCESS)
		kr = masix_ticket_open(sealed->bytes, sizeof sealed->bytes, &check, ticket);
	sodium_memzero(key, sizeof key);
	return kr;
}

/* Put it on the list, if there is room. */
static kern_return_t enter(struct proof *proof)
{
	const struct proof *other;
	unsigned all = 0, same = 0;

	pthread_mutex_lock(&lock);
	for (other = proofs; other != NULL; other = other->next) {
		all++;
		same += other->exchange.ticket.client_session ==
			proof->exchange.ticket.client_session;
	}
	if (all < HALF_DONE_MAX && same < HALF_DONE_OF_ONE) {
		proof->next = proofs;
		proofs = proof;
	} else {
		all = HALF_DONE_MAX;
	}
	pthread_mutex_unlock(&lock);
	return all < HALF_DONE_MAX ? KERN_SUCCESS : MASIX_E_LIMIT;
}

kern_return_t S_auth_begin(mach_port_t port, masix_sealed_t ticket, masix_key_t client_nonce,
	masix_key_t *server_nonce, masix_key_t *server_mac, mach_port_t *right)
{
	struct proof *proof;
	kern_return_t kr;

	if (admit == NULL)
		return MASIX_E_NOT_SUPPORTED;
	proof = calloc(1, sizeof *proof);
	if (proof == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kr = open_ticket(&ticket, &proof->exchange.ticket);
	if (kr == KERN_SUCCESS)
		kr = masix_object_init(&proof->object, &proof_class);
	if (kr != KERN_SUCCESS) {
		free(proof);
		return kr;
	}
	proof->port = port;
	atomic_flag_clear(&proof->used);
	proof->exchange.incarnation = start.info.incarnation;
	memcpy(proof->exchange.client_nonce, client_nonce.bytes, sizeof client_nonce.bytes);
	randombytes_buf(proof->exchange.server_nonce, sizeof proof->exchange.server_nonce);
	memcpy(server_nonce->bytes, proof->exchange.server_nonce, sizeof server_nonce->bytes);
	masix_exchange_mac(&proof->exchange, MASIX_SIDE_SERVER, server_mac->bytes);
	kr = enter(proof);
	if (kr == KERN_SUCCESS)
		kr = masix_object_send_right(&proof->object, right);
	if (kr != KERN_SUCCESS)
		masix_object_kill(&proof->object);
	masix_object_put(&proof->object);
	return kr;
}

kern_return_t S_auth_prove(mach_port_t port, masix_key_t client_mac, mach_port_t *right)
{
	struct proof *proof = (struct proof *)masix_object_get(port, &proof_class);
	struct masix_peer peer = { .session = 0 };
	kern_return_t kr = MASIX_E_DENIED;

	if (proof == NULL)
		return KERN_INVALID_ARGUMENT;
	/* One try. */
	if (!atomic_flag_test_and_set(&proof->used)) {
		kr = masix_exchange_check(&proof->exchange, MASIX_SIDE_CLIENT, client_mac.bytes);
		if (kr == KERN_SUCCESS) {
			memcpy(peer.name, proof->exchange.ticket.client, sizeof peer.name);
			peer.session = proof->exchange.ticket.client_session;
			peer.rights = proof->exchange.ticket.rights;
			kr = admit(proof->port, &peer, right);
		}
		masix_object_kill(&proof->object);
	}
	masix_object_put(&proof->object);
	return kr;
}

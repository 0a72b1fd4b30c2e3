/* Session keys, tickets, mutual authentication, rotation and revocation: with the prover on the other side, and with
 * ourselves where an adversary speaks. */
#include "boot.h"

#include <masix/authenticate.h>
#include <masix/error.h>
#include <masix/identity.h>
#include <masix/mach.h>
#include <masix/proof.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "acs_client.h"
#include "acs_session.h"
#include "authenticate.h"
#include "counter.h"
#include "counter_server.h"
#include "mach_port.h"
#include "prover.h"

/* What the test gives to a proven peer: revocable, since it is an object for that peer alone. */
static const struct masix_class grant_class = { .name = "grant" };
static struct masix_object *grant;
static struct masix_peer admitted;
static struct masix_object gate;

static kern_return_t admit(mach_port_t port, const struct masix_peer *peer, mach_port_t *right)
{
	CHECK(port == gate.port);
	admitted = *peer;
	return masix_object_send_right(grant, right);
}

kern_return_t S_counter_add(mach_port_t port, int amount, int *total)
{
	struct masix_object *object = masix_object_get(port, &grant_class);

	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	*total = amount + 35;
	masix_object_put(object);
	return KERN_SUCCESS;
}

kern_return_t S_counter_crash(mach_port_t port)
{
	(void)port;
	return MASIX_E_NOT_SUPPORTED;
}

masix_routine_t proof_demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)counter_server_routine(in);
}

static int ask_prover(mach_port_t client, int what)
{
	mach_port_t prover = MACH_PORT_NULL;
	int answer = -100;

	CHECK(acs_lookup(client, "prover", 6, 0, &prover) == KERN_SUCCESS);
	CHECK(counter_add(prover, what, &answer) == KERN_SUCCESS);
	(void)mach_port_deallocate(mach_task_self(), prover);
	return answer;
}

static void start_prover(mach_port_t admin)
{
	CHECK(start_how(admin, MASIX_START_NOW, &prover_image, &prover_manifest) == KERN_SUCCESS);
}

/* Two servers prove themselves to each other; what the one got can be taken back. */
static void test_peers(mach_port_t client, mach_port_t admin)
{
	static struct masix_object first, second;

	grant = &first;
	CHECK(masix_object_init(grant, &grant_class) == KERN_SUCCESS);
	start_prover(admin);
	CHECK(ask_prover(client, PROVER_AUTHENTICATE) == 0);
	CHECK(strcmp(admitted.name, "prover") == 0 && admitted.rights == 0);
	CHECK(admitted.session == session_of(client, "prover"));
	CHECK(ask_prover(client, PROVER_USE) == 42);
	/* Taken back: a dead name from now on. */
	masix_object_kill(grant);
	CHECK(ask_prover(client, PROVER_USE) == -1);
	/* A ticket is only for names that the manifest resolves. */
	CHECK(ask_prover(client, PROVER_FORBIDDEN) == MASIX_E_NOT_FOUND);
	/* After a rotation of both keys it works as before. */
	grant = &second;
	CHECK(masix_object_init(grant, &grant_class) == KERN_SUCCESS);
	CHECK(acs_rotate(admin, "", 0) == KERN_SUCCESS);
	CHECK(acs_rotate(admin, "nobody", 6) == MASIX_E_NOT_FOUND);
	CHECK(acs_rotate(client, "", 0) == MASIX_E_DENIED);
	usleep(250000); /* a server does not ask for keys more often than that */
	CHECK(ask_prover(client, PROVER_AUTHENTICATE) == 0);
	CHECK(ask_prover(client, PROVER_USE) == 42);
	masix_object_kill(grant);
	/* Least privilege: nothing at all. */
	CHECK(ask_prover(client, PROVER_GREED) == 0);
}

/* --- An adversary who holds our session port, and the keys that the test gives him. --- */

static uint32_t epoch;
static uint8_t key[MASIX_SESSION_KEY_SIZE];
static uint64_t sequence = 1ull << 40; /* beyond what libmasix has used */

/* The session key, as libmasix asks for it; `flip` spoils the signature. */
static kern_return_t fetch_key(int flip)
{
	masix_start_t start;
	masix_key_t challenge, fresh, next;
	masix_signature_t signature;
	struct masix_key_request request = {
		.cluster = masix_identity.site,
		.node = (const uint8_t *)start.node,
		.challenge = challenge.bytes,
		.public_key = masix_identity.public_key,
	};
	uint8_t bytes[MASIX_KEY_REQUEST_MAX], public[32], secret[64];
	kern_return_t kr;

	CHECK(acs_hello(masix_session(), &start, &challenge) == KERN_SUCCESS);
	request.incarnation = start.incarnation;
	request.session = start.session;
	crypto_sign_seed_keypair(public, secret, masix_identity.seed);
	crypto_sign_detached(signature.bytes, NULL, bytes,
		masix_key_request_bytes(&request, bytes, sizeof bytes), secret);
	signature.bytes[3] ^= flip;
	kr = acs_key(masix_session(), signature, &epoch, &fresh, &next);
	if (kr == KERN_SUCCESS)
		memcpy(key, fresh.bytes, sizeof key);
	return kr;
}

struct question {
	uint32_t what, epoch;
	uint64_t sequence;
	int flip; /* of the MAC */
};

/* A lookup or ticket for acs_boot/gate. */
static kern_return_t ask(const struct question *asked, masix_key_t *pair, masix_sealed_t *ticket)
{
	masix_nonce_t nonce = { { 9 } };
	masix_key_t mac;
	masix_name_t target;
	mach_msg_type_number_t target_length = sizeof target;
	uint32_t target_session;
	mach_port_t port;
	const struct masix_question question = {
		.what = asked->what,
		.incarnation = masix_start_info()->incarnation,
		.session = masix_start_info()->session,
		.epoch = asked->epoch,
		.sequence = asked->sequence,
		.nonce = nonce.bytes,
		.name = "acs_boot/gate",
		.name_length = 13,
		.role = MASIX_ROLE_SERVER,
	};
	kern_return_t kr;

	masix_question_mac(&question, key, mac.bytes);
	mac.bytes[7] ^= asked->flip;
	kr = ticket == NULL ? acs_resolve(masix_session(), "acs_boot/gate", 13, 0, asked->epoch,
				      asked->sequence, nonce, mac, &port)
			    : acs_ticket(masix_session(), "acs_boot/gate", 13, asked->epoch,
				      asked->sequence, nonce, mac, &port, target, &target_length,
				      &target_session, pair, ticket);
	if (kr == KERN_SUCCESS)
		(void)mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, -1);
	return kr;
}

static void test_questions(mach_port_t admin)
{
	struct question question;
	masix_key_t pair;
	masix_sealed_t ticket;

	CHECK(fetch_key(1) == MASIX_E_DENIED);
	CHECK(fetch_key(0) == KERN_SUCCESS);
	question = (struct question){ MASIX_ASK_RESOLVE, epoch, ++sequence, 0 };
	CHECK(ask(&question, NULL, NULL) == KERN_SUCCESS);
	CHECK(ask(&question, NULL, NULL) == MASIX_E_STALE); /* the same once more */
	question.sequence--;
	CHECK(ask(&question, NULL, NULL) == MASIX_E_STALE);
	question.sequence = ++sequence;
	question.flip = 1;
	CHECK(ask(&question, NULL, NULL) == MASIX_E_DENIED);
	question.flip = 0;
	/* A lookup is no request for a ticket. */
	CHECK(ask(&question, &pair, &ticket) == MASIX_E_DENIED);
	question.what = MASIX_ASK_TICKET;
	CHECK(ask(&question, &pair, &ticket) == KERN_SUCCESS);
	question.epoch++;
	CHECK(ask(&question, NULL, NULL) == MASIX_E_STALE);
	CHECK(table_has(admin, 1, "a lookup that was repeated or overtaken"));
	CHECK(table_has(admin, 1, "a lookup that is not authentic"));
}

/* The two messages of a client with this ticket; `wrong` spoils the proof, or reflects the server's own. */
enum wrong { RIGHT, SPOILT, REFLECTED };

static kern_return_t prove(
	mach_port_t port, const masix_sealed_t *ticket, const masix_key_t *pair, enum wrong wrong)
{
	struct masix_exchange exchange = { .incarnation = masix_start_info()->incarnation };
	masix_key_t nonce = { { 5 } }, server_nonce, mac;
	mach_port_t proof, right;
	kern_return_t kr = auth_begin(port, *ticket, nonce, &server_nonce, &mac, &proof), again;

	if (kr != KERN_SUCCESS)
		return kr;
	strcpy(exchange.ticket.client, "acs_boot");
	strcpy(exchange.ticket.target, "acs_boot");
	exchange.ticket.client_session = exchange.ticket.target_session =
		masix_start_info()->session;
	memcpy(exchange.ticket.key, pair->bytes, sizeof exchange.ticket.key);
	memcpy(exchange.client_nonce, nonce.bytes, sizeof nonce.bytes);
	memcpy(exchange.server_nonce, server_nonce.bytes, sizeof server_nonce.bytes);
	CHECK(masix_exchange_check(&exchange, MASIX_SIDE_SERVER, mac.bytes) == 0);
	if (wrong != REFLECTED)
		masix_exchange_mac(&exchange, MASIX_SIDE_CLIENT, mac.bytes);
	mac.bytes[0] ^= wrong == SPOILT;
	kr = auth_prove(proof, mac, &right);
	if (kr == KERN_SUCCESS)
		(void)mach_port_mod_refs(mach_task_self(), right, MACH_PORT_RIGHT_SEND, -1);
	/* One try: the proof's port has gone. */
	again = auth_prove(proof, mac, &right);
	CHECK(again == MACH_SEND_INVALID_DEST);
	(void)mach_port_deallocate(mach_task_self(), proof);
	return kr;
}

static void test_tickets(mach_port_t client)
{
	static struct masix_object objects[2];
	struct question question = { MASIX_ASK_TICKET, epoch, ++sequence, 0 };
	masix_key_t pair = { { 0 } }, nonce = { { 0 } }, server_nonce, mac;
	masix_sealed_t ticket, bad;
	mach_port_t port = MACH_PORT_NULL, prover = MACH_PORT_NULL, proofs[32];
	kern_return_t kr = KERN_SUCCESS;
	unsigned i;

	grant = &objects[0];
	CHECK(masix_object_init(grant, &grant_class) == KERN_SUCCESS);
	CHECK(ask(&question, &pair, &ticket) == KERN_SUCCESS);
	CHECK(masix_lookup("acs_boot/gate", 0, &port) ==
		MASIX_E_STALE); /* our numbers are beyond its */
	port = gate.port;
	CHECK(mach_port_insert_right(mach_task_self(), port, port, MACH_MSG_TYPE_MAKE_SEND) ==
		KERN_SUCCESS);
	CHECK(prove(port, &ticket, &pair, RIGHT) == KERN_SUCCESS);
	CHECK(strcmp(admitted.name, "acs_boot") == 0);
	CHECK(admitted.rights & 1u << MASIX_RIGHT_ADMIN);
	CHECK(!(admitted.rights & 1u << MASIX_RIGHT_DEVICE));
	CHECK(prove(port, &ticket, &pair, SPOILT) == MASIX_E_DENIED);
	CHECK(prove(port, &ticket, &pair, REFLECTED) == MASIX_E_DENIED);
	/* A byte of it changed: version, key id, incarnation, nonce, commitment, contents, tag. */
	for (i = 0; i < sizeof ticket.bytes; i += 5) {
		bad = ticket;
		bad.bytes[i] ^= 0x40;
		CHECK(prove(port, &bad, &pair, RIGHT) == MASIX_E_DENIED);
	}
	/* Shown to another server than the one it is for. */
	CHECK(acs_lookup(client, "prover", 6, 0, &prover) == KERN_SUCCESS);
	CHECK(prove(prover, &ticket, &pair, RIGHT) == MASIX_E_DENIED);
	(void)mach_port_deallocate(mach_task_self(), prover);
	/* Exchanges that are never finished end at a bound, and make room when they are given up. */
	for (i = 0; i < 32 && kr == KERN_SUCCESS; i++)
		kr = auth_begin(port, ticket, nonce, &server_nonce, &mac, &proofs[i]);
	CHECK(kr == MASIX_E_LIMIT && i == 9);
	for (i = 0; i < 8; i++)
		(void)mach_port_mod_refs(mach_task_self(), proofs[i], MACH_PORT_RIGHT_SEND, -1);
	/* Nobody holds what was given before: that object has gone. */
	grant = &objects[1];
	CHECK(masix_object_init(grant, &grant_class) == KERN_SUCCESS);
	CHECK(EVENTUALLY(prove(port, &ticket, &pair, RIGHT) == KERN_SUCCESS));
	CHECK(mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, -1) == KERN_SUCCESS);
}

/* A key that is trusted no more: its server ends and does not come back. */
static void test_revocation(mach_port_t client, mach_port_t admin)
{
	mach_port_t found;

	CHECK(acs_revoke(client, "prover", 6) == MASIX_E_DENIED);
	CHECK(acs_revoke(admin, "nobody", 6) == MASIX_E_NOT_FOUND);
	CHECK(acs_revoke(admin, "prover", 6) == KERN_SUCCESS);
	CHECK(acs_lookup(client, "prover", 6, 0, &found) == MASIX_E_NOT_FOUND);
	CHECK(!table_has(client, 0, "prover"));
	CHECK(start_how(admin, MASIX_START_NOW, &prover_image, &prover_manifest) == MASIX_E_DENIED);
	CHECK(strcmp(last_reason, "its key is revoked") == 0);
	CHECK(start_how(admin, MASIX_START_ON_DEMAND, &prover_image, &prover_manifest) ==
		MASIX_E_DENIED);
	CHECK(table_has(admin, 1, " revoke prover "));
}

void register_gate(void)
{
	static const uint32_t interfaces[] = { 600200 };
	static const struct masix_class gate_class = { .name = "gate" };

	masix_authentication_serve(admit);
	CHECK(masix_object_init(&gate, &gate_class) == KERN_SUCCESS);
	CHECK(masix_register("gate", MASIX_ROLE_SERVER, interfaces, 1, gate.port) == KERN_SUCCESS);
}

void test_proof(mach_port_t client, mach_port_t admin)
{
	test_peers(client, admin);
	test_questions(admin);
	test_tickets(client);
	test_revocation(client, admin);
	masix_log("proofs: %u failures", failures);
}

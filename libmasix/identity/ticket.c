/* Tickets. */
#include <masix/error.h>
#include <masix/proof.h>
#include <sodium.h>

#include "fields.h"

#define VERSION 1
#define LABEL "MASIX-TICKET-v1"
#define HEAD_SIZE (4 + 4 + 8) /* version, key id, incarnation: the additional data */
#define NONCE_SIZE 24
#define COMMITMENT_SIZE 32
#define SEALED_AT (HEAD_SIZE + NONCE_SIZE + COMMITMENT_SIZE)
#define PLAIN_SIZE (MASIX_TICKET_SIZE - SEALED_AT - 16)

_Static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == NONCE_SIZE, "nonce");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == 16, "tag");

static uint64_t take_number(const uint8_t **from, unsigned size)
{
	uint64_t number = 0;
	unsigned i;

	for (i = 0; i < size; i++)
		number |= (uint64_t)(*from)[i] << 8 * i;
	*from += size;
	return number;
}

/* Two uses of the session key, two keys. */
static void derive(
	const uint8_t key[MASIX_SESSION_KEY_SIZE], uint8_t cipher[32], uint8_t commit[32])
{
	crypto_kdf_derive_from_key(cipher, 32, 1, "MXTICKET", key);
	crypto_kdf_derive_from_key(commit, 32, 2, "MXTICKET", key);
}

/* Binds the ciphertext to this key: nobody can make one that opens under two. */
static void commit_to(
	const uint8_t *sealed, const uint8_t key[32], uint8_t commitment[COMMITMENT_SIZE])
{
	crypto_generichash_state state;

	crypto_generichash_init(&state, key, 32, COMMITMENT_SIZE);
	crypto_generichash_update(&state, (const uint8_t *)LABEL, sizeof LABEL);
	crypto_generichash_update(&state, sealed, HEAD_SIZE + NONCE_SIZE);
	crypto_generichash_update(&state, sealed + SEALED_AT, MASIX_TICKET_SIZE - SEALED_AT);
	crypto_generichash_final(&state, commitment, COMMITMENT_SIZE);
}

void masix_ticket_seal(const struct masix_ticket *ticket, const uint8_t key[MASIX_SESSION_KEY_SIZE],
	uint64_t incarnation, uint8_t sealed[MASIX_TICKET_SIZE])
{
	uint8_t plain[PLAIN_SIZE], cipher_key[32], commit_key[32];
	struct fields text = { .out = plain, .size = sizeof plain };
	struct fields head = { .out = sealed, .size = HEAD_SIZE };

	fields_put_number(&head, VERSION, 4);
	fields_put_number(&head, ticket->epoch, 4);
	fields_put_number(&head, incarnation, 8);
	fields_put(&text, ticket->client, sizeof ticket->client);
	fields_put(&text, ticket->target, sizeof ticket->target);
	fields_put_number(&text, ticket->client_session, 4);
	fields_put_number(&text, ticket->target_session, 4);
	fields_put_number(&text, ticket->rights, 4);
	fields_put_number(&text, ticket->epoch, 4);
	fields_put_number(&text, ticket->expiry, 8);
	fields_put(&text, ticket->key, sizeof ticket->key);
	derive(key, cipher_key, commit_key);
	randombytes_buf(sealed + HEAD_SIZE, NONCE_SIZE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + SEALED_AT, NULL, plain, sizeof plain,
		sealed, HEAD_SIZE, NULL, sealed + HEAD_SIZE, cipher_key);
	commit_to(sealed, commit_key, sealed + HEAD_SIZE + NONCE_SIZE);
	sodium_memzero(plain, sizeof plain);
	sodium_memzero(cipher_key, sizeof cipher_key);
	sodium_memzero(commit_key, sizeof commit_key);
}

uint32_t masix_ticket_epoch(const uint8_t sealed[MASIX_TICKET_SIZE])
{
	const uint8_t *next = sealed + 4;

	return take_number(&next, 4);
}

/* Check the commitment and decrypt; false if it is not genuine. */
static int unseal(
	const uint8_t *sealed, const uint8_t key[MASIX_SESSION_KEY_SIZE], uint8_t plain[PLAIN_SIZE])
{
	uint8_t cipher_key[32], commit_key[32], commitment[COMMITMENT_SIZE];
	int good;

	derive(key, cipher_key, commit_key);
	commit_to(sealed, commit_key, commitment);
	good = sodium_memcmp(commitment, sealed + HEAD_SIZE + NONCE_SIZE, sizeof commitment) == 0 &&
	       crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed + SEALED_AT,
		       MASIX_TICKET_SIZE - SEALED_AT, sealed, HEAD_SIZE, sealed + HEAD_SIZE,
		       cipher_key) == 0;
	sodium_memzero(cipher_key, sizeof cipher_key);
	sodium_memzero(commit_key, sizeof commit_key);
	return good;
}

int masix_ticket_open(const uint8_t *sealed, size_t size, const struct masix_ticket_check *check,
	struct masix_ticket *ticket)
{
	uint8_t plain[PLAIN_SIZE];
	const uint8_t *head = sealed, *next = plain;

	if (size != MASIX_TICKET_SIZE || take_number(&head, 4) != VERSION ||
		take_number(&head, 4) != check->epoch ||
		take_number(&head, 8) != check->incarnation || !unseal(sealed, check->key, plain))
		return MASIX_E_DENIED;
	memcpy(ticket->client, next, sizeof ticket->client);
	next += sizeof ticket->client;
	memcpy(ticket->target, next, sizeof ticket->target);
	next += sizeof ticket->target;
	ticket->client_session = take_number(&next, 4);
	ticket->target_session = take_number(&next, 4);
	ticket->rights = take_number(&next, 4);
	ticket->epoch = take_number(&next, 4);
	ticket->expiry = take_number(&next, 8);
	memcpy(ticket->key, next, sizeof ticket->key);
	sodium_memzero(plain, sizeof plain);
	if (ticket->client[sizeof ticket->client - 1] != '\0' ||
		ticket->target[sizeof ticket->target - 1] != '\0' ||
		strcmp(ticket->target, check->target) != 0 ||
		ticket->target_session != check->target_session || ticket->epoch != check->epoch)
		return MASIX_E_DENIED;
	return check->now < ticket->expiry ? 0 : MASIX_E_TIMEOUT;
}

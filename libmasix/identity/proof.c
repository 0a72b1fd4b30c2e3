/* Session keys, authenticated lookups and mutual authentication. */
#include <masix/error.h>
#include <masix/proof.h>
#include <sodium.h>

#include "fields.h"

#define TEXT_MAX 1024 /* more than any of the texts below */

size_t masix_key_request_bytes(const struct masix_key_request *request, uint8_t *out, size_t size)
{
	static const char label[] = "MASIX-ACS-KEY-v1";
	struct fields fields = { .out = out, .size = size };

	fields_bytes(&fields, label, sizeof label - 1);
	fields_bytes(&fields, request->cluster, MASIX_PUBLIC_KEY_SIZE);
	fields_bytes(&fields, request->node, MASIX_NODE_SIZE);
	fields_number(&fields, request->incarnation, 8);
	fields_bytes(&fields, request->challenge, MASIX_CHALLENGE_SIZE);
	fields_number(&fields, request->session, 8);
	fields_bytes(&fields, request->public_key, MASIX_PUBLIC_KEY_SIZE);
	return fields.overflow ? 0 : fields.used;
}

void masix_question_mac(const struct masix_question *question,
	const uint8_t key[MASIX_SESSION_KEY_SIZE], uint8_t mac[MASIX_MAC_SIZE])
{
	static const char label[] = "MASIX-ACS-RESOLVE-v1";
	uint8_t text[TEXT_MAX];
	struct fields fields = { .out = text, .size = sizeof text };

	fields_bytes(&fields, label, sizeof label - 1);
	fields_number(&fields, question->what, 4);
	fields_number(&fields, question->incarnation, 8);
	fields_number(&fields, question->session, 8);
	fields_number(&fields, question->epoch, 4);
	fields_number(&fields, question->sequence, 8);
	fields_bytes(&fields, question->nonce, MASIX_NONCE_SIZE);
	fields_number(&fields, question->role, 4);
	/* Last: a name of any length leaves room for what comes before it, and one that is too long is
	 * nobody's. */
	fields_bytes(
		&fields, question->name, question->name_length < 512 ? question->name_length : 512);
	crypto_auth_hmacsha512256(mac, text, fields.used, key);
}

void masix_exchange_mac(
	const struct masix_exchange *exchange, enum masix_side side, uint8_t mac[MASIX_MAC_SIZE])
{
	static const char label[] = "MASIX-PEER-v1";
	static const char *const sides[] = {
		[MASIX_SIDE_CLIENT] = "client",
		[MASIX_SIDE_SERVER] = "server",
	};
	const struct masix_ticket *ticket = &exchange->ticket;
	uint8_t text[TEXT_MAX];
	struct fields fields = { .out = text, .size = sizeof text };

	fields_bytes(&fields, label, sizeof label - 1);
	fields_bytes(&fields, sides[side], 6);
	fields_bytes(&fields, ticket->client, strnlen(ticket->client, sizeof ticket->client));
	fields_bytes(&fields, ticket->target, strnlen(ticket->target, sizeof ticket->target));
	fields_number(&fields, exchange->incarnation, 8);
	fields_number(&fields, ticket->client_session, 4);
	fields_number(&fields, ticket->target_session, 4);
	fields_bytes(&fields, exchange->client_nonce, sizeof exchange->client_nonce);
	fields_bytes(&fields, exchange->server_nonce, sizeof exchange->server_nonce);
	fields_bytes(&fields, exchange->link, sizeof exchange->link);
	crypto_auth_hmacsha512256(mac, text, fields.used, ticket->key);
}

int masix_exchange_check(const struct masix_exchange *exchange, enum masix_side side,
	const uint8_t mac[MASIX_MAC_SIZE])
{
	uint8_t wanted[MASIX_MAC_SIZE];

	masix_exchange_mac(exchange, side, wanted);
	return sodium_memcmp(wanted, mac, sizeof wanted) == 0 ? 0 : MASIX_E_DENIED;
}

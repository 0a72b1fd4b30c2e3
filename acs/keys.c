/* The session keys of a server with ACS. */
#include "keys.h"

#include <masix/error.h>
#include <sodium.h>
#include <string.h>

void keys_begin(struct keys *keys)
{
	memset(keys, 0, sizeof *keys);
	keys->epoch = 1;
	randombytes_buf(keys->newest, sizeof keys->newest);
}

void keys_rotate(struct keys *keys, uint64_t now)
{
	memcpy(keys->previous, keys->newest, sizeof keys->previous);
	keys->previous_until = now + KEYS_OVERLAP_NS;
	randombytes_buf(keys->newest, sizeof keys->newest);
	keys->epoch++;
}

/* The key of that epoch, if its time is not over. */
static const uint8_t *find_key(const struct keys *keys, uint32_t epoch, uint64_t now)
{
	if (epoch == keys->epoch)
		return keys->newest;
	if (keys->epoch > 1 && epoch == keys->epoch - 1 && now < keys->previous_until)
		return keys->previous;
	return NULL;
}

int keys_check(struct keys *keys, const struct masix_question *question,
	const uint8_t mac[MASIX_MAC_SIZE], uint64_t now, const char **why)
{
	const uint8_t *key = find_key(keys, question->epoch, now);
	uint8_t wanted[MASIX_MAC_SIZE];

	if (key == NULL) {
		*why = "a lookup with a key whose time is over";
		return MASIX_E_STALE;
	}
	masix_question_mac(question, key, wanted);
	if (sodium_memcmp(wanted, mac, sizeof wanted) != 0) {
		*why = "a lookup that is not authentic";
		return MASIX_E_DENIED;
	}
	if (question->sequence <= keys->last_sequence) {
		*why = "a lookup that was repeated or overtaken";
		return MASIX_E_STALE;
	}
	keys->last_sequence = question->sequence;
	return 0;
}

void keys_seal(struct keys *keys, struct masix_ticket *ticket, uint64_t incarnation, uint64_t now,
	uint8_t sealed[MASIX_TICKET_SIZE])
{
	ticket->epoch = keys->epoch;
	ticket->expiry = now + KEYS_TICKET_NS;
	randombytes_buf(ticket->key, sizeof ticket->key);
	keys->tickets++;
	masix_ticket_seal(ticket, keys->newest, incarnation, sealed);
}

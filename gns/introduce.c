#include "introduce.h"

#include <sodium/crypto_aead_xchacha20poly1305.h>
#include <sodium/crypto_generichash.h>
#include <sodium/crypto_sign.h>
#include <string.h>

#include "bytes.h"

#define LABEL "MASIX-GNS-INTRODUCE-v1"
#define ID_LABEL "MASIX-GNS-NODE-v1"
#define HEADER_SIZE 4

void introduce_key(const uint8_t cluster[32], uint8_t key[32])
{
	(void)crypto_generichash(key, 32, (const uint8_t *)LABEL, sizeof LABEL, cluster, 32);
}

void introduce_write(const uint8_t key[32], uint8_t kind, const uint8_t nonce[INTRODUCE_NONCE],
	const struct masix_node_certificate *certificate, uint8_t packet[INTRODUCE_SIZE])
{
	const uint8_t header[HEADER_SIZE] = { kind };

	memcpy(packet, header, sizeof header);
	memcpy(packet + HEADER_SIZE, nonce, INTRODUCE_NONCE);
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(packet + HEADER_SIZE + INTRODUCE_NONCE,
		NULL, (const uint8_t *)certificate, sizeof *certificate, header, sizeof header,
		NULL, nonce, key);
}

bool introduce_read(const uint8_t key[32], const uint8_t *packet, size_t size, uint8_t *kind,
	struct masix_node_certificate *certificate)
{
	if (size != INTRODUCE_SIZE || (packet[0] != INTRODUCE_ASK && packet[0] != INTRODUCE_TELL))
		return false;
	*kind = packet[0];
	return crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)certificate, NULL, NULL,
		       packet + HEADER_SIZE + INTRODUCE_NONCE, size - HEADER_SIZE - INTRODUCE_NONCE,
		       packet, HEADER_SIZE, packet + HEADER_SIZE, key) == 0 &&
	       certificate->name[0] != '\0' &&
	       certificate->name[sizeof certificate->name - 1] == '\0';
}

bool introduce_certified(
	const struct masix_node_certificate *certificate, const uint8_t site[MASIX_PUBLIC_KEY_SIZE])
{
	uint8_t bytes[sizeof MASIX_NODE_LABEL + MASIX_NODE_NAME_SIZE + MASIX_PUBLIC_KEY_SIZE];
	struct writer writer = writer_to(bytes, sizeof bytes);

	write_bytes(&writer, MASIX_NODE_LABEL, sizeof MASIX_NODE_LABEL);
	write_bytes(&writer, certificate->name, sizeof certificate->name);
	write_bytes(&writer, certificate->public_key, sizeof certificate->public_key);
	return crypto_sign_verify_detached(certificate->signature, bytes, sizeof bytes, site) == 0;
}

void introduce_id(const uint8_t public_key[MASIX_PUBLIC_KEY_SIZE], uint8_t id[16])
{
	(void)crypto_generichash(id, 16, public_key, MASIX_PUBLIC_KEY_SIZE,
		(const uint8_t *)ID_LABEL, sizeof ID_LABEL);
}

/* Nodes that do not know each other's keys show their certificates, sealed with a key that follows from the cluster's secret: who
 * does not have that learns nothing and is not answered.  What is heard here only says whose key is at an address; that he
 * has it is proved by the handshake of the link.
 *
 *	kind 1, zeros 3, nonce 24, sealed certificate (XChaCha20-Poly1305; kind and zeros are the additional data)
 *
 * Pure. */
#ifndef GNS_INTRODUCE_H
#define GNS_INTRODUCE_H

#include <masix/identity.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kinds of packets from here on are none of links (record.h). */
#define INTRODUCE_ASK 16  /* who are you?  I am ... */
#define INTRODUCE_TELL 17 /* I am ... */
#define INTRODUCE_NONCE 24
#define INTRODUCE_SIZE (4 + INTRODUCE_NONCE + sizeof(struct masix_node_certificate) + 16)

void introduce_key(const uint8_t cluster[32], uint8_t key[32]);

void introduce_write(const uint8_t key[32], uint8_t kind, const uint8_t nonce[INTRODUCE_NONCE],
	const struct masix_node_certificate *certificate, uint8_t packet[INTRODUCE_SIZE]);

/* False: none of this cluster. */
bool introduce_read(const uint8_t key[32], const uint8_t *packet, size_t size, uint8_t *kind,
	struct masix_node_certificate *certificate);

/* Has the site signed it?  Costs as much as a signature does. */
bool introduce_certified(const struct masix_node_certificate *certificate,
	const uint8_t site[MASIX_PUBLIC_KEY_SIZE]);

/* The identity of the node with that key: nobody else can have it. */
void introduce_id(const uint8_t public_key[MASIX_PUBLIC_KEY_SIZE], uint8_t id[16]);

#endif

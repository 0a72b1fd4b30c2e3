/* Ed25519 key pairs, one file each, in the build's key folder: 32 bytes of seed, never committed. */
#ifndef SIGN_KEYS_H
#define SIGN_KEYS_H

#include <sodium.h>
#include <stdint.h>

struct key_pair {
	uint8_t seed[crypto_sign_SEEDBYTES];
	uint8_t public[crypto_sign_PUBLICKEYBYTES];
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
};

/* The key pair of FOLDER/NAME.key; made when there is none and `make` is set. */
void key_pair_load(struct key_pair *pair, const char *folder, const char *name, int make);

#endif

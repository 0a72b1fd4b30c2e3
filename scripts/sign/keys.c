/* Ed25519 key pairs in files. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "keys.h"

void key_pair_load(struct key_pair *pair, const char *folder, const char *name, int make)
{
	char path[4096];
	struct file file;

	if (snprintf(path, sizeof path, "%s/%s.key", folder, name) >= (int)sizeof path)
		die("%s: path is too long", folder);
	if (make && access(path, F_OK) != 0) {
		uint8_t seed[crypto_sign_SEEDBYTES];

		randombytes_buf(seed, sizeof seed);
		(void)mkdir(folder, 0700); /* it may exist; if not, writing says why */
		file_write(path, seed, sizeof seed, 0600);
		sodium_memzero(seed, sizeof seed);
	}
	file = file_read(path);
	if (file.size != sizeof pair->seed)
		die("%s: not a key file", path);
	memcpy(pair->seed, file.bytes, sizeof pair->seed);
	crypto_sign_seed_keypair(pair->public, pair->secret, pair->seed);
}

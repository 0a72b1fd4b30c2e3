/* A server's image file: finding, measuring and filling in its identity. */
#ifndef SIGN_IMAGE_H
#define SIGN_IMAGE_H

#include <masix/elf.h>
#include <masix/identity.h>

#include "files.h"

struct image {
	struct file file;
	uint8_t hash[MASIX_HASH_SIZE];
	struct masix_identity *identity; /* inside the file */
};

/* Reads and measures; dies with the reason if it is no server. */
void image_load(struct image *image, const char *path);

/* The boot module `manifests`: an ELF file whose only segment, at `address`, is the data. */
void image_write_data(const char *path, uint32_t address, const void *bytes, size_t size);

#endif

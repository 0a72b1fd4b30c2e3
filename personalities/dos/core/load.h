/* Program files: MZ executables, and .COM images. */
#ifndef DOS_LOAD_H
#define DOS_LOAD_H

#include "dos.h"

struct load_header { /* of an MZ file */
	bool is_exe;
	uint32_t image_offset, image_size; /* bytes in the file */
	uint16_t relocations, relocation_offset;
	uint16_t min_extra, max_extra; /* paragraphs */
	uint16_t ss, sp, cs, ip;
};

/* What a file of `size` bytes that begins with these `n` bytes is; DOS_E_FORMAT: damaged. */
int load_examine(const uint8_t *head, uint32_t n, uint32_t size, struct load_header *header);

struct loaded {
	uint16_t psp; /* 0 for an overlay */
	uint16_t cs, ip, ss, sp;
};

/* Load the program at the caller's path into memory of its own, with a PSP, the environment (a copy of the one at
 * `environment`; 0: that of the current program) and `name`, its full DOS path. */
int load_program(struct dos *dos, const char *path, const char *name, uint16_t environment,
	struct loaded *loaded);
/* Load it at `segment`, relocated by `factor`. */
int load_overlay(struct dos *dos, const char *path, uint16_t segment, uint16_t factor);

#endif

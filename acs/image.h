/* Images of servers, as they are loaded: kept for every life of the server, since what was measured is what runs. */
#ifndef ACS_IMAGE_H
#define ACS_IMAGE_H

#include <mach/mach_types.h>
#include <masix/elf.h>
#include <stddef.h>
#include <stdint.h>

#include "manifest.h"

#define IMAGE_FILE_MAX (16u << 20)
#define IMAGE_USER_TOP 0xc0000000u
#define IMAGE_STACK_BOTTOM 0xbffe0000u /* of the first stack; it ends at the top */

/* Pages [start, start + size), of which [contents_at, contents_at + contents_size) begin with what is in `contents`,
 * pages of our own, and the others with zeros. */
struct image_part {
	uint32_t start, size;
	vm_prot_t protection;
	uint32_t contents_at, contents_size;
	vm_address_t contents;
};

struct image {
	uint32_t entry;
	uint32_t stack; /* pointer at the entry: argc, argv, nulls, strings */
	unsigned count;
	struct image_part parts[MASIX_ELF_SEGMENTS + 1];
};

/* Of a file that has been measured; the stack gets the manifest's name and arguments, as the kernel does it for boot
 * modules.  The file stays the caller's.  The image is malloc'ed.  Or an error with *why a static text. */
kern_return_t image_of_file(const uint8_t *file, size_t size, const struct manifest *manifest,
	struct image **image, const char **why) __attribute__((warn_unused_result));

/* Of a task that has not run yet, with its stack: a copy that costs memory only where the task writes. */
kern_return_t image_of_task(mach_port_t task, struct image **image, const char **why)
	__attribute__((warn_unused_result));

/* Load it into a task that has nothing where the image belongs. */
kern_return_t image_load(const struct image *image, mach_port_t task)
	__attribute__((warn_unused_result));

/* NULL is allowed. */
void image_free(struct image *image);

#endif

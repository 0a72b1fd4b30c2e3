/* A block device, injected: the Mach disk in the server (disk_mach.c), an image file in the
 * unit tests. */
#ifndef FS_DISK_H
#define FS_DISK_H

#include <stdbool.h>
#include <stdint.h>

#include "checked.h"

#define DISK_SECTOR 512u

struct disk {
	uint64_t size; /* bytes */
	bool read_only;
	/* `length` bytes at `offset` (both whole sectors) in a fresh region of whole pages that
	 * the caller owns and gives to `release` (or to the kernel).  MASIX_E_IO. */
	int (*read)(struct disk *disk, uint64_t offset, uint32_t length, void **data);
	int (*write)(struct disk *disk, uint64_t offset, uint32_t length, const void *data);
	/* A zeroed region of whole pages of the kind that `read` returns; NULL if there is no
	 * memory. */
	void *(*allocate)(struct disk *disk, uint32_t length);
	void (*release)(struct disk *disk, void *data, uint32_t length);
};

#endif

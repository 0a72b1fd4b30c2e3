/* The memory file system: a backend whose inodes, names and pages live in this task.  Pure.
 *
 * Bounded: pages, names and inodes together never take more than the limit, since this kernel
 * has no paging of anonymous memory. */
#ifndef FS_MEMORY_H
#define FS_MEMORY_H

#include "volume.h"

/* Where its pages lie: addresses that survive as the arena does, and nothing else is at. */
struct memory_range {
	char *start, *end;
};

/* A file system of at most `limit` bytes whose root has mode 1777. */
int memory_mount(struct arena *arena, const struct memory_range *range, const char *name,
	uint32_t device, uint64_t limit, int64_t (*now)(void), struct volume **volume) CHECKED;
/* The volume that the last owner left in the arena, as it was when it last let go of the volume's lock (volume_recover).
 * MASIX_E_BAD_FORMAT: it is not whole. */
int memory_recover(
	struct volume *volume, struct arena *arena, const char *name, int64_t (*now)(void)) CHECKED;
void memory_unmount(struct volume *volume);

#endif

/* The memory file system: a backend whose inodes, names and pages live in this task.  Pure.
 *
 * Bounded: pages, names and inodes together never take more than the limit, since this kernel
 * has no paging of anonymous memory. */
#ifndef FS_MEMORY_H
#define FS_MEMORY_H

#include "volume.h"

/* A file system of at most `limit` bytes whose root has mode 1777. */
int memory_mount(const char *name, uint32_t device, uint64_t limit, int64_t (*now)(void),
	struct volume **volume) CHECKED;
void memory_unmount(struct volume *volume);

#endif

/* The mount table as paths: pure. */
#ifndef EMUL_MOUNT_PATH_H
#define EMUL_MOUNT_PATH_H

#include <stddef.h>
#include <stdint.h>

#include "boot.h"

uint32_t mount_path_length(const struct emul_mount *mount);

/* The mount with the longest path that `path` (absolute, `length` bytes) lies in or at:
 * its index and in *rest the offset of what is left of `path`.  -1: none, *rest = 0. */
int mount_path_find(const struct emul_mount *mounts, unsigned count, const char *path,
	uint32_t length, uint32_t *rest);

/* Parse lines "ID PATH TYPE SOURCE OPTIONS\n" (process_mounts) into at most `count` mounts; the
 * root, lines that are no such and paths that do not fit are left out.  The number found; the rest
 * of `mounts` is unused (id 0). */
unsigned mount_path_parse(
	const char *table, uint32_t size, struct emul_mount *mounts, unsigned count);

/* Put `prefix` and a slash before the `length` bytes at `path`, within `size` bytes; slashes
 * at the start of `path` are dropped.  The new length, or 0 if it does not fit. */
uint32_t mount_path_prepend(
	char *path, uint32_t length, uint32_t size, const char *prefix, uint32_t prefix_length);

/* The length of the directory part of an absolute path without a trailing slash ("/a/b": 2,
 * "/a": 0). */
uint32_t mount_path_parent(const char *path, uint32_t length);

/* Make an absolute path canonical without looking at files: no "//", no "/./", no trailing slash
 * (but "/").  ".." stays.  The new length. */
uint32_t mount_path_tidy(char *path, uint32_t length);

/* What a path in /proc means that only the process itself knows. */
#define MOUNT_PATH_OTHER (-1)		/* nothing of that kind */
#define MOUNT_PATH_ALL_DESCRIPTORS (-2) /* the directory of descriptors */
#define MOUNT_PATH_CWD (-3)
#define MOUNT_PATH_ROOT (-4)

/* The number N of "/proc/self/fd/N", "/proc/PID/fd/N" (with `pid`) or "/dev/fd/N", or one of the
 * above; of MOUNT_PATH_CWD and _ROOT *rest is the offset of what follows in the path. */
int mount_path_own(const char *path, uint32_t length, int pid, uint32_t *rest);
/* The same of a path in /proc. */
int mount_path_own_in_proc(const char *path, uint32_t length, int pid, uint32_t *rest);
/* Of a path in the directory of descriptors: "N" or ".". */
int mount_path_number(const char *path, uint32_t length);

#endif

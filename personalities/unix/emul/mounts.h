/* The mounts of the system as this process knows them, and the root directories that it holds
 * of them. */
#ifndef EMUL_MOUNTS_H
#define EMUL_MOUNTS_H

#include "file.h"

/* The directory where the absolute `path` begins and the offset of the rest of the path in it:
 * the root of a mount whose path is a prefix, or the process's root.  Held (file_release). */
long mounts_start(const char *path, uint32_t length, struct emul_file **directory, uint32_t *rest);
/* The root directory of mount `id` (0: the process's root), held. */
long mounts_root(uint32_t id, struct emul_file **directory);
/* Where mount `id` is in the real tree: copies its path without a trailing slash ("" for the
 * root); the length, or -ENOENT. */
long mounts_path(uint32_t id, char *path, uint32_t size);
/* Turn a path of the real tree into one of the process's (chroot), in place.  The new length, or -ENOENT:
 * it is not below the process's root. */
long mounts_inside_root(char *path, uint32_t length);
/* Turn the process's path into one of the real tree, in place; the length or -ENAMETOOLONG. */
long mounts_outside_root(char *path, uint32_t length, uint32_t size);
/* chroot: the process's root is at `path` of the real tree, without a trailing slash. */
void mounts_set_root(const char *path, uint32_t length);

/* The server of this mount root did not answer: ask for a new one next time. */
void mounts_distrust(struct emul_file *directory);
/* Credentials or root changed: get new rights when needed. */
void mounts_renew(void);
/* In fork's child: it has none of the rights (and /proc's would name the parent). */
void mounts_forget(void);

#endif

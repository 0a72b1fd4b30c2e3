/* The directory entry cache: (directory, name) -> inode number, 0 for "there is none".  Bounded;
 * pure; the volume's lock guards it. */
#ifndef FS_DENTRY_H
#define FS_DENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "checked.h"

#define DENTRY_NAME_MAX 40 /* longer names are not cached */

struct dentries;

/* A cache of at most `limit` entries, or NULL. */
struct dentries *dentries_create(unsigned limit);
void dentries_destroy(struct dentries *cache);

bool dentries_find(struct dentries *cache, uint64_t directory, const char *name, unsigned length,
	uint64_t *ino);
void dentries_enter(struct dentries *cache, uint64_t directory, const char *name, unsigned length,
	uint64_t ino);

/* Forget every entry of a directory that is gone. */
void dentries_forget(struct dentries *cache, uint64_t directory);

#endif

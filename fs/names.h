/* What can be done with names: open, make, link, unlink, rename, with every check of permission.
 * Pure.  These functions take the volume's lock themselves.
 *
 * `context` is whose credentials count, `directory` where the path starts.  A path that leaves
 * the file system makes all but names_open and names_stat fail with MASIX_E_CROSS; a name that
 * is a covered directory itself is MASIX_E_BUSY there. */
#ifndef FS_NAMES_H
#define FS_NAMES_H

#include "walk.h"

struct found {
	int kind;	   /* MASIX_KIND_* or MASIX_CROSS_* */
	struct node *node; /* a reference that the caller gives back; NULL when crossing */
	struct masix_stat stat;
	bool created;
	char rest[MASIX_PATH_MAX]; /* when crossing */
	unsigned rest_length;
};

/* `flags` are MASIX_OPEN_*; MASIX_OPEN_TRUNCATE is only checked, not done.  the path, as in
 * all of these, is used up. */
int names_open(const struct context *context, struct node *directory, struct path *path, int flags,
	uint32_t mode, struct found *found) CHECKED;
/* As names_open without opening: found->node stays NULL. */
int names_stat(const struct context *context, struct node *directory, struct path *path,
	bool follow, struct found *found) CHECKED;
int names_read_link(const struct context *context, struct node *directory, struct path *path,
	char *target, unsigned *length) CHECKED;

/* seed->uid and seed->gid are set here. */
int names_make(const struct context *context, struct node *directory, struct path *path,
	struct node_seed *seed) CHECKED;
int names_link(const struct context *context, struct node *directory, struct path *path,
	struct node *node) CHECKED;
int names_unlink(const struct context *context, struct node *directory, struct path *path,
	bool remove_directory) CHECKED;
/* Both directories lie on the same volume. */
int names_rename(const struct context *context, struct node *directory, struct path *path,
	const struct context *to_context, struct node *to_directory, struct path *to_path,
	bool replace) CHECKED;

/* MASIX_KIND_* of a mode. */
int names_kind(uint32_t mode);

#endif

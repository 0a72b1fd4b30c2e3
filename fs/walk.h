/* Walking a path inside one file system with someone's credentials.  Pure. */
#ifndef FS_WALK_H
#define FS_WALK_H

#include <stdatomic.h>

#include "access.h"
#include "path.h"
#include "volume.h"

#define WALK_LINKS_MAX 40

/* What fs_mint fixed: everything opened through the minted port shares it. */
struct context {
	atomic_uint references;
	struct node *root;   /* ".." does not leave it; a reference */
	bool mounted;	     /* MASIX_MINT_MOUNTED: someone else knows what is above */
	uint32_t generation; /* the last one that has seen it (handle.c) */
	struct identity who;
};

struct walk {
	struct path *path; /* in: where to go; out: what is left */
	/* The directory of the last component, and that component (in `path`); its length is 0
	 * if the path was empty or ended in "." or "..", of which `dots` counts the dots. */
	struct node *directory;
	struct name name;
	unsigned dots;
	struct node *node; /* what was found; NULL if the last component does not exist */
	/* 0, or MASIX_CROSS_*: the path goes on outside; node is then NULL. */
	int cross;
	struct node *covered; /* of MASIX_CROSS_MOUNT */
};

/* Walk `path`, which is used up, from `start`; `follow` a symbolic link at the end too.  On success
 * walk_end must be called.  Lock held. */
int walk_begin(const struct context *context, struct node *start, struct path *path, bool follow,
	struct walk *walk) CHECKED;
void walk_end(struct walk *walk);

/* What `name` is in `directory`, through the cache.  MASIX_E_NOT_FOUND.  Lock held. */
int walk_lookup(struct node *directory, const struct name *name, uint64_t *ino) CHECKED;

/* The path of a directory in its file system, in `path` (MASIX_PATH_MAX bytes); its length.
 * MASIX_E_NOT_FOUND if it was removed.  Lock held. */
int walk_path_of(struct node *directory, char *path, unsigned *length) CHECKED;

#endif

/* One file system that this server offers: its volume and its control port. */
#ifndef FS_MOUNT_H
#define FS_MOUNT_H

#include <masix/object.h>

#include "kept.h"

struct mount {
	struct masix_object object; /* speaks file_system.defs */
	struct kept_mount *kept;    /* its volume and more; `down`: sync_lock */
	pthread_mutex_t sync_lock;  /* one sync at a time; taken first of all */
	struct mount *next;
};

extern const struct masix_class mount_class;

/* One without a port yet; NULL: no memory. */
struct mount *mount_make(struct kept_mount *kept) CHECKED;

/* Write everything; with `shutdown` also mark the file system clean, for good. */
int mount_sync(struct mount *mount, bool shutdown) CHECKED;

/* Start the thread that syncs all mounts of the list every few seconds. */
int mount_start_syncer(struct mount *mounts) CHECKED;

#endif

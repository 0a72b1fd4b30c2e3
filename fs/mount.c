#include "mount.h"

#include <masix/error.h>
#include <masix/server.h>
#include <stdlib.h>
#include <unistd.h>

#include "data.h"
#include "pager.h"
#include "wire.h"

#define SYNC_SECONDS 5
/* Sync earlier when this much was written. */
#define BEHIND_MAX (16u << 20)

/* Mounts live as long as the server. */
static void destroy(struct masix_object *object)
{
	(void)object;
}

const struct masix_class mount_class = { .name = "file system", .destroy = destroy };

struct mount *mount_make(struct kept_mount *kept_mount)
{
	struct mount *mount = calloc(1, sizeof(*mount));

	if (!mount)
		return NULL;
	(void)pthread_mutex_init(&mount->sync_lock, NULL);
	mount->kept = kept_mount;
	return mount;
}

int mount_sync(struct mount *mount, bool shutdown)
{
	struct volume *volume = mount->kept->volume;
	int error = 0, down;

	pthread_mutex_lock(&mount->sync_lock);
	if (!mount->kept->down)
		error = data_sync_volume(volume);
	if (shutdown && !mount->kept->down) {
		volume_lock(volume);
		down = volume_shutdown(volume);
		volume_unlock(volume);
		if (!error)
			error = down;
		mount->kept->down = true;
	}
	pthread_mutex_unlock(&mount->sync_lock);
	return error;
}

static bool is_behind(struct volume *volume)
{
	bool behind;

	volume_lock(volume);
	behind = volume->behind > BEHIND_MAX;
	volume_unlock(volume);
	return behind;
}

static void *sync_thread(void *argument)
{
	struct mount *mounts = argument;

	wire_thread();
	for (unsigned second = 1;; second++) {
		sleep(1);
		for (struct mount *mount = mounts; mount; mount = mount->next) {
			int error;

			if (second % SYNC_SECONDS != 0 && !is_behind(mount->kept->volume))
				continue;
			error = mount_sync(mount, false);
			if (error)
				masix_log("%s: sync: %s", mount->kept->volume->name,
					masix_strerror(error));
		}
		pager_trim();
	}
	return NULL;
}

int mount_start_syncer(struct mount *mounts)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, sync_thread, mounts) ? MASIX_E_LIMIT : 0;
}

/* The file server: `fs root=hd0 tmp=memory shm=memory host=hd1` serves each argument's file system as
 * "fs/NAME".  See README.md. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdlib.h>
#include <string.h>

#include "dir_server.h"
#include "disk_mach.h"
#include "ext2.h"
#include "file_system_server.h"
#include "io_server.h"
#include "mach.h"
#include "memory.h"
#include "mount.h"
#include "pager.h"
#include "scarcity.h"
#include "wire.h"

#define WORKERS 6
#define FIRST_DEVICE 0x300 /* st_dev of the first file system: like hda's */

/* The machine's memory. */
static uint32_t memory_pages(void)
{
	struct vm_statistics statistics;

	if (vm_statistics(mach_task_self(), &statistics) != KERN_SUCCESS)
		masix_fatal("vm_statistics failed");
	return (uint32_t)(statistics.free_count + statistics.active_count +
			  statistics.inactive_count + statistics.wire_count);
}

/* The volume on `device`; NULL if there is no such device. */
static struct volume *open_volume(
	mach_port_t device_master, const char *name, const char *device, uint32_t number)
{
	struct volume *volume;
	struct disk *disk;
	const char *why;
	int error;

	if (strcmp(device, "memory") == 0) {
		if (memory_mount(name, number, (uint64_t)memory_pages() * PAGE_SIZE_ / 4,
			    masix_realtime_ns, &volume))
			masix_fatal("%s: not enough memory", name);
		return volume;
	}
	if (disk_open(device_master, device, &disk))
		return NULL;
	error = ext2_mount(disk, name, number, masix_realtime_ns, &volume, &why);
	if (error)
		masix_fatal("%s: cannot mount %s: %s", name, device, why);
	if (volume->read_only)
		masix_log("%s: %s is mounted read-only: %s", name, device,
			disk->read_only ? "it was not unmounted cleanly (run e2fsck -p) or is "
					  "write-protected"
					: "");
	return volume;
}

static struct mount *make_mount(mach_port_t device_master, const char *argument, uint32_t number)
{
	static const uint32_t interfaces[] = { 501000 };
	const char *equals = strchr(argument, '=');
	struct mount *mount;
	kern_return_t result;
	mach_port_t right;
	char *name;

	if (!equals || equals == argument || !equals[1])
		masix_fatal("bad argument \"%s\": NAME=DEVICE is wanted", argument);
	name = strndup(argument, (size_t)(equals - argument));
	mount = calloc(1, sizeof(*mount));
	if (!name || !mount)
		masix_fatal("not enough memory");
	mount->volume = open_volume(device_master, name, equals + 1, number);
	if (!mount->volume) {
		/* A machine without its root cannot start. */
		if (strcmp(name, "root") == 0)
			masix_fatal("%s: there is no disk %s", name, equals + 1);
		masix_log("%s: there is no disk %s", name, equals + 1);
		free(mount);
		free(name);
		return NULL;
	}
	(void)pthread_mutex_init(&mount->sync_lock, NULL);
	result = masix_object_init(&mount->object, &mount_class);
	if (result == KERN_SUCCESS)
		result = masix_object_send_right(&mount->object, &right);
	if (result == KERN_SUCCESS)
		result = masix_register(name, MASIX_ROLE_SERVER, interfaces, 1, right);
	if (result != KERN_SUCCESS)
		masix_fatal("%s: cannot register: %s", name, masix_strerror(result));
	return mount;
}

/* Wires each worker when its first request comes: it may hold what a pager needs. */
static masix_routine_t wire_first(const mach_msg_header_t *request)
{
	(void)request;
	wire_thread();
	return NULL;
}

int main(int argc, char **argv)
{
	static const masix_demux_t demux[] = { wire_first, dir_server_routine, io_server_routine,
		file_system_server_routine, NULL };
	const struct masix_pool_options options = {
		.demux = demux, .workers = WORKERS, .name = "files"
	};
	struct mount *mounts = NULL, **last = &mounts;
	mach_port_t device_master;
	kern_return_t result;

	result = masix_right(MASIX_RIGHT_DEVICE, 0, &device_master);
	if (result != KERN_SUCCESS)
		masix_fatal("no device right: %s", masix_strerror(result));
	wire_init();
	scarcity_init(memory_pages());
	if (pager_start() != KERN_SUCCESS)
		masix_fatal("cannot start the pager");
	for (int i = 1; i < argc; i++) {
		*last = make_mount(device_master, argv[i], FIRST_DEVICE + (uint32_t)i);
		if (*last)
			last = &(*last)->next;
	}
	if (mount_start_syncer(mounts))
		masix_fatal("cannot start the sync thread");
	result = masix_ready();
	if (result != KERN_SUCCESS)
		masix_fatal("ACS does not take us: %s", masix_strerror(result));
	masix_pool_run(&options);
}

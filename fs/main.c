/* The file server: `fs root=hd0 tmp=memory shm=memory host=hd1` serves each argument's file system as
 * "fs/NAME".  See README.md. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <string.h>

#include "dir_server.h"
#include "disk_mach.h"
#include "ext2.h"
#include "file_system_server.h"
#include "handle.h"
#include "io_server.h"
#include "mach.h"
#include "memory.h"
#include "mount.h"
#include "pager.h"
#include "revive.h"
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

/* Each has a part of the range of addresses, and a quarter of the machine's memory at most. */
static struct volume *make_memory_volume(const char *name, uint32_t number)
{
	size_t part = (size_t)(kept_range.end - kept_range.start) / KEPT_MEMORIES;
	uint64_t limit = (uint64_t)memory_pages() * PAGE_SIZE_ / 4;
	static unsigned made;
	struct memory_range range;
	struct volume *volume;

	if (made == KEPT_MEMORIES)
		masix_fatal("%s: there are too many file systems in memory", name);
	range.start = kept_range.start + made++ * part;
	range.end = range.start + part;
	if (limit > part / 8 * 7)
		limit = part / 8 * 7;
	if (memory_mount(&kept_arena, &range, name, number, limit, masix_realtime_ns, &volume))
		masix_fatal("%s: not enough memory", name);
	return volume;
}

/* The volume on `device`; NULL if there is no such device. */
static struct volume *open_volume(
	mach_port_t device_master, struct kept_mount *entry, uint32_t number)
{
	const char *const name = entry->name, *const device = entry->device;
	struct volume *volume;
	struct disk *disk;
	const char *why;
	int error;

	if (strcmp(device, "memory") == 0)
		return make_memory_volume(name, number);
	if (disk_open(device_master, device, &entry->disk, &disk))
		return NULL;
	error = ext2_mount(&kept_arena, disk, name, number, masix_realtime_ns, &volume, &why);
	if (error)
		masix_fatal("%s: cannot mount %s: %s", name, device, why);
	if (volume->read_only)
		masix_log("%s: %s is mounted read-only: %s", name, device,
			disk->read_only ? "it was not unmounted cleanly (run e2fsck -p) or is "
					  "write-protected"
					: "");
	return volume;
}

/* What the argument says, in kept memory. */
static struct kept_mount *read_argument(const char *argument)
{
	struct kept_mount *entry = &kept->mounts[kept->mount_count];
	const char *equals = strchr(argument, '=');
	size_t length = equals ? (size_t)(equals - argument) : 0;

	if (length == 0 || !equals[1])
		masix_fatal("bad argument \"%s\": NAME=DEVICE is wanted", argument);
	if (kept->mount_count == KEPT_MOUNTS || length >= KEPT_NAME ||
		strlen(equals + 1) >= KEPT_NAME)
		masix_fatal("argument \"%s\": too long, or one too many", argument);
	memset(entry, 0, sizeof(*entry));
	memcpy(entry->name, argument, length);
	strcpy(entry->device, equals + 1);
	return entry;
}

static struct mount *make_mount(mach_port_t device_master, const char *argument, uint32_t number)
{
	struct kept_mount *entry = read_argument(argument);
	struct mount *mount;

	entry->volume = open_volume(device_master, entry, number);
	if (!entry->volume) {
		/* A machine without its root cannot start. */
		if (strcmp(entry->name, "root") == 0)
			masix_fatal("%s: there is no disk %s", entry->name, entry->device);
		masix_log("%s: there is no disk %s", entry->name, entry->device);
		return NULL;
	}
	mount = mount_make(entry);
	if (!mount || masix_object_init(&mount->object, &mount_class) != KERN_SUCCESS)
		masix_fatal("not enough memory");
	entry->port = mount->object.port;
	kept->mount_count++;
	return mount;
}

static struct mount *begin(mach_port_t device_master, int argc, char **argv)
{
	struct mount *mounts = NULL, **last = &mounts;

	kept_begin();
	if (handle_begin() != 0)
		masix_fatal("not enough memory");
	for (int i = 1; i < argc; i++) {
		*last = make_mount(device_master, argv[i], FIRST_DEVICE + (uint32_t)i);
		if (*last)
			last = &(*last)->next;
	}
	return mounts;
}

/* Go on where the last one died.  NULL: that is not possible. */
static struct mount *go_on(mach_port_t device_master)
{
	struct mount *mounts = NULL;
	struct masix_estate *estate;
	kern_return_t result;
	bool whole = revive_find(device_master);

	result = masix_inherit(&estate);
	if (result != KERN_SUCCESS)
		masix_fatal("cannot inherit: %s", masix_strerror(result));
	if (whole && revive_adopt(estate, &mounts) != 0)
		masix_fatal("not enough memory to go on");
	masix_estate_end(estate);
	return mounts;
}

static void register_mount(struct mount *mount)
{
	static const uint32_t interfaces[] = { 501000 };
	mach_port_t right;
	kern_return_t result = masix_object_send_right(&mount->object, &right);

	if (result == KERN_SUCCESS)
		result = masix_register(mount->kept->name, MASIX_ROLE_SERVER, interfaces, 1, right);
	if (result != KERN_SUCCESS)
		masix_fatal("%s: cannot register: %s", mount->kept->name, masix_strerror(result));
}

/* Each request begins here. */
static masix_routine_t begin_request(const mach_msg_header_t *request)
{
	static _Thread_local struct done *mine;

	/* The worker may hold what a pager needs. */
	wire_thread();
	if (!mine)
		mine = kept_done_of(request);
	if (mine)
		mine->what = DONE_NOTHING;
	done_here = mine;
	return NULL;
}

int main(int argc, char **argv)
{
	static const masix_demux_t demux[] = { begin_request, dir_server_routine, io_server_routine,
		file_system_server_routine, NULL };
	const struct masix_pool_options options = {
		.demux = demux, .workers = WORKERS, .name = "files", .memory = kept_worker_memory
	};
	struct mount *mounts = NULL;
	mach_port_t device_master;
	kern_return_t result;
	bool again;

	kept_open(&again);
	result = masix_right(MASIX_RIGHT_DEVICE, 0, &device_master);
	if (result != KERN_SUCCESS)
		masix_fatal("no device right: %s", masix_strerror(result));
	wire_init();
	scarcity_init(memory_pages());
	if (pager_make_sets() != KERN_SUCCESS)
		masix_fatal("cannot make the pager");
	if (again)
		mounts = go_on(device_master);
	again = mounts != NULL;
	if (!mounts)
		mounts = begin(device_master, argc, argv);
	if (pager_start() != KERN_SUCCESS)
		masix_fatal("cannot start the pager");
	if (again)
		revive_finish(mounts);
	for (struct mount *mount = mounts; mount; mount = mount->next)
		register_mount(mount);
	if (mount_start_syncer(mounts))
		masix_fatal("cannot start the sync thread");
	result = masix_ready();
	if (result != KERN_SUCCESS)
		masix_fatal("ACS does not take us: %s", masix_strerror(result));
	masix_pool_run(&options);
}

#include "revive.h"

#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdlib.h>
#include <string.h>

#include "data.h"
#include "dir_reply.h"
#include "disk_mach.h"
#include "ext2.h"
#include "handle.h"
#include "io_reply.h"
#include "kept.h"
#include "mach_port.h"
#include "memory.h"
#include "names.h"
#include "pager.h"

/* Requests whose answers have more than a result (dir.defs, io.defs). */
#define DIR_OPEN 500800
#define IO_WRITE 500602
#define IO_WRITE_LARGE 500603

static bool is_memory(const struct kept_mount *mount)
{
	return strcmp(mount->device, "memory") == 0;
}

/* --- what was kept --- */

static bool find_volume(mach_port_t device_master, struct kept_mount *mount, const char **why)
{
	struct disk *disk;
	int error;

	*why = "it is not whole";
	if (is_memory(mount))
		return memory_recover(mount->volume, &kept_arena, mount->name, masix_realtime_ns) ==
		       0;
	*why = "its disk is gone";
	if (disk_open(device_master, mount->device, &mount->disk, &disk))
		return false;
	error = ext2_recover(mount->volume, &kept_arena, disk, mount->name, masix_realtime_ns, why);
	return error == 0;
}

static bool mark_workers(void)
{
	for (unsigned i = 0; i < kept->worker_count; i++)
		if (!arena_mark(&kept_arena, kept->workers[i].memory, kept->workers[i].size))
			return false;
	return true;
}

/* Those in memory, or those on disks. */
static bool find_volumes(
	mach_port_t device_master, bool in_memory, const char **what, const char **why)
{
	for (unsigned i = 0; i < kept->mount_count; i++) {
		if (is_memory(&kept->mounts[i]) != in_memory)
			continue;
		*what = kept->mounts[i].name;
		if (!find_volume(device_master, &kept->mounts[i], why) ||
			!pager_recover(kept->mounts[i].volume))
			return false;
	}
	return true;
}

bool revive_find(mach_port_t device_master)
{
	const char *why = "it is of another build, or was never in order";
	const char *what = "all of it";
	bool whole = kept_is_sound();

	if (whole)
		kept->generation++;
	for (unsigned i = 0; whole && i < kept->mount_count; i++)
		disk_settle(kept->mounts[i].device, kept->mounts[i].disk);
	/* Memory first: that closes the holes, before what is read from a disk comes into one. */
	whole = whole && find_volumes(device_master, true, &what, &why) &&
		find_volumes(device_master, false, &what, &why);
	if (whole) {
		what = "open files";
		why = "they are not whole";
		whole = handle_recover() && mark_workers();
	}
	if (whole) {
		arena_sweep(&kept_arena);
		for (unsigned i = 0; whole && i < kept->mount_count; i++) {
			what = kept->mounts[i].name;
			whole = is_memory(&kept->mounts[i]) ||
				ext2_resume(kept->mounts[i].volume, &why) == 0;
		}
	}
	if (!whole)
		masix_log("what the last file server left is lost, open files with it: %s: %s",
			what, why);
	return whole;
}

/* --- answers that were owed --- */

static kern_return_t answer_plain(mach_port_t reply, mach_msg_id_t id)
{
	static const mach_msg_type_t type = { .msgt_name = MACH_MSG_TYPE_INTEGER_32,
		.msgt_size = 32,
		.msgt_number = 1,
		.msgt_inline = TRUE };
	mig_reply_header_t answer = { .Head = { .msgh_bits = MACH_MSGH_BITS(
							MACH_MSG_TYPE_MOVE_SEND_ONCE, 0),
					      .msgh_size = sizeof(answer),
					      .msgh_remote_port = reply,
					      .msgh_id = id + 100 },
		.RetCodeType = type,
		.RetCode = KERN_SUCCESS };

	return mach_msg(
		&answer.Head, MACH_SEND_MSG, sizeof(answer), 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

/* It was made: open it for who made it. */
static kern_return_t answer_open(mach_port_t reply, const struct done *done)
{
	const struct handle *directory = done->directory;
	mach_port_t object = MACH_PORT_NULL;
	masix_stat_t stat = { 0 };
	struct volume *volume;
	struct node *node;
	int error;

	if (!handle_is_live(directory))
		return KERN_FAILURE;
	volume = directory->node->volume;
	volume_lock(volume);
	error = node_get(volume, done->number, &node);
	if (!error)
		stat = node->stat;
	volume_unlock(volume);
	if (error)
		return KERN_FAILURE;
	error = handle_open(node, directory->context, done->flags, &object);
	node_release(node);
	return dir_open_reply(reply, MACH_MSG_TYPE_MOVE_SEND_ONCE, error, names_kind(stat.mode),
		object, stat, NULL, 0);
}

static void answer(mach_port_t reply, mach_msg_id_t id, const struct done *done)
{
	kern_return_t result;

	if (done->what == DONE_CREATED && id == DIR_OPEN)
		result = answer_open(reply, done);
	else if (done->what == DONE_WRITTEN && id == IO_WRITE)
		result = io_write_reply(reply, MACH_MSG_TYPE_MOVE_SEND_ONCE, KERN_SUCCESS,
			done->written, (int64_t)done->number);
	else if (done->what == DONE_WRITTEN && id == IO_WRITE_LARGE)
		result = io_write_large_reply(reply, MACH_MSG_TYPE_MOVE_SEND_ONCE, KERN_SUCCESS,
			done->written, (int64_t)done->number);
	else
		result = answer_plain(reply, id);
	/* Nobody waits any more. */
	if (result != KERN_SUCCESS)
		(void)mach_port_deallocate(mach_task_self(), reply);
}

/* Has any worker received a request with this reply right? */
static bool is_received(mach_port_t reply)
{
	for (unsigned i = 0; i < kept->worker_count; i++) {
		struct masix_left left;

		masix_worker_left(kept->workers[i].memory, &left);
		if (left.request && left.request->msgh_remote_port == reply)
			return true;
	}
	return false;
}

/* What was done and not answered is answered.  What was not done is sent again by its caller, who hears that the reply right was
 * destroyed. */
static void settle_worker(const struct kept_worker *worker, struct masix_estate *estate)
{
	const mach_msg_header_t *request;
	struct masix_left left;

	masix_worker_left(worker->memory, &left);
	if (worker->of_pager) {
		if (left.request)
			pager_again(left.request, estate);
		return;
	}
	request = left.begun ? left.request : left.answered;
	if (!request || worker->done.what == DONE_NOTHING ||
		(!left.begun && is_received(request->msgh_remote_port)))
		return;
	if (masix_estate_take(estate, request->msgh_remote_port, MACH_PORT_TYPE_SEND_ONCE))
		answer(request->msgh_remote_port, request->msgh_id, &worker->done);
}

/* --- the rest --- */

static int adopt_mount(
	struct kept_mount *kept_mount, struct masix_estate *estate, struct mount **result)
{
	struct mount *mount = mount_make(kept_mount);

	*result = mount;
	if (!mount || !masix_estate_take(estate, kept_mount->port, MACH_PORT_TYPE_RECEIVE) ||
		masix_object_adopt(&mount->object, &mount_class, kept_mount->port) != KERN_SUCCESS)
		return MASIX_E_LIMIT;
	return pager_adopt(kept_mount->volume, estate);
}

int revive_adopt(struct masix_estate *estate, struct mount **mounts)
{
	unsigned workers = kept->worker_count;
	int error = 0;

	for (unsigned i = 0; i < kept->mount_count && !error; i++) {
		error = adopt_mount(&kept->mounts[i], estate, mounts);
		if (!error)
			mounts = &(*mounts)->next;
	}
	if (!error)
		error = handle_adopt(estate);
	if (error)
		return error;
	for (unsigned i = 0; i < kept->mount_count; i++)
		volume_recovered(kept->mounts[i].volume);
	for (unsigned i = 0; i < workers; i++)
		settle_worker(&kept->workers[i], estate);
	pager_again_postponed();
	/* Done with: if this server dies too, its own workers are what counts. */
	kept->worker_count = 0;
	for (unsigned i = 0; i < workers; i++)
		arena_free(&kept_arena, kept->workers[i].memory, kept->workers[i].size);
	return 0;
}

void revive_finish(struct mount *mounts)
{
	for (struct mount *mount = mounts; mount; mount = mount->next) {
		struct volume *volume = mount->kept->volume;
		struct node *node;

		while ((node = volume_next_cut(volume))) {
			int error = data_finish_cut(node);

			if (error)
				masix_log("%s: inode %llu could not be cut: %s", volume->name,
					(unsigned long long)node->stat.ino, masix_strerror(error));
			node_release(node);
		}
		pager_reap(volume);
	}
	handle_grant_all();
}

/* Root directories of mounts, asked for once and kept. */
#include <asm/errno.h>
#include <asm/fcntl.h>

#include "fd.h"
#include "kernel.h"
#include "mount_path.h"
#include "mounts.h"
#include "process.h"

static struct {
	volatile uint32_t
		slots[EMUL_MOUNTS]; /* of file_hold, beside emul_boot.mounts; files lock */
	uint32_t generation;	    /* of the credentials that their rights are for; files lock */
	/* Of chroot; then there is no prefix rule.  "" otherwise. */
	volatile uint32_t root_length;
	char root[MASIX_PATH_MAX];
} mounts;

static int index_of(uint32_t id)
{
	for (int i = 0; i < EMUL_MOUNTS; i++)
		if (emul_boot.mounts[i].id == id)
			return i;
	return -1;
}

/* Empty the slots; the files that were in them, to be dropped without the lock. */
static void take_slots(uint32_t *old)
{
	for (unsigned i = 0; i < EMUL_MOUNTS; i++) {
		old[i] = mounts.slots[i];
		mounts.slots[i] = 0;
	}
	mounts.generation++;
}

static void drop_slots(const uint32_t *old)
{
	for (unsigned i = 0; i < EMUL_MOUNTS; i++)
		if (old[i] != 0)
			file_drop((struct emul_file *)old[i]);
}

/* A mount made after this process's table was written. */
static int index_of_new(uint32_t id)
{
	struct emul_mount fresh[EMUL_MOUNTS];
	uint32_t old[EMUL_MOUNTS];
	masix_inline_t table;
	mach_msg_type_number_t size = sizeof table;

	if (process_mounts(EMUL_PORT_PROCESS, table, &size) != KERN_SUCCESS)
		return -1;
	(void)mount_path_parse(table, size, fresh, EMUL_MOUNTS);
	emul_lock(&files_lock);
	memcpy(emul_boot.mounts, fresh, sizeof fresh);
	take_slots(old);
	emul_unlock(&files_lock);
	drop_slots(old);
	return index_of(id);
}

static uint32_t generation_now(void)
{
	uint32_t generation;

	emul_lock(&files_lock);
	generation = mounts.generation;
	emul_unlock(&files_lock);
	return generation;
}

/* A right to the root of mount `id` for the slot; a race with another thread leaves one, or none if that thread changed
 * the credentials meanwhile. */
static long fetch(uint32_t id, volatile uint32_t *slot)
{
	uint32_t generation = generation_now();
	struct emul_file *file;
	mach_port_t port;
	long result = emul_result(process_mount_root(EMUL_PORT_PROCESS, id, &port));

	if (result != 0)
		return result;
	file = file_create(EMUL_FILE_DIRECTORY, port, O_PATH, id, NULL);
	if (file == NULL)
		return -ENFILE;
	emul_lock(&files_lock);
	if (*slot == 0 && mounts.generation == generation) {
		*slot = (uint32_t)file;
		file = NULL;
	}
	emul_unlock(&files_lock);
	if (file != NULL)
		file_drop(file);
	return 0;
}

long mounts_root(uint32_t id, struct emul_file **directory)
{
	volatile uint32_t *slot = &fd_root;

	if (id != 0) {
		int index = index_of(id);

		if (index < 0)
			index = index_of_new(id);
		if (index < 0)
			return -ENOENT;
		slot = &mounts.slots[index];
	}
	while ((*directory = file_hold(slot)) == NULL) {
		long result = id != 0 ? fetch(id, slot) : -ENOENT;

		if (result != 0)
			return result;
	}
	return 0;
}

long mounts_start(const char *path, uint32_t length, struct emul_file **directory, uint32_t *rest)
{
	int index = -1;

	*rest = 0;
	if (mounts.root_length == 0)
		index = mount_path_find(emul_boot.mounts, EMUL_MOUNTS, path, length, rest);
	return mounts_root(index < 0 ? 0 : emul_boot.mounts[index].id, directory);
}

long mounts_path(uint32_t id, char *path, uint32_t size)
{
	uint32_t length;
	int index;

	if (id == 0)
		return 0;
	index = index_of(id);
	if (index < 0)
		index = index_of_new(id);
	if (index < 0)
		return -ENOENT;
	length = mount_path_length(&emul_boot.mounts[index]);
	if (length > size)
		return -ENAMETOOLONG;
	memcpy(path, emul_boot.mounts[index].path, length);
	return (long)length;
}

void mounts_distrust(struct emul_file *directory)
{
	for (unsigned i = 0; i < EMUL_MOUNTS; i++)
		if (__sync_bool_compare_and_swap(&mounts.slots[i], (uint32_t)directory, 0))
			file_drop(directory);
}

void mounts_renew(void)
{
	uint32_t old[EMUL_MOUNTS];

	emul_lock(&files_lock);
	take_slots(old);
	emul_unlock(&files_lock);
	drop_slots(old);
}

long mounts_inside_root(char *path, uint32_t length)
{
	uint32_t root = mounts.root_length;

	if (root > length || memcmp(path, mounts.root, root) != 0 ||
		(root < length && path[root] != '/'))
		return -ENOENT;
	memmove(path, path + root, length - root);
	return (long)(length - root);
}

long mounts_outside_root(char *path, uint32_t length, uint32_t size)
{
	if (length > size || mounts.root_length > size - length)
		return -ENAMETOOLONG;
	memmove(path + mounts.root_length, path, length);
	memcpy(path, mounts.root, mounts.root_length);
	return (long)(length + mounts.root_length);
}

void mounts_set_root(const char *path, uint32_t length)
{
	memcpy(mounts.root, path, length);
	mounts.root_length = length;
	mounts_renew();
}

void mounts_forget(void)
{
	for (unsigned i = 0; i < EMUL_MOUNTS; i++)
		if (mounts.slots[i] != 0)
			mounts.slots[i] = 0;
}

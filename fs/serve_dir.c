/* dir.defs: checks of what came in, then names.c. */
#include <masix/error.h>
#include <masix/mach.h>
#include <string.h>
#include <sys/stat.h>

#include "data.h"
#include "dir_server.h"
#include "done.h"
#include "handle.h"
#include "mach_port.h"
#include "names.h"
#include "pager.h"

/* The directory and the path of a request.  handle_put on success. */
static int begin(mach_port_t port, const char *bytes, unsigned count, struct handle **handle,
	struct path *path)
{
	int error = path_init(path, bytes, count);

	if (error)
		return error;
	return handle_get_directory(port, handle);
}

/* What was opened, as an object of its own. */
static int make_object(
	struct handle *directory, struct found *found, int flags, mach_port_t *object)
{
	*object = MACH_PORT_NULL;
	if (!found->node)
		return 0;
	return handle_open(
		found->node, directory->context, flags & MASIX_OPEN_PATH ? 0 : flags, object);
}

kern_return_t S_dir_open(mach_port_t dir, const masix_path_t bytes, mach_msg_type_number_t count,
	int flags, uint32_t mode, int *kind, mach_port_t *object, masix_stat_t *stat,
	masix_path_t rest, mach_msg_type_number_t *rest_count)
{
	struct handle *handle;
	struct found found;
	struct path path;
	int error;

	error = begin(dir, bytes, count, &handle, &path);
	if (error)
		return error;
	if (done_here) {
		/* For who may have to answer. */
		done_here->directory = handle;
		done_here->flags = flags & MASIX_OPEN_PATH ? 0 : flags;
	}
	error = names_open(handle->context, handle->node, &path, flags, mode, &found);
	if (!error && found.kind == MASIX_KIND_FILE && (flags & MASIX_OPEN_TRUNCATE) &&
		!found.created && found.stat.size > 0) {
		error = data_resize(&handle->context->who, found.node, 0);
		found.stat.size = 0;
		found.stat.blocks = 0;
	}
	if (!error)
		error = make_object(handle, &found, flags, object);
	if (!error) {
		*kind = found.kind;
		*stat = found.stat;
		memcpy(rest, found.rest, found.rest_length);
		*rest_count = found.rest_length;
	}
	if (found.node)
		node_release(found.node);
	handle_put(handle);
	return error;
}

kern_return_t S_dir_stat(mach_port_t dir, const masix_path_t bytes, mach_msg_type_number_t count,
	int flags, int *kind, masix_stat_t *stat, masix_path_t rest,
	mach_msg_type_number_t *rest_count)
{
	struct handle *handle;
	struct found found;
	struct path path;
	int error;

	error = begin(dir, bytes, count, &handle, &path);
	if (error)
		return error;
	error = names_stat(
		handle->context, handle->node, &path, !(flags & MASIX_OPEN_NOFOLLOW), &found);
	if (!error) {
		*kind = found.kind;
		*stat = found.stat;
		memcpy(rest, found.rest, found.rest_length);
		*rest_count = found.rest_length;
	}
	handle_put(handle);
	return error;
}

kern_return_t S_dir_readlink(mach_port_t dir, const masix_path_t bytes,
	mach_msg_type_number_t count, masix_path_t target, mach_msg_type_number_t *target_count)
{
	struct handle *handle;
	struct path path;
	unsigned length;
	int error;

	error = begin(dir, bytes, count, &handle, &path);
	if (error)
		return error;
	error = names_read_link(handle->context, handle->node, &path, target, &length);
	if (!error)
		*target_count = length;
	handle_put(handle);
	return error;
}

/* Packs entries while they fit. */
struct packer {
	char *data;
	uint32_t room, used;
	int64_t next;
	bool full;
};

static bool pack(void *argument, const struct name *name, uint64_t ino, uint8_t type, int64_t next)
{
	struct packer *packer = argument;
	uint32_t length = (uint32_t)(sizeof(struct masix_dirent) + name->length + 7) & ~7u;
	struct masix_dirent *entry = (struct masix_dirent *)(packer->data + packer->used);

	if (length > packer->room - packer->used) {
		packer->full = true;
		return false;
	}
	/* The padding is sent too. */
	memset(entry, 0, length);
	entry->ino = ino;
	entry->next = next;
	entry->length = (uint16_t)length;
	entry->type = type;
	entry->name_length = (uint8_t)name->length;
	memcpy(entry->name, name->text, name->length);
	packer->used += length;
	packer->next = next;
	return true;
}

kern_return_t S_dir_entries(mach_port_t dir, int64_t cookie, uint32_t amount, masix_inline_t data,
	mach_msg_type_number_t *count, int64_t *next)
{
	struct packer packer = { .data = data, .next = cookie };
	struct handle *handle;
	struct node *node;
	int error;

	error = handle_get_directory(dir, &handle);
	if (error)
		return error;
	packer.room = amount < MASIX_INLINE_MAX ? amount : MASIX_INLINE_MAX;
	node = handle->node;
	if (!(handle->rights & MASIX_OPEN_READ)) {
		error = MASIX_E_ACCESS;
	} else {
		volume_lock(node->volume);
		/* A removed directory has no entries, not even its own. */
		if (node->stat.nlink > 0)
			error = node->volume->ops->entries(node, cookie, pack, &packer);
		volume_unlock(node->volume);
	}
	if (!error && packer.full && packer.used == 0)
		error = MASIX_E_INVALID;
	if (!error) {
		*count = packer.used;
		*next = packer.next;
	}
	handle_put(handle);
	return error;
}

static int make(mach_port_t dir, const char *bytes, unsigned count, struct node_seed *seed)
{
	struct handle *handle;
	struct path path;
	int error;

	error = begin(dir, bytes, count, &handle, &path);
	if (error)
		return error;
	error = names_make(handle->context, handle->node, &path, seed);
	handle_put(handle);
	return error;
}

kern_return_t S_dir_make_directory(
	mach_port_t dir, const masix_path_t bytes, mach_msg_type_number_t count, uint32_t mode)
{
	struct node_seed seed = { .mode = S_IFDIR | (mode & 07777) };

	return make(dir, bytes, count, &seed);
}

kern_return_t S_dir_make_node(mach_port_t dir, const masix_path_t bytes,
	mach_msg_type_number_t count, uint32_t mode, uint32_t rdev)
{
	struct node_seed seed = { .mode = mode & (S_IFMT | 07777) };
	struct handle *handle;
	bool privileged;

	switch (mode & S_IFMT) {
	case S_IFCHR:
	case S_IFBLK:
		/* Whoever opens the node gets the device it names. */
		handle = handle_get(dir);
		if (!handle)
			return KERN_INVALID_ARGUMENT;
		privileged = handle->context->who.uid == 0;
		handle_put(handle);
		if (!privileged)
			return MASIX_E_PERMISSION;
		seed.rdev = rdev;
		break;
	case S_IFIFO:
	case S_IFSOCK:
	case S_IFREG:
		break;
	default:
		return MASIX_E_INVALID;
	}
	return make(dir, bytes, count, &seed);
}

kern_return_t S_dir_symlink(mach_port_t dir, const masix_path_t bytes, mach_msg_type_number_t count,
	const masix_path_t target, mach_msg_type_number_t target_count)
{
	struct node_seed seed = {
		.mode = S_IFLNK | 0777, .target = target, .target_length = target_count
	};

	if (target_count >= MASIX_PATH_MAX)
		return MASIX_E_NAME_TOO_LONG;
	if (target_count == 0)
		return MASIX_E_NOT_FOUND;
	if (memchr(target, '\0', target_count))
		return MASIX_E_INVALID;
	return make(dir, bytes, count, &seed);
}

kern_return_t S_dir_link(
	mach_port_t dir, const masix_path_t bytes, mach_msg_type_number_t count, mach_port_t file)
{
	struct handle *handle, *other;
	struct path path;
	int error;

	error = begin(dir, bytes, count, &handle, &path);
	if (error)
		return error;
	/* A send right to a port of ours arrives under the port's own name. */
	other = handle_get(file);
	if (!other || other->node->volume != handle->node->volume)
		error = MASIX_E_OTHER_SYSTEM;
	else
		error = names_link(handle->context, handle->node, &path, other->node);
	if (other)
		handle_put(other);
	handle_put(handle);
	if (!error)
		(void)mach_port_deallocate(mach_task_self(), file);
	return error;
}

kern_return_t S_dir_unlink(
	mach_port_t dir, const masix_path_t bytes, mach_msg_type_number_t count, int flags)
{
	struct handle *handle;
	struct path path;
	int error;

	error = begin(dir, bytes, count, &handle, &path);
	if (error)
		return error;
	error = names_unlink(
		handle->context, handle->node, &path, (flags & MASIX_UNLINK_DIRECTORY) != 0);
	pager_reap(handle->node->volume);
	handle_put(handle);
	return error;
}

kern_return_t S_dir_rename(mach_port_t dir, const masix_path_t bytes, mach_msg_type_number_t count,
	mach_port_t to_dir, const masix_path_t to_bytes, mach_msg_type_number_t to_count, int flags)
{
	struct handle *handle, *to;
	struct path path, to_path;
	int error;

	error = path_init(&to_path, to_bytes, to_count);
	if (error)
		return error;
	error = begin(dir, bytes, count, &handle, &path);
	if (error)
		return error;
	to = handle_get(to_dir);
	if (!to || to->node->volume != handle->node->volume)
		error = MASIX_E_OTHER_SYSTEM;
	else if (!node_is_directory(to->node))
		error = MASIX_E_NOT_DIRECTORY;
	else
		error = names_rename(handle->context, handle->node, &path, to->context, to->node,
			&to_path, !(flags & MASIX_RENAME_NOREPLACE));
	if (to)
		handle_put(to);
	pager_reap(handle->node->volume);
	handle_put(handle);
	if (!error)
		(void)mach_port_deallocate(mach_task_self(), to_dir);
	return error;
}

kern_return_t S_dir_path(mach_port_t dir, masix_path_t path, mach_msg_type_number_t *count)
{
	struct handle *handle;
	unsigned length;
	int error;

	error = handle_get_directory(dir, &handle);
	if (error)
		return error;
	volume_lock(handle->node->volume);
	error = walk_path_of(handle->node, path, &length);
	volume_unlock(handle->node->volume);
	if (!error)
		*count = length;
	handle_put(handle);
	return error;
}

kern_return_t S_dir_statfs(mach_port_t dir, masix_statfs_t *info)
{
	struct handle *handle = handle_get(dir);
	struct volume *volume;
	int error;

	if (!handle)
		return KERN_INVALID_ARGUMENT;
	volume = handle->node->volume;
	memset(info, 0, sizeof(*info));
	volume_lock(volume);
	error = volume->ops->statfs(volume, info);
	volume_unlock(volume);
	handle_put(handle);
	return error;
}

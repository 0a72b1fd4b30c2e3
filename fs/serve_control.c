/* file_system.defs: the control port of a mount. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <string.h>

#include "file_system_server.h"
#include "handle.h"
#include "mach_port.h"
#include "mount.h"
#include "names.h"

static const struct identity root_identity;

static struct mount *mount_of(mach_port_t control)
{
	return (struct mount *)masix_object_get(control, &mount_class);
}

/* The directory at `bytes`, with a reference.  Lock held. */
static int find_locked(struct volume *volume, struct path *path, bool covered, struct node **node)
{
	struct context context = { .who = root_identity, .mounted = true };
	struct walk walk;
	int error;

	error = node_get(volume, volume->root, &context.root);
	if (error)
		return error;
	error = walk_begin(&context, context.root, path, true, &walk);
	node_put(context.root);
	if (error)
		return error;
	if (walk.cross == MASIX_CROSS_MOUNT && covered && path_is_empty(walk.path))
		*node = walk.covered;
	else if (walk.cross)
		error = MASIX_E_CROSS;
	else if (!walk.node)
		error = MASIX_E_NOT_FOUND;
	else if (!node_is_directory(walk.node))
		error = MASIX_E_NOT_DIRECTORY;
	else
		*node = walk.node;
	if (!error)
		node_ref(*node);
	walk_end(&walk);
	return error;
}

/* `covered`: also one that is covered already. */
static int find_directory(
	struct volume *volume, const char *bytes, unsigned count, bool covered, struct node **node)
{
	struct path path;
	int error = path_init(&path, bytes, count);

	if (error)
		return error;
	volume_lock(volume);
	error = find_locked(volume, &path, covered, node);
	volume_unlock(volume);
	return error;
}

static int read_identity(const uint32_t *ids, unsigned count, struct identity *who)
{
	if (count < 2 || count - 2 > IDENTITY_GROUPS)
		return MASIX_E_INVALID;
	who->uid = ids[0];
	who->gid = ids[1];
	who->group_count = count - 2;
	memcpy(who->groups, ids + 2, who->group_count * sizeof(who->groups[0]));
	return 0;
}

kern_return_t S_fs_mint(mach_port_t control, const masix_ids_t ids, mach_msg_type_number_t count,
	const masix_path_t root, mach_msg_type_number_t root_count, int flags, mach_port_t *dir)
{
	struct identity who;
	struct mount *mount;
	struct context *context;
	struct node *node;
	int error;

	error = read_identity(ids, count, &who);
	if (error)
		return error;
	mount = mount_of(control);
	if (!mount)
		return KERN_INVALID_ARGUMENT;
	error = find_directory(mount->kept->volume, root, root_count, false, &node);
	if (!error) {
		context = context_create(node, &who, (flags & MASIX_MINT_MOUNTED) != 0);
		error = MASIX_E_LIMIT;
		if (context) {
			error = handle_open_first(node, context, MASIX_OPEN_READ, dir);
			context_put(context);
		}
		node_release(node);
	}
	masix_object_put(&mount->object);
	return error;
}

/* The node of a covered directory stays in memory (trim in volume.c). */
kern_return_t S_fs_cover(
	mach_port_t control, const masix_path_t path, mach_msg_type_number_t count, uint32_t number)
{
	struct mount *mount = mount_of(control);
	struct node *node;
	int error;

	if (!mount)
		return KERN_INVALID_ARGUMENT;
	error = find_directory(mount->kept->volume, path, count, true, &node);
	if (!error) {
		volume_lock(mount->kept->volume);
		if (node->stat.ino == mount->kept->volume->root) {
			error = MASIX_E_BUSY;
		} else {
			node_change(node);
			node->mount = number;
		}
		node_put(node);
		volume_unlock(mount->kept->volume);
	}
	masix_object_put(&mount->object);
	return error;
}

/* The handle behind a right that came from a program, if it is one of this file system.  mach_msg gives a
 * right to a port of ours the name that the port has here, so no other server's port is taken for one. */
static int find_handle(mach_port_t control, mach_port_t file, struct handle **found)
{
	struct mount *mount = mount_of(control);
	struct handle *handle;
	int error = 0;

	if (!mount)
		return KERN_INVALID_ARGUMENT;
	handle = MACH_PORT_VALID(file) ? handle_get(file) : NULL;
	if (!handle) {
		error = MASIX_E_NOT_FOUND;
	} else if (handle->node->volume != mount->kept->volume) {
		handle_put(handle);
		error = MASIX_E_NOT_FOUND;
	} else {
		*found = handle;
	}
	masix_object_put(&mount->object);
	return error;
}

kern_return_t S_fs_identify(mach_port_t control, mach_port_t file, int *rights, masix_stat_t *stat)
{
	struct handle *handle;
	int error = find_handle(control, file, &handle);

	if (error)
		return error;
	*rights = handle->rights;
	volume_lock(handle->node->volume);
	*stat = handle->node->stat;
	volume_unlock(handle->node->volume);
	handle_put(handle);
	(void)mach_port_deallocate(mach_task_self(), file);
	return KERN_SUCCESS;
}

kern_return_t S_fs_adopt(mach_port_t control, mach_port_t file, const masix_ids_t ids,
	mach_msg_type_number_t count, mach_port_t *adopted)
{
	struct identity who;
	struct handle *handle;
	struct context *context;
	int error = read_identity(ids, count, &who);

	if (error)
		return error;
	error = find_handle(control, file, &handle);
	if (error)
		return error;
	context = context_create(handle->context->root, &who, handle->context->mounted);
	error = MASIX_E_LIMIT;
	if (context) {
		error = handle_open_first(handle->node, context, handle->rights, adopted);
		context_put(context);
	}
	handle_put(handle);
	if (!error)
		(void)mach_port_deallocate(mach_task_self(), file);
	return error;
}

kern_return_t S_fs_sync(mach_port_t control)
{
	struct mount *mount = mount_of(control);
	int error;

	if (!mount)
		return KERN_INVALID_ARGUMENT;
	error = mount_sync(mount, false);
	masix_object_put(&mount->object);
	return error;
}

kern_return_t S_fs_shutdown(mach_port_t control)
{
	struct mount *mount = mount_of(control);
	int error;

	if (!mount)
		return KERN_INVALID_ARGUMENT;
	error = mount_sync(mount, true);
	if (error)
		masix_log("%s: shutdown: %s", mount->kept->volume->name, masix_strerror(error));
	masix_object_put(&mount->object);
	return error;
}

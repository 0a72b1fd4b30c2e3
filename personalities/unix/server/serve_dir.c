/* dir.defs: finds the directory, checks what the class leaves unchecked, calls its operation. */
#include "serve_dir.h"

#include <string.h>

#include <dir_server.h>
#include <masix/error.h>

#include "server.h"

/* The object behind a directory's port, with a reference, and its operations; NULL: none. */
static struct masix_object *enter(mach_port_t port, const struct dir_operations **operations)
{
	struct masix_object *object = masix_object_get(port, NULL);

	if (object == NULL)
		return NULL;
	*operations = ((const struct unix_class *)object->class)->dir;
	if (*operations != NULL)
		return object;
	masix_object_put(object);
	return NULL;
}

kern_return_t dir_check_open(int kind, int flags)
{
	bool writes = (flags & (MASIX_OPEN_WRITE | MASIX_OPEN_TRUNCATE)) != 0;

	if ((flags & MASIX_OPEN_EXCLUSIVE) != 0 && (flags & MASIX_OPEN_CREATE) != 0)
		return MASIX_E_EXISTS;
	if ((flags & MASIX_OPEN_DIRECTORY) != 0 && kind != MASIX_KIND_DIRECTORY)
		return MASIX_E_NOT_DIRECTORY;
	if (writes && kind == MASIX_KIND_DIRECTORY)
		return MASIX_E_IS_DIRECTORY;
	if ((writes || (flags & MASIX_OPEN_EXEC) != 0) && kind == MASIX_KIND_FILE)
		return MASIX_E_ACCESS;
	if (kind == MASIX_KIND_SYMLINK && (flags & MASIX_OPEN_PATH) == 0)
		return MASIX_E_LOOP;
	return KERN_SUCCESS;
}

/* dir_open and dir_stat have all but the object in common. */
static kern_return_t find(mach_port_t port, const char *path, uint32_t length, int flags, int *kind,
	mach_port_t *object, masix_stat_t *stat, char *rest, mach_msg_type_number_t *rest_length)
{
	const struct dir_operations *operations;
	struct masix_object *dir = enter(port, &operations);
	struct dir_found found = { .kind = 0 };

	*rest_length = 0;
	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	kern_return_t kr = memchr(path, '\0', length) != NULL
				   ? MASIX_E_INVALID
				   : operations->find(dir, path, length, flags, &found, object);

	masix_object_put(dir);
	if (kr != KERN_SUCCESS)
		return kr;
	*kind = found.kind;
	*stat = found.stat;
	*rest_length = found.rest_length;
	memcpy(rest, found.rest, found.rest_length);
	return KERN_SUCCESS;
}

kern_return_t S_dir_open(mach_port_t port, const masix_path_t path, mach_msg_type_number_t length,
	int flags, uint32_t mode, int *kind, mach_port_t *object, masix_stat_t *stat,
	masix_path_t rest, mach_msg_type_number_t *rest_length)
{
	(void)mode;
	*object = MACH_PORT_NULL;
	return find(port, path, length, flags, kind, object, stat, rest, rest_length);
}

kern_return_t S_dir_stat(mach_port_t port, const masix_path_t path, mach_msg_type_number_t length,
	int flags, int *kind, masix_stat_t *stat, masix_path_t rest,
	mach_msg_type_number_t *rest_length)
{
	return find(port, path, length, flags, kind, NULL, stat, rest, rest_length);
}

kern_return_t S_dir_readlink(mach_port_t port, const masix_path_t path,
	mach_msg_type_number_t length, masix_path_t target, mach_msg_type_number_t *target_length)
{
	const struct dir_operations *operations;
	struct masix_object *dir = enter(port, &operations);
	kern_return_t kr = MASIX_E_INVALID;

	*target_length = 0;
	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	if (memchr(path, '\0', length) == NULL) {
		uint32_t count = sizeof(masix_path_t);

		kr = operations->readlink(dir, path, length, target, &count);
		if (kr == KERN_SUCCESS)
			*target_length = count;
	}
	masix_object_put(dir);
	return kr;
}

kern_return_t S_dir_entries(mach_port_t port, int64_t cookie, uint32_t amount, masix_inline_t data,
	mach_msg_type_number_t *count, int64_t *next)
{
	const struct dir_operations *operations;
	struct masix_object *dir = enter(port, &operations);

	*count = 0;
	*next = cookie;
	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	*count = operations->entries(
		dir, cookie, data, amount < MASIX_INLINE_MAX ? amount : MASIX_INLINE_MAX, next);
	masix_object_put(dir);
	return KERN_SUCCESS;
}

kern_return_t S_dir_path(mach_port_t port, masix_path_t path, mach_msg_type_number_t *length)
{
	const struct dir_operations *operations;
	struct masix_object *dir = enter(port, &operations);

	*length = 0;
	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	*length = operations->path(dir, path, sizeof(masix_path_t));
	masix_object_put(dir);
	return KERN_SUCCESS;
}

kern_return_t S_dir_statfs(mach_port_t port, masix_statfs_t *info)
{
	const struct dir_operations *operations;
	struct masix_object *dir = enter(port, &operations);

	memset(info, 0, sizeof(*info));
	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	info->type = operations->magic;
	info->block_size = 4096;
	info->name_max = MASIX_NAME_MAX;
	masix_object_put(dir);
	return KERN_SUCCESS;
}

/* --- Nothing can be changed here --- */

static kern_return_t refuse_change(mach_port_t port)
{
	const struct dir_operations *operations;
	struct masix_object *dir = enter(port, &operations);

	if (dir == NULL)
		return KERN_INVALID_ARGUMENT;
	masix_object_put(dir);
	return MASIX_E_PERMISSION;
}

kern_return_t S_dir_make_directory(
	mach_port_t port, const masix_path_t path, mach_msg_type_number_t length, uint32_t mode)
{
	(void)path;
	(void)length;
	(void)mode;
	return refuse_change(port);
}

kern_return_t S_dir_make_node(mach_port_t port, const masix_path_t path,
	mach_msg_type_number_t length, uint32_t mode, uint32_t rdev)
{
	(void)path;
	(void)length;
	(void)mode;
	(void)rdev;
	return refuse_change(port);
}

kern_return_t S_dir_symlink(mach_port_t port, const masix_path_t path,
	mach_msg_type_number_t length, const masix_path_t target,
	mach_msg_type_number_t target_length)
{
	(void)path;
	(void)length;
	(void)target;
	(void)target_length;
	return refuse_change(port);
}

kern_return_t S_dir_link(
	mach_port_t port, const masix_path_t path, mach_msg_type_number_t length, mach_port_t file)
{
	(void)path;
	(void)length;
	(void)file;
	return refuse_change(port);
}

kern_return_t S_dir_unlink(
	mach_port_t port, const masix_path_t path, mach_msg_type_number_t length, int flags)
{
	(void)path;
	(void)length;
	(void)flags;
	return refuse_change(port);
}

kern_return_t S_dir_rename(mach_port_t port, const masix_path_t path, mach_msg_type_number_t length,
	mach_port_t to, const masix_path_t to_path, mach_msg_type_number_t to_length, int flags)
{
	(void)path;
	(void)length;
	(void)to;
	(void)to_path;
	(void)to_length;
	(void)flags;
	return refuse_change(port);
}

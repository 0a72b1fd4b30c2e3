/* From a path or a descriptor to the object of an inode. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "device.h"
#include "fd.h"
#include "object.h"
#include "path.h"

/* A device's descriptor holds the device; its inode is found by the usual name. */
static long apply_to_node(
	const struct emul_file *file, object_request *request, const void *context)
{
	struct path_result result;
	char name[32];
	long error;

	if (device_name(file->stat.rdev, name, sizeof name) == 0)
		return -EPERM;
	error = path_open(AT_FDCWD, name, MASIX_OPEN_PATH, 0, &result);
	if (error != 0)
		return error;
	if (result.stat.dev != file->stat.dev || result.stat.ino != file->stat.ino ||
		result.port == MACH_PORT_NULL)
		error = -EPERM;
	else
		error = emul_result(request(result.port, context));
	path_discard(&result);
	return error;
}

long object_of_descriptor(uint32_t fd, int path_too, object_request *request, const void *context)
{
	struct emul_file *file = fd_hold(fd);
	long result;

	if (file == NULL)
		return -EBADF;
	if (!path_too && (file_flags(file) & O_PATH))
		result = -EBADF;
	else if (S_ISCHR(file->stat.mode) && file->kind != EMUL_FILE_PATH)
		result = apply_to_node(file, request, context);
	else if (file->port == MACH_PORT_NULL)
		result = -EBADF;
	else
		result = emul_result(request(file->port, context));
	file_release(file);
	return result;
}

long object_of_path(
	int dirfd, uint32_t path, uint32_t at_flags, object_request *request, const void *context)
{
	struct path_result result;
	int nofollow = at_flags & AT_SYMLINK_NOFOLLOW ? MASIX_OPEN_NOFOLLOW : 0;
	long error;

	if ((at_flags & AT_EMPTY_PATH) && *(const char *)path == '\0') {
		if (dirfd != AT_FDCWD)
			return object_of_descriptor((uint32_t)dirfd, 1, request, context);
		path = (uint32_t) ".";
	}
	error = path_open(dirfd, (const char *)path, MASIX_OPEN_PATH | nofollow, 0, &result);
	if (error != 0)
		return error;
	if (result.kind == PATH_KIND_DESCRIPTOR)
		return object_of_descriptor(result.descriptor, 1, request, context);
	if (result.kind == PATH_KIND_ALL_DESCRIPTORS)
		return -EPERM;
	error = emul_result(request(result.port, context));
	path_discard(&result);
	return error;
}

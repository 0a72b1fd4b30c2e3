/* Calls that change directories: mkdir, mknod, link, symlink, unlink, rmdir, rename; and readlink. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/stat.h>

#include <masix/error.h>

#include "calls.h"
#include "descriptors.h"
#include "dir.h"
#include "fd.h"
#include "kernel.h"
#include "mount_path.h"
#include "path.h"
#include "results.h"
#include "stat.h"

struct node {
	uint32_t mode;
	uint32_t rdev;
};

static kern_return_t request_directory(
	mach_port_t directory, const char *path, uint32_t length, void *context)
{
	return dir_make_directory(directory, path, length, *(const uint32_t *)context);
}

static long make_directory(int dirfd, uint32_t path, uint32_t mode)
{
	mode &= 01777 & ~emul_process.umask;
	return path_apply(dirfd, (const char *)path, request_directory, &mode);
}

long sys_mkdir(const uint32_t *a)
{
	return make_directory(AT_FDCWD, a[0], a[1]);
}

long sys_mkdirat(const uint32_t *a)
{
	return make_directory((int)a[0], a[1], a[2]);
}

static kern_return_t request_node(
	mach_port_t directory, const char *path, uint32_t length, void *context)
{
	const struct node *node = context;

	return dir_make_node(directory, path, length, node->mode, node->rdev);
}

static long make_node(int dirfd, uint32_t path, uint32_t mode, uint32_t rdev)
{
	struct node node = { mode & (S_IFMT | 07777) & ~emul_process.umask, rdev };

	switch (mode & S_IFMT) {
	case 0:
		node.mode |= S_IFREG;
		break;
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	case S_IFCHR:
	case S_IFBLK:
		if (emul_process.euid != 0)
			return -EPERM;
		break;
	case S_IFDIR:
		return -EPERM;
	default:
		return -EINVAL;
	}
	return path_apply(dirfd, (const char *)path, request_node, &node);
}

long sys_mknod(const uint32_t *a)
{
	return make_node(AT_FDCWD, a[0], a[1], a[2]);
}

long sys_mknodat(const uint32_t *a)
{
	return make_node((int)a[0], a[1], a[2], a[3]);
}

static kern_return_t request_unlink(
	mach_port_t directory, const char *path, uint32_t length, void *context)
{
	return dir_unlink(directory, path, length, *(const int *)context);
}

/* How many dots the last component is, if it is "." or ".."; else 0. */
static uint32_t last_is_dots(const char *path)
{
	uint32_t length = (uint32_t)strlen(path), dots = 0;

	while (length > 0 && path[length - 1] == '/')
		length--;
	while (dots < length && path[length - 1 - dots] == '.')
		dots++;
	return dots <= 2 && (dots == length || path[length - 1 - dots] == '/') ? dots : 0;
}

static long unlink_at(int dirfd, uint32_t path, int flags)
{
	uint32_t dots = flags == MASIX_UNLINK_DIRECTORY ? last_is_dots((const char *)path) : 0;

	if (dots != 0)
		return dots == 1 ? -EINVAL : -ENOTEMPTY;
	return path_apply(dirfd, (const char *)path, request_unlink, &flags);
}

long sys_unlink(const uint32_t *a)
{
	return unlink_at(AT_FDCWD, a[0], 0);
}

long sys_rmdir(const uint32_t *a)
{
	return unlink_at(AT_FDCWD, a[0], MASIX_UNLINK_DIRECTORY);
}

long sys_unlinkat(const uint32_t *a)
{
	if (a[2] & ~(uint32_t)AT_REMOVEDIR)
		return -EINVAL;
	return unlink_at((int)a[0], a[1], a[2] != 0 ? MASIX_UNLINK_DIRECTORY : 0);
}

static kern_return_t request_link(
	mach_port_t directory, const char *path, uint32_t length, void *context)
{
	return dir_link(directory, path, length, *(const mach_port_t *)context);
}

static long link_descriptor(uint32_t fd, int to_dirfd, uint32_t to)
{
	struct emul_file *file = fd_hold(fd);
	mach_port_t port;
	long result = -EBADF;

	if (file == NULL)
		return -EBADF;
	port = file->port;
	if (port != MACH_PORT_NULL && file->kind != EMUL_FILE_TTY)
		result = path_apply(to_dirfd, (const char *)to, request_link, &port);
	file_release(file);
	return result;
}

static long link_at(int dirfd, uint32_t path, int to_dirfd, uint32_t to, uint32_t flags)
{
	struct path_result result;
	int open_flags = MASIX_OPEN_PATH;
	long error;

	if (flags & ~(uint32_t)(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	if ((flags & AT_EMPTY_PATH) && *(const char *)path == '\0')
		return link_descriptor((uint32_t)dirfd, to_dirfd, to);
	if (!(flags & AT_SYMLINK_FOLLOW))
		open_flags |= MASIX_OPEN_NOFOLLOW;
	error = path_open(dirfd, (const char *)path, open_flags, 0, &result);
	if (error != 0)
		return error;
	if (result.kind == PATH_KIND_ALL_DESCRIPTORS)
		return -EPERM;
	if (result.kind == PATH_KIND_DESCRIPTOR)
		return flags & AT_SYMLINK_FOLLOW ? link_descriptor(result.descriptor, to_dirfd, to)
						 : -EXDEV;
	if (result.kind == MASIX_KIND_DIRECTORY || result.port == MACH_PORT_NULL)
		error = -EPERM;
	else
		error = path_apply(to_dirfd, (const char *)to, request_link, &result.port);
	path_discard(&result);
	return error;
}

long sys_link(const uint32_t *a)
{
	return link_at(AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
}

long sys_linkat(const uint32_t *a)
{
	return link_at((int)a[0], a[1], (int)a[2], a[3], a[4]);
}

struct text {
	const char *bytes;
	uint32_t length;
};

static kern_return_t request_symlink(
	mach_port_t directory, const char *path, uint32_t length, void *context)
{
	const struct text *target = context;

	return dir_symlink(directory, path, length, target->bytes, target->length);
}

static long symlink_at(uint32_t target, int dirfd, uint32_t path)
{
	struct text text = { (const char *)target, 0 };

	while (text.bytes[text.length] != '\0')
		if (++text.length >= MASIX_PATH_MAX)
			return -ENAMETOOLONG;
	if (text.length == 0)
		return -ENOENT;
	return path_apply(dirfd, (const char *)path, request_symlink, &text);
}

long sys_symlink(const uint32_t *a)
{
	return symlink_at(a[0], AT_FDCWD, a[1]);
}

long sys_symlinkat(const uint32_t *a)
{
	return symlink_at(a[0], (int)a[1], a[2]);
}

static kern_return_t request_rename(
	const struct path_target *from, const struct path_target *to, void *context)
{
	return dir_rename(from->directory, from->path, from->length, to->directory, to->path,
		to->length, *(const int *)context);
}

static long rename_at(int dirfd, uint32_t path, int to_dirfd, uint32_t to, int flags)
{
	return path_apply_two(
		dirfd, (const char *)path, to_dirfd, (const char *)to, request_rename, &flags);
}

long sys_rename(const uint32_t *a)
{
	return rename_at(AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
}

long sys_renameat(const uint32_t *a)
{
	return rename_at((int)a[0], a[1], (int)a[2], a[3], 0);
}

/* RENAME_EXCHANGE and RENAME_WHITEOUT are unknown to the servers. */
long sys_renameat2(const uint32_t *a)
{
	if (a[4] & ~(uint32_t)RENAME_NOREPLACE)
		return -EINVAL;
	return rename_at((int)a[0], a[1], (int)a[2], a[3], a[4] ? MASIX_RENAME_NOREPLACE : 0);
}

static kern_return_t request_readlink(
	mach_port_t directory, const char *path, uint32_t length, void *context)
{
	struct target {
		mach_msg_type_number_t length;
		masix_path_t bytes;
	} *target = context;

	target->length = sizeof target->bytes;
	return dir_readlink(directory, path, length, target->bytes, &target->length);
}

static long readlink_at(int dirfd, uint32_t path, uint32_t buffer, int32_t size)
{
	struct {
		mach_msg_type_number_t length;
		masix_path_t bytes;
	} target;
	const char *name = (const char *)path;
	uint32_t length = 0;
	long result;
	int own;

	if (size <= 0)
		return -EINVAL;
	if (!emul_user_range(buffer, (uint32_t)size))
		return -EFAULT;
	own = path_own_link(dirfd, name);
	if (own != MOUNT_PATH_OTHER) {
		result = descriptors_target(own, target.bytes, sizeof target.bytes);
		if (result < 0)
			return result;
		length = (uint32_t)result;
	} else {
		result = path_apply(dirfd, name, request_readlink, &target);
		if (result != 0)
			return result;
		length = target.length;
	}
	if (length > (uint32_t)size)
		length = (uint32_t)size;
	memcpy((void *)buffer, target.bytes, length);
	return (long)length;
}

long sys_readlink(const uint32_t *a)
{
	return readlink_at(AT_FDCWD, a[0], a[1], (int32_t)a[2]);
}

long sys_readlinkat(const uint32_t *a)
{
	return readlink_at((int)a[0], a[1], a[2], (int32_t)a[3]);
}

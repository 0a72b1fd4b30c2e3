/* stat, lstat, fstat in all their versions, access, statfs. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "calls.h"
#include "descriptors.h"
#include "dir.h"
#include "events.h"
#include "fd.h"
#include "io.h"
#include "mounts.h"
#include "path.h"
#include "stat.h"
#include "stat_convert.h"

/* Device nodes are described by the inode that was opened, not by the object behind it: ttyname(3)
 * compares them. */
long stat_file(struct emul_file *file, struct masix_stat *stat)
{
	long result;

	switch (file->kind) {
	case EMUL_FILE_STREAM:
		if (!S_ISCHR(file->stat.mode))
			break;
		*stat = file->stat;
		return 0;
	case EMUL_FILE_REGULAR:
	case EMUL_FILE_DIRECTORY:
	case EMUL_FILE_SOCKET:
		break;
	case EMUL_FILE_EVENT:
	case EMUL_FILE_SIGNALS:
	case EMUL_FILE_EPOLL:
		events_stat(stat);
		return 0;
	case EMUL_FILE_PATH:
		if (file->port != MACH_PORT_NULL)
			break;
		*stat = file->stat;
		return 0;
	default:
		*stat = file->stat;
		return 0;
	}
	if (file->stat.mode != 0 && file->kind != EMUL_FILE_STREAM &&
		file->kind != EMUL_FILE_SOCKET && trust_holds(&file->trust)) {
		*stat = file->stat;
		return 0;
	}
	result = emul_result(io_stat(file->port, stat));
	if (file->kind == EMUL_FILE_STREAM || file->kind == EMUL_FILE_SOCKET)
		stat->size = 0; /* a pipe tells there what is in it (FIONREAD) */
	return result;
}

static long stat_descriptor(uint32_t fd, struct masix_stat *stat, uint32_t *mount)
{
	struct emul_file *file = fd_hold(fd);
	long result;

	if (file == NULL)
		return -EBADF;
	*mount = file->mount;
	result = stat_file(file, stat);
	file_release(file);
	return result;
}

/* at_flags: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW. */
static long stat_at(
	int dirfd, uint32_t path, uint32_t at_flags, struct masix_stat *stat, uint32_t *mount)
{
	struct path_result result;
	int nofollow = (at_flags & AT_SYMLINK_NOFOLLOW) != 0;
	long error;

	if ((at_flags & AT_EMPTY_PATH) && (path == 0 || *(const char *)path == '\0')) {
		if (dirfd != AT_FDCWD)
			return stat_descriptor((uint32_t)dirfd, stat, mount);
		path = (uint32_t) ".";
	}
	error = path_stat(dirfd, (const char *)path, nofollow ? MASIX_OPEN_NOFOLLOW : 0, &result);
	if (error != 0)
		return error;
	*mount = result.mount;
	if (result.kind == PATH_KIND_ALL_DESCRIPTORS)
		descriptors_stat(stat);
	else if (result.kind != PATH_KIND_DESCRIPTOR)
		*stat = result.stat;
	else if (nofollow)
		error = descriptors_stat_link(result.descriptor, stat);
	else
		error = stat_descriptor(result.descriptor, stat, mount);
	return error;
}

static long give_32(long error, const struct masix_stat *stat, uint32_t to)
{
	struct stat32 result;

	if (error == 0)
		error = stat_to_32(stat, &result);
	if (error != 0)
		return error;
	if (!emul_user_range(to, sizeof result))
		return -EFAULT;
	memcpy((void *)to, &result, sizeof result);
	return 0;
}

static long give_64(long error, const struct masix_stat *stat, uint32_t to)
{
	struct stat64_i386 result;

	if (error != 0)
		return error;
	if (!emul_user_range(to, sizeof result))
		return -EFAULT;
	stat_to_64(stat, &result);
	memcpy((void *)to, &result, sizeof result);
	return 0;
}

long sys_newstat(const uint32_t *a)
{
	struct masix_stat stat;
	uint32_t mount;

	return give_32(stat_at(AT_FDCWD, a[0], 0, &stat, &mount), &stat, a[1]);
}

long sys_newlstat(const uint32_t *a)
{
	struct masix_stat stat;
	uint32_t mount;

	return give_32(stat_at(AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW, &stat, &mount), &stat, a[1]);
}

long sys_newfstat(const uint32_t *a)
{
	struct masix_stat stat;
	uint32_t mount;

	return give_32(stat_descriptor(a[0], &stat, &mount), &stat, a[1]);
}

long sys_stat64(const uint32_t *a)
{
	struct masix_stat stat;
	uint32_t mount;

	return give_64(stat_at(AT_FDCWD, a[0], 0, &stat, &mount), &stat, a[1]);
}

long sys_lstat64(const uint32_t *a)
{
	struct masix_stat stat;
	uint32_t mount;

	return give_64(stat_at(AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW, &stat, &mount), &stat, a[1]);
}

long sys_fstat64(const uint32_t *a)
{
	struct masix_stat stat;
	uint32_t mount;

	return give_64(stat_descriptor(a[0], &stat, &mount), &stat, a[1]);
}

long sys_fstatat64(const uint32_t *a)
{
	struct masix_stat stat;
	uint32_t mount;

	if (a[3] & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT))
		return -EINVAL;
	return give_64(stat_at((int)a[0], a[1], a[3], &stat, &mount), &stat, a[2]);
}

/* statx(dirfd, path, flags, mask, result): everything is always given. */
long sys_statx(const uint32_t *a)
{
	const uint32_t known =
		AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_SYNC_TYPE;
	struct statx_result result;
	struct masix_stat stat;
	uint32_t mount;
	long error;

	if ((a[2] & ~known) != 0 || (a[3] & STATX__RESERVED) != 0)
		return -EINVAL;
	error = stat_at((int)a[0], a[1], a[2], &stat, &mount);
	if (error != 0)
		return error;
	if (!emul_user_range(a[4], sizeof result))
		return -EFAULT;
	stat_to_statx(&stat, mount, &result);
	memcpy((void *)a[4], &result, sizeof result);
	return 0;
}

static int in_group(uint32_t gid, uint32_t group)
{
	if (gid == group)
		return 1;
	for (unsigned i = 0; i < emul_process.group_count; i++)
		if (emul_process.groups[i] == group)
			return 1;
	return 0;
}

long stat_check_access(const struct masix_stat *stat, uint32_t want, int effective)
{
	uint32_t uid = effective ? emul_process.euid : emul_process.ruid;
	uint32_t gid = effective ? emul_process.egid : emul_process.rgid;
	uint32_t bits = stat->mode;

	if (uid == 0) {
		int executable = S_ISDIR(stat->mode) || (stat->mode & 0111) != 0;

		return (want & 1) && !executable ? -EACCES : 0;
	}
	if (uid == stat->uid)
		bits >>= 6;
	else if (in_group(gid, stat->gid))
		bits >>= 3;
	return (want & ~bits & 7) != 0 ? -EACCES : 0;
}

static long access_at(int dirfd, uint32_t path, uint32_t want, uint32_t at_flags)
{
	struct masix_stat stat;
	uint32_t mount;
	long error;

	if (want & ~7u)
		return -EINVAL;
	error = stat_at(dirfd, path, at_flags, &stat, &mount);
	return error != 0 ? error : stat_check_access(&stat, want, (at_flags & AT_EACCESS) != 0);
}

long sys_access(const uint32_t *a)
{
	return access_at(AT_FDCWD, a[0], a[1], 0);
}

long sys_faccessat(const uint32_t *a)
{
	return access_at((int)a[0], a[1], a[2], 0);
}

long sys_faccessat2(const uint32_t *a)
{
	if (a[3] & ~(uint32_t)(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return access_at((int)a[0], a[1], a[2], a[3]);
}

/* What the root of a mount says of its file system. */
static long statfs_mount(uint32_t mount, struct masix_statfs *info)
{
	const uint32_t nosuid = 2;
	struct emul_file *root;
	long result = mounts_root(mount, &root);

	if (result != 0)
		return result;
	result = emul_result(dir_statfs(root->port, info));
	/* The Unix server gives ids by exec from the root file system only. */
	if (mount != 0)
		info->flags |= nosuid;
	file_release(root);
	return result;
}

static long statfs_path(uint32_t path, struct masix_statfs *info, uint32_t *mount)
{
	struct masix_stat stat;
	long error = stat_at(AT_FDCWD, path, 0, &stat, mount);

	return error != 0 ? error : statfs_mount(*mount, info);
}

static long statfs_descriptor(uint32_t fd, struct masix_statfs *info, uint32_t *mount)
{
	struct emul_file *file = fd_hold(fd);

	if (file == NULL)
		return -EBADF;
	*mount = file->mount;
	file_release(file);
	return statfs_mount(*mount, info);
}

static long give_statfs_32(long error, const struct masix_statfs *info, uint32_t mount, uint32_t to)
{
	struct statfs32 result;

	if (error == 0)
		error = statfs_to_32(info, mount, &result);
	if (error != 0)
		return error;
	if (!emul_user_range(to, sizeof result))
		return -EFAULT;
	memcpy((void *)to, &result, sizeof result);
	return 0;
}

/* The caller says how large its structure is: 84, or 88 where it is padded. */
static long give_statfs_64(
	long error, const struct masix_statfs *info, uint32_t mount, uint32_t size, uint32_t to)
{
	struct statfs64_i386 result;

	if (size != sizeof result && size != sizeof result + 4)
		return -EINVAL;
	if (error != 0)
		return error;
	if (!emul_user_range(to, sizeof result))
		return -EFAULT;
	statfs_to_64(info, mount, &result);
	memcpy((void *)to, &result, sizeof result);
	return 0;
}

long sys_statfs(const uint32_t *a)
{
	struct masix_statfs info;
	uint32_t mount = 0;
	long error = statfs_path(a[0], &info, &mount);

	return give_statfs_32(error, &info, mount, a[1]);
}

long sys_fstatfs(const uint32_t *a)
{
	struct masix_statfs info;
	uint32_t mount = 0;
	long error = statfs_descriptor(a[0], &info, &mount);

	return give_statfs_32(error, &info, mount, a[1]);
}

long sys_statfs64(const uint32_t *a)
{
	struct masix_statfs info;
	uint32_t mount = 0;
	long error = statfs_path(a[0], &info, &mount);

	return give_statfs_64(error, &info, mount, a[1], a[2]);
}

long sys_fstatfs64(const uint32_t *a)
{
	struct masix_statfs info;
	uint32_t mount = 0;
	long error = statfs_descriptor(a[0], &info, &mount);

	return give_statfs_64(error, &info, mount, a[1], a[2]);
}

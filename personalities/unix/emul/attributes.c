/* Changing what an inode says: mode, owner, times, size; and syncing it. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include <masix/error.h>

#include "calls.h"
#include "device.h"
#include "fd.h"
#include "io.h"
#include "kernel.h"
#include "path.h"
#include "rlimits.h"
#include "signals.h"

#define NOW 0x3fffffffu		/* nanoseconds: UTIME_NOW, UTIME_OMIT; mig/io.defs has the same */
#define OMIT 0x3ffffffeu
#define KEEP 0xffffffffu
#define BILLION 1000000000u
#define MILLION 1000000u

/* What is done to the object that a path or descriptor names. */
typedef kern_return_t object_request(mach_port_t object, const void *context);

/* A device's descriptor holds the device; its inode is found by the usual name. */
static long apply_to_node(const struct emul_file *file, object_request *request, const void *context)
{
	struct path_result result;
	char name[32];
	long error;

	if (device_name(file->stat.rdev, name, sizeof name) == 0)
		return -EPERM;
	error = path_open(AT_FDCWD, name, MASIX_OPEN_PATH, 0, &result);
	if (error != 0)
		return error;
	if (result.stat.dev != file->stat.dev || result.stat.ino != file->stat.ino
		|| result.port == MACH_PORT_NULL)
		error = -EPERM;
	else
		error = emul_result(request(result.port, context));
	path_discard(&result);
	return error;
}

static long apply_to_descriptor(uint32_t fd, int path_too, object_request *request, const void *context)
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

static long apply_to_path(int dirfd, uint32_t path, uint32_t at_flags, object_request *request,
	const void *context)
{
	struct path_result result;
	int nofollow = at_flags & AT_SYMLINK_NOFOLLOW ? MASIX_OPEN_NOFOLLOW : 0;
	long error;

	if ((at_flags & AT_EMPTY_PATH) && *(const char *)path == '\0') {
		if (dirfd != AT_FDCWD)
			return apply_to_descriptor((uint32_t)dirfd, 1, request, context);
		path = (uint32_t)".";
	}
	error = path_open(dirfd, (const char *)path, MASIX_OPEN_PATH | nofollow, 0, &result);
	if (error != 0)
		return error;
	if (result.kind == PATH_KIND_DESCRIPTOR)
		return apply_to_descriptor(result.descriptor, 1, request, context);
	if (result.kind == PATH_KIND_ALL_DESCRIPTORS)
		return -EPERM;
	error = emul_result(request(result.port, context));
	path_discard(&result);
	return error;
}

static kern_return_t request_mode(mach_port_t object, const void *context)
{
	return io_set_mode(object, *(const uint32_t *)context);
}

static long change_mode(int dirfd, uint32_t path, uint32_t mode)
{
	mode &= 07777;
	return apply_to_path(dirfd, path, 0, request_mode, &mode);
}

long sys_chmod(const uint32_t *a)
{
	return change_mode(AT_FDCWD, a[0], a[1]);
}

long sys_fchmodat(const uint32_t *a)
{
	return change_mode((int)a[0], a[1], a[2]);
}

long sys_fchmod(const uint32_t *a)
{
	uint32_t mode = a[1] & 07777;

	return apply_to_descriptor(a[0], 0, request_mode, &mode);
}

struct owner {
	uint32_t uid, gid;
};

static kern_return_t request_owner(mach_port_t object, const void *context)
{
	const struct owner *owner = context;

	return io_set_owner(object, owner->uid, owner->gid);
}

/* The calls of old have 16-bit ids. */
static uint32_t widen(uint32_t id)
{
	return (uint16_t)id == UINT16_MAX ? KEEP : (uint16_t)id;
}

static long change_owner(int dirfd, uint32_t path, uint32_t at_flags, uint32_t uid, uint32_t gid)
{
	struct owner owner = {uid, gid};

	return apply_to_path(dirfd, path, at_flags, request_owner, &owner);
}

long sys_chown(const uint32_t *a)
{
	return change_owner(AT_FDCWD, a[0], 0, a[1], a[2]);
}

long sys_lchown(const uint32_t *a)
{
	return change_owner(AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW, a[1], a[2]);
}

long sys_chown16(const uint32_t *a)
{
	return change_owner(AT_FDCWD, a[0], 0, widen(a[1]), widen(a[2]));
}

long sys_lchown16(const uint32_t *a)
{
	return change_owner(AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW, widen(a[1]), widen(a[2]));
}

long sys_fchown(const uint32_t *a)
{
	struct owner owner = {a[1], a[2]};

	return apply_to_descriptor(a[0], 0, request_owner, &owner);
}

long sys_fchown16(const uint32_t *a)
{
	struct owner owner = {widen(a[1]), widen(a[2])};

	return apply_to_descriptor(a[0], 0, request_owner, &owner);
}

long sys_fchownat(const uint32_t *a)
{
	if (a[4] & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return change_owner((int)a[0], a[1], a[4], a[2], a[3]);
}

struct times {
	int64_t seconds[2];
	uint32_t nanoseconds[2];
};

static const struct times both_now = {.nanoseconds = {NOW, NOW}};

static kern_return_t request_times(mach_port_t object, const void *context)
{
	const struct times *times = context;

	return io_set_times(object, times->seconds[0], times->nanoseconds[0], times->seconds[1],
		times->nanoseconds[1]);
}

static int valid(const struct times *times)
{
	for (int i = 0; i < 2; i++)
		if (times->nanoseconds[i] >= BILLION && times->nanoseconds[i] != NOW
			&& times->nanoseconds[i] != OMIT)
			return 0;
	return 1;
}

static long change_times(int dirfd, uint32_t path, uint32_t at_flags, const struct times *times)
{
	if (!valid(times))
		return -EINVAL;
	if (path == 0)
		return apply_to_descriptor((uint32_t)dirfd, 0, request_times, times);
	return apply_to_path(dirfd, path, at_flags, request_times, times);
}

/* utime(path, { atime, mtime }) in seconds */
long sys_utime(const uint32_t *a)
{
	const int32_t *in = (const int32_t *)a[1];
	struct times times = both_now;

	if (in != NULL)
		times = (struct times){.seconds = {in[0], in[1]}};
	if (a[0] == 0)
		return -EFAULT;
	return change_times(AT_FDCWD, a[0], 0, &times);
}

/* Two struct timeval. */
static long read_timevals(uint32_t address, struct times *times)
{
	const int32_t *in = (const int32_t *)address;

	*times = both_now;
	if (in == NULL)
		return 0;
	for (int i = 0; i < 2; i++) {
		if ((uint32_t)in[2 * i + 1] >= MILLION)
			return -EINVAL;
		times->seconds[i] = in[2 * i];
		times->nanoseconds[i] = (uint32_t)in[2 * i + 1] * 1000;
	}
	return 0;
}

long sys_utimes(const uint32_t *a)
{
	struct times times;
	long error = read_timevals(a[1], &times);

	if (error == 0 && a[0] == 0)
		error = -EFAULT;
	return error != 0 ? error : change_times(AT_FDCWD, a[0], 0, &times);
}

long sys_futimesat(const uint32_t *a)
{
	struct times times;
	long error = read_timevals(a[2], &times);

	return error != 0 ? error : change_times((int)a[0], a[1], 0, &times);
}

static long times_at(const uint32_t *a, const struct times *times)
{
	if (a[3] & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return change_times((int)a[0], a[1], a[3], times);
}

/* utimensat(dirfd, path, times, flags), times two struct timespec */
long sys_utimensat(const uint32_t *a)
{
	const int32_t *in = (const int32_t *)a[2];
	struct times times = both_now;

	if (in != NULL)
		times = (struct times){
			{in[0], in[2]}, {(uint32_t)in[1], (uint32_t)in[3]}};
	return times_at(a, &times);
}

/* The same with 64-bit times. */
long sys_utimensat64(const uint32_t *a)
{
	const int64_t *in = (const int64_t *)a[2];
	struct times times = both_now;

	if (in != NULL)
		times = (struct times){
			{in[0], in[2]}, {(uint32_t)in[1], (uint32_t)in[3]}};
	return times_at(a, &times);
}

static int64_t size_of(uint32_t low, uint32_t high)
{
	return (int64_t)((uint64_t)high << 32 | low);
}

static long check_size(int64_t size)
{
	if (size < 0)
		return -EINVAL;
	return size > 0 && limits_file_size(size - 1, 1) == 0 ? -EFBIG : 0;
}

static long truncate_path(uint32_t path, int64_t size)
{
	struct path_result result;
	long error = check_size(size);

	if (error == 0)
		error = path_open(AT_FDCWD, (const char *)path, MASIX_OPEN_WRITE, 0, &result);
	if (error != 0)
		return error;
	if (result.kind == MASIX_KIND_FILE)
		error = emul_result(io_set_size(result.port, size));
	else
		error = result.kind == MASIX_KIND_DIRECTORY ? -EISDIR : -EINVAL;
	path_discard(&result);
	return error;
}

static long truncate_descriptor(uint32_t fd, int64_t size)
{
	struct emul_file *file;
	long result = check_size(size);

	if (result != 0)
		return result;
	file = fd_hold(fd);
	if (file == NULL)
		return -EBADF;
	if (file->kind != EMUL_FILE_REGULAR || !file_writable(file))
		result = -EINVAL;
	else
		result = emul_result(io_set_size(file->port, size));
	file_release(file);
	return result;
}

long sys_truncate(const uint32_t *a)
{
	return truncate_path(a[0], (int32_t)a[1]);
}

long sys_ftruncate(const uint32_t *a)
{
	return truncate_descriptor(a[0], (int32_t)a[1]);
}

long sys_truncate64(const uint32_t *a)
{
	return truncate_path(a[0], size_of(a[1], a[2]));
}

long sys_ftruncate64(const uint32_t *a)
{
	return truncate_descriptor(a[0], size_of(a[1], a[2]));
}

/* Blocks cannot be promised before they are written; glibc then writes them. */
long sys_fallocate(const uint32_t *a)
{
	struct emul_file *file = fd_hold(a[0]);

	if (file == NULL)
		return -EBADF;
	file_release(file);
	return -EOPNOTSUPP;
}

long sys_fsync(const uint32_t *a)
{
	struct emul_file *file = fd_hold(a[0]);
	long result;

	if (file == NULL || (file_flags(file) & O_PATH)) {
		result = -EBADF;
	} else if (file->kind != EMUL_FILE_REGULAR && file->kind != EMUL_FILE_DIRECTORY) {
		result = -EINVAL;
	} else {
		result = emul_result(io_sync(file->port));
	}
	if (file != NULL)
		file_release(file);
	return result;
}

long sys_fdatasync(const uint32_t *a)
{
	return sys_fsync(a);
}

/* What the file is about to be read or written: a hint. */
static long advise(uint32_t fd, uint32_t advice)
{
	struct emul_file *file = fd_hold(fd);
	long result = 0;

	if (file == NULL)
		return -EBADF;
	if (file->kind == EMUL_FILE_STREAM || file->kind == EMUL_FILE_TTY)
		result = -ESPIPE;
	else if (advice > 5)
		result = -EINVAL;
	file_release(file);
	return result;
}

long sys_fadvise64(const uint32_t *a)
{
	return advise(a[0], a[4]);
}

long sys_fadvise64_64(const uint32_t *a)
{
	return advise(a[0], a[5]);
}

long sys_readahead(const uint32_t *a)
{
	struct emul_file *file = fd_hold(a[0]);
	long result = 0;

	if (file == NULL || !file_readable(file))
		result = -EBADF;
	else if (file->kind != EMUL_FILE_REGULAR)
		result = -EINVAL;
	if (file != NULL)
		file_release(file);
	return result;
}

long sys_umask(const uint32_t *a)
{
	uint32_t old = emul_process.umask;

	emul_process.umask = a[0] & 0777;
	return (long)old;
}

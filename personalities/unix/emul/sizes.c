/* Changing the size of a file, writing it to the disk, and hints about it. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "calls.h"
#include "fd.h"
#include "io.h"
#include "path.h"
#include "rlimits.h"

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

/* sync_file_range(fd, offset, bytes, flags), both of 64 bits: what is to be waited for is written, and all of the
 * file; what is only to be begun is the file server's business. */
long sys_sync_file_range(const uint32_t *a)
{
	enum { WAIT_BEFORE = 1, WRITE = 2, WAIT_AFTER = 4 };
	const uint32_t flags = a[5];
	struct emul_file *file;
	long result = 0;

	if ((flags & ~(WAIT_BEFORE | WRITE | WAIT_AFTER)) || (int32_t)a[2] < 0 || (int32_t)a[4] < 0)
		return -EINVAL;
	file = fd_hold(a[0]);
	if (file == NULL)
		return -EBADF;
	if (file->kind == EMUL_FILE_STREAM || file->kind == EMUL_FILE_TTY)
		result = -ESPIPE;
	file_release(file);
	return result == 0 && (flags & (WAIT_BEFORE | WAIT_AFTER)) ? sys_fsync(a) : result;
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

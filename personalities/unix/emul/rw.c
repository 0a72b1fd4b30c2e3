/* read, write, their vector and positioned forms, lseek. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/fs.h>

#include "calls.h"
#include "fd.h"
#include "io.h"
#include "transfer.h"

typedef long transfer(struct emul_file *file, struct cursor *cursor, uint32_t n, int64_t offset);

/* Linux moves at most this much in one call. */
#define MOST 0x7ffff000u

static long transfer_buffer(
	transfer *how, uint32_t fd, uint32_t address, uint32_t size, int64_t offset)
{
	struct emul_file *file = fd_hold(fd);
	struct cursor cursor;
	long result;

	if (file == NULL)
		return -EBADF;
	if (!emul_user_range(address, size)) {
		file_release(file);
		return (int32_t)size < 0 ? -EINVAL : -EFAULT;
	}
	cursor_of_buffer(&cursor, address, size);
	result = how(file, &cursor, size < MOST ? size : MOST, offset);
	file_release(file);
	return result;
}

static long transfer_vector(
	transfer *how, uint32_t fd, uint32_t vector, uint32_t count, int64_t offset)
{
	struct emul_file *file = fd_hold(fd);
	struct cursor cursor;
	long result;

	if (file == NULL)
		return -EBADF;
	result = cursor_of_vector(&cursor, vector, count);
	if (result >= 0)
		result = how(
			file, &cursor, (uint32_t)result < MOST ? (uint32_t)result : MOST, offset);
	file_release(file);
	return result;
}

/* The p-calls need a file with positions, and these end somewhere. */
static long check_offset(uint32_t fd, int64_t offset, uint32_t n)
{
	struct emul_file *file;
	long result = 0;

	if (offset < 0 || offset > INT64_MAX - n)
		return -EINVAL;
	file = fd_hold(fd);
	if (file == NULL)
		return -EBADF;
	if (file->kind == EMUL_FILE_STREAM || file->kind == EMUL_FILE_TTY ||
		file->kind == EMUL_FILE_SOCKET)
		result = -ESPIPE;
	file_release(file);
	return result;
}

static int64_t offset_of(uint32_t low, uint32_t high)
{
	return (int64_t)((uint64_t)high << 32 | low);
}

long sys_read(const uint32_t *a)
{
	return transfer_buffer(transfer_read, a[0], a[1], a[2], AT_POSITION);
}

long sys_write(const uint32_t *a)
{
	return transfer_buffer(transfer_write, a[0], a[1], a[2], AT_POSITION);
}

long sys_readv(const uint32_t *a)
{
	return transfer_vector(transfer_read, a[0], a[1], a[2], AT_POSITION);
}

long sys_writev(const uint32_t *a)
{
	return transfer_vector(transfer_write, a[0], a[1], a[2], AT_POSITION);
}

long sys_pread64(const uint32_t *a)
{
	int64_t offset = offset_of(a[3], a[4]);
	long result = check_offset(a[0], offset, a[2]);

	return result != 0 ? result : transfer_buffer(transfer_read, a[0], a[1], a[2], offset);
}

long sys_pwrite64(const uint32_t *a)
{
	int64_t offset = offset_of(a[3], a[4]);
	long result = check_offset(a[0], offset, a[2]);

	return result != 0 ? result : transfer_buffer(transfer_write, a[0], a[1], a[2], offset);
}

long sys_preadv(const uint32_t *a)
{
	int64_t offset = offset_of(a[3], a[4]);
	long result = check_offset(a[0], offset, 0);

	return result != 0 ? result : transfer_vector(transfer_read, a[0], a[1], a[2], offset);
}

long sys_pwritev(const uint32_t *a)
{
	int64_t offset = offset_of(a[3], a[4]);
	long result = check_offset(a[0], offset, 0);

	return result != 0 ? result : transfer_vector(transfer_write, a[0], a[1], a[2], offset);
}

/* The size, asked of the server. */
static long current_size(struct emul_file *file, int64_t *size)
{
	struct masix_stat stat;
	long result = emul_result(io_stat(file->port, &stat));

	*size = (int64_t)stat.size;
	return result;
}

/* Where `offset` from `whence` is; SEEK_DATA and SEEK_HOLE see a file without holes. */
static long target(struct emul_file *file, int64_t offset, uint32_t whence, int64_t *to)
{
	int64_t size = 0;
	long result = 0;

	if (whence == SEEK_END || whence == SEEK_DATA || whence == SEEK_HOLE)
		result = file->port != MACH_PORT_NULL ? current_size(file, &size) : -EINVAL;
	if (result != 0)
		return result;
	switch (whence) {
	case SEEK_SET:
		*to = offset;
		break;
	case SEEK_CUR:
		if (__builtin_add_overflow(file_offset(file), offset, to))
			return -EOVERFLOW;
		break;
	case SEEK_END:
		if (__builtin_add_overflow(size, offset, to))
			return -EOVERFLOW;
		break;
	case SEEK_DATA:
	case SEEK_HOLE:
		if (offset < 0 || offset >= size)
			return -ENXIO;
		*to = whence == SEEK_DATA ? offset : size;
		break;
	default:
		return -EINVAL;
	}
	return *to < 0 ? -EINVAL : 0;
}

static long seek(uint32_t fd, int64_t offset, uint32_t whence, int64_t *to)
{
	struct emul_file *file = fd_hold(fd);
	long result;

	if (file == NULL)
		return -EBADF;
	switch (file->kind) {
	case EMUL_FILE_REGULAR:
	case EMUL_FILE_DIRECTORY:
	case EMUL_FILE_DESCRIPTORS:
		result = file_flags(file) & O_PATH ? -EBADF : target(file, offset, whence, to);
		if (result == 0)
			file_set_offset(file, *to);
		break;
	case EMUL_FILE_STREAM:
	case EMUL_FILE_TTY:
	case EMUL_FILE_SOCKET:
		result = -ESPIPE;
		break;
	case EMUL_FILE_PATH:
		result = -EBADF;
		break;
	default: /* null and zero have no place to be */
		*to = 0;
		result = 0;
		break;
	}
	file_release(file);
	return result;
}

long sys_lseek(const uint32_t *a)
{
	int64_t to;
	long result = seek(a[0], (int32_t)a[1], a[2], &to);

	if (result != 0)
		return result;
	return to > INT32_MAX ? -EOVERFLOW : (long)to;
}

/* llseek(fd, high, low, result, whence) */
long sys_llseek(const uint32_t *a)
{
	int64_t to;
	long result;

	if (!emul_user_range(a[3], sizeof to))
		return -EFAULT;
	result = seek(a[0], offset_of(a[2], a[1]), a[4], &to);
	if (result == 0)
		*(int64_t *)a[3] = to;
	return result;
}

/* Reading directories: getdents, getdents64.  The position of a directory is the server's cookie. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "calls.h"
#include "descriptors.h"
#include "dir.h"
#include "dirent.h"
#include "fd.h"

typedef int32_t convert(const char *from, uint32_t size, char *to, uint32_t room, int64_t *next);

/* The entries arrive in the program's own buffer and are converted in place: both forms need no more
 * room than the server's. */
static long read_entries(struct emul_file *file, char *buffer, uint32_t size, convert *how)
{
	mach_msg_type_number_t got = size < MASIX_INLINE_MAX ? size : MASIX_INLINE_MAX;
	int64_t next, start = file_offset(file);
	long result;

	if (file->kind == EMUL_FILE_DESCRIPTORS)
		result = descriptors_entries(start, buffer, &got);
	else
		result = emul_result(dir_entries(file->port, start, got, buffer, &got, &next));
	if (result != 0)
		return result;
	if (got > size)
		return -EIO;
	if (got == 0)
		return 0;
	result = how(buffer, got, buffer, size, &next);
	if (result > 0)
		file_set_offset(file, next);
	return result;
}

static long entries(uint32_t fd, uint32_t buffer, uint32_t size, convert *how)
{
	struct emul_file *file = fd_hold(fd);
	long result;

	if (file == NULL)
		return -EBADF;
	if (file->kind != EMUL_FILE_DIRECTORY && file->kind != EMUL_FILE_DESCRIPTORS)
		result = -ENOTDIR;
	else if (!file_readable(file))
		result = -EBADF;
	else if (!emul_user_range(buffer, size))
		result = -EFAULT;
	else
		result = read_entries(file, (char *)buffer, size, how);
	file_release(file);
	return result;
}

long sys_getdents(const uint32_t *a)
{
	return entries(a[0], a[1], a[2], dirent_to_32);
}

long sys_getdents64(const uint32_t *a)
{
	return entries(a[0], a[1], a[2], dirent_to_64);
}

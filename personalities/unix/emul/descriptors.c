/* Attributes and entries of /proc/self/fd. */
#include <asm/errno.h>
#include <linux/stat.h>

#include "cwd.h"
#include "descriptors.h"
#include "device.h"
#include "fd.h"
#include "file_name.h"
#include "io.h"
#include "mount_path.h"

#define DT_DIR 4
#define DT_LNK 10
#define DOTS 2		  /* positions 0 and 1 are "." and ".." */
#define INODE 0x7fff0000u /* of the directory; then the descriptors */

static struct masix_stat attributes(uint32_t mode, uint32_t number)
{
	return (struct masix_stat){
		.mode = mode,
		.ino = INODE + number,
		.nlink = S_ISDIR(mode) ? 2 : 1,
		.uid = emul_process.euid,
		.gid = emul_process.egid,
		.size = S_ISDIR(mode) ? 0 : 64,
		.block_size = 1024,
		.atime = emul_realtime_ns() / 1000000000,
		.mtime = emul_realtime_ns() / 1000000000,
		.ctime = emul_realtime_ns() / 1000000000,
	};
}

void descriptors_stat(struct masix_stat *stat)
{
	*stat = attributes(S_IFDIR | 0500, 0);
}

long descriptors_stat_link(uint32_t fd, struct masix_stat *stat)
{
	struct emul_file *file = fd_get(fd);
	uint32_t bits;

	if (file == NULL)
		return -ENOENT;
	bits = (file_readable(file) ? 0500u : 0) | (file_writable(file) ? 0300u : 0);
	file_drop(file);
	*stat = attributes(S_IFLNK | bits, fd + 1);
	return 0;
}

static uint32_t decimal(uint32_t number, char *to)
{
	char digits[10];
	uint32_t n = 0, length;

	do
		digits[n++] = (char)('0' + number % 10);
	while ((number /= 10) != 0);
	for (length = 0; n > 0; length++)
		to[length] = digits[--n];
	return length;
}

static long pipe_name(struct emul_file *file, char *out, uint32_t size)
{
	const char *before = file->kind == EMUL_FILE_SOCKET ? "socket:[" : "pipe:[";
	uint32_t length = (uint32_t)strlen(before);
	struct masix_stat stat;

	if (size < length + 12 || io_stat(file->port, &stat) != KERN_SUCCESS)
		return -ENOENT;
	memcpy(out, before, length);
	length += decimal((uint32_t)stat.ino, out + length);
	out[length++] = ']';
	return (long)length;
}

static long anonymous_name(const struct emul_file *file, char *out, uint32_t size)
{
	const char *name = file->kind == EMUL_FILE_SIGNALS ? "anon_inode:[signalfd]"
			   : file->kind == EMUL_FILE_EPOLL ? "anon_inode:[eventpoll]"
			   : file->stat.socket_type != 0   ? "anon_inode:[timerfd]"
							   : "anon_inode:[eventfd]";
	uint32_t length = (uint32_t)strlen(name);

	if (size < length)
		return -ENOENT;
	memcpy(out, name, length);
	return (long)length;
}

static const char own_directory[] = "/proc/self/fd";

static long file_target(struct emul_file *file, char *out, uint32_t size)
{
	long length;

	if (file->kind == EMUL_FILE_DIRECTORY)
		return cwd_path_of(file, out, size);
	if (file->kind == EMUL_FILE_REGULAR)
		return file_name_get(file, out, size);
	if (file->kind == EMUL_FILE_DESCRIPTORS && size >= sizeof own_directory) {
		memcpy(out, own_directory, sizeof own_directory);
		return sizeof own_directory - 1;
	}
	if (file->kind == EMUL_FILE_EVENT || file->kind == EMUL_FILE_SIGNALS ||
		file->kind == EMUL_FILE_EPOLL)
		return anonymous_name(file, out, size);
	if (S_ISCHR(file->stat.mode)) {
		length = (long)device_name(file->stat.rdev, out, size);
		return length > 0 ? length : -ENOENT;
	}
	return file->kind == EMUL_FILE_STREAM || file->kind == EMUL_FILE_SOCKET
		       ? pipe_name(file, out, size)
		       : -ENOENT;
}

long descriptors_target(int own, char *out, uint32_t size)
{
	struct emul_file *file;
	long length;

	if (own == MOUNT_PATH_CWD)
		file = file_get(&fd_cwd);
	else if (own == MOUNT_PATH_ROOT)
		file = file_get(&fd_root);
	else
		file = fd_get((uint32_t)own);
	if (file == NULL)
		return -ENOENT;
	length = file_target(file, out, size);
	file_drop(file);
	return length;
}

/* The entry at position *cookie, which moves behind it.  The length of its name, 0 at the end. */
static uint32_t entry_at(int64_t *cookie, struct masix_dirent *entry, char *name)
{
	int fd;

	if (*cookie < DOTS) {
		entry->ino = *cookie == 0 ? INODE : 1;
		entry->type = DT_DIR;
		name[0] = name[1] = '.';
		return (uint32_t)++ * cookie;
	}
	fd = *cookie - DOTS < UINT16_MAX ? fd_next((uint32_t)(*cookie - DOTS)) : -1;
	if (fd < 0)
		return 0;
	entry->ino = INODE + (uint32_t)fd + 1;
	entry->type = DT_LNK;
	*cookie = fd + 1 + DOTS;
	return decimal((uint32_t)fd, name);
}

long descriptors_entries(int64_t cookie, char *buffer, uint32_t *size)
{
	uint32_t used = 0;

	if (cookie < 0)
		cookie = 0;
	for (;;) {
		struct masix_dirent entry;
		char name[10];
		uint32_t length = entry_at(&cookie, &entry, name);

		entry.length = (uint16_t)((sizeof entry + length + 7) & ~7u);
		if (length == 0 || entry.length > *size - used)
			break;
		entry.name_length = (uint8_t)length;
		entry.next = cookie;
		memcpy(buffer + used, &entry, sizeof entry);
		memcpy(buffer + used + sizeof entry, name, length);
		used += entry.length;
	}
	if (used == 0 && fd_next(cookie < DOTS ? 0 : (uint32_t)(cookie - DOTS)) >= 0)
		return -EINVAL;
	*size = used;
	return 0;
}

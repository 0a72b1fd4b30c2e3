/* open(2) and its relatives. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include <masix/error.h>

#include "calls.h"
#include "descriptors.h"
#include "device.h"
#include "fd.h"
#include "file_name.h"
#include "files.h"
#include "io.h"
#include "kernel.h"
#include "mach_port.h"
#include "open.h"
#include "path.h"
#include "process.h"
#include "tty.h"

/* Flags that F_GETFL shows; the others act only while opening. */
#define STATUS_FLAGS                                                                               \
	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_SYNC | O_DIRECT | O_LARGEFILE | O_NOATIME |         \
		O_PATH | FASYNC)

/* How dir_open is asked. */
static int masix_flags(uint32_t flags)
{
	int result = 0;

	if (flags & O_PATH) {
		result = MASIX_OPEN_PATH;
		flags &= O_DIRECTORY | O_NOFOLLOW;
	} else {
		switch (flags & O_ACCMODE) {
		case O_RDONLY:
			result = MASIX_OPEN_READ;
			break;
		case O_WRONLY:
			result = MASIX_OPEN_WRITE;
			break;
		default:
			result = MASIX_OPEN_READ | MASIX_OPEN_WRITE;
			break;
		}
	}
	if (flags & O_CREAT)
		result |= MASIX_OPEN_CREATE;
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		result |= MASIX_OPEN_EXCLUSIVE;
	if (flags & O_TRUNC)
		result |= MASIX_OPEN_TRUNCATE;
	if (flags & O_DIRECTORY)
		result |= MASIX_OPEN_DIRECTORY;
	if (flags & O_NOFOLLOW)
		result |= MASIX_OPEN_NOFOLLOW;
	if (flags & O_NOCTTY)
		result |= MASIX_OPEN_NOCTTY;
	return result;
}

static long create(uint32_t kind, mach_port_t port, uint32_t flags,
	const struct path_result *result, struct emul_file **file)
{
	*file = file_create(kind, port, flags & STATUS_FLAGS, result->mount, &result->stat);
	if (*file != NULL && (flags & O_TRUNC))
		(*file)->trust.since_ns = 0; /* the attributes are from before that */
	return *file != NULL ? 0 : -ENFILE;
}

/* The object behind a node stands in for it. */
static long create_instead(uint32_t kind, mach_port_t port, uint32_t flags,
	struct path_result *result, struct emul_file **file)
{
	path_discard(result);
	return create(kind, port, flags, result, file);
}

static long open_device(struct path_result *result, uint32_t flags, struct emul_file **file)
{
	uint32_t kind = device_local_kind(result->stat.rdev);
	mach_port_t port = MACH_PORT_NULL;
	kern_return_t kr;
	int is_tty;

	if (result->kind == MASIX_KIND_BLOCK)
		kind = EMUL_FILE_NONE;
	if (kind == EMUL_FILE_NONE) {
		kr = result->kind == MASIX_KIND_BLOCK
			     ? MASIX_E_NO_DEVICE
			     : process_open_device(EMUL_PORT_PROCESS, result->mount, result->port,
				       masix_flags(flags), &port, &is_tty);
		if (kr != KERN_SUCCESS) {
			path_discard(result);
			return emul_result(kr);
		}
		kind = is_tty ? EMUL_FILE_TTY : EMUL_FILE_STREAM;
	}
	return create_instead(kind, port, flags, result, file);
}

static long open_fifo(struct path_result *result, uint32_t flags, struct emul_file **file)
{
	int io_flags = flags & O_NONBLOCK ? MASIX_IO_NONBLOCK : 0;
	uint32_t token = emul_wait_begin(EMUL_WAIT_PROCESS, EMUL_PORT_PROCESS);
	mach_port_t port = MACH_PORT_NULL;
	kern_return_t kr = MASIX_E_INTERRUPTED;

	if (!emul_signal_arrived())
		kr = process_open_fifo(EMUL_PORT_PROCESS, token, result->mount, result->port,
			masix_flags(flags), io_flags, &port);
	emul_wait_end();
	if (kr != KERN_SUCCESS) {
		path_discard(result);
		return emul_result(kr);
	}
	return create_instead(EMUL_FILE_STREAM, port, flags, result, file);
}

/* A regular file is opened anew by its name, if that still means the same file. */
static long open_again(struct emul_file *same, uint32_t flags, struct emul_file **file)
{
	struct path_result result;
	char name[128];
	long length = file_name_get(same, name, sizeof name);

	if (length < 0)
		return -ENOENT;
	if (path_open(AT_FDCWD, name, masix_flags(flags & ~(uint32_t)(O_CREAT | O_EXCL | O_TRUNC)),
		    0, &result) != 0)
		return -ENOENT;
	if (result.kind == MASIX_KIND_FILE && result.stat.ino == same->stat.ino &&
		result.stat.dev == same->stat.dev &&
		(!(flags & O_TRUNC) || io_set_size(result.port, 0) == KERN_SUCCESS)) {
		*file = file_create(
			EMUL_FILE_REGULAR, result.port, flags & STATUS_FLAGS, result.mount, NULL);
		if (*file == NULL)
			return -ENFILE;
		(*file)->stat = same->stat;
		(*file)->trust.since_ns = 0;
		file_name_set(*file, name);
		return 0;
	}
	path_discard(&result);
	return -ENOENT;
}

/* /proc/self/fd/N and /dev/fd/N: the same file opened again, or where that cannot be done, the
 * same open file, if it allows as much. */
static long open_descriptor(uint32_t fd, uint32_t flags, struct emul_file **file)
{
	struct emul_file *same = fd_get(fd);
	uint32_t access = flags & O_ACCMODE;

	if (same == NULL)
		return -ENOENT;
	if (same->kind == EMUL_FILE_REGULAR && open_again(same, flags, file) == 0) {
		file_drop(same);
		return 0;
	}
	if (same->kind == EMUL_FILE_SOCKET && !(flags & O_PATH)) {
		file_drop(same);
		return -ENXIO;
	}
	if (!(flags & O_PATH) && ((access != O_WRONLY && !file_readable(same)) ||
					 (access != O_RDONLY && !file_writable(same)))) {
		file_drop(same);
		return -EACCES;
	}
	*file = same;
	return 0;
}

static long open_descriptors(struct path_result *result, uint32_t flags, struct emul_file **file)
{
	if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT))
		return -EISDIR;
	descriptors_stat(&result->stat);
	return create(EMUL_FILE_DESCRIPTORS, MACH_PORT_NULL, flags, result, file);
}

/* Turn what the directory's server found into a file. */
static long make(struct path_result *result, uint32_t flags, struct emul_file **file)
{
	if (result->kind == PATH_KIND_DESCRIPTOR)
		return flags & O_NOFOLLOW ? -ELOOP
					  : open_descriptor(result->descriptor, flags, file);
	if (result->kind == PATH_KIND_ALL_DESCRIPTORS)
		return open_descriptors(result, flags, file);
	if (result->kind == MASIX_KIND_DIRECTORY)
		return create(EMUL_FILE_DIRECTORY, result->port, flags, result, file);
	if (flags & O_PATH)
		return create(EMUL_FILE_PATH, result->port, flags, result, file);
	switch (result->kind) {
	case MASIX_KIND_FILE:
		/* Who does not say O_LARGEFILE has 32-bit positions. */
		if (!(flags & O_LARGEFILE) && result->stat.size > INT32_MAX) {
			path_discard(result);
			return -EOVERFLOW;
		}
		return create(EMUL_FILE_REGULAR, result->port, flags, result, file);
	case MASIX_KIND_SYMLINK:
		path_discard(result);
		return -ELOOP;
	case MASIX_KIND_CHAR:
	case MASIX_KIND_BLOCK:
		return open_device(result, flags, file);
	case MASIX_KIND_FIFO:
		return open_fifo(result, flags, file);
	default:
		path_discard(result);
		return -ENXIO;
	}
}

long open_file(int dirfd, const char *path, uint32_t flags, uint32_t mode, struct emul_file **file)
{
	struct path_result result;
	long error;

	if ((flags & __O_TMPFILE) != 0)
		return -EOPNOTSUPP;
	if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY))
		return -EINVAL;
	error = path_open(dirfd, path, masix_flags(flags) & ~MASIX_OPEN_NOCTTY,
		mode & 07777 & ~emul_process.umask, &result);
	if (error == 0)
		error = make(&result, flags, file);
	if (error == 0 && (*file)->kind == EMUL_FILE_REGULAR && result.kind == MASIX_KIND_FILE)
		file_name_set(*file, path[0] == '/' || dirfd == AT_FDCWD ? path : NULL);
	return error;
}

static long open_at(int dirfd, uint32_t path, uint32_t flags, uint32_t mode)
{
	struct emul_file *file;
	long result = fd_check_room(1);

	if (result == 0)
		result = open_file(dirfd, (const char *)path, flags, mode, &file);
	return result != 0 ? result : fd_install(file, (flags & O_CLOEXEC) != 0);
}

long sys_open(const uint32_t *a)
{
	return open_at(AT_FDCWD, a[0], a[1], a[2]);
}

long sys_openat(const uint32_t *a)
{
	return open_at((int)a[0], a[1], a[2], a[3]);
}

long sys_creat(const uint32_t *a)
{
	return open_at(AT_FDCWD, a[0], O_CREAT | O_WRONLY | O_TRUNC, a[1]);
}

static const int kinds[] = {
	[EMUL_FILE_REGULAR] = MASIX_KIND_FILE,
	[EMUL_FILE_DIRECTORY] = MASIX_KIND_DIRECTORY,
};

/* A right of the caller's to the object of a descriptor (fexecve through /proc/self/fd). */
static long copy_right(uint32_t fd, int *kind, mach_port_t *port, struct masix_stat *stat)
{
	struct emul_file *file = fd_get(fd);
	kern_return_t kr = MASIX_E_NO_DEVICE;

	if (file == NULL)
		return -ENOENT;
	if (file->port != MACH_PORT_NULL && file->kind < sizeof kinds / sizeof kinds[0] &&
		kinds[file->kind] != 0) {
		*kind = kinds[file->kind];
		*stat = file->stat;
		*port = file->port;
		kr = mach_port_mod_refs(EMUL_PORT_TASK, file->port, MACH_PORT_RIGHT_SEND, 1);
	}
	file_drop(file);
	return emul_result(kr);
}

long emul_path_open(int dirfd, const char *path, int flags, uint32_t mode, int *kind,
	mach_port_t *port, struct masix_stat *stat)
{
	struct path_result result;
	long error = path_open(dirfd, path, flags, mode, &result);

	if (error != 0)
		return error;
	if (result.kind == PATH_KIND_ALL_DESCRIPTORS)
		return -EISDIR;
	if (result.kind == PATH_KIND_DESCRIPTOR)
		return copy_right(result.descriptor, kind, port, stat);
	*kind = result.kind;
	*port = result.port;
	*stat = result.stat;
	return 0;
}

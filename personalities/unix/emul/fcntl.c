/* fcntl. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "calls.h"
#include "fd.h"
#include "locks.h"

#define PIPE_SIZE 65536u /* of the Unix server's pipes; fixed */

static long pipe_size(struct emul_file *file, uint32_t wanted)
{
	if (file->kind != EMUL_FILE_STREAM || (file->stat.mode & S_IFMT) == S_IFCHR)
		return -EBADF;
	return wanted <= PIPE_SIZE ? (long)PIPE_SIZE : -EPERM;
}

/* Commands that look at the open file. */
static long control_file(struct emul_file *file, uint32_t command, uint32_t argument)
{
	switch (command) {
	case F_GETFL:
		return (long)file_flags(file);
	case F_SETFL:
		if (file_flags(file) & O_PATH)
			return -EBADF;
		file_set_flags(file, FILE_CHANGEABLE, argument);
		return 0;
	case F_GETLK:
	case F_SETLK:
	case F_SETLKW:
	case F_GETLK64:
	case F_SETLK64:
	case F_SETLKW64:
		return locks_fcntl(file, command, argument);
	case F_GETPIPE_SZ:
		return pipe_size(file, 0);
	case F_SETPIPE_SZ:
		return (int32_t)argument <= 0 ? -EINVAL : pipe_size(file, argument);
	case F_GETOWN:
	case F_GETSIG:
		return 0; /* nobody is told of input: the initial state */
	default:
		return -EINVAL;
	}
}

static long control(const uint32_t *a)
{
	struct emul_file *file;
	long result;

	switch (a[1]) {
	case F_DUPFD:
		return fd_duplicate_from(a[0], a[2], 0);
	case F_DUPFD_CLOEXEC:
		return fd_duplicate_from(a[0], a[2], 1);
	case F_GETFD:
		return fd_get_close_on_exec(a[0]);
	case F_SETFD:
		return fd_set_close_on_exec(a[0], (a[2] & FD_CLOEXEC) != 0);
	default:
		break;
	}
	file = fd_hold(a[0]);
	if (file == NULL)
		return -EBADF;
	result = control_file(file, a[1], a[2]);
	file_release(file);
	return result;
}

/* The 64-bit commands would do no harm in the old call: they have numbers of their own. */
long sys_fcntl(const uint32_t *a)
{
	return control(a);
}

long sys_fcntl64(const uint32_t *a)
{
	return control(a);
}

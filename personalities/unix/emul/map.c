/* The memory object behind a descriptor, for mmap. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include <masix/error.h>

#include "fd.h"
#include "files.h"
#include "io.h"

static long map(struct emul_file *file, int want_write_shared, mach_port_t *object, uint64_t *size)
{
	int64_t bytes = 0;
	kern_return_t kr;

	*object = MACH_PORT_NULL;
	if (file_flags(file) & O_PATH)
		return -EBADF;
	if (!file_readable(file) || (want_write_shared && !file_writable(file)))
		return -EACCES;
	if (file->kind == EMUL_FILE_ZERO)
		return 0;
	if (file->kind != EMUL_FILE_REGULAR)
		return -ENODEV;
	kr = io_map(file->port, object, &bytes);
	if (kr == MASIX_E_NO_DEVICE)
		return -ENODEV;
	*size = (uint64_t)bytes;
	return emul_result(kr);
}

long emul_fd_map(
	int fd, int want_write_shared, mach_port_t *object, uint64_t *size, struct emul_file **file)
{
	struct emul_file *held = fd_hold((uint32_t)fd);
	long result;

	*size = 0;
	if (file != NULL)
		*file = NULL;
	if (held == NULL)
		return -EBADF;
	result = map(held, want_write_shared, object, size);
	if (result == 0 && file != NULL)
		*file = held;
	else
		file_release(held);
	return result;
}

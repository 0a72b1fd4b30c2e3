/* pipe and pipe2. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "calls.h"
#include "fd.h"
#include "kernel.h"
#include "process.h"

/* A descriptor for one end; the right is consumed. */
static long install_end(mach_port_t port, uint32_t access, uint32_t flags)
{
	struct emul_file *file =
		file_create(EMUL_FILE_STREAM, port, access | (flags & O_NONBLOCK), 0, NULL);

	return file != NULL ? fd_install(file, (flags & O_CLOEXEC) != 0) : -ENFILE;
}

/* `to`: two words of the program. */
static long make_pipe(uint32_t to, uint32_t flags)
{
	mach_port_t reader, writer;
	long ends[2], result;
	int fds[2];

	if (flags & ~(uint32_t)(O_NONBLOCK | O_CLOEXEC))
		return -EINVAL;
	if (!emul_user_range(to, sizeof fds))
		return -EFAULT;
	result = fd_check_room(2);
	if (result == 0)
		result = emul_result(process_pipe(EMUL_PORT_PROCESS, &reader, &writer));
	if (result != 0)
		return result;
	ends[0] = install_end(reader, O_RDONLY, flags);
	ends[1] = install_end(writer, O_WRONLY, flags);
	if (ends[0] >= 0 && ends[1] >= 0) {
		fds[0] = (int)ends[0];
		fds[1] = (int)ends[1];
		if (emul_copy((void *)to, fds, sizeof fds) == 0)
			return 0;
		result = -EFAULT;
	} else {
		result = ends[0] < 0 ? ends[0] : ends[1];
	}
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			(void)fd_close((uint32_t)ends[i]);
	return result;
}

long sys_pipe(const uint32_t *a)
{
	return make_pipe(a[0], 0);
}

long sys_pipe2(const uint32_t *a)
{
	return make_pipe(a[0], a[1]);
}

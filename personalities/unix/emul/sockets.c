/* Sockets: no protocol family is there yet. */
#include <asm/errno.h>
#include <linux/net.h>

#include "calls.h"
#include "fd.h"

static long check_descriptor(uint32_t fd)
{
	struct emul_file *file = fd_hold(fd);

	if (file == NULL)
		return -EBADF;
	file_release(file);
	return -ENOTSOCK;
}

/* socketcall(call, arguments) */
long sys_socketcall(const uint32_t *a)
{
	const uint32_t *arguments = (const uint32_t *)a[1];

	if (a[0] < SYS_SOCKET || a[0] > SYS_SENDMMSG)
		return -EINVAL;
	if (!emul_user_range(a[1], sizeof *arguments))
		return -EFAULT;
	if (a[0] == SYS_SOCKET || a[0] == SYS_SOCKETPAIR)
		return -EAFNOSUPPORT;
	return check_descriptor(arguments[0]);
}

/* getsockopt and setsockopt (socket(7)). */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "calls.h"
#include "fd.h"
#include "socket.h"
#include "unix_socket.h"

#define SOL_SOCKET 1

/* asm-generic/socket.h */
enum {
	SO_REUSEADDR = 2,
	SO_TYPE = 3,
	SO_ERROR = 4,
	SO_DONTROUTE = 5,
	SO_BROADCAST = 6,
	SO_SNDBUF = 7,
	SO_RCVBUF = 8,
	SO_KEEPALIVE = 9,
	SO_OOBINLINE = 10,
	SO_LINGER = 13,
	SO_PASSCRED = 16,
	SO_PEERCRED = 17,
	SO_RCVLOWAT = 18,
	SO_RCVTIMEO = 20,
	SO_SNDTIMEO = 21,
	SO_ACCEPTCONN = 30,
	SO_PROTOCOL = 38,
	SO_DOMAIN = 39,
};

/* What the server keeps, by its number there; 0: nothing.  Switches do nothing to these sockets, but are remembered. */
static int server_option(uint32_t option)
{
	switch (option) {
	case SO_TYPE:
		return MASIX_SOCKET_TYPE;
	case SO_ERROR:
		return MASIX_SOCKET_ERROR;
	case SO_ACCEPTCONN:
		return MASIX_SOCKET_LISTENS;
	case SO_PEERCRED:
		return MASIX_SOCKET_PEER;
	case SO_SNDBUF:
		return MASIX_SOCKET_SEND_BUFFER;
	case SO_RCVBUF:
		return MASIX_SOCKET_RECEIVE_BUFFER;
	case SO_PASSCRED:
		return MASIX_SOCKET_WANTS_IDS;
	case SO_REUSEADDR:
	case SO_DONTROUTE:
	case SO_BROADCAST:
	case SO_KEEPALIVE:
	case SO_OOBINLINE:
		return MASIX_SOCKET_SWITCH + (int)option;
	default:
		return 0;
	}
}

static int can_be_set(uint32_t option)
{
	return option == SO_SNDBUF || option == SO_RCVBUF || option == SO_PASSCRED ||
	       server_option(option) >= MASIX_SOCKET_SWITCH;
}

/* Those that are the same for all: the number of words, 0: unknown. */
static uint32_t constant_option(uint32_t option, uint32_t *to)
{
	to[0] = to[1] = 0;
	switch (option) {
	case SO_DOMAIN:
		to[0] = SOCKET_FAMILY;
		return 1;
	case SO_PROTOCOL:
		return 1;
	case SO_RCVLOWAT:
		to[0] = 1;
		return 1;
	case SO_LINGER:
	case SO_RCVTIMEO: /* none */
	case SO_SNDTIMEO:
		return 2;
	default:
		return 0;
	}
}

static long get(struct emul_file *file, uint32_t option, uint32_t *to, uint32_t *words)
{
	mach_msg_type_number_t count = sizeof(masix_ids_t) / sizeof *to;
	int number = server_option(option);
	long error;

	*words = constant_option(option, to);
	if (*words > 0)
		return 0;
	if (number == 0)
		return -ENOPROTOOPT;
	error = emul_result(socket_option(file->port, number, 0, 0, to, &count));
	*words = count;
	if (error == 0 && option == SO_ERROR)
		to[0] = (uint32_t)emul_errno((int)to[0]);
	return error;
}

/* getsockopt(fd, level, option, value, size) */
long sys_getsockopt(const uint32_t *a)
{
	uint32_t words = 0, size;
	masix_ids_t value;
	struct emul_file *file;
	long error = socket_hold(a[0], &file);

	if (error != 0)
		return error;
	error = a[1] == SOL_SOCKET ? get(file, a[2], value, &words) : -EOPNOTSUPP;
	file_release(file);
	if (error != 0)
		return error;
	if (!emul_user_range(a[4], sizeof size))
		return -EFAULT;
	size = *(const uint32_t *)a[4];
	if ((int32_t)size < 0)
		return -EINVAL;
	if (size > words * sizeof value[0])
		size = words * sizeof value[0];
	if (!emul_user_range(a[3], size))
		return -EFAULT;
	memcpy((void *)a[3], value, size);
	*(uint32_t *)a[4] = size;
	return 0;
}

/* setsockopt(fd, level, option, value, size) */
long sys_setsockopt(const uint32_t *a)
{
	mach_msg_type_number_t count = sizeof(masix_ids_t) / 4;
	masix_ids_t now;
	uint32_t value;
	struct emul_file *file;
	long error = socket_hold(a[0], &file);

	if (error != 0)
		return error;
	if (a[1] != SOL_SOCKET)
		error = -EOPNOTSUPP;
	else if (a[4] < sizeof value)
		error = -EINVAL;
	else if (!can_be_set(a[2]))
		error = -ENOPROTOOPT;
	else if (!emul_user_range(a[3], sizeof value))
		error = -EFAULT;
	if (error == 0) {
		value = *(const uint32_t *)a[3];
		/* Linux doubles what is asked for, and tells so. */
		if (a[2] == SO_SNDBUF || a[2] == SO_RCVBUF)
			value = value < UINT32_MAX / 2 ? value * 2 : UINT32_MAX;
		error = emul_result(
			socket_option(file->port, server_option(a[2]), 1, value, now, &count));
	}
	file_release(file);
	return error;
}

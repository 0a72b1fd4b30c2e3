/* The socket calls, by socketcall(2) and directly. */
#include <asm/errno.h>
#include <linux/fcntl.h>
#include <linux/net.h>
#include <linux/stat.h>

#include <masix/error.h>

#include "calls.h"
#include "dir.h"
#include "fd.h"
#include "io.h"
#include "kernel.h"
#include "path.h"
#include "process.h"
#include "socket.h"
#include "sockets.h"

#define SOCK_TYPE_MASK 0xfu
#define SOCK_NONBLOCK O_NONBLOCK
#define SOCK_CLOEXEC O_CLOEXEC

long socket_hold(uint32_t fd, struct emul_file **file)
{
	*file = fd_hold(fd);
	if (*file == NULL)
		return -EBADF;
	if ((*file)->kind == EMUL_FILE_SOCKET)
		return 0;
	file_release(*file);
	return -ENOTSOCK;
}

/* --- Making them --- */

long socket_install(mach_port_t port, uint32_t type, uint32_t flags)
{
	struct emul_file *file =
		file_create(EMUL_FILE_SOCKET, port, O_RDWR | (flags & SOCK_NONBLOCK), 0, NULL);

	if (file == NULL)
		return -ENFILE;
	file->stat.socket_type = type;
	return fd_install(file, (flags & SOCK_CLOEXEC) != 0);
}

/* socket(2)'s arguments for AF_UNIX: the kind, or -errno. */
static long read_kind(uint32_t type, uint32_t protocol)
{
	uint32_t kind = type & SOCK_TYPE_MASK;

	if (protocol != 0 && protocol != AF_UNIX)
		return -EPROTONOSUPPORT;
	if (kind == SOCKET_RAW)
		return SOCKET_DATAGRAM;
	return kind == SOCKET_STREAM || kind == SOCKET_DATAGRAM || kind == SOCKET_SEQUENCED
		       ? (long)kind
		       : -ESOCKTNOSUPPORT;
}

static long make_unix(uint32_t type, uint32_t protocol)
{
	mach_port_t port, none;
	long kind = read_kind(type, protocol), error;

	if (kind < 0)
		return kind;
	error = fd_check_room(1);
	if (error == 0)
		error = emul_result(process_socket(EMUL_PORT_PROCESS, (int)kind, 0, &port, &none));
	return error != 0 ? error : socket_install(port, (uint32_t)kind, type);
}

static long make_inet(int family, uint32_t type, uint32_t protocol)
{
	uint32_t kind = type & SOCK_TYPE_MASK;
	struct masix_stat stat;
	mach_port_t port;
	kern_return_t kr;
	long error = fd_check_room(1);

	if (error != 0)
		return error;
	if (kind < SOCKET_STREAM || kind > SOCKET_RAW)
		return -ESOCKTNOSUPPORT;
	kr = process_network_socket(EMUL_PORT_PROCESS, family, (int)kind, (int)protocol, &port);
	if (kr == MASIX_E_NOT_SUPPORTED)
		return -EPROTONOSUPPORT;
	if (kr == MASIX_E_LIMIT)
		return -ENOBUFS;
	if (kr != KERN_SUCCESS)
		return emul_result(kr);
	kr = io_stat(port, &stat);
	if (kr == KERN_SUCCESS)
		return socket_install(port, stat.socket_type, type);
	port_drop(port);
	return emul_result(kr);
}

long sys_socket(const uint32_t *a)
{
	if (a[1] & ~(SOCK_TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC))
		return -EINVAL;
	switch (a[0]) {
	case AF_UNIX:
		return make_unix(a[1], a[2]);
	case AF_INET:
		return make_inet(MASIX_INET, a[1], a[2]);
	case AF_INET6:
		return make_inet(MASIX_INET6, a[1], a[2]);
	default:
		return -EAFNOSUPPORT;
	}
}

long sys_socketpair(const uint32_t *a)
{
	mach_port_t ports[2];
	long kind, made[2], error;
	int fds[2];

	if (a[1] & ~(SOCK_TYPE_MASK | SOCK_NONBLOCK | SOCK_CLOEXEC))
		return -EINVAL;
	if (a[0] != AF_UNIX)
		return a[0] == AF_INET || a[0] == AF_INET6 ? -EOPNOTSUPP : -EAFNOSUPPORT;
	kind = read_kind(a[1], a[2]);
	if (kind < 0)
		return kind;
	if (!emul_user_range(a[3], sizeof fds))
		return -EFAULT;
	error = fd_check_room(2);
	if (error == 0)
		error = emul_result(
			process_socket(EMUL_PORT_PROCESS, (int)kind, 1, &ports[0], &ports[1]));
	if (error != 0)
		return error;
	for (int i = 0; i < 2; i++) {
		made[i] = socket_install(ports[i], (uint32_t)kind, a[1]);
		fds[i] = (int)made[i];
		if (made[i] < 0)
			error = made[i];
	}
	if (error == 0 && emul_copy((void *)a[3], fds, sizeof fds) != 0)
		error = -EFAULT;
	for (int i = 0; i < 2 && error != 0; i++)
		if (made[i] >= 0)
			(void)fd_close((uint32_t)made[i]);
	return error;
}

/* --- Names --- */

static kern_return_t make_node(
	mach_port_t directory, const char *path, uint32_t length, void *context)
{
	return dir_make_node(directory, path, length, *(const uint32_t *)context, 0);
}

static kern_return_t remove_node(
	mach_port_t directory, const char *path, uint32_t length, void *context)
{
	(void)context;
	return dir_unlink(directory, path, length, 0);
}

/* Make the node and tell the server whose it is. */
static long bind_path(struct emul_file *file, const struct socket_address *address)
{
	uint32_t mode = S_IFSOCK | (0777 & ~emul_process.umask);
	struct path_result result;
	long error = path_apply(AT_FDCWD, address->name, make_node, &mode);

	if (error != 0)
		return error == -EEXIST ? -EADDRINUSE : error;
	error = path_open(
		AT_FDCWD, address->name, MASIX_OPEN_PATH | MASIX_OPEN_NOFOLLOW, 0, &result);
	if (error == 0) {
		error = emul_result(socket_bind(file->port, EMUL_PORT_PROCESS, result.mount,
			result.port, address->name, address->length));
		path_discard(&result);
	}
	if (error != 0)
		(void)path_apply(AT_FDCWD, address->name, remove_node, NULL);
	return error;
}

long sys_bind(const uint32_t *a)
{
	struct socket_address address;
	struct emul_file *file;
	long error = socket_hold(a[0], &file);

	if (error != 0)
		return error;
	/* The family alone: any name. */
	if (socket_family(file) == AF_UNIX && a[2] == SOCKET_NAME_OFFSET &&
		emul_user_range(a[1], 2) && *(const uint16_t *)a[1] == AF_UNIX)
		address = (struct socket_address){ .length = 0 };
	else
		error = socket_address_read(file, a[1], a[2], &address);
	if (error == 0)
		error = !address.is_inet && address.name[0] != '\0'
				? bind_path(file, &address)
				: emul_result(socket_bind(file->port, socket_caller(file), 0,
					  MACH_PORT_NULL, address.name, address.length));
	file_release(file);
	return error;
}

static long give_name(uint32_t fd, int peer, uint32_t address, uint32_t size_address)
{
	mach_msg_type_number_t length = sizeof(masix_name_t);
	masix_name_t name;
	struct emul_file *file;
	long error = socket_hold(fd, &file);

	if (error != 0)
		return error;
	error = emul_result(socket_name(file->port, peer, name, &length));
	if (error == 0)
		error = socket_address_write(file, name, length, address, size_address);
	file_release(file);
	return error;
}

long sys_getsockname(const uint32_t *a)
{
	return give_name(a[0], 0, a[1], a[2]);
}

long sys_getpeername(const uint32_t *a)
{
	return give_name(a[0], 1, a[1], a[2]);
}

/* --- Connections --- */

static int io_flags(struct emul_file *file)
{
	return file_flags(file) & O_NONBLOCK ? MASIX_IO_NONBLOCK : 0;
}

static long connect_to(struct emul_file *file, const struct socket_address *address)
{
	uint32_t token = emul_wait_begin(EMUL_WAIT_IO, file->port);
	kern_return_t kr = MASIX_E_INTERRUPTED;

	if (!emul_signal_arrived())
		kr = socket_connect(file->port, token, io_flags(file), socket_caller(file),
			address->mount, address->node, address->name, address->length);
	emul_wait_end();
	return emul_result(kr);
}

long sys_connect(const uint32_t *a)
{
	struct socket_address address = { .length = 0 };
	struct emul_file *file;
	long error = socket_hold(a[0], &file);

	if (error != 0)
		return error;
	/* AF_UNSPEC: a datagram socket has no peer any more. */
	if ((socket_kind(file) != SOCKET_DATAGRAM && socket_kind(file) != SOCKET_RAW) || a[2] < 2 ||
		!emul_user_range(a[1], 2) || *(const uint16_t *)a[1] != AF_UNSPEC)
		error = socket_address_read(file, a[1], a[2], &address);
	if (error == 0)
		error = socket_address_find(&address);
	if (error == 0)
		error = connect_to(file, &address);
	socket_address_drop(&address);
	file_release(file);
	return error;
}

long sys_listen(const uint32_t *a)
{
	struct emul_file *file;
	long error = socket_hold(a[0], &file);

	if (error != 0)
		return error;
	error = emul_result(socket_listen(file->port, socket_caller(file), (int)a[1]));
	file_release(file);
	return error;
}

static long accept_on(struct emul_file *file, mach_port_t *port)
{
	uint32_t token = emul_wait_begin(EMUL_WAIT_IO, file->port);
	kern_return_t kr = MASIX_E_INTERRUPTED;

	if (!emul_signal_arrived())
		kr = socket_accept(file->port, token, io_flags(file), port);
	emul_wait_end();
	return emul_result(kr);
}

/* accept4(fd, address, size, flags) */
long sys_accept4(const uint32_t *a)
{
	struct emul_file *file;
	mach_port_t port;
	long error, fd;

	if (a[3] & ~(uint32_t)(SOCK_NONBLOCK | SOCK_CLOEXEC))
		return -EINVAL;
	error = socket_hold(a[0], &file);
	if (error != 0)
		return error;
	error = fd_check_room(1);
	if (error == 0)
		error = accept_on(file, &port);
	fd = error == 0 ? socket_install(port, file->stat.socket_type, a[3]) : error;
	if (fd >= 0 && a[1] != 0)
		error = give_name((uint32_t)fd, 1, a[1], a[2]);
	/* Already gone again: as if it had no name. */
	if (fd >= 0 && error == -ENOTCONN)
		error = socket_address_write(file, NULL, 0, a[1], a[2]);
	file_release(file);
	if (fd < 0)
		return fd;
	if (error != 0)
		(void)fd_close((uint32_t)fd);
	return error != 0 ? error : fd;
}

static long sys_accept(const uint32_t *a)
{
	const uint32_t arguments[] = { a[0], a[1], a[2], 0 };

	return sys_accept4(arguments);
}

long sys_shutdown(const uint32_t *a)
{
	struct emul_file *file;
	long error = socket_hold(a[0], &file);

	if (error != 0)
		return error;
	/* SHUT_RD, SHUT_WR, SHUT_RDWR */
	error = a[1] > 2 ? -EINVAL : emul_result(socket_shutdown(file->port, (int)a[1] + 1));
	file_release(file);
	return error;
}

/* --- socketcall --- */

static long sys_send(const uint32_t *a)
{
	const uint32_t arguments[] = { a[0], a[1], a[2], a[3], 0, 0 };

	return sys_sendto(arguments);
}

static long sys_recv(const uint32_t *a)
{
	const uint32_t arguments[] = { a[0], a[1], a[2], a[3], 0, 0 };

	return sys_recvfrom(arguments);
}

static const struct {
	emul_call *call;
	uint32_t arguments;
} calls[] = {
	[SYS_SOCKET] = { sys_socket, 3 },
	[SYS_BIND] = { sys_bind, 3 },
	[SYS_CONNECT] = { sys_connect, 3 },
	[SYS_LISTEN] = { sys_listen, 2 },
	[SYS_ACCEPT] = { sys_accept, 3 },
	[SYS_GETSOCKNAME] = { sys_getsockname, 3 },
	[SYS_GETPEERNAME] = { sys_getpeername, 3 },
	[SYS_SOCKETPAIR] = { sys_socketpair, 4 },
	[SYS_SEND] = { sys_send, 4 },
	[SYS_RECV] = { sys_recv, 4 },
	[SYS_SENDTO] = { sys_sendto, 6 },
	[SYS_RECVFROM] = { sys_recvfrom, 6 },
	[SYS_SHUTDOWN] = { sys_shutdown, 2 },
	[SYS_SETSOCKOPT] = { sys_setsockopt, 5 },
	[SYS_GETSOCKOPT] = { sys_getsockopt, 5 },
	[SYS_SENDMSG] = { sys_sendmsg, 3 },
	[SYS_RECVMSG] = { sys_recvmsg, 3 },
	[SYS_ACCEPT4] = { sys_accept4, 4 },
	[SYS_RECVMMSG] = { sys_recvmmsg, 5 },
	[SYS_SENDMMSG] = { sys_sendmmsg, 4 },
};

/* socketcall(call, arguments) */
long sys_socketcall(const uint32_t *a)
{
	uint32_t arguments[6] = { 0 };

	if (a[0] >= sizeof calls / sizeof calls[0] || calls[a[0]].call == NULL)
		return -EINVAL;
	if (!emul_user_range(a[1], calls[a[0]].arguments * sizeof arguments[0]))
		return -EFAULT;
	memcpy(arguments, (const void *)a[1], calls[a[0]].arguments * sizeof arguments[0]);
	return calls[a[0]].call(arguments);
}

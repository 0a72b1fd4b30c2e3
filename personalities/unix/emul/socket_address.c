/* Addresses of sockets; those of AF_UNIX, struct sockaddr_un, are paths and abstract names. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "kernel.h"
#include "path.h"
#include "sockets.h"

long socket_address_read(
	const struct emul_file *file, uint32_t address, uint32_t size, struct socket_address *to)
{
	const char *from = (const char *)address;
	uint16_t family;

	*to = (struct socket_address){ .is_given = 1 };
	if (socket_family(file) != AF_UNIX) {
		if (size > 128)
			return -EINVAL;
		if (!emul_user_range(address, size))
			return -EFAULT;
		return inet_address_read(socket_family(file), from, size, to);
	}
	if (size <= SOCKET_NAME_OFFSET || size > SOCKET_ADDRESS_MAX)
		return -EINVAL;
	if (!emul_user_range(address, size))
		return -EFAULT;
	memcpy(&family, from, sizeof family);
	if (family != AF_UNIX)
		return -EINVAL;
	memcpy(to->name, from + SOCKET_NAME_OFFSET, size - SOCKET_NAME_OFFSET);
	to->length = size - SOCKET_NAME_OFFSET;
	if (to->name[0] != '\0')
		to->length = (uint32_t)strlen(to->name);
	return 0;
}

long socket_address_find(struct socket_address *address)
{
	struct path_result result;
	long error;

	if (!address->is_given || address->is_inet || address->length == 0 ||
		address->name[0] == '\0')
		return 0;
	error = path_open(AT_FDCWD, address->name, MASIX_OPEN_WRITE, 0, &result);
	if (error != 0)
		return error == -EISDIR || error == -ETXTBSY ? -ECONNREFUSED : error;
	if (result.kind != MASIX_KIND_SOCKET) {
		path_discard(&result);
		return -ECONNREFUSED;
	}
	address->node = result.port;
	address->mount = result.mount;
	return 0;
}

void socket_address_drop(const struct socket_address *address)
{
	if (address->node != MACH_PORT_NULL)
		port_drop(address->node);
}

/* sun_path is told with its terminator. */
static uint32_t unix_address_write(const char *name, uint32_t length, char *to)
{
	if (length > SOCKET_NAME_MAX)
		length = SOCKET_NAME_MAX;
	to[0] = AF_UNIX;
	memcpy(to + SOCKET_NAME_OFFSET, name, length);
	return SOCKET_NAME_OFFSET + length + (length > 0 && name[0] != '\0');
}

long socket_address_write(const struct emul_file *file, const char *name, uint32_t length,
	uint32_t address, uint32_t size_address)
{
	char full[SOCKET_ADDRESS_MAX + 1] = { 0 };
	uint32_t room, size;

	if (!emul_user_range(size_address, sizeof room))
		return -EFAULT;
	room = *(const uint32_t *)size_address;
	if ((int32_t)room < 0)
		return -EINVAL;
	size = socket_family(file) == AF_UNIX
		       ? unix_address_write(name, length, full)
		       : inet_address_write(socket_family(file), name, length, full);
	if (room > size)
		room = size;
	if (!emul_user_range(address, room))
		return -EFAULT;
	memcpy((void *)address, full, room);
	*(uint32_t *)size_address = size;
	return 0;
}

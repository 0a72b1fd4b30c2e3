/* Sockets: what their calls share. */
#ifndef EMUL_SOCKETS_H
#define EMUL_SOCKETS_H

#include <masix/types.h>

#include "cursor.h"
#include "file.h"

/* Address families. */
#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10

#define SOCKET_NAME_OFFSET 2u /* sun_path in struct sockaddr_un */
#define SOCKET_NAME_MAX 108u
#define SOCKET_ADDRESS_MAX (SOCKET_NAME_OFFSET + SOCKET_NAME_MAX)

/* bits/socket.h */
#define MSG_OOB 1u
#define MSG_PEEK 2u
#define MSG_CTRUNC 8u
#define MSG_TRUNC 0x20u
#define MSG_DONTWAIT 0x40u
#define MSG_EOR 0x80u
#define MSG_WAITALL 0x100u
#define MSG_ERRQUEUE 0x2000u
#define MSG_NOSIGNAL 0x4000u
#define MSG_WAITFORONE 0x10000u
#define MSG_CMSG_CLOEXEC 0x40000000u

enum socket_kind { SOCKET_STREAM = 1, SOCKET_DATAGRAM = 2, SOCKET_RAW = 3, SOCKET_SEQUENCED = 5 };

/* What is said of it in stat.socket_type. */
static inline enum socket_kind socket_kind(const struct emul_file *file)
{
	return (enum socket_kind)(file->stat.socket_type & 0xff);
}

static inline uint32_t socket_family(const struct emul_file *file)
{
	const uint32_t family = file->stat.socket_type >> 8 & 0xff;

	return family == MASIX_INET6 ? AF_INET6 : family == MASIX_INET ? AF_INET : AF_UNIX;
}

static inline uint32_t socket_protocol(const struct emul_file *file)
{
	return file->stat.socket_type >> 16;
}

/* Whom the server is told of: only the Unix server has to know. */
static inline mach_port_t socket_caller(const struct emul_file *file)
{
	return socket_family(file) == AF_UNIX ? EMUL_PORT_PROCESS : MACH_PORT_NULL;
}

/* The socket behind a descriptor, held by the call: 0, -EBADF, -ENOTSOCK. */
long socket_hold(uint32_t fd, struct emul_file **file);
/* A descriptor for a new socket, whose right is consumed. type: as in stat.socket_type; flags: SOCK_NONBLOCK, SOCK_CLOEXEC. */
long socket_install(mach_port_t port, uint32_t type, uint32_t flags);

/* --- socket_address.c --- */

/* A place to connect or send to; to be dropped with socket_address_drop. */
struct socket_address {
	int is_given, is_inet;
	mach_port_t node; /* of a path; else null */
	uint32_t mount;
	uint32_t length;		/* of the name, as socket.defs wants it */
	char name[SOCKET_NAME_MAX + 1]; /* terminated */
};
/* From the program's struct sockaddr_*.  Touches its memory.  Does not look up a path. */
long socket_address_read(
	const struct emul_file *file, uint32_t address, uint32_t size, struct socket_address *to);
/* Ask fs for the node, if it is a path. */
long socket_address_find(struct socket_address *address);
void socket_address_drop(const struct socket_address *address);
/* The name to the program, at most as much as *size says, which then tells the whole size. */
long socket_address_write(const struct emul_file *file, const char *name, uint32_t length,
	uint32_t address, uint32_t size_address);

/* --- inet_address.c: struct sockaddr_in and sockaddr_in6 --- */

long inet_address_read(uint32_t family, const void *from, uint32_t size, struct socket_address *to);
/* Writes at most INET_ADDRESS_MAX bytes, and tells how many. */
#define INET_ADDRESS_MAX 28u
uint32_t inet_address_write(uint32_t family, const char *name, uint32_t length, void *to);

/* --- inet_control.c --- */

/* ioctls about interfaces: netdevice(7).  -ENOTTY: another one. */
long socket_control(struct emul_file *file, uint32_t request, uint32_t argument);

/* --- socket_message.c --- */

/* A message to or from the program. */
struct socket_message {
	struct cursor cursor;
	uint32_t length;
	uint32_t flags; /* MSG_* */

	/* To send. */
	struct socket_address to;
	struct emul_file *files[MASIX_RIGHTS_MAX]; /* a use of each */
	uint32_t file_count;
	int has_ids;
	masix_socket_ids_t ids;

	/* Received. */
	int wants_more; /* in: than the bytes */
	masix_socket_info_t info;
	char *described; /* pages: struct masix_socket_file, and the rights */
	mach_port_t *rights;
	uint32_t right_count;
};

/* Bytes, or -errno. */
long socket_message_send(struct emul_file *file, struct socket_message *message);
long socket_message_receive(struct emul_file *file, struct socket_message *message);
/* Give back what the message still holds. */
void socket_message_end(struct socket_message *message);

/* read and write */
long socket_read(struct emul_file *file, struct cursor *to, uint32_t n);
long socket_write(struct emul_file *file, struct cursor *from, uint32_t n);

/* --- socket_control.c: struct msghdr's ancillary data --- */

/* What the program wants to send along. */
long socket_control_read(uint32_t address, uint32_t size, struct socket_message *to);
/* What came along, as far as `size` allows: descriptors are made for files.  Returns how many bytes there are, sets
 * MSG_CTRUNC in *flags. */
uint32_t socket_control_write(
	struct socket_message *from, uint32_t address, uint32_t size, uint32_t *flags);

#endif

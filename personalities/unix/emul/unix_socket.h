/* AF_UNIX sockets: what their calls share. */
#ifndef EMUL_UNIX_SOCKET_H
#define EMUL_UNIX_SOCKET_H

#include <masix/types.h>

#include "cursor.h"
#include "file.h"

#define SOCKET_FAMILY 1	      /* AF_UNIX */
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
#define MSG_NOSIGNAL 0x4000u
#define MSG_WAITFORONE 0x10000u
#define MSG_CMSG_CLOEXEC 0x40000000u

enum socket_kind { SOCKET_STREAM = 1, SOCKET_DATAGRAM = 2, SOCKET_SEQUENCED = 5 };

static inline enum socket_kind socket_kind(const struct emul_file *file)
{
	return (enum socket_kind)file->stat.socket_type;
}

/* The socket behind a descriptor, held by the call: 0, -EBADF, -ENOTSOCK. */
long socket_hold(uint32_t fd, struct emul_file **file);
/* A descriptor for a new socket, whose right is consumed. flags: SOCK_NONBLOCK, SOCK_CLOEXEC. */
long socket_install(mach_port_t port, uint32_t kind, uint32_t flags);

/* --- socket_address.c --- */

/* A place to connect or send to; to be dropped with socket_address_drop. */
struct socket_address {
	int is_given;
	mach_port_t node; /* of a path; else null */
	uint32_t mount;
	uint32_t length;		/* of the name */
	char name[SOCKET_NAME_MAX + 1]; /* terminated */
};
/* From the program's struct sockaddr_un.  Touches its memory.  Does not look up a path. */
long socket_address_read(uint32_t address, uint32_t size, struct socket_address *to);
/* Ask fs for the node, if it is a path. */
long socket_address_find(struct socket_address *address);
void socket_address_drop(const struct socket_address *address);
/* The name to the program, at most as much as *size says, which then tells the whole size. */
long socket_address_write(
	const char *name, uint32_t length, uint32_t address, uint32_t size_address);

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

/* What the two files about socket.defs share. */
#ifndef UNIX_SERVE_SOCKET_H
#define UNIX_SERVE_SOCKET_H

#include <mach/mach_types.h>
#include <stdbool.h>
#include <stdint.h>

#include "unix_socket.h"

#define NO_OBJECT KERN_INVALID_ARGUMENT

struct socket_end;

/* Enter with the socket of an end.  NULL: none, and nothing is held. */
struct socket_end *socket_enter(mach_port_t port, struct sockets **w);
void socket_leave(struct socket_end *end);

/* Where a request is to go, as it was asked for and as fs sees it. */
struct socket_destination {
	bool is_given;
	bool is_node;
	uint32_t dev;
	uint64_t ino;
	struct socket_name name;
};

/* Blocks for the file server. */
kern_return_t socket_find_destination(uint32_t mount, mach_port_t node, const char *bytes,
	uint32_t length, struct socket_destination *d);
/* The socket that is bound there, or NULL.  With the lock. */
struct socket *socket_at(const struct sockets *w, const struct socket_destination *d);
/* The right of a request that ended so: it is used up, or stays the message's. */
void socket_drop_node(mach_port_t node, kern_return_t kr);

#endif

/* Sockets as objects: each port is an end of its socket, which goes when it has none and no message carries it. */
#ifndef UNIX_SOCKET_END_H
#define UNIX_SOCKET_END_H

#include <mach/mach_types.h>
#include <stdatomic.h>

#include <masix/object.h>

#include "credentials.h"
#include "serve_io.h"
#include "unix_socket.h"

struct socket_end {
	struct masix_object object;
	struct socket *socket; /* NULL: closed; sockets lock */
};

/* All sockets, locked.  Letting go sends the answers that have become ready, and frees what is no longer needed: no other
 * lock may be held. */
struct sockets *sockets_lock(void);
void sockets_unlock(void);

/* The end behind a port, with a reference that socket_end_put drops; NULL: it is none. */
struct socket_end *socket_end_get(mach_port_t port);
void socket_end_put(struct socket_end *end);
/* Nobody needs it any more, though its port may live on for a while. */
void socket_end_close(struct socket_end *end);

/* A port for one of the socket's ends, which is counted already; it is closed on failure.  No lock held. */
kern_return_t socket_end_create(struct socket *s, mach_port_t *right)
	__attribute__((warn_unused_result));

/* A call to be parked, which keeps the end.  NULL: no memory.  Discard it if it was not parked. */
struct socket_call *socket_call_new(
	struct socket_end *end, const struct io_call *call, enum socket_call_kind kind);
void socket_call_discard(struct socket_call *call);

#endif

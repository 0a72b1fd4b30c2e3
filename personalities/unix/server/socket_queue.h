/* What unix_socket.c, socket_connect.c and socket_queue.c share.  Pure. */
#ifndef UNIX_SOCKET_QUEUE_H
#define UNIX_SOCKET_QUEUE_H

#include "unix_socket.h"

/* Make the call at `link` an answer. */
void socket_answer(struct sockets *w, struct socket_call **link, int error);
void socket_answer_all(struct sockets *w, struct socket_call **list, int error);
/* The readiness of the socket has changed, and with it that of those who send there. */
void socket_wake(struct sockets *w, struct socket *s);
/* The same for the socket's own calls; and readers that wait for what cannot come any more. */
void socket_wake_polls(struct sockets *w, struct socket *s);
void socket_wake_readers(struct sockets *w, struct socket *s);
/* Give it an abstract name of our choice. */
int socket_bind_to_any(struct sockets *w, struct socket *s);
/* Drop all that waits to be read. */
void socket_drop_queue(struct sockets *w, struct socket *s);
/* Let parked readers read, and parked writers write, as far as they can. */
void socket_feed(struct sockets *w, struct socket *s);

static inline bool socket_is_connection(const struct socket *s)
{
	return s->type != SOCKET_DATAGRAM;
}

#endif

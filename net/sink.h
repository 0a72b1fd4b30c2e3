/* Sockets that give what they receive to a port, several datagrams in one message (datagrams.defs). */
#ifndef NET_SINK_H
#define NET_SINK_H

struct socket;

/* All with the core lock. */

/* There is something for the socket's sink. */
void sink_note(struct socket *socket);

/* Send what there is.  What the sink's queue has no room for waits in the socket, until its owner is heard of. */
void sink_flush(void);

/* The socket's owner has received what was there, or may have. */
void sink_heard(struct socket *socket);

/* The socket is closed. */
void sink_close(struct socket *socket);

#endif

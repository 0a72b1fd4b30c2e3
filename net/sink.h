/* Sockets that give what they receive to a port, several datagrams in one message (datagrams.defs). */
#ifndef NET_SINK_H
#define NET_SINK_H

struct sink_batch;
struct socket;

/* Core lock held.  There is something for the socket's sink. */
void sink_note(struct socket *socket);

/* Core lock held.  All that there is. */
struct sink_batch *sink_collect(void);

/* Core lock not held.  Sends and frees it. */
void sink_send(struct sink_batch *batch);

#endif

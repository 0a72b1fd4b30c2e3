/* A request to a socket that may have to wait.  It is tried under the core lock; one that cannot be done yet is parked in
 * its socket's list and tried again whenever something happens to the socket. */
#ifndef NET_CALL_H
#define NET_CALL_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <masix/types.h>
#include <stdbool.h>
#include <stdint.h>

struct socket;

enum call_kind {
	CALL_READ,
	CALL_READ_LARGE,
	CALL_RECEIVE,
	CALL_RECEIVE_LARGE,
	CALL_WRITE,
	CALL_WRITE_LARGE,
	CALL_SEND,
	CALL_SEND_LARGE,
	CALL_POLL,
	CALL_CONNECT,
	CALL_ACCEPT,
};

struct call {
	struct call *next;
	enum call_kind kind;
	bool nonblock;
	bool is_parked;	       /* then data and buffer are its own */
	struct socket *socket; /* a reference while it is parked */
	uint32_t token;
	mach_port_t reply;

	/* What is asked. */
	bool has_name, peek;
	struct masix_inet_name name;
	int events;
	uint32_t amount;  /* that the caller takes */
	uint32_t room;	  /* that fit into the answer */
	const char *data; /* to send */
	uint32_t length;

	/* What came out. */
	kern_return_t result;
	uint32_t count;
	char *buffer; /* data received; null: to be made by call_buffer */
	int ready;
	uint32_t full; /* of the datagram */
	bool has_sender;
	struct masix_inet_name sender;
	struct socket *accepted; /* a reference */
};

struct call call_make(enum call_kind kind, mach_port_t reply, uint32_t token, int flags);
/* What a request to send brought out of line: copied first, since its memory may be of the sender's own making, and never
 * come. call_foreign_end drops the copy, and what the message brought if `kr` says that it is consumed. */
kern_return_t call_foreign(struct call *call, const char *data, uint32_t length)
	__attribute__((warn_unused_result));
void call_foreign_end(struct call *call, const char *data, uint32_t length, kern_return_t kr);

/* The rest of a handler: finds the socket, tries the call, and parks it if it must wait (MIG_NO_REPLY).
 * KERN_INVALID_ARGUMENT: no socket's port, or a reply right that is none. */
kern_return_t call_serve(mach_port_t port, struct call *call, mach_msg_type_name_t reply_type)
	__attribute__((warn_unused_result));

/* Room for `count` bytes received; false: no memory. */
bool call_buffer(struct call *call, uint32_t count);

bool call_receives(const struct call *call);

/* Core lock held.  Try all parked calls of the socket again. */
void calls_retry(struct socket *socket);
/* End the calls with `token`, or all (null), with `result`; false: there is none. */
bool calls_end(struct socket *socket, const uint32_t *token, kern_return_t result);

/* Sends the reply of a parked call and frees it.  Core lock not held. */
void call_answer(struct call *call);

#endif

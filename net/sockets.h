/* A socket: an object behind a port, over a control block of lwIP.  What TCP, UDP and raw IP do differently is their
 * struct socket_protocol. */
#ifndef NET_SOCKETS_H
#define NET_SOCKETS_H

#include <masix/activity.h>
#include <masix/object.h>
#include <masix/types.h>
#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "lwip/ip_addr.h"
#include "queue.h"

struct raw_pcb;
struct socket;
struct tcp_pcb;
struct udp_pcb;

enum socket_type { SOCKET_STREAM = 1, SOCKET_DATAGRAM = 2, SOCKET_RAW = 3 };

/* All under the core lock. */
struct socket_protocol {
	enum socket_type type;
	/* The control block; false: no memory. */
	bool (*open)(struct socket *socket);
	/* Gives it back; the stack goes on with what is under way. */
	void (*close)(struct socket *socket);
	/* The address is one of ours or any; port 0 is chosen. */
	kern_return_t (*bind)(struct socket *socket, const ip_addr_t *address, uint16_t port);
	/* True: done, with its result.  False: it waits. */
	bool (*connect)(struct socket *socket, struct call *call);
	bool (*send)(struct socket *socket, struct call *call);
	bool (*receive)(struct socket *socket, struct call *call);
	bool (*accept)(struct socket *socket, struct call *call);    /* null: has none */
	kern_return_t (*listen)(struct socket *socket, int backlog); /* null: cannot */
	kern_return_t (*shutdown)(struct socket *socket, int how);
	int (*ready)(const struct socket *socket); /* MASIX_POLL_* */
	/* ICMP says that what was sent to the peer did not come; `sequence` is what TCP's header had.  Null: not told. */
	void (*unreachable)(struct socket *socket, kern_return_t error, uint32_t sequence);
	/* An option has a new value. */
	void (*apply)(struct socket *socket);
};

enum socket_state {
	SOCKET_FRESH,
	SOCKET_LISTENS,
	SOCKET_CONNECTING,
	SOCKET_CONNECTED,
	SOCKET_ENDED, /* a stream that was connected, or could not be */
};

struct socket_options {
	bool reuse_address, keep_alive, no_delay, broadcast, only_inet6;
	uint32_t linger; /* s + 1 */
	uint32_t keep_idle, keep_interval, keep_count;
	uint32_t hops, service;
	uint32_t send_buffer, receive_buffer;
	uint32_t switches; /* remembered only */
};

struct socket {
	struct masix_object object; /* first */
	const struct socket_protocol *protocol;
	uint8_t family; /* MASIX_INET, MASIX_INET6 */
	uint8_t ip_protocol;
	uint32_t rights; /* MASIX_NETWORK_* */
	uint32_t owner;
	uint32_t inode;
	int64_t created; /* s since 1970 */

	/* Core lock. */
	struct socket *next_open; /* all that are open */
	bool is_closed;
	enum socket_state state;
	bool shut_in, shut_out; /* by us */
	bool is_at_end;		/* the other side sends no more */
	kern_return_t error;	/* told once */
	bool is_bound;
	bool local_is_chosen; /* of datagrams: the address came with the peer, and goes with it */
	ip_addr_t local, peer;
	uint16_t local_port, peer_port;
	struct socket_options options;
	uint32_t send_timeout, receive_timeout; /* ms, 0: none */
	struct queue queue;			/* received */
	struct masix_activity activity;
	bool lacks_room; /* a writer has to wait, or was told that it would */
	struct call *calls;
	unsigned call_count;
	struct socket *accepted_first, *accepted_last, *accepted_next; /* of a listener */
	unsigned accepted_count, backlog;
	struct socket *listener; /* while it waits to be accepted */
	union {
		struct tcp_pcb *tcp; /* null: gone */
		struct udp_pcb *udp;
		struct raw_pcb *raw;
	};
	uint16_t echo_id;  /* of an ICMP echo socket, its port */
	mach_port_t sink;  /* what comes goes there; or null.  Set once */
	bool has_news;	   /* listed: there is something for the sink */
	bool sink_is_full; /* its owner has not been heard of since */
	struct socket *next_news;
};

extern const struct socket_protocol tcp_protocol, udp_protocol, raw_protocol, echo_protocol;
extern const struct masix_class socket_class;

/* --- sockets.c --- */

struct socket_request {
	int family, type, protocol;
	uint32_t rights, owner;
};
/* A socket without a port yet, with one reference.  Core lock held. */
kern_return_t socket_create(const struct socket_request *request, struct socket **made)
	__attribute__((warn_unused_result));
/* One for a connection that came in on `listener`; it has a control block already.  Core lock held; NULL: no memory. */
struct socket *socket_create_accepted(struct socket *listener);
/* Gives it a port and consumes the reference.  Core lock not held. */
kern_return_t socket_hand_out(struct socket *socket, mach_port_t *right)
	__attribute__((warn_unused_result));
/* Ends it, with all its calls.  Core lock held. */
void socket_close_locked(struct socket *socket);

struct socket *socket_get(mach_port_t port);
void socket_put(struct socket *socket);
/* The first of all open sockets; core lock held. */
struct socket *socket_first(void);

/* Core lock held. */
bool socket_try(struct socket *socket, struct call *call);
int socket_ready(const struct socket *socket);
kern_return_t socket_bind_to(struct socket *socket, const struct masix_inet_name *name);
/* Something happened, calls that wait may end.  `news` says what is new for those who poll: MASIX_POLL_IN (something to
 * read, or the end of that), MASIX_POLL_OUT. */
void socket_changed(struct socket *socket, int news);
void socket_stat(const struct socket *socket, masix_stat_t *stat);
/* An error to be told once. */
kern_return_t socket_take_error(struct socket *socket);
/* Ends a call. */
static inline bool call_done(struct call *call, kern_return_t result)
{
	call->result = result;
	return true;
}
/* call.c: the time-out of a parked call; a timer of the stack. */
void socket_call_is_late(void *call);

/* --- options.c --- */

void options_init(struct socket *socket);
kern_return_t options_set(struct socket *socket, int option, uint32_t value)
	__attribute__((warn_unused_result));
/* The number of words, 0: unknown. */
uint32_t options_get(struct socket *socket, int option, uint32_t *to);

#endif

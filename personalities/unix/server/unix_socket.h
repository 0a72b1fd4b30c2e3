/* AF_UNIX sockets: unix(7).  Pure: the caller holds the lock of the whole `struct sockets`; before it lets go it calls
 * sockets_settle and takes the three lists of what is left to do: calls to answer, records and sockets to free. */
#ifndef UNIX_UNIX_SOCKET_H
#define UNIX_UNIX_SOCKET_H

#include <masix/activity.h>
#include <stdbool.h>
#include <stdint.h>

#define SOCKET_BUFFER 212992u	   /* what may wait for a reader, at first */
#define SOCKET_BUFFER_MIN 4608u	   /* SO_SNDBUF goes no lower */
#define SOCKET_SCARCE 4096u	   /* the same when all sockets together have too much */
#define SOCKET_NAME_MAX 108u	   /* sun_path */
#define SOCKET_RIGHTS_MAX 253u	   /* SCM_MAX_FD */
#define SOCKET_IN_FLIGHT_MAX 1024u /* rights under way, of one user */
#define SOCKET_BACKLOG_MAX 4096

enum socket_type { SOCKET_STREAM = 1, SOCKET_DATAGRAM = 2, SOCKET_SEQUENCED = 5 };
enum socket_state { SOCKET_IDLE, SOCKET_LISTENS, SOCKET_CONNECTED };

#define SOCKET_SHUT_IN 1
#define SOCKET_SHUT_OUT 2

/* Who sent: pid 0 if it is not known. */
struct socket_ids {
	int pid;
	uint32_t uid, gid;
};

/* sun_path: a path, or a zero and an abstract name; length 0: none. */
struct socket_name {
	uint32_t length;
	char bytes[SOCKET_NAME_MAX];
};

/* A file under way.  A socket travels without its right, so that the last holder's going is noticed. */
struct socket_right {
	struct socket *socket; /* or NULL, and `right` */
	uint32_t right;	       /* a send right, owned; null for a file without server */
	uint32_t kind, origin, mount, flags;
	int64_t offset;
};

/* Bytes that were sent together; of a datagram, all of it.  One piece of memory. */
struct socket_record {
	struct socket_record *next;
	struct socket_ids ids;
	struct socket_name *name;    /* of the sender of a datagram, or NULL; malloc */
	struct socket_right *rights; /* malloc */
	uint32_t right_count;
	uint32_t at, length; /* what is left: data[at..length) */
	char data[];
};

enum socket_call_kind {
	SOCKET_CALL_READ, /* io_read */
	SOCKET_CALL_RECEIVE,
	SOCKET_CALL_WRITE, /* io_write */
	SOCKET_CALL_SEND,
	SOCKET_CALL_POLL,
	SOCKET_CALL_ACCEPT,
	SOCKET_CALL_CONNECT,
};

/* What a receiver gets. */
struct socket_received {
	uint32_t count; /* bytes */
	uint32_t full;	/* length of the datagram that they are the beginning of */
	struct socket_ids ids;
	bool wants_ids; /* whether the receiver wants them */
	struct socket_name name;
	struct socket_right *
		rights; /* the caller's now (malloc); a socket among them counts as an end already */
	uint32_t right_count;
};

/* A parked call, later its answer. */
struct socket_call {
	struct socket_call *next;
	enum socket_call_kind kind;
	bool is_large;	       /* the answer goes out of line */
	struct socket *socket; /* through which it came; an answer must not look */
	const void *end;       /* for cancelling */
	uint32_t token;
	uint32_t reply;	 /* send-once right, owned */
	void *context;	 /* the caller's (malloc) */
	int events;	 /* POLL */
	uint32_t amount; /* READ, RECEIVE: as in struct socket_receive */
	uint32_t whole;
	bool peek;
	uint32_t count;		      /* WRITE, SEND: bytes that are on their way */
	struct socket_record *record; /* WRITE, SEND: the rest; owned.  CONNECT: NULL */
	struct socket_ids ids;	      /* CONNECT: of the caller */

	/* The answer. */
	int error;
	int ready;
	char *data; /* malloc */
	struct socket_received received;
	struct socket *accepted; /* counted as an end already */
};

struct socket {
	struct socket *next; /* of all */
	enum socket_type type;
	enum socket_state state;
	unsigned ends;	    /* ports that stand for it */
	unsigned in_flight; /* times that it is in records */
	bool is_embryo;	    /* waits in a listener's list */
	bool was_accepted;  /* has its name of a listener */
	bool is_marked;	    /* sockets_settle */
	struct socket *next_marked;
	int shut;  /* SOCKET_SHUT_* */
	int error; /* told once */
	bool wants_ids;
	uint32_t switches; /* remembered */
	uint32_t send_buffer, receive_buffer;
	struct socket_ids owner;    /* who made it, or called listen */
	struct socket_ids peer_ids; /* of the other side when it connected */
	bool had_peer;
	struct socket *peer; /* of a stream: and back */
	struct socket_name name, peer_name;
	uint64_t node_ino; /* bound to a path: the node's identity, and a right that keeps it */
	uint32_t node_dev, node;

	struct socket_record *first, *last; /* to be read here */
	uint32_t charged;
	struct socket *pending, *next_pending; /* to be accepted; embryos */
	unsigned pending_count, backlog;
	struct masix_activity activity;
	bool was_drained;			     /* those who write here have not been told */
	struct socket_call *reads, *polls, *accepts; /* parked, oldest first */
	struct socket_call *writes, *connects;	     /* to this socket, of others */

	uint64_t ino; /* for stat */
	int64_t created;
};

struct sockets {
	struct socket *all;
	uint32_t charged, limit; /* bytes that wait in all of them */
	uint64_t next_ino;
	uint32_t next_name; /* of autobind */
	bool is_doubtful;   /* some may be held by none but themselves */
	struct socket_call *answers;
	struct socket_record *unsettled, *dropped;
	struct socket *gone;
};

enum socket_result {
	SOCKET_DONE, /* *error says how */
	SOCKET_WAIT, /* park a call */
};

/* --- Coming and going --- */

/* With one end, which is the caller's.  NULL: no memory. */
struct socket *socket_create(
	struct sockets *w, enum socket_type type, const struct socket_ids *owner);
void socket_join(struct socket *a, struct socket *b);
void socket_end_closed(struct sockets *w, struct socket *s);
/* Close those that have no end: after their ends have been counted anew. */
void sockets_close_unheld(struct sockets *w);
/* Close what nobody can reach any more.  Before the lock is let go. */
void sockets_settle(struct sockets *w);

/* --- Names --- */

/* MASIX_E_IN_USE, MASIX_E_INVALID (it has one).  On success the socket owns the right `node`. */
int socket_bind_node(struct sockets *w, struct socket *s, const struct socket_name *name,
	uint32_t dev, uint64_t ino, uint32_t node) __attribute__((warn_unused_result));
/* An abstract name; of length 0: any that is free. */
int socket_bind_abstract(struct sockets *w, struct socket *s, const struct socket_name *name)
	__attribute__((warn_unused_result));
/* The socket with this name, or NULL. */
struct socket *socket_find_node(const struct sockets *w, uint32_t dev, uint64_t ino);
struct socket *socket_find_abstract(const struct sockets *w, const struct socket_name *name);
/* MASIX_E_NOT_CONNECTED. */
int socket_get_peer_name(const struct socket *s, struct socket_name *name)
	__attribute__((warn_unused_result));

/* --- Connections --- */

int socket_listen(struct sockets *w, struct socket *s, int backlog, const struct socket_ids *ids)
	__attribute__((warn_unused_result));
enum socket_result socket_connect(struct sockets *w, struct socket *s, struct socket *to,
	const struct socket_ids *ids, bool nonblock, int *error)
	__attribute__((warn_unused_result));
void socket_disconnect(struct sockets *w, struct socket *s);
/* *accepted counts as an end already. */
enum socket_result socket_accept(struct sockets *w, struct socket *s, bool nonblock, int *error,
	struct socket **accepted) __attribute__((warn_unused_result));
void socket_shutdown(struct sockets *w, struct socket *s, int how);
int socket_take_error(struct socket *s);
/* MASIX_POLL_* that hold. */
int socket_poll(const struct socket *s);

/* --- Data --- */

/* NULL: no memory. */
struct socket_record *socket_record_new(const char *data, uint32_t length);
/* Its rights must be gone. */
void socket_record_free(struct socket_record *record);
/* Let go of a record with all that is in it. */
void socket_drop(struct sockets *w, struct socket_record *record);
/* Rights under way that the user sent. */
uint32_t sockets_in_flight(const struct sockets *w, uint32_t uid);

/* Send the record, to `to` if that is not NULL.  On success it is consumed, on an error it is left; with SOCKET_WAIT it is the
 * rest: park a call with it.  *count are the bytes that are on their way. */
enum socket_result socket_send(struct sockets *w, struct socket *s, struct socket *to,
	struct socket_record **record, bool nonblock, int *error, uint32_t *count)
	__attribute__((warn_unused_result));
/* Would SOCKET_WAIT: where it waits.  The destination of the last socket_send. */
struct socket *socket_destination(const struct socket *s, struct socket *to);

/* Into `to`, at most `amount` bytes; `peek`: and they stay, with their rights.  If `amount` is more than `whole`, `to` has room
 * for `whole` bytes only: a datagram that is longer than that stays, error MASIX_E_TOO_BIG. */
struct socket_receive {
	char *to;
	uint32_t amount, whole;
	bool peek;
};
enum socket_result socket_receive(struct sockets *w, struct socket *s,
	const struct socket_receive *how, bool nonblock, int *error,
	struct socket_received *received) __attribute__((warn_unused_result));
/* What the next receive could bring at most. */
uint32_t socket_readable(const struct socket *s);
/* The bytes of an answer that nobody heard are for the next reader. */
void socket_unread(struct sockets *w, struct socket *s, const char *data, uint32_t length);

/* --- Parked calls --- */

/* At `at`: the socket itself, or where it is sent or connected to.  The socket owns the call until it is an answer. */
void socket_park(struct sockets *w, struct socket *at, struct socket_call *call);
/* End the call that came through `end` with `token`.  False: there is none. */
bool socket_cancel(struct sockets *w, struct socket *s, const void *end, uint32_t token);
/* All of an end that nobody holds any more. */
void socket_forget(struct sockets *w, struct socket *s, const void *end);

#endif

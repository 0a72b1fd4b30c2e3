/* Objects behind ports (rule 1: a port is an object), and the port set and fixed
 * pool of workers that serve them (rule 3). */
#ifndef MASIX_OBJECT_H
#define MASIX_OBJECT_H

#include <mach/mach_types.h>
#include <mach/message.h>
#include <masix/mach.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct masix_object;

struct masix_class {
	const char *name;
	/* Last reference gone: free what it holds, then the object itself. */
	void (*destroy)(struct masix_object *object);
	/* The last send right is gone (checked against the make-send count: never
	 * early).  The receive right is destroyed right after it returns, and the
	 * port's reference is dropped.  May be NULL. */
	void (*no_senders)(struct masix_object *object);
	/* Not 0: the ports of this class are known to others only by rights that
	 * masix_object_send_right made.  Then one that lost its last sender is kept
	 * for the next object instead of being destroyed and made anew, which saves
	 * four calls of the kernel; requests that were on their way to the old
	 * object never reach the new one. */
	int reuses_ports;
};

struct masix_object { /* first member of every server's own objects */
	const struct masix_class *class;
	mach_port_t port; /* receive right, member of the pool's set; or null */
	atomic_int references;
	struct masix_object *next; /* port table chain; table lock */
	unsigned made;		   /* send rights made of the port so far; table lock */
	int adopted;		   /* constant: the port is inherited */
	int armed;		   /* the no-senders notification was asked for; table lock */
	/* Sequence number of the port's first message for this object; table lock. */
	unsigned first;
};

/* Give `object` (reference count 1, owned by the caller) a port in the pool's set;
 * the table holds one more reference until no_senders or masix_object_kill. */
kern_return_t masix_object_init(struct masix_object *object, const struct masix_class *class)
	__attribute__((warn_unused_result));

/* The same with a port that has been inherited (masix/estate.h): `port` is a receive right of the caller's, consumed on
 * success.  Its senders and the messages that wait stay; if it has no senders any more, no_senders follows at once. */
kern_return_t masix_object_adopt(struct masix_object *object, const struct masix_class *class,
	mach_port_t port) __attribute__((warn_unused_result));

/* The same for a port of which masix_object_send_right has made no right: nobody can have gone. */
kern_return_t masix_object_adopt_unused(struct masix_object *object,
	const struct masix_class *class, mach_port_t port) __attribute__((warn_unused_result));

/* The object behind `port` if it is of `class` (NULL: any), with a reference
 * for the caller; else NULL. */
struct masix_object *masix_object_get(mach_port_t port, const struct masix_class *class);
void masix_object_ref(struct masix_object *object);
void masix_object_put(struct masix_object *object);

/* Destroy the port now: senders get dead names.  Drops the table's reference. */
void masix_object_kill(struct masix_object *object);

/* A new send right for a reply or message: returns object->port, to be sent with
 * MACH_MSG_TYPE_MOVE_SEND (a send right was made in our own space).  The no-senders
 * notification is armed by the first call. */
kern_return_t masix_object_send_right(struct masix_object *object, mach_port_t *right)
	__attribute__((warn_unused_result));

/* An object that is given out again when those who had it have gone: nobody is told that they went, and its port is not
 * made anew each time.  To be called before the first masix_object_send_right. */
void masix_object_keep(struct masix_object *object);
/* Of a kept one: has nobody a right to it, or a reference but the table and the caller, and does no message wait?  What was
 * sent to it before is then too late, as if it had been sent to another object.  Nobody may give out a right meanwhile. */
bool masix_object_is_idle(struct masix_object *object);
/* It is not kept any more: it ends when its last sender goes, now if it is idle.  As above. */
void masix_object_let_go(struct masix_object *object);

/* A MIG server routine finder: x_server_routine. */
typedef void (*masix_routine_t)(mach_msg_header_t *in, mach_msg_header_t *out);
typedef masix_routine_t (*masix_demux_t)(const mach_msg_header_t *in);

struct masix_pool_options {
	const masix_demux_t *demux; /* NULL-terminated */
	unsigned workers;
	const char *name; /* of the pool, for the log */
	/* Called for each dead-name notification with the dead name, before its
	 * reference from the notification is dropped.  May be NULL. */
	void (*dead_name)(mach_port_t name);
	/* Asked by each worker after each request; true: it ends.  May be NULL. */
	bool (*surplus)(void);
	/* Memory for one worker and its messages, zeroed: that of a server with a successor (masix/estate.h) is kept, so
	 * that masix_worker_left can tell what it was about.  NULL: there is none.  May be NULL itself. */
	void *(*memory)(size_t size);
	/* Called by each worker with each message before it is served, and when it has been: with the reply, if there is
	 * one now.  True: the reply is no longer the worker's to send.  May be NULL. */
	void (*begin)(const mach_msg_header_t *request);
	bool (*finish)(mach_msg_header_t *reply);
};

/* What a worker was about when its server died. */
struct masix_left {
	const mach_msg_header_t *request; /* that it had received, or NULL */
	bool begun;			  /* it had been given to its routine */
	/* The request whose answer it was sending, or NULL: if the reply right is still there, and no other worker has
	 * received a request with a reply right of that name, the answer was not sent. */
	const mach_msg_header_t *answered;
};

/* `memory` is what options->memory gave out. */
void masix_worker_left(const void *memory, struct masix_left *left);

/* Has this worker received a request with this name for its reply right, now or as one of the last?  A right's name is free again
 * when the answer is sent, and the next request may have it: a server that gives a reply right a name of its own making
 * (mach_port_rename) learns by this that the right of that name is another one. */
bool masix_worker_met(const void *memory, mach_port_t reply);

/* Run the pool; the caller becomes a worker and never returns.  A request that no
 * demux knows is answered MIG_BAD_ID; whatever an unsuccessful handler left in
 * the request is destroyed with masix_msg_destroy. */
void masix_pool_run(const struct masix_pool_options *options) __attribute__((noreturn));

/* A second, separate set (pagers must never wait for ordinary workers). */
struct masix_set;
struct masix_set *masix_set_create(void);
kern_return_t masix_object_init_in(struct masix_object *object, const struct masix_class *class,
	struct masix_set *set) __attribute__((warn_unused_result));
kern_return_t masix_object_adopt_in(struct masix_object *object, const struct masix_class *class,
	struct masix_set *set, mach_port_t port) __attribute__((warn_unused_result));
/* Starts `workers` threads for it and returns. */
kern_return_t masix_set_start(struct masix_set *set, const struct masix_pool_options *options)
	__attribute__((warn_unused_result));

/* Ask for a dead-name notification on `name` (delivered to options->dead_name of the
 * main pool). */
kern_return_t masix_watch_dead(mach_port_t name) __attribute__((warn_unused_result));

/* Destroy everything a received message carries: rights, out-of-line memory, port
 * arrays; also of a half-parsed or malformed one.  Leaves msgh_remote_port alone if
 * keep_reply. */
void masix_msg_destroy(mach_msg_header_t *message, int keep_reply);

#endif

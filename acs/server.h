/* The servers that ACS knows: their lives, from the manifest to the end of the task. */
#ifndef ACS_SERVER_H
#define ACS_SERVER_H

#include "acs.h"
#include "restart.h"
#include "session.h"

/* How long a server may take from its first instruction to acs_ready. */
#define SERVER_START_MS 60000

enum server_state {
	SERVER_DECLARED, /* known by its manifest; its task, if any, has not run yet */
	SERVER_STARTING, /* runs, and has not said acs_ready yet */
	SERVER_UP,
	SERVER_WAITING, /* died, will be started again at `deadline` */
	SERVER_FAILED,	/* died too often */
	SERVER_GONE,	/* never seen in the table */
};

/* Somebody waits in acs_start for the server to be up. */
struct start_waiter {
	mach_port_t reply; /* or null */
	mach_msg_type_name_t reply_type;
};

struct server { /* acs->lock guards all of it but the constants */
	struct server *next;
	struct manifest manifest; /* constant */
	uint8_t *image;		  /* constant: kept if the policy is to start it again, else null */
	size_t image_size;
	enum server_state state;
	mach_port_t task;	 /* a send right, or null */
	struct session *session; /* a reference, or null */
	uint64_t deadline;	 /* of STARTING and WAITING, monotonic ns */
	unsigned starts;	 /* ever */
	struct restart restart;
	bool stop_wanted;
	struct start_waiter waiter;
};

/* The server called `name` (not terminated), or NULL.  Under acs->lock. */
struct server *server_find(struct acs *acs, const char *name, size_t length);

/* Enter a server by its manifest, and a copy of its image if it may have to start again.
 * MASIX_E_EXISTS: there is one of that name (a FAILED one makes room), MASIX_E_LIMIT. */
kern_return_t server_declare(struct acs *acs, const struct manifest *manifest, const uint8_t *image,
	size_t image_size, struct server **server) __attribute__((warn_unused_result));

/* Give the suspended `task`, whose image has been measured, its session and let it run.  The task
 * right is consumed on success; on failure the task still has not run.  `server` is DECLARED or WAITING.
 * `waiter` may be NULL; its reply right is consumed on success. */
kern_return_t server_run(struct acs *acs, struct server *server, mach_port_t task,
	const struct start_waiter *waiter) __attribute__((warn_unused_result));

/* Drop a server that was declared and has never run. */
void server_forget(struct acs *acs, struct server *server);

/* acs_ready came on this session.  MASIX_E_DENIED: a promised name is missing. */
kern_return_t server_ready(struct session *session) __attribute__((warn_unused_result));

/* The task `task` has died: names, session and the record go, the restart policy is applied. */
void server_task_died(struct acs *acs, mach_port_t task);

/* End a server and its task.  MASIX_E_NOT_FOUND; MASIX_E_BUSY: the machine, or a server that
 * runs, needs it. */
kern_return_t server_stop(struct acs *acs, const char *name, size_t length)
	__attribute__((warn_unused_result));

/* Deadlines that have passed: late starters end, waiting ones start again. */
void server_expire(struct acs *acs, uint64_t now);
/* The next deadline, or UINT64_MAX.  Under acs->lock. */
uint64_t server_deadline(const struct acs *acs);

#endif

/* The servers that ACS knows: their lives, from the manifest to the end of the task. */
#ifndef ACS_SERVER_H
#define ACS_SERVER_H

#include "acs.h"
#include "estate.h"
#include "image.h"
#include "plan.h"
#include "restart.h"
#include "session.h"

/* How long a server may take from its first instruction to acs_ready. */
#define SERVER_START_MS 60000
#define SERVERS_MAX 64

/* Somebody waits in acs_start or acs_restart for the server to be up. */
struct start_waiter {
	mach_port_t reply; /* or null */
	mach_msg_type_name_t reply_type;
	bool restart; /* in acs_restart */
};

/* Why a life ends. */
enum server_end {
	SERVER_DIED,	 /* the policy applies */
	SERVER_KILLED,	 /* the same, by order: no failure of its own */
	SERVER_VANISHED, /* as DIED, and its task is no more: there is nothing to inherit */
	SERVER_STOPPED,
	SERVER_RESTARTED,
};

struct server { /* acs->lock guards all of it but the constants */
	struct server *next;
	struct manifest manifest; /* constant */
	struct image *image;	  /* constant: to start it (again) */
	bool essential;		  /* constant: a boot server, nothing works without it */
	bool on_demand;		  /* constant */
	bool successor; /* takes over from the one of its name that is up, when it is ready */
	enum server_state state;
	mach_port_t task;	 /* a send right, or null */
	struct session *session; /* a reference, or null */
	uint64_t deadline;	 /* of STARTING, DRAINING and WAITING, monotonic ns */
	unsigned starts;	 /* ever */
	struct restart restart;
	struct start_waiter waiter;
	struct kept kept;
	struct estate estate; /* of the lives before this one; while LAUNCHING its launcher's */
};

/* What is entered: the image is consumed on success. */
struct server_entry {
	const struct manifest *manifest;
	struct image *image;
	bool essential, on_demand, successor;
	enum server_state state; /* WANTED, DECLARED, or LAUNCHING by the caller itself */
	struct start_waiter waiter;
};

/* The server called `name` (not terminated), or "NAME#SESSION", or NULL.  Of several, one that serves or will serve
 * comes before one that is replaced or will take over.  Under acs->lock. */
struct server *server_find(struct acs *acs, const char *name, size_t length);

/* Enter a server.  MASIX_E_EXISTS: there is one of that name, or as many as its pool has (one that is at rest makes
 * room); MASIX_E_LIMIT; MASIX_E_DEADLOCK; MASIX_E_DENIED (its key is revoked); for a successor as MASIX_START_UPDATE.  `reason` says so. */
kern_return_t server_declare(struct acs *acs, const struct server_entry *entry,
	struct server **server, char reason[AUDIT_DETAIL_SIZE]) __attribute__((warn_unused_result));

/* Give the suspended `task`, whose image has been measured, its session and let it run.  The task
 * right is consumed on success; on failure the task still has not run.  `server` is LAUNCHING, and stays so on
 * failure. */
kern_return_t server_run(struct acs *acs, struct server *server, mach_port_t task)
	__attribute__((warn_unused_result));

/* acs_ready came on this session.  MASIX_E_DENIED: a promised name is missing. */
kern_return_t server_ready(struct session *session) __attribute__((warn_unused_result));

/* The session's task is at its end, by an exception that nobody handles: `reply` is the reply right of that, consumed on
 * success.  MASIX_E_DENIED: `task` is not that task. */
kern_return_t server_ended(struct session *session, mach_port_t task, mach_port_t reply)
	__attribute__((warn_unused_result));

/* See acs_keep in mig/acs_session.defs. */
kern_return_t server_keep(struct session *session, uint32_t address, uint32_t size, int *inherited)
	__attribute__((warn_unused_result));

/* See acs_keep_also. */
kern_return_t server_keep_also(struct session *session, uint32_t address, uint32_t size)
	__attribute__((warn_unused_result));

/* The task `task` has died: names, session and the record go, the restart policy is applied. */
void server_task_died(struct acs *acs, mach_port_t task);

/* The task of a LAUNCHING or WANTED server cannot be made: tell those who wait, and apply the policy.  Called
 * and returns with acs->lock, which is dropped meanwhile. */
void server_start_failed(
	struct acs *acs, struct server *server, kern_return_t status, const char *reason);

/* A life that did not get ready in time.  As server_start_failed. */
void server_too_late(struct acs *acs, struct server *server);

/* See acs_stop, acs_kill and acs_restart in mig/acs_client.defs; the reply right of server_restart is consumed on
 * success. */
kern_return_t server_stop(struct acs *acs, const char *name, size_t length)
	__attribute__((warn_unused_result));
kern_return_t server_kill(struct acs *acs, const char *name, size_t length)
	__attribute__((warn_unused_result));
kern_return_t server_restart(struct acs *acs, const char *name, size_t length,
	const struct start_waiter *waiter) __attribute__((warn_unused_result));

/* See acs_revoke in mig/acs_client.defs. */
kern_return_t server_revoke(struct acs *acs, const char *name, size_t length)
	__attribute__((warn_unused_result));

/* See acs_revoke_again; the list has been checked.  MASIX_E_LIMIT; MASIX_E_BUSY: the machine needs one of them. */
kern_return_t server_revoke_again(struct acs *acs, const struct trust_revoked *list)
	__attribute__((warn_unused_result));

/* Somebody looks `name` up: if a server that is at rest has it to give, that server starts.  Under the lock. */
void server_call(struct acs *acs, const char *name, bool clients_only);

#endif

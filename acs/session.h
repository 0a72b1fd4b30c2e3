/* The private session of a server with ACS: one for each life of a server. */
#ifndef ACS_SESSION_H
#define ACS_SESSION_H

#include "acs.h"
#include "corpse.h"
#include "keys.h"

/* A private session with one task: the object behind its bootstrap port. */
struct session {
	struct masix_object object; /* first */
	struct acs *acs;
	struct server *server;	  /* acs->lock; null when the session has ended */
	uint32_t owner;		  /* its number, the owner of what it puts into the registry */
	struct manifest manifest; /* constant */
	pthread_mutex_t lock;	  /* trust, keys; taken before acs->lock */
	struct trust_session trust;
	struct keys keys;
	struct corpse_right *rights; /* lock: what it inherits, malloc'ed, until it asks */
	unsigned right_count;	     /* lock */
	mach_port_t corpse;	     /* lock: the task of the one before it, or null */
	bool by_order;		     /* lock: that one did not die by itself */
	uint64_t log_second; /* lock: lines of its log in this second, and how many were dropped */
	unsigned log_lines, log_dropped;
};

extern const struct masix_class session_class;

/* The session behind a request's port, with a reference; NULL if it is none. */
static inline struct session *session_get(mach_port_t port)
{
	return (struct session *)masix_object_get(port, &session_class);
}

static inline void session_put(struct session *session)
{
	masix_object_put(&session->object);
}

/* A session for the next life of `server`, with a fresh challenge.  The caller owns one reference. */
kern_return_t session_create(struct acs *acs, struct server *server, struct session **created)
	__attribute__((warn_unused_result));

/* The task's bootstrap port is the session from now on. */
kern_return_t session_give(struct session *session, mach_port_t task)
	__attribute__((warn_unused_result));

/* It inherits all that `corpse` has to give: its rights go into `task`, which has not run yet. */
kern_return_t session_inherit(struct session *session, mach_port_t task, struct corpse *corpse)
	__attribute__((warn_unused_result));

/* An exception that the session's server does not handle: the routine for that message of the kernel (exc.defs), or
 * NULL if it is not one. */
masix_routine_t session_exception_routine(const mach_msg_header_t *in);

/* A required name that this session has not registered, or NULL.  Under acs->lock. */
const char *session_missing_name(const struct session *session);

/* What a dying server said last, its fault for example, still waits at its session: let it be heard, but
 * not for ever.  Without a lock. */
void session_hear_last_words(struct session *session);

#endif

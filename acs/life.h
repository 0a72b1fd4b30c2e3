/* The steps of a server's life, for the files that take them.  All under acs->lock. */
#ifndef ACS_LIFE_H
#define ACS_LIFE_H

#include "server.h"

#define NS_PER_MS 1000000ull

extern const struct start_waiter life_nobody;

/* Does "NAME" or "NAME#SESSION" mean this one? */
bool life_is_meant(const struct server *server, const char *name, size_t length);

/* Take it off the list and free it; it has neither session nor task. */
void life_discard(struct acs *acs, struct server *server);

/* What becomes of a server whose task has gone: its new state, or SERVER_GONE when it will not come back and has
 * been freed. */
enum server_state life_after_end(struct acs *acs, struct server *server, enum server_end end);

struct life_ending {
	const char *reason;
	enum server_end end;
	const struct start_waiter *next; /* waits for it to be started again, or NULL */
	mach_port_t reply;		 /* of the exception that ended it, or null */
};

/* The task has died or is about to: the server is no more, until it is started again.  The lock is dropped
 * meanwhile. */
void life_end(struct acs *acs, struct server *server, const struct life_ending *ending);

/* Answer the one who waits in acs_start or acs_restart, and free its right.  This one without the lock. */
void life_answer(const struct start_waiter *waiter, kern_return_t status, const char *reason);

#endif

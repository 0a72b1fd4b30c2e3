/* What is to be done next for the servers: who starts when, and after whom.  Pure: the servers are a table that
 * the caller fills in under its lock. */
#ifndef ACS_PLAN_H
#define ACS_PLAN_H

#include "manifest.h"

enum server_state {
	SERVER_DECLARED,  /* at rest: its image is kept, it starts when somebody needs it */
	SERVER_WANTED,	  /* starts as soon as those that it needs are up */
	SERVER_ENDING,	  /* its task has gone, and its names are going */
	SERVER_LAUNCHING, /* one thread makes its task; nobody else touches it */
	SERVER_STARTING,  /* runs, and has not said acs_ready yet */
	SERVER_UP,
	SERVER_DRAINING, /* replaced: serves those who found it before, until its deadline */
	SERVER_WAITING,	 /* died, will be started again at its deadline */
	SERVER_FAILED,	 /* died too often */
	SERVER_GONE,	 /* never seen in the table */
};

struct plan_server {
	const struct manifest *manifest;
	enum server_state state;
	uint64_t deadline; /* of STARTING, DRAINING and WAITING, monotonic ns */
};

enum plan_what {
	PLAN_NOTHING,
	PLAN_LATE,   /* it did not get ready in time, or has been replaced for long enough */
	PLAN_AGAIN,  /* its pause is over: it becomes WANTED */
	PLAN_CALL,   /* another needs it: from DECLARED to WANTED */
	PLAN_LAUNCH, /* all that it needs is up */
	PLAN_REFUSE, /* WANTED, but what it needs is not there or has failed */
};

struct plan_step {
	enum plan_what what;
	unsigned which;	  /* in the table */
	const char *need; /* of PLAN_REFUSE */
};

/* The first step that is due at `now`; take it, and ask again. */
struct plan_step plan_next(const struct plan_server *servers, unsigned count, uint64_t now);

/* When plan_next has to be asked again if nothing else changes: UINT64_MAX for never, 0 for now. */
uint64_t plan_deadline(const struct plan_server *servers, unsigned count, uint64_t now);

#endif

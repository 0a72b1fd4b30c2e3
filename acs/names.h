/* The registry's operations with their messages: replies to those who wait, hints to those who watch. Every
 * function takes acs->lock itself, and sends after it has dropped it. */
#ifndef ACS_NAMES_H
#define ACS_NAMES_H

#include "acs.h"

/* Register entry->name for a live session; the send right entry->port is consumed on success.
 * MASIX_E_DEAD: the session has ended; MASIX_E_EXISTS; MASIX_E_LIMIT. */
struct session;
kern_return_t names_add(struct acs *acs, struct session *session, struct registry_entry *entry)
	__attribute__((warn_unused_result));

/* What `owner` has registered as pending takes the place of the entries of those names: for each name in one step. */
void names_take_over(struct acs *acs, uint32_t owner);

/* Everything of the session `owner` goes: names, watches, waiting calls. */
void names_remove_owner(struct acs *acs, uint32_t owner);

/* The same of its watches and waiting calls only: its names stay. */
void names_remove_calls(struct acs *acs, uint32_t owner);

/* The dead name `port` goes, as an entry or a watcher.  The caller keeps its own reference. */
void names_remove_port(struct acs *acs, mach_port_t port);

struct names_question {
	const char *name; /* not terminated */
	size_t length;
	uint32_t owner; /* a session, or 0 */
	bool clients_only;
	uint32_t timeout_ms;
	mach_port_t reply;
	mach_msg_type_name_t reply_type;
};

/* A new send right in *port, or MIG_NO_REPLY: the reply right is parked, and answered when the name comes,
 * when its server is up without it, or when the time is over.  MASIX_E_NOT_FOUND (nothing to wait for, or
 * timeout 0), MASIX_E_LIMIT. */
kern_return_t names_resolve(struct acs *acs, const struct names_question *question,
	mach_port_t *port) __attribute__((warn_unused_result));

/* The same for a name of the role "admin" that is there. */
kern_return_t names_find_admin(struct acs *acs, const struct names_question *question,
	mach_port_t *port) __attribute__((warn_unused_result));

/* Watch a name; `port` is consumed on success.  The current state is the first event. */
kern_return_t names_watch(struct acs *acs, const struct names_question *question, mach_port_t port)
	__attribute__((warn_unused_result));

/* `server` is up: those who wait for a name of it that it has not registered wait in vain. */
void names_settle(struct acs *acs, const char *server);

/* A server has come to rest: who waits for a name wants it again.  Under acs->lock. */
void names_call(struct acs *acs);

/* Answer the calls that have waited long enough. */
void names_expire(struct acs *acs, uint64_t now);

#endif

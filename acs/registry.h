/* The registry: which port has which name, who watches a name, who waits for one.  Pure: ports are
 * numbers here, and no message is sent; what has to be sent is handed out, so that the caller can
 * do it after it has dropped its lock.  Not locked: the caller's lock guards it.
 *
 * Ownership: a port that is put in (of an entry, a watcher, a waiter) belongs to the registry until
 * it comes out again in an entry, a removed list or a delivery. */
#ifndef ACS_REGISTRY_H
#define ACS_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REGISTRY_NAME_SIZE 64 /* with the NUL */
#define REGISTRY_ENTRIES 2048
#define REGISTRY_OWNED 1024 /* entries of one owner; as many again are there for its heir */
#define REGISTRY_WATCHERS 128
#define REGISTRY_WAITERS 64
#define REGISTRY_PER_OWNER 16 /* watchers, and waiters, of one owner */
#define REGISTRY_INTERFACES 8

struct registry_entry {
	char name[REGISTRY_NAME_SIZE];
	uint32_t port;
	uint32_t owner;	     /* which server */
	int role;	     /* MASIX_ROLE_* */
	bool pending;	     /* of a server that will take over: nobody sees it yet */
	uint32_t generation; /* counts the registrations of this name since boot */
	uint32_t interfaces[REGISTRY_INTERFACES][2]; /* id, version */
	unsigned interface_count;
};

struct registry_watcher {
	char name[REGISTRY_NAME_SIZE];
	uint32_t port;
	uint32_t owner;	   /* 0: a client of the client face */
	bool clients_only; /* sees only what is exported to clients */
};

/* A call that waits for a name. */
struct registry_waiter {
	char name[REGISTRY_NAME_SIZE];
	uint32_t reply;
	uint32_t reply_type; /* send or send-once */
	uint32_t owner;
	bool clients_only;
	uint64_t deadline; /* nanoseconds, monotonic */
};

/* How many times a name has been registered, kept after its entry has gone, as long as there is room. */
struct registry_count {
	char name[REGISTRY_NAME_SIZE];
	uint32_t generation;
	uint32_t turn; /* of a pool: who is resolved next */
};

struct registry {
	unsigned entry_count, watcher_count, waiter_count, name_count;
	uint32_t
		forgotten; /* the greatest generation of a name that was made room of: others begin above it */
	struct registry_entry entries[REGISTRY_ENTRIES]; /* in the order of the names */
	struct registry_watcher watchers[REGISTRY_WATCHERS];
	struct registry_waiter waiters[REGISTRY_WAITERS];
	struct registry_count names[REGISTRY_ENTRIES];
};

/* Add an entry; its generation is set here.  Up to `most` servers share the name; one server has it once.  A pending
 * entry stands beside them.  0, MASIX_E_EXISTS (so many live entries of that name), MASIX_E_LIMIT (of all, or of this
 * owner). */
int registry_add(struct registry *registry, struct registry_entry *entry, unsigned most)
	__attribute__((warn_unused_result));

/* The entry of a name that is visible (role CLIENT where clients_only, not pending), or NULL: the first of a pool,
 * or with registry_pick each in turn. */
const struct registry_entry *registry_pick(
	struct registry *registry, const char *name, bool clients_only);
const struct registry_entry *registry_find(
	const struct registry *registry, const char *name, bool clients_only);

/* Does what has the name offer this interface, in any version? */
bool registry_speaks(const struct registry_entry *entry, uint32_t interface);

/* Take out one entry of `owner`: false when it has no more. */
bool registry_take_owned(struct registry *registry, uint32_t owner, struct registry_entry *taken);
/* Has `owner` registered this name, also as pending? */
bool registry_has(const struct registry *registry, const char *name, uint32_t owner);

/* `owner` takes over: takes out one visible entry of others whose name `owner` has as pending (*taken), or, when
 * there is none left, makes one of the pending entries visible with a new generation (*shown).  Returns
 * REGISTRY_DONE when there is no pending one left. */
enum registry_step { REGISTRY_DONE, REGISTRY_TAKEN, REGISTRY_SHOWN };
enum registry_step registry_take_over(struct registry *registry, uint32_t owner,
	struct registry_entry *taken, struct registry_entry *shown);

/* Take out the entry of `owner` with that name, or one whose port is `port`: false if there is none. */
bool registry_take_name(
	struct registry *registry, const char *name, uint32_t owner, struct registry_entry *taken);
bool registry_take_port(struct registry *registry, uint32_t port, struct registry_entry *taken);

/* Entries that begin with `prefix`, in order: start with *cursor 0; NULL after the last. */
const struct registry_entry *registry_list(
	const struct registry *registry, const char *prefix, unsigned *cursor);

/* MASIX_E_LIMIT: too many, of all or of this owner. */
int registry_watch(struct registry *registry, const struct registry_watcher *watcher)
	__attribute__((warn_unused_result));
/* Watchers that a change of `entry` concerns, in turn; the ports stay the registry's. */
const struct registry_watcher *registry_watchers_of(
	const struct registry *registry, const struct registry_entry *entry, unsigned *cursor);
/* Take out one watcher by its port, or by its owner. */
bool registry_take_watcher(struct registry *registry, uint32_t port);
bool registry_take_owned_watcher(struct registry *registry, uint32_t owner, uint32_t *port);

int registry_wait(struct registry *registry, const struct registry_waiter *waiter)
	__attribute__((warn_unused_result));
/* Is `name` that of the server, or below it? */
bool registry_belongs(const char *name, const char *server);

/* Take out one waiter that `entry` satisfies, that waits for a name of `server` that is not there, that
 * has waited until `now`, that belongs to `owner`. */
bool registry_take_satisfied(struct registry *registry, const struct registry_entry *entry,
	struct registry_waiter *taken);
bool registry_take_vain(
	struct registry *registry, const char *server, struct registry_waiter *taken);
bool registry_take_late(struct registry *registry, uint64_t now, struct registry_waiter *taken);
bool registry_take_owned_waiter(
	struct registry *registry, uint32_t owner, struct registry_waiter *taken);
/* The next deadline, or UINT64_MAX. */
uint64_t registry_deadline(const struct registry *registry);

#endif

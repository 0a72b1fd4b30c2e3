/* The registry's operations with their messages. */
#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <string.h>

#include "acs_client_reply.h"
#include "acs_event.h"
#include "acs_session_reply.h"
#include "mach_port.h"
#include "names.h"
#include "server.h"

/* A waiting call outlives no caller's patience: longer time-outs are cut. */
#define TIMEOUT_MAX_MS 60000

static bool port_ref(mach_port_t port)
{
	return mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, 1) == KERN_SUCCESS;
}

static void port_put(mach_port_t port)
{
	if (MACH_PORT_VALID(port))
		(void)mach_port_deallocate(mach_task_self(), port); /* it is ours */
}

static void send_event(mach_port_t watcher, const char *name, int what, uint32_t generation)
{
	/* Full queue or dead watcher: it has its hint already, or needs none. */
	(void)acs_event(watcher, MACH_SEND_TIMEOUT, name, strlen(name), what, generation);
}

/* Tell those who watch the entry's name. */
static void announce(struct acs *acs, const struct registry_entry *entry, int what)
{
	mach_port_t ports[REGISTRY_WATCHERS];
	const struct registry_watcher *watcher;
	unsigned count = 0, cursor = 0;

	pthread_mutex_lock(&acs->lock);
	while ((watcher = registry_watchers_of(&acs->registry, entry, &cursor)) != NULL)
		if (port_ref(watcher->port))
			ports[count++] = watcher->port;
	pthread_mutex_unlock(&acs->lock);
	while (count-- != 0) {
		send_event(ports[count], entry->name, what, entry->generation);
		port_put(ports[count]);
	}
}

/* Answer a parked call.  Lookups of both faces have the same reply, but for the id. */
static void answer(const struct registry_waiter *waiter, kern_return_t result, mach_port_t port)
{
	kern_return_t kr;

	kr = waiter->clients_only
		     ? acs_lookup_reply(waiter->reply, waiter->reply_type, result, port)
		     : acs_resolve_reply(waiter->reply, waiter->reply_type, result, port);
	if (kr != KERN_SUCCESS) {
		/* Nothing of a message that could not be sent has been consumed. */
		port_put(waiter->reply);
		port_put(port);
	}
}

/* Answer those who wait for this name. */
static void satisfy(struct acs *acs, const char *name)
{
	for (;;) {
		const struct registry_entry *entry;
		struct registry_waiter waiter;
		mach_port_t port;
		bool found;

		pthread_mutex_lock(&acs->lock);
		entry = registry_pick(&acs->registry, name, false);
		found = entry != NULL && port_ref(entry->port);
		if (found) {
			port = entry->port;
			found = registry_take_satisfied(&acs->registry, entry, &waiter);
			if (!found)
				port_put(port);
		}
		pthread_mutex_unlock(&acs->lock);
		if (!found)
			return;
		answer(&waiter, KERN_SUCCESS, port);
	}
}

kern_return_t names_add(struct acs *acs, struct session *session, struct registry_entry *entry)
{
	kern_return_t kr = MASIX_E_DEAD;
	bool shared = false;

	pthread_mutex_lock(&acs->lock);
	if (session->server != NULL) {
		/* An heir's names take the place of those that it inherits when it is ready. */
		entry->pending = session->server->successor || session->server->estate.count != 0;
		shared = registry_find(&acs->registry, entry->name, false) != NULL;
		kr = registry_add(&acs->registry, entry, session->manifest.pool);
	}
	pthread_mutex_unlock(&acs->lock);
	if (kr != KERN_SUCCESS)
		return kr;
	/* A port that dies before this call is reported by it. */
	kr = masix_watch_dead(entry->port);
	if (kr != KERN_SUCCESS) {
		struct registry_entry taken;

		pthread_mutex_lock(&acs->lock);
		(void)registry_take_name(&acs->registry, entry->name, entry->owner, &taken);
		pthread_mutex_unlock(&acs->lock);
		return kr;
	}
	if (!entry->pending) {
		announce(acs, entry, shared ? MASIX_EVENT_REPLACED : MASIX_EVENT_CAME);
		satisfy(acs, entry->name);
	}
	return KERN_SUCCESS;
}

/* An entry that has been taken out of the registry. */
static void remove_entry(struct acs *acs, const struct registry_entry *entry)
{
	bool shared;

	if (!entry->pending) {
		pthread_mutex_lock(&acs->lock);
		shared = registry_find(&acs->registry, entry->name, false) != NULL;
		pthread_mutex_unlock(&acs->lock);
		announce(acs, entry, shared ? MASIX_EVENT_REPLACED : MASIX_EVENT_WENT);
	}
	port_put(entry->port);
}

void names_take_over(struct acs *acs, uint32_t owner)
{
	struct registry_entry taken, shown;
	enum registry_step step;

	do {
		bool replaced = false;

		pthread_mutex_lock(&acs->lock);
		while ((step = registry_take_over(&acs->registry, owner, &taken, &shown)) ==
			REGISTRY_TAKEN) {
			/* Those who have the port keep it; the registry does not. */
			replaced = true;
			port_put(taken.port);
		}
		pthread_mutex_unlock(&acs->lock);
		if (step == REGISTRY_SHOWN) {
			announce(acs, &shown, replaced ? MASIX_EVENT_REPLACED : MASIX_EVENT_CAME);
			satisfy(acs, shown.name);
		}
	} while (step != REGISTRY_DONE);
}

void names_remove_owner(struct acs *acs, uint32_t owner)
{
	struct registry_entry entry;
	bool more;

	do {
		pthread_mutex_lock(&acs->lock);
		more = registry_take_owned(&acs->registry, owner, &entry);
		pthread_mutex_unlock(&acs->lock);
		if (more)
			remove_entry(acs, &entry);
	} while (more);
	names_remove_calls(acs, owner);
}

void names_remove_calls(struct acs *acs, uint32_t owner)
{
	struct registry_waiter waiter;
	uint32_t port;
	bool more;

	do {
		pthread_mutex_lock(&acs->lock);
		more = registry_take_owned_waiter(&acs->registry, owner, &waiter);
		pthread_mutex_unlock(&acs->lock);
		if (more)
			port_put(waiter.reply);
	} while (more);
	do {
		pthread_mutex_lock(&acs->lock);
		more = registry_take_owned_watcher(&acs->registry, owner, &port);
		pthread_mutex_unlock(&acs->lock);
		if (more)
			port_put(port);
	} while (more);
}

void names_remove_port(struct acs *acs, mach_port_t port)
{
	struct registry_entry entry;
	bool more;

	do {
		pthread_mutex_lock(&acs->lock);
		more = registry_take_port(&acs->registry, port, &entry);
		pthread_mutex_unlock(&acs->lock);
		if (more)
			remove_entry(acs, &entry);
	} while (more);
	do {
		pthread_mutex_lock(&acs->lock);
		more = registry_take_watcher(&acs->registry, port);
		pthread_mutex_unlock(&acs->lock);
		if (more)
			port_put(port);
	} while (more);
}

/* A question's name, terminated; false if no such name can exist. */
static bool copy_name(char name[REGISTRY_NAME_SIZE], const struct names_question *question)
{
	if (!manifest_name_valid(question->name, question->length))
		return false;
	memcpy(name, question->name, question->length);
	name[question->length] = '\0';
	return true;
}

/* Could this name, which is not there, still be registered?  Not when its server is up without it; but one
 * that a server must have is missing only while the server is dying.  Under the lock. */
static bool may_come(const struct acs *acs, const char *name)
{
	const struct server *server;

	for (server = acs->servers; server != NULL; server = server->next)
		if (server->state == SERVER_UP && registry_belongs(name, server->manifest.name))
			return manifest_requires(&server->manifest, name);
	return true;
}

kern_return_t names_find_admin(
	struct acs *acs, const struct names_question *question, mach_port_t *port)
{
	char name[REGISTRY_NAME_SIZE];
	const struct registry_entry *entry;
	kern_return_t kr = MASIX_E_NOT_FOUND;

	if (!copy_name(name, question))
		return kr;
	pthread_mutex_lock(&acs->lock);
	entry = registry_find(&acs->registry, name, false);
	if (entry != NULL && entry->role == MASIX_ROLE_ADMIN && port_ref(entry->port)) {
		*port = entry->port;
		kr = KERN_SUCCESS;
	}
	pthread_mutex_unlock(&acs->lock);
	return kr;
}

kern_return_t names_resolve(
	struct acs *acs, const struct names_question *question, mach_port_t *port)
{
	struct registry_waiter waiter = {
		.reply = question->reply,
		.reply_type = question->reply_type,
		.owner = question->owner,
		.clients_only = question->clients_only,
	};
	uint32_t timeout =
		question->timeout_ms < TIMEOUT_MAX_MS ? question->timeout_ms : TIMEOUT_MAX_MS;
	const struct registry_entry *entry;
	kern_return_t kr = MASIX_E_NOT_FOUND;

	if (!copy_name(waiter.name, question))
		return MASIX_E_NOT_FOUND;
	pthread_mutex_lock(&acs->lock);
	entry = registry_pick(&acs->registry, waiter.name, question->clients_only);
	if (entry == NULL)
		server_call(acs, waiter.name, question->clients_only);
	if (entry != NULL && port_ref(entry->port)) {
		*port = entry->port;
		kr = KERN_SUCCESS;
	} else if (timeout != 0 && question->reply != MACH_PORT_NULL &&
		   may_come(acs, waiter.name)) {
		/* What is forbidden to clients is treated as what is not there. */
		waiter.deadline = masix_monotonic_ns() + timeout * 1000000ull;
		kr = registry_wait(&acs->registry, &waiter);
		if (kr == KERN_SUCCESS) {
			pthread_cond_broadcast(&acs->changed);
			kr = MIG_NO_REPLY;
		}
	}
	pthread_mutex_unlock(&acs->lock);
	return kr;
}

kern_return_t names_watch(struct acs *acs, const struct names_question *question, mach_port_t port)
{
	struct registry_watcher watcher = {
		.port = port,
		.owner = question->owner,
		.clients_only = question->clients_only,
	};
	const struct registry_entry *entry;
	int what = MASIX_EVENT_WENT;
	uint32_t generation = 0;
	kern_return_t kr;

	if (!MACH_PORT_VALID(port) || !copy_name(watcher.name, question))
		return MASIX_E_INVALID;
	/* A second reference, for the first event. */
	if (!port_ref(port))
		return MASIX_E_DEAD;
	pthread_mutex_lock(&acs->lock);
	kr = registry_watch(&acs->registry, &watcher);
	entry = registry_find(&acs->registry, watcher.name, watcher.clients_only);
	if (entry != NULL) {
		what = MASIX_EVENT_CAME;
		generation = entry->generation;
	}
	pthread_mutex_unlock(&acs->lock);
	if (kr == KERN_SUCCESS) {
		kr = masix_watch_dead(port);
		if (kr == KERN_SUCCESS) {
			send_event(port, watcher.name, what, generation);
		} else {
			pthread_mutex_lock(&acs->lock);
			(void)registry_take_watcher(&acs->registry, port);
			pthread_mutex_unlock(&acs->lock);
		}
	}
	port_put(port);
	return kr;
}

void names_settle(struct acs *acs, const char *server)
{
	struct registry_waiter waiter;
	bool more;

	do {
		pthread_mutex_lock(&acs->lock);
		more = registry_take_vain(&acs->registry, server, &waiter);
		pthread_mutex_unlock(&acs->lock);
		if (more)
			answer(&waiter, MASIX_E_NOT_FOUND, MACH_PORT_NULL);
	} while (more);
}

void names_call(struct acs *acs)
{
	unsigned i;

	for (i = 0; i < acs->registry.waiter_count; i++)
		server_call(
			acs, acs->registry.waiters[i].name, acs->registry.waiters[i].clients_only);
}

void names_expire(struct acs *acs, uint64_t now)
{
	struct registry_waiter waiter;
	bool more;

	do {
		pthread_mutex_lock(&acs->lock);
		more = registry_take_late(&acs->registry, now, &waiter);
		pthread_mutex_unlock(&acs->lock);
		if (more)
			answer(&waiter, MASIX_E_NOT_FOUND, MACH_PORT_NULL);
	} while (more);
}

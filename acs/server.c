/* The lives of servers. */
#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <masix/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acs_client_reply.h"
#include "mach.h"
#include "mach_port.h"
#include "machine.h"
#include "names.h"
#include "order.h"
#include "server.h"

#define DYING_MS 1000
#define NS_PER_MS 1000000ull

static const struct start_waiter nobody = { .reply = MACH_PORT_NULL };

struct server *server_find(struct acs *acs, const char *name, size_t length)
{
	struct server *server;

	for (server = acs->servers; server != NULL; server = server->next)
		if (strlen(server->manifest.name) == length &&
			memcmp(server->manifest.name, name, length) == 0)
			return server;
	return NULL;
}

/* Has it lost a name that it must have?  The kernel tells of a dying task's ports before it tells of
 * the task.  Under the lock. */
static bool is_dying(const struct server *server)
{
	return server->state == SERVER_UP && session_missing_name(server->session) != NULL;
}

/* The server of that name, if it stays: a dying one gets a moment to go.  Under the lock, which is dropped while
 * waiting. */
static struct server *find_staying(struct acs *acs, const char *name)
{
	uint64_t deadline = masix_monotonic_ns() + DYING_MS * NS_PER_MS;
	const struct timespec when = {
		.tv_sec = deadline / 1000000000,
		.tv_nsec = deadline % 1000000000,
	};
	struct server *server;

	while ((server = server_find(acs, name, strlen(name))) != NULL && is_dying(server))
		if (pthread_cond_timedwait(&acs->changed, &acs->lock, &when) != 0)
			break;
	return server;
}

/* Take it off the list and free it.  Under the lock, without session and task. */
static void discard(struct acs *acs, struct server *server)
{
	struct server **link = &acs->servers;

	while (*link != server)
		link = &(*link)->next;
	*link = server->next;
	free(server->image);
	free(server);
}

/* Would `manifest` be on a cycle of needs?  Under the lock. */
static bool needs_itself(
	struct acs *acs, const struct manifest *manifest, char reason[AUDIT_DETAIL_SIZE])
{
	const struct manifest *table[SERVERS_MAX];
	struct order_problem problem;
	const struct server *server;
	unsigned count = 0;

	table[count++] = manifest;
	for (server = acs->servers; server != NULL && count < SERVERS_MAX; server = server->next)
		if (strcmp(server->manifest.name, manifest->name) != 0)
			table[count++] = &server->manifest;
	if (!order_cycle(table, count, &problem))
		return false;
	snprintf(reason, AUDIT_DETAIL_SIZE, "needs itself: %.*s", AUDIT_DETAIL_SIZE - 20,
		problem.path);
	return true;
}

/* May it be entered?  One of that name that is at rest makes room.  Under the lock, which is dropped while
 * waiting. */
static kern_return_t make_room(
	struct acs *acs, const struct manifest *manifest, char reason[AUDIT_DETAIL_SIZE])
{
	struct server *old = find_staying(acs, manifest->name), *server;
	unsigned count = 0;

	if (old != NULL && old->state != SERVER_FAILED && old->state != SERVER_DECLARED) {
		snprintf(reason, AUDIT_DETAIL_SIZE, "a server of that name is running");
		return MASIX_E_EXISTS;
	}
	if (needs_itself(acs, manifest, reason))
		return MASIX_E_DEADLOCK;
	if (old != NULL)
		discard(acs, old);
	for (server = acs->servers; server != NULL; server = server->next)
		count++;
	if (count < SERVERS_MAX)
		return KERN_SUCCESS;
	snprintf(reason, AUDIT_DETAIL_SIZE, "there are too many servers");
	return MASIX_E_LIMIT;
}

kern_return_t server_declare(struct acs *acs, const struct server_entry *entry,
	struct server **server, char reason[AUDIT_DETAIL_SIZE])
{
	struct server **link, *new = calloc(1, sizeof *new);
	kern_return_t kr;

	if (new == NULL) {
		snprintf(reason, AUDIT_DETAIL_SIZE, "out of memory");
		return KERN_RESOURCE_SHORTAGE;
	}
	new->manifest = *entry->manifest;
	new->image = entry->image;
	new->image_size = entry->image_size;
	new->on_demand = entry->on_demand;
	new->state = entry->state;
	new->waiter = entry->waiter;
	pthread_mutex_lock(&acs->lock);
	kr = make_room(acs, entry->manifest, reason);
	if (kr == KERN_SUCCESS) {
		link = &acs->servers;
		while (*link != NULL) /* listed in the order of their coming */
			link = &(*link)->next;
		*link = new;
		pthread_cond_broadcast(&acs->changed);
	}
	pthread_mutex_unlock(&acs->lock);
	if (kr != KERN_SUCCESS) {
		free(new);
		return kr;
	}
	*server = new;
	return KERN_SUCCESS;
}

kern_return_t server_run(struct acs *acs, struct server *server, mach_port_t task)
{
	struct session *session;
	kern_return_t kr = session_create(acs, server, &session);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = session_give(session, task);
	if (kr == KERN_SUCCESS)
		kr = masix_watch_dead(task);
	if (kr == KERN_SUCCESS) {
		/* First: once it runs, it may also die, and its session with it. */
		acs_record(acs, AUDIT_START, session->manifest.name, "session %u", session->owner);
		pthread_mutex_lock(&acs->lock);
		server->state = SERVER_STARTING;
		server->task = task;
		server->session = session;
		server->deadline = masix_monotonic_ns() + SERVER_START_MS * NS_PER_MS;
		server->starts++;
		pthread_cond_broadcast(&acs->changed);
		kr = task_resume(task);
		if (kr != KERN_SUCCESS) {
			server->state = SERVER_LAUNCHING;
			server->task = MACH_PORT_NULL;
			server->session = NULL;
		}
		pthread_mutex_unlock(&acs->lock);
	}
	if (kr != KERN_SUCCESS) {
		session->server = NULL; /* nobody else knows the session */
		masix_object_kill(&session->object);
		masix_object_put(&session->object);
		return kr;
	}
	return KERN_SUCCESS;
}

/* Answer the one who waits in acs_start or acs_restart, and free its right. */
static void answer_start(
	const struct start_waiter *waiter, kern_return_t status, const char *reason)
{
	kern_return_t kr;

	if (waiter->reply == MACH_PORT_NULL)
		return;
	kr = (waiter->restart ? acs_restart_reply : acs_start_reply)(
		waiter->reply, waiter->reply_type, KERN_SUCCESS, status, reason, strlen(reason));
	if (kr != KERN_SUCCESS)
		/* The caller has gone; the right is still here. */
		(void)mach_port_deallocate(mach_task_self(), waiter->reply);
}

kern_return_t server_ready(struct session *session)
{
	struct acs *acs = session->acs;
	struct start_waiter waiter = nobody;
	const char *missing = NULL;
	kern_return_t kr = MASIX_E_DEAD;

	pthread_mutex_lock(&acs->lock);
	if (session->server != NULL) {
		missing = session_missing_name(session);
		kr = missing == NULL ? KERN_SUCCESS : MASIX_E_DENIED;
	}
	if (kr == KERN_SUCCESS && session->server->state == SERVER_STARTING) {
		waiter = session->server->waiter;
		session->server->waiter.reply = MACH_PORT_NULL;
		session->server->state = SERVER_UP;
		session->server->restart.up_since = masix_monotonic_ns();
		pthread_cond_broadcast(&acs->changed);
	}
	pthread_mutex_unlock(&acs->lock);
	if (missing != NULL)
		log_line(&acs->log, "%s: is not ready: it has not registered %s",
			session->manifest.name, missing);
	if (kr == KERN_SUCCESS)
		names_settle(acs, session->manifest.name);
	answer_start(&waiter, KERN_SUCCESS, "");
	return kr;
}

/* What becomes of a server whose task has gone.  Under the lock; frees `server` if it will not come
 * back.  Returns its new state, or SERVER_GONE. */
static enum server_state after_end(struct acs *acs, struct server *server, enum server_end end)
{
	const enum manifest_restart policy = server->manifest.restart;
	const bool again = policy == MANIFEST_RESTART_BACKOFF || policy == MANIFEST_RESTART_ALWAYS;

	pthread_cond_broadcast(&acs->changed);
	if (end == SERVER_RESTARTED) {
		server->restart.failures = 0;
		return server->state = SERVER_WANTED;
	}
	if (end == SERVER_STOPPED || server->image == NULL || acs->stopping ||
		(!again && !server->on_demand)) {
		discard(acs, server);
		return SERVER_GONE;
	}
	server->deadline = restart_after_death(
		&server->restart, policy == MANIFEST_RESTART_BACKOFF, masix_monotonic_ns());
	return server->state = server->deadline == UINT64_MAX ? SERVER_FAILED
			       : again			      ? SERVER_WAITING
							      : SERVER_DECLARED;
}

static const char *const consequences[] = {
	[SERVER_WAITING] = "; will be started again",
	[SERVER_FAILED] = "; failed too often",
	[SERVER_GONE] = "",
};

static const char *consequence(enum server_state state)
{
	return consequences[state] != NULL ? consequences[state] : "";
}

/* The task has died or is about to: the server is no more, until it is started again; `next` waits for that, or is
 * NULL.  Called and returns with the lock. */
static void end_life(struct acs *acs, struct server *server, const char *reason,
	enum server_end end, const struct start_waiter *next)
{
	struct session *session = server->session;
	struct start_waiter waiter = server->waiter;
	mach_port_t task = server->task;
	bool starting = server->state == SERVER_STARTING;
	bool fatal = server->manifest.restart == MANIFEST_RESTART_HALT && !acs->stopping;
	enum server_state state;

	session->server = NULL;
	server->session = NULL;
	server->task = MACH_PORT_NULL;
	server->waiter = next != NULL ? *next : nobody;
	acs->stopping |= fatal;
	state = after_end(acs, server, end);
	pthread_mutex_unlock(&acs->lock);

	names_remove_owner(acs, session->owner);
	session_hear_last_words(session);
	if (fatal)
		machine_fail(acs, "%s: %s", session->manifest.name, reason);
	acs_record(acs, end == SERVER_DIED ? AUDIT_DIE : AUDIT_STOP, session->manifest.name,
		"session %u: %s%s", session->owner, reason, consequence(state));
	answer_start(&waiter, MASIX_E_DEAD, starting ? reason : "");
	/* Who looked it up while it started has waited in vain. */
	if (starting && state != SERVER_WANTED && state != SERVER_WAITING)
		names_settle(acs, session->manifest.name);
	(void)task_terminate(task); /* it may be dead already */
	(void)mach_port_deallocate(mach_task_self(), task);
	masix_object_kill(&session->object);
	masix_object_put(&session->object);
	pthread_mutex_lock(&acs->lock);
}

void server_task_died(struct acs *acs, mach_port_t task)
{
	struct server *server;

	pthread_mutex_lock(&acs->lock);
	for (server = acs->servers; server != NULL; server = server->next)
		if (server->task == task && server->session != NULL)
			break;
	if (server != NULL)
		end_life(acs, server,
			server->state == SERVER_STARTING ? "ended before it was ready" : "died",
			SERVER_DIED, NULL);
	pthread_mutex_unlock(&acs->lock);
}

void server_too_late(struct acs *acs, struct server *server)
{
	end_life(acs, server, "did not get ready in time", SERVER_DIED, NULL);
}

/* What becomes of a server that has got no task: as after_end.  One that is to be there again is tried with
 * pauses, whatever its policy: what it needs may come back too. */
static enum server_state after_failed_start(struct acs *acs, struct server *server)
{
	pthread_cond_broadcast(&acs->changed);
	if (server->on_demand)
		return server->state = SERVER_DECLARED;
	if (server->starts == 0 || acs->stopping) {
		discard(acs, server);
		return SERVER_GONE;
	}
	server->deadline = restart_after_death(&server->restart, true, masix_monotonic_ns());
	return server->state = server->deadline == UINT64_MAX ? SERVER_FAILED : SERVER_WAITING;
}

void server_start_failed(
	struct acs *acs, struct server *server, kern_return_t status, const char *reason)
{
	struct start_waiter waiter = server->waiter;
	char name[MANIFEST_NAME_SIZE];
	enum server_state state;

	memcpy(name, server->manifest.name, sizeof name);
	server->waiter = nobody;
	state = after_failed_start(acs, server);
	pthread_mutex_unlock(&acs->lock);
	acs_record(acs, AUDIT_REFUSE, name, "%s%s", reason, consequence(state));
	answer_start(&waiter, status, reason);
	if (state != SERVER_WAITING)
		names_settle(acs, name);
	pthread_mutex_lock(&acs->lock);
}

/* A server that runs and whose manifest needs `name`, or NULL. */
static const struct server *dependent(const struct acs *acs, const char *name)
{
	const struct server *server;
	unsigned i;

	for (server = acs->servers; server != NULL; server = server->next)
		for (i = 0; server->session != NULL && i < server->manifest.need_count; i++)
			if (strcmp(server->manifest.needs[i], name) == 0)
				return server;
	return NULL;
}

/* Take a server without a task off the list: who waits for it.  Under the lock. */
static struct start_waiter forget(struct acs *acs, struct server *server)
{
	struct start_waiter waiter = server->waiter;

	discard(acs, server);
	pthread_cond_broadcast(&acs->changed);
	return waiter;
}

kern_return_t server_stop(struct acs *acs, const char *name, size_t length)
{
	struct start_waiter waiter = nobody;
	struct server *server;
	kern_return_t kr = KERN_SUCCESS;

	pthread_mutex_lock(&acs->lock);
	server = server_find(acs, name, length);
	if (server == NULL)
		kr = MASIX_E_NOT_FOUND;
	else if (server->manifest.restart == MANIFEST_RESTART_HALT ||
		 dependent(acs, server->manifest.name) != NULL || server->state == SERVER_LAUNCHING)
		kr = MASIX_E_BUSY; /* needed, or its task is being made right now */
	else if (server->session != NULL)
		end_life(acs, server, "stopped", SERVER_STOPPED, NULL);
	else
		waiter = forget(acs, server);
	pthread_mutex_unlock(&acs->lock);
	answer_start(&waiter, MASIX_E_DEAD, "stopped before it was started");
	return kr;
}

kern_return_t server_kill(struct acs *acs, const char *name, size_t length)
{
	struct server *server;
	kern_return_t kr = MASIX_E_NOT_FOUND;

	pthread_mutex_lock(&acs->lock);
	server = server_find(acs, name, length);
	if (server != NULL && server->session != NULL) {
		end_life(acs, server, "killed", SERVER_DIED, NULL);
		kr = KERN_SUCCESS;
	}
	pthread_mutex_unlock(&acs->lock);
	return kr;
}

kern_return_t server_restart(
	struct acs *acs, const char *name, size_t length, const struct start_waiter *waiter)
{
	struct server *server;
	kern_return_t kr = KERN_SUCCESS;

	pthread_mutex_lock(&acs->lock);
	server = server_find(acs, name, length);
	if (server == NULL) {
		kr = MASIX_E_NOT_FOUND;
	} else if (server->image == NULL) {
		kr = MASIX_E_NOT_SUPPORTED;
	} else if (server->state == SERVER_LAUNCHING || server->state == SERVER_WANTED) {
		kr = MASIX_E_BUSY;
	} else if (server->session != NULL) {
		end_life(acs, server, "restarted", SERVER_RESTARTED, waiter);
	} else {
		server->waiter = *waiter;
		(void)after_end(acs, server, SERVER_RESTARTED);
	}
	pthread_mutex_unlock(&acs->lock);
	return kr;
}

void server_call(struct acs *acs, const char *name, bool clients_only)
{
	struct server *server;
	const size_t length = strlen(name);

	for (server = acs->servers; server != NULL; server = server->next) {
		const struct manifest *manifest = &server->manifest;

		if (server->state != SERVER_DECLARED)
			continue;
		/* A name that the caller may not have must not start anything either. */
		if (manifest_find_provide(manifest, name, length, MASIX_ROLE_CLIENT) != NULL ||
			(!clients_only && manifest_find_provide(manifest, name, length,
						  MASIX_ROLE_SERVER) != NULL)) {
			server->state = SERVER_WANTED;
			pthread_cond_broadcast(&acs->changed);
			return;
		}
	}
}

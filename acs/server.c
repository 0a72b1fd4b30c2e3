/* The lives of servers. */
#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdlib.h>
#include <string.h>

#include "acs_client_reply.h"
#include "launch.h"
#include "mach.h"
#include "mach_port.h"
#include "machine.h"
#include "names.h"
#include "server.h"

#define SERVERS_MAX 64
#define DYING_MS 1000
#define NS_PER_MS 1000000ull

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

kern_return_t server_declare(struct acs *acs, const struct manifest *manifest, const uint8_t *image,
	size_t image_size, struct server **server)
{
	struct server *old, *new = calloc(1, sizeof *new);
	unsigned count = 0;
	kern_return_t kr = KERN_SUCCESS;

	if (new == NULL)
		return KERN_RESOURCE_SHORTAGE;
	new->manifest = *manifest;
	if (image != NULL && manifest->restart == MANIFEST_RESTART_BACKOFF) {
		new->image = malloc(image_size);
		if (new->image == NULL) {
			free(new);
			return KERN_RESOURCE_SHORTAGE;
		}
		memcpy(new->image, image, image_size);
		new->image_size = image_size;
	}
	pthread_mutex_lock(&acs->lock);
	old = find_staying(acs, manifest->name);
	if (old != NULL && old->state == SERVER_FAILED)
		discard(acs, old);
	else if (old != NULL)
		kr = MASIX_E_EXISTS;
	for (old = acs->servers; old != NULL; old = old->next)
		count++;
	if (kr == KERN_SUCCESS && count >= SERVERS_MAX)
		kr = MASIX_E_LIMIT;
	if (kr == KERN_SUCCESS) {
		struct server **link = &acs->servers;

		while (*link != NULL) /* listed in the order of their coming */
			link = &(*link)->next;
		*link = new;
	}
	pthread_mutex_unlock(&acs->lock);
	if (kr != KERN_SUCCESS) {
		free(new->image);
		free(new);
		return kr;
	}
	*server = new;
	return KERN_SUCCESS;
}

void server_forget(struct acs *acs, struct server *server)
{
	pthread_mutex_lock(&acs->lock);
	discard(acs, server);
	pthread_mutex_unlock(&acs->lock);
}

kern_return_t server_run(
	struct acs *acs, struct server *server, mach_port_t task, const struct start_waiter *waiter)
{
	struct session *session;
	struct start_waiter none = { MACH_PORT_NULL, 0 };
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
		server->waiter = waiter != NULL ? *waiter : none;
		server->deadline = masix_monotonic_ns() + SERVER_START_MS * NS_PER_MS;
		server->starts++;
		pthread_cond_broadcast(&acs->changed);
		kr = task_resume(task);
		if (kr != KERN_SUCCESS) {
			server->state = SERVER_DECLARED;
			server->task = MACH_PORT_NULL;
			server->session = NULL;
			server->waiter = none;
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

/* Answer the one who waits in acs_start, and free its right. */
static void answer_start(
	const struct start_waiter *waiter, kern_return_t status, const char *reason)
{
	if (waiter->reply == MACH_PORT_NULL)
		return;
	if (acs_start_reply(waiter->reply, waiter->reply_type, KERN_SUCCESS, status, reason,
		    strlen(reason)) != KERN_SUCCESS)
		/* The caller has gone; the right is still here. */
		(void)mach_port_deallocate(mach_task_self(), waiter->reply);
}

kern_return_t server_ready(struct session *session)
{
	struct acs *acs = session->acs;
	struct start_waiter waiter = { MACH_PORT_NULL, 0 };
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
static enum server_state after_death(struct acs *acs, struct server *server, uint64_t now)
{
	if (server->manifest.restart != MANIFEST_RESTART_BACKOFF || server->image == NULL ||
		server->stop_wanted || acs->stopping) {
		discard(acs, server);
		return SERVER_GONE;
	}
	server->deadline = restart_after_death(&server->restart, now);
	server->state = server->deadline == UINT64_MAX ? SERVER_FAILED : SERVER_WAITING;
	return server->state;
}

/* The task has died or is about to: the server is no more, until the policy starts it again. */
static void end_life(struct acs *acs, struct server *server, const char *reason)
{
	struct session *session = server->session;
	struct start_waiter waiter = server->waiter;
	mach_port_t task = server->task;
	bool wanted = server->stop_wanted, starting = server->state == SERVER_STARTING;
	bool fatal = server->manifest.restart == MANIFEST_RESTART_HALT && !acs->stopping;
	enum server_state state;

	session->server = NULL;
	server->session = NULL;
	server->task = MACH_PORT_NULL;
	server->waiter.reply = MACH_PORT_NULL;
	acs->stopping |= fatal;
	state = after_death(acs, server, masix_monotonic_ns());
	pthread_cond_broadcast(&acs->changed);
	pthread_mutex_unlock(&acs->lock);

	names_remove_owner(acs, session->owner);
	session_hear_last_words(session);
	if (fatal)
		machine_fail(acs, "%s: %s", session->manifest.name, reason);
	acs_record(acs, wanted ? AUDIT_STOP : AUDIT_DIE, session->manifest.name, "session %u: %s%s",
		session->owner, reason,
		state == SERVER_WAITING	 ? "; will be started again"
		: state == SERVER_FAILED ? "; failed too often"
					 : "");
	answer_start(&waiter, MASIX_E_DEAD, starting ? reason : "");
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
			server->state == SERVER_STARTING ? "ended before it was ready" : "died");
	pthread_mutex_unlock(&acs->lock);
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

kern_return_t server_stop(struct acs *acs, const char *name, size_t length)
{
	struct server *server;
	kern_return_t kr = KERN_SUCCESS;

	pthread_mutex_lock(&acs->lock);
	server = server_find(acs, name, length);
	if (server == NULL) {
		kr = MASIX_E_NOT_FOUND;
	} else if (server->manifest.restart == MANIFEST_RESTART_HALT ||
		   dependent(acs, server->manifest.name) != NULL) {
		kr = MASIX_E_BUSY;
	} else if (server->session != NULL) {
		server->stop_wanted = true;
		end_life(acs, server, "stopped");
	} else if (server->state == SERVER_WAITING || server->state == SERVER_FAILED) {
		discard(acs, server);
	} else {
		kr = MASIX_E_BUSY; /* another call is starting it right now */
	}
	pthread_mutex_unlock(&acs->lock);
	return kr;
}

/* Make the task of a WAITING server again.  Called and returns without the lock; nobody else
 * touches a DECLARED server. */
static void start_again(struct acs *acs, struct server *server)
{
	const char *why = "no session for it";
	mach_port_t task;
	kern_return_t kr =
		launch_task(server->image, server->image_size, &server->manifest, &task, &why);

	if (kr == KERN_SUCCESS) {
		kr = server_run(acs, server, task, NULL);
		if (kr != KERN_SUCCESS) {
			(void)task_terminate(task);
			(void)mach_port_deallocate(mach_task_self(), task);
		}
	}
	if (kr == KERN_SUCCESS)
		return;
	acs_record(acs, AUDIT_REFUSE, server->manifest.name, "not started again: %s", why);
	pthread_mutex_lock(&acs->lock);
	(void)after_death(acs, server, masix_monotonic_ns());
	pthread_mutex_unlock(&acs->lock);
}

/* One server whose deadline has passed.  Under the lock. */
static struct server *expired(struct acs *acs, uint64_t now)
{
	struct server *server;

	for (server = acs->servers; server != NULL; server = server->next)
		if ((server->state == SERVER_STARTING || server->state == SERVER_WAITING) &&
			server->deadline <= now)
			return server;
	return NULL;
}

void server_expire(struct acs *acs, uint64_t now)
{
	struct server *server;

	pthread_mutex_lock(&acs->lock);
	while ((server = expired(acs, now)) != NULL) {
		if (server->state == SERVER_STARTING) {
			end_life(acs, server, "did not get ready in time");
			continue;
		}
		server->state = SERVER_DECLARED;
		pthread_mutex_unlock(&acs->lock);
		start_again(acs, server);
		pthread_mutex_lock(&acs->lock);
	}
	pthread_mutex_unlock(&acs->lock);
}

uint64_t server_deadline(const struct acs *acs)
{
	const struct server *server;
	uint64_t deadline = UINT64_MAX;

	for (server = acs->servers; server != NULL; server = server->next)
		if ((server->state == SERVER_STARTING || server->state == SERVER_WAITING) &&
			server->deadline < deadline)
			deadline = server->deadline;
	return deadline;
}

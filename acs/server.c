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
#include "life.h"
#include "mach.h"
#include "mach_port.h"
#include "machine.h"
#include "names.h"

const struct start_waiter life_nobody = { .reply = MACH_PORT_NULL };

bool life_is_meant(const struct server *server, const char *name, size_t length)
{
	const char *number = memchr(name, '#', length);
	char session[12];
	size_t base = number != NULL ? (size_t)(number - name) : length;

	if (strlen(server->manifest.name) != base || memcmp(server->manifest.name, name, base) != 0)
		return false;
	if (number == NULL)
		return true;
	if (server->session == NULL)
		return false;
	snprintf(session, sizeof session, "%u", server->session->owner);
	return strlen(session) == length - base - 1 &&
	       memcmp(session, number + 1, length - base - 1) == 0;
}

struct server *server_find(struct acs *acs, const char *name, size_t length)
{
	struct server *server, *other = NULL;

	for (server = acs->servers; server != NULL; server = server->next) {
		if (!life_is_meant(server, name, length))
			continue;
		if (server->state != SERVER_DRAINING && !server->successor)
			return server;
		other = server;
	}
	return other;
}

void life_discard(struct acs *acs, struct server *server)
{
	struct server **link = &acs->servers;

	while (*link != server)
		link = &(*link)->next;
	*link = server->next;
	free(server->image);
	free(server);
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

void life_answer(const struct start_waiter *waiter, kern_return_t status, const char *reason)
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

/* Those whose place the server takes serve on for a while, for who found them before.  Under the lock. */
static void replace_others(struct acs *acs, struct server *successor)
{
	struct server *server;

	successor->successor = false;
	for (server = acs->servers; server != NULL; server = server->next)
		if (server != successor && server->state == SERVER_UP &&
			strcmp(server->manifest.name, successor->manifest.name) == 0) {
			server->state = SERVER_DRAINING;
			server->deadline = masix_monotonic_ns() +
					   server->manifest.hand_over * 1000 * NS_PER_MS;
		}
}

kern_return_t server_ready(struct session *session)
{
	struct acs *acs = session->acs;
	struct start_waiter waiter = life_nobody;
	const char *missing = NULL;
	bool replacing = false;
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
		replacing = session->server->successor;
		if (replacing)
			replace_others(acs, session->server);
		session->server->restart.up_since = masix_monotonic_ns();
		pthread_cond_broadcast(&acs->changed);
	}
	pthread_mutex_unlock(&acs->lock);
	if (missing != NULL)
		log_line(&acs->log, "%s: is not ready: it has not registered %s",
			session->manifest.name, missing);
	if (replacing) {
		names_take_over(acs, session->owner);
		acs_record(acs, AUDIT_REPLACE, session->manifest.name, "session %u takes over",
			session->owner);
	}
	if (kr == KERN_SUCCESS)
		names_settle(acs, session->manifest.name);
	life_answer(&waiter, KERN_SUCCESS, "");
	return kr;
}

enum server_state life_after_end(struct acs *acs, struct server *server, enum server_end end)
{
	const enum manifest_restart policy = server->manifest.restart;
	const bool again = policy == MANIFEST_RESTART_BACKOFF || policy == MANIFEST_RESTART_ALWAYS;

	pthread_cond_broadcast(&acs->changed);
	if (end == SERVER_RESTARTED) {
		server->restart.failures = 0;
		return server->state = SERVER_WANTED;
	}
	if (end == SERVER_STOPPED || server->image == NULL || acs->stopping || server->successor ||
		(!again && !server->on_demand)) {
		life_discard(acs, server);
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

void life_end(struct acs *acs, struct server *server, const char *reason, enum server_end end,
	const struct start_waiter *next)
{
	struct session *session = server->session;
	struct start_waiter waiter = server->waiter;
	mach_port_t task = server->task;
	bool starting = server->state == SERVER_STARTING,
	     draining = server->state == SERVER_DRAINING;
	bool fatal = server->manifest.restart == MANIFEST_RESTART_HALT && !acs->stopping &&
		     !draining && !server->successor;
	enum server_state state;

	session->server = NULL;
	server->session = NULL;
	server->task = MACH_PORT_NULL;
	server->waiter = next != NULL ? *next : life_nobody;
	acs->stopping |= fatal;
	state = life_after_end(acs, server, draining ? SERVER_STOPPED : end);
	pthread_mutex_unlock(&acs->lock);

	names_remove_owner(acs, session->owner);
	session_hear_last_words(session);
	if (fatal)
		machine_fail(acs, "%s: %s", session->manifest.name, reason);
	acs_record(acs, end == SERVER_DIED ? AUDIT_DIE : AUDIT_STOP, session->manifest.name,
		"session %u: %s%s", session->owner, reason, consequence(state));
	life_answer(&waiter, MASIX_E_DEAD, starting ? reason : "");
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
		life_end(acs, server,
			server->state == SERVER_STARTING ? "ended before it was ready" : "died",
			SERVER_DIED, NULL);
	pthread_mutex_unlock(&acs->lock);
}

void server_too_late(struct acs *acs, struct server *server)
{
	if (server->state == SERVER_DRAINING)
		life_end(acs, server, "replaced", SERVER_STOPPED, NULL);
	else
		life_end(acs, server, "did not get ready in time", SERVER_DIED, NULL);
}

/* What becomes of a server that has got no task: as after_end.  One that is to be there again is tried with
 * pauses, whatever its policy: what it needs may come back too. */
static enum server_state after_failed_start(struct acs *acs, struct server *server)
{
	pthread_cond_broadcast(&acs->changed);
	if (server->on_demand && !server->successor)
		return server->state = SERVER_DECLARED;
	if (server->starts == 0 || server->successor || acs->stopping) {
		life_discard(acs, server);
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
	server->waiter = life_nobody;
	state = after_failed_start(acs, server);
	pthread_mutex_unlock(&acs->lock);
	acs_record(acs, AUDIT_REFUSE, name, "%s%s", reason, consequence(state));
	life_answer(&waiter, status, reason);
	if (state != SERVER_WAITING)
		names_settle(acs, name);
	pthread_mutex_lock(&acs->lock);
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

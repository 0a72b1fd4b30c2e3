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
	image_free(server->image);
	free(server);
}

/* Nobody else touches the estate of a server that is LAUNCHING. */
static kern_return_t inherit(
	struct acs *acs, struct server *server, struct session *session, mach_port_t task)
{
	kern_return_t kr = session_inherit(session, task, estate_corpse(&server->estate));

	session->by_order = !server->estate.by_itself;
	if (kr == KERN_SUCCESS)
		acs_record(acs, AUDIT_INHERIT, session->manifest.name,
			"session %u: %u rights and %u KiB of session %u", session->owner,
			session->right_count, estate_kept_bytes(&server->kept) / 1024,
			server->estate.owner);
	return kr;
}

kern_return_t server_run(struct acs *acs, struct server *server, mach_port_t task)
{
	struct session *session;
	kern_return_t kr = session_create(acs, server, &session);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = session_give(session, task);
	if (kr == KERN_SUCCESS && estate_corpse(&server->estate) != NULL)
		kr = inherit(acs, server, session, task);
	if (kr == KERN_SUCCESS)
		kr = masix_watch_dead(task);
	if (kr == KERN_SUCCESS) {
		/* First: once it runs, it may also die, and its session with it. */
		acs_record(acs, AUDIT_START, session->manifest.name, "session %u", session->owner);
		pthread_mutex_lock(&acs->lock);
		server->state = SERVER_STARTING;
		server->task = task;
		server->session = session;
		if (server->estate.count == 0)
			server->kept.count = 0;
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
	struct estate estate = { .count = 0 };
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
		estate = estate_take(&session->server->estate);
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
	if (estate.count != 0) {
		names_take_over(acs, session->owner);
		estate_drop(acs, &estate);
	}
	if (kr == KERN_SUCCESS)
		names_settle(acs, session->manifest.name);
	life_answer(&waiter, KERN_SUCCESS, "");
	return kr;
}

kern_return_t server_keep(struct session *session, uint32_t address, uint32_t size, int *inherited)
{
	const struct kept_range range = { address, size };
	struct acs *acs = session->acs;
	struct server *server;
	kern_return_t kr = KERN_SUCCESS;

	if (!session->manifest.inherits)
		return MASIX_E_DENIED;
	if (!estate_may_keep(address, size))
		return MASIX_E_INVALID;
	pthread_mutex_lock(&acs->lock);
	server = session->server;
	if (server == NULL)
		kr = MASIX_E_DEAD;
	else if (server->state != SERVER_STARTING)
		kr = MASIX_E_BUSY;
	else if (server->estate.count == 0)
		server->kept = (struct kept){ 1, { range } };
	else if (server->kept.ranges[0].address != address || server->kept.ranges[0].size != size)
		kr = MASIX_E_INVALID;
	if (kr == KERN_SUCCESS)
		*inherited = server->estate.count != 0;
	pthread_mutex_unlock(&acs->lock);
	return kr;
}

kern_return_t server_keep_also(struct session *session, uint32_t address, uint32_t size)
{
	const struct kept_range range = { address, size };
	struct acs *acs = session->acs;
	kern_return_t kr = MASIX_E_DENIED;

	if (!estate_may_keep(address, size))
		return MASIX_E_INVALID;
	pthread_mutex_lock(&acs->lock);
	if (session->server == NULL)
		kr = MASIX_E_DEAD;
	else if (session->server->kept.count != 0)
		kr = estate_keep_also(&session->server->kept, range);
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

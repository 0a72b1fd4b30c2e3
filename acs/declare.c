/* Which servers may be entered. */
#include <masix/error.h>
#include <masix/server.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "life.h"
#include "order.h"

#define DYING_MS 1000

/* Is it at its end, or has it lost a name that it must have?  The kernel tells of a dying task's ports before it tells
 * of the task.  Under the lock. */
static bool is_dying(const struct server *server)
{
	return server->state == SERVER_ENDING ||
	       (server->state == SERVER_UP && session_missing_name(server->session) != NULL);
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

/* Says why, and is why. */
static kern_return_t __attribute__((format(printf, 3, 4)))
refuse(char reason[AUDIT_DETAIL_SIZE], kern_return_t kr, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, AUDIT_DETAIL_SIZE, format, arguments);
	va_end(arguments);
	return kr;
}

/* Is there a place for it among those of its name?  Under the lock, which is dropped while waiting. */
static kern_return_t find_place(
	struct acs *acs, const struct manifest *manifest, char reason[AUDIT_DETAIL_SIZE])
{
	const struct server *server = find_staying(acs, manifest->name);
	unsigned most = manifest->pool, members = 0;

	for (server = acs->servers; server != NULL; server = server->next)
		if (strcmp(server->manifest.name, manifest->name) == 0 &&
			server->state != SERVER_FAILED && server->state != SERVER_DECLARED &&
			server->state != SERVER_DRAINING) {
			members++;
			if (server->manifest.pool < most)
				most = server->manifest.pool;
		}
	if (members < most)
		return KERN_SUCCESS;
	if (most == 1)
		return refuse(reason, MASIX_E_EXISTS, "a server of that name is running");
	return refuse(reason, MASIX_E_EXISTS, "all %u members of its pool are running", most);
}

/* May it take over?  Under the lock. */
static kern_return_t find_predecessor(
	struct acs *acs, const struct manifest *manifest, char reason[AUDIT_DETAIL_SIZE])
{
	const struct server *server, *old = NULL;

	for (server = acs->servers; server != NULL; server = server->next) {
		if (strcmp(server->manifest.name, manifest->name) != 0)
			continue;
		if (server->successor)
			return refuse(reason, MASIX_E_BUSY, "another one is just taking over");
		if (server->state == SERVER_UP)
			old = server;
	}
	if (old == NULL)
		return refuse(reason, MASIX_E_NOT_FOUND, "no server of that name is up");
	if (old->manifest.hand_over == 0)
		return refuse(reason, MASIX_E_NOT_SUPPORTED,
			"its manifest does not say that it can be replaced while it runs");
	if (manifest->generation < old->manifest.generation)
		return refuse(reason, MASIX_E_DENIED,
			"is older than the one that runs, of generation %u",
			old->manifest.generation);
	return KERN_SUCCESS;
}

/* Those of that name that are at rest go. */
static void discard_resting(struct acs *acs, const char *name)
{
	struct server *server, *next;

	for (server = acs->servers; server != NULL; server = next) {
		next = server->next;
		if (strcmp(server->manifest.name, name) == 0 &&
			(server->state == SERVER_FAILED || server->state == SERVER_DECLARED))
			life_discard(acs, server);
	}
}

/* May it be entered?  Those of its name that are at rest make room.  Under the lock, which is dropped while
 * waiting. */
static kern_return_t make_room(
	struct acs *acs, const struct server_entry *entry, char reason[AUDIT_DETAIL_SIZE])
{
	const struct manifest *manifest = entry->manifest;
	const struct server *server;
	unsigned count = 0;
	kern_return_t kr = entry->successor ? find_predecessor(acs, manifest, reason)
					    : find_place(acs, manifest, reason);

	if (kr != KERN_SUCCESS)
		return kr;
	if (trust_is_revoked(&acs->revoked, manifest->public_key))
		return refuse(reason, MASIX_E_DENIED, "its key is revoked");
	if (needs_itself(acs, manifest, reason))
		return MASIX_E_DEADLOCK;
	discard_resting(acs, manifest->name);
	for (server = acs->servers; server != NULL; server = server->next)
		count++;
	if (count < SERVERS_MAX)
		return KERN_SUCCESS;
	return refuse(reason, MASIX_E_LIMIT, "there are %u servers: too many", count);
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
	new->essential = entry->essential;
	new->on_demand = entry->on_demand;
	new->successor = entry->successor;
	new->state = entry->state;
	new->waiter = entry->waiter;
	pthread_mutex_lock(&acs->lock);
	kr = make_room(acs, entry, reason);
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

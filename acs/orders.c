/* What a person may ask of a server: to stop, to die, to start again. */
#include <masix/error.h>
#include <string.h>

#include "life.h"

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

/* Take a server without a task off the list, and tell who waits for it.  Called and returns with the lock, which is
 * dropped meanwhile. */
static void forget(struct acs *acs, struct server *server, kern_return_t status, const char *reason)
{
	struct start_waiter waiter = server->waiter;
	struct estate estate = estate_take(&server->estate);

	life_discard(acs, server);
	pthread_cond_broadcast(&acs->changed);
	pthread_mutex_unlock(&acs->lock);
	estate_drop(acs, &estate);
	life_answer(&waiter, status, reason);
	pthread_mutex_lock(&acs->lock);
}

/* Does another one serve under its name?  Under the lock. */
static bool has_fellow(const struct acs *acs, const struct server *server)
{
	const struct server *other;

	for (other = acs->servers; other != NULL; other = other->next)
		if (other != server && other->state == SERVER_UP &&
			strcmp(other->manifest.name, server->manifest.name) == 0)
			return true;
	return false;
}

/* Must it stay?  `one`: only this member of its pool is meant.  Under the lock. */
static bool is_wanted(const struct acs *acs, const struct server *server, bool one)
{
	if (server->state == SERVER_LAUNCHING) /* its task is being made right now */
		return true;
	if (one && has_fellow(acs, server))
		return false;
	return server->essential || server->manifest.restart == MANIFEST_RESTART_HALT ||
	       dependent(acs, server->manifest.name) != NULL;
}

/* As server_find, when what is just ending has ended.  Under the lock, which is dropped while waiting. */
static struct server *find_settled(struct acs *acs, const char *name, size_t length)
{
	struct server *server;

	while ((server = server_find(acs, name, length)) != NULL && server->state == SERVER_ENDING)
		(void)pthread_cond_wait(&acs->changed, &acs->lock);
	return server;
}

kern_return_t server_stop(struct acs *acs, const char *name, size_t length)
{
	struct server *server;
	kern_return_t kr = MASIX_E_NOT_FOUND;

	pthread_mutex_lock(&acs->lock);
	while ((server = find_settled(acs, name, length)) != NULL) {
		if (is_wanted(acs, server, memchr(name, '#', length) != NULL)) {
			kr = MASIX_E_BUSY;
			break;
		}
		kr = KERN_SUCCESS;
		if (server->session != NULL)
			life_end(acs, server,
				&(struct life_ending){ "stopped", SERVER_STOPPED, NULL, 0 });
		else
			forget(acs, server, MASIX_E_DEAD, "stopped before it was started");
	}
	pthread_mutex_unlock(&acs->lock);
	return kr;
}

/* One that is meant, has a task, and had it before session `before` was made: each is killed once.  Under the
 * lock. */
static struct server *find_running(
	struct acs *acs, const char *name, size_t length, uint32_t before)
{
	struct server *server;

	for (server = acs->servers; server != NULL; server = server->next)
		if (server->session != NULL && server->session->owner <= before &&
			life_is_meant(server, name, length))
			return server;
	return NULL;
}

kern_return_t server_kill(struct acs *acs, const char *name, size_t length)
{
	struct server *server;
	kern_return_t kr = MASIX_E_NOT_FOUND;
	uint32_t before;

	pthread_mutex_lock(&acs->lock);
	before = acs->last_session;
	while ((server = find_running(acs, name, length, before)) != NULL) {
		life_end(acs, server, &(struct life_ending){ "killed", SERVER_KILLED, NULL, 0 });
		kr = KERN_SUCCESS;
	}
	pthread_mutex_unlock(&acs->lock);
	return kr;
}

/* Several that are meant.  Under the lock. */
static bool is_ambiguous(struct acs *acs, const char *name, size_t length)
{
	const struct server *server;
	unsigned count = 0;

	for (server = acs->servers; server != NULL; server = server->next)
		count += server->state != SERVER_DRAINING && life_is_meant(server, name, length);
	return count > 1;
}

kern_return_t server_restart(
	struct acs *acs, const char *name, size_t length, const struct start_waiter *waiter)
{
	struct server *server;
	kern_return_t kr = KERN_SUCCESS;

	pthread_mutex_lock(&acs->lock);
	server = find_settled(acs, name, length);
	if (server == NULL) {
		kr = MASIX_E_NOT_FOUND;
	} else if (is_ambiguous(acs, name, length)) {
		kr = MASIX_E_INVALID;
	} else if (server->manifest.restart == MANIFEST_RESTART_HALT) {
		kr = MASIX_E_NOT_SUPPORTED;
	} else if (server->state == SERVER_LAUNCHING || server->state == SERVER_WANTED ||
		   server->state == SERVER_DRAINING || server->successor) {
		kr = MASIX_E_BUSY;
	} else if (server->session != NULL) {
		life_end(acs, server,
			&(struct life_ending){ "restarted", SERVER_RESTARTED, waiter, 0 });
	} else {
		server->waiter = *waiter;
		(void)life_after_end(acs, server, SERVER_RESTARTED);
	}
	pthread_mutex_unlock(&acs->lock);
	return kr;
}

/* One that has this key.  Under the lock. */
static struct server *find_by_key(struct acs *acs, const uint8_t key[MASIX_PUBLIC_KEY_SIZE])
{
	struct server *server;

	for (server = acs->servers; server != NULL; server = server->next)
		if (memcmp(server->manifest.public_key, key, MASIX_PUBLIC_KEY_SIZE) == 0)
			return server;
	return NULL;
}

/* All that has this key ends: nobody depends on what is not trusted.  Under the lock, which is dropped meanwhile. */
static void end_all(struct acs *acs, const uint8_t key[MASIX_PUBLIC_KEY_SIZE])
{
	struct server *server;

	while ((server = find_by_key(acs, key)) != NULL) {
		if (server->state == SERVER_LAUNCHING || server->state == SERVER_ENDING) {
			(void)pthread_cond_wait(&acs->changed, &acs->lock);
		} else if (server->session != NULL) {
			life_end(acs, server,
				&(struct life_ending){
					"its key is revoked", SERVER_STOPPED, NULL, 0 });
		} else {
			forget(acs, server, MASIX_E_DENIED, "its key is revoked");
		}
	}
}

/* Does the machine need it?  Under the lock. */
static bool is_needed(const struct server *server)
{
	return server->essential || server->manifest.restart == MANIFEST_RESTART_HALT;
}

kern_return_t server_revoke(struct acs *acs, const char *name, size_t length)
{
	uint8_t key[MASIX_PUBLIC_KEY_SIZE];
	char copy[MANIFEST_NAME_SIZE];
	struct server *server;
	kern_return_t kr = MASIX_E_NOT_FOUND;

	pthread_mutex_lock(&acs->lock);
	server = server_find(acs, name, length);
	if (server != NULL && is_needed(server))
		kr = MASIX_E_BUSY;
	else if (server != NULL)
		kr = trust_revoke(
			&acs->revoked, server->manifest.name, server->manifest.public_key);
	if (kr != KERN_SUCCESS) {
		pthread_mutex_unlock(&acs->lock);
		return kr;
	}
	memcpy(key, server->manifest.public_key, sizeof key);
	memcpy(copy, server->manifest.name, sizeof copy);
	end_all(acs, key);
	pthread_mutex_unlock(&acs->lock);
	acs_record(acs, AUDIT_REVOKE, copy, "its key");
	return KERN_SUCCESS;
}

/* One key of an earlier boot.  What this boot cannot do without stays, and is not revoked. */
static kern_return_t revoke_again(
	struct acs *acs, const char *name, const uint8_t key[MASIX_PUBLIC_KEY_SIZE])
{
	const struct server *server;
	kern_return_t kr;

	pthread_mutex_lock(&acs->lock);
	server = find_by_key(acs, key);
	kr = server != NULL && is_needed(server) ? MASIX_E_BUSY
						 : trust_revoke(&acs->revoked, name, key);
	if (kr == KERN_SUCCESS)
		end_all(acs, key);
	pthread_mutex_unlock(&acs->lock);
	if (kr == KERN_SUCCESS)
		acs_record(acs, AUDIT_REVOKE, name, "its key, in an earlier boot");
	return kr;
}

kern_return_t server_revoke_again(struct acs *acs, const struct trust_revoked *list)
{
	kern_return_t kr = KERN_SUCCESS;
	unsigned i;

	for (i = 0; i < list->count && kr == KERN_SUCCESS; i++)
		kr = revoke_again(acs, list->keys[i].name, list->keys[i].key);
	return kr;
}

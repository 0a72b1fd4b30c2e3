/* acs_client.defs: what the administrator may ask about keys. */
#include <masix/copy.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "acs_client_server.h"
#include "mach.h"
#include "serve_client.h"
#include "server.h"

#define ROW_MAX 160
#define TABLE_MAX ((SERVERS_MAX + TRUST_REVOKED_MAX) * ROW_MAX)
#define REVOKED_ROOM 8192 /* pages */
#define FINGERPRINT 8	  /* bytes of a key that are shown */

/* The sessions of the servers that are meant ("" for all), each with a reference. */
static unsigned collect(
	struct acs *acs, const char *name, size_t length, struct session *sessions[SERVERS_MAX])
{
	struct server *server;
	unsigned count = 0;

	pthread_mutex_lock(&acs->lock);
	for (server = acs->servers; server != NULL; server = server->next)
		if (server->session != NULL &&
			(length == 0 ||
				(strlen(server->manifest.name) == length &&
					memcmp(server->manifest.name, name, length) == 0))) {
			sessions[count++] = server->session;
			masix_object_ref(&server->session->object);
		}
	pthread_mutex_unlock(&acs->lock);
	return count;
}

static size_t write_line(char *text, size_t room, const char *name, uint32_t session,
	const struct keys *keys, const uint8_t *public_key, const char *state)
{
	char hex[2 * FINGERPRINT + 1];
	int length;

	sodium_bin2hex(hex, sizeof hex, public_key, FINGERPRINT);
	length = snprintf(text, room, "%s %u %u %u %s %s\n", name, session, keys->epoch,
		keys->tickets, hex, state);
	return length > 0 && (size_t)length < room ? (size_t)length : 0;
}

static size_t write_trust(struct acs *acs, const void *wanted, char *text, size_t room)
{
	static const struct keys none;
	struct session *sessions[SERVERS_MAX];
	unsigned count = collect(acs, "", 0, sessions), i;
	const uint64_t now = masix_monotonic_ns();
	size_t used = 0;

	(void)wanted;
	for (i = 0; i < count; i++) {
		struct session *session = sessions[i];

		pthread_mutex_lock(&session->lock);
		used += write_line(text + used, room - used, session->manifest.name, session->owner,
			&session->keys, session->manifest.public_key,
			now < session->keys.previous_until ? "overlap" : "valid");
		pthread_mutex_unlock(&session->lock);
		session_put(session);
	}
	pthread_mutex_lock(&acs->lock);
	for (i = 0; i < acs->revoked.count; i++)
		used += write_line(text + used, room - used, acs->revoked.keys[i].name, 0, &none,
			acs->revoked.keys[i].key, "revoked");
	pthread_mutex_unlock(&acs->lock);
	return used;
}

kern_return_t S_acs_trust(mach_port_t port, masix_bulk_t *table, mach_msg_type_number_t *size)
{
	return admin_table(port, TABLE_MAX, write_trust, table, size);
}

static kern_return_t rotate(struct acs *acs, const char *name, size_t length)
{
	struct session *sessions[SERVERS_MAX];
	unsigned count = collect(acs, name, length, sessions), i;

	for (i = 0; i < count; i++) {
		uint32_t epoch;

		pthread_mutex_lock(&sessions[i]->lock);
		keys_rotate(&sessions[i]->keys, masix_monotonic_ns());
		epoch = sessions[i]->keys.epoch;
		pthread_mutex_unlock(&sessions[i]->lock);
		acs_record(acs, AUDIT_ROTATE, sessions[i]->manifest.name, "session %u, epoch %u",
			sessions[i]->owner, epoch);
		session_put(sessions[i]);
	}
	return count != 0 ? KERN_SUCCESS : MASIX_E_NOT_FOUND;
}

kern_return_t S_acs_rotate(
	mach_port_t port, const masix_name_t name, mach_msg_type_number_t name_length)
{
	return admin_apply(port, name, name_length, rotate);
}

kern_return_t S_acs_revoke(
	mach_port_t port, const masix_name_t name, mach_msg_type_number_t name_length)
{
	return admin_apply(port, name, name_length, server_revoke);
}

static size_t write_revoked(struct acs *acs, const void *wanted, char *text, size_t room)
{
	size_t used;

	(void)wanted;
	_Static_assert(REVOKED_MAX <= REVOKED_ROOM, "all of it fits");
	(void)room;
	pthread_mutex_lock(&acs->lock);
	used = revoked_write(&acs->revoked, acs->revoked_key, (uint8_t *)text);
	pthread_mutex_unlock(&acs->lock);
	return used;
}

kern_return_t S_acs_revocations(mach_port_t port, masix_bulk_t *list, mach_msg_type_number_t *size)
{
	return admin_table(port, REVOKED_ROOM, write_revoked, list, size);
}

static kern_return_t revoke_again(
	struct acs *acs, const uint8_t *list, size_t size, const char **why)
{
	uint8_t copy[REVOKED_MAX];
	struct trust_revoked revoked;
	kern_return_t kr;

	*why = "not a list of revoked keys";
	if (size > sizeof copy)
		return MASIX_E_BAD_FORMAT;
	*why = "the list of revoked keys cannot be read";
	if (masix_copy(copy, list, size) != 0)
		return KERN_INVALID_ADDRESS;
	kr = revoked_read(copy, size, acs->revoked_key, &revoked, why);
	if (kr != KERN_SUCCESS)
		return kr;
	*why = "not all keys of the list can be revoked";
	return server_revoke_again(acs, &revoked);
}

kern_return_t S_acs_revoke_again(mach_port_t port, masix_bulk_t list, mach_msg_type_number_t size,
	kern_return_t *status, masix_name_t reason, mach_msg_type_number_t *reason_length)
{
	struct face *face = face_get(port);
	const char *why = "";
	kern_return_t kr = MASIX_E_DENIED;

	if (face == NULL)
		return KERN_INVALID_ARGUMENT;
	if (face->admin) {
		*status = revoke_again(face->acs, (const uint8_t *)list, size, &why);
		if (*status == KERN_SUCCESS)
			why = "";
		else
			acs_record(face->acs, AUDIT_REFUSE, "revocations", "%s", why);
		*reason_length = strlen(why);
		memcpy(reason, why, *reason_length);
		(void)vm_deallocate(mach_task_self(), (vm_address_t)list, size);
		kr = KERN_SUCCESS;
	}
	face_put(face);
	return kr;
}

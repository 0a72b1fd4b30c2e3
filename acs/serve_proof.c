/* acs_session.defs: the session key, and what is asked with it: lookups and tickets. */
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <masix/types.h>
#include <string.h>

#include "acs_session_server.h"
#include "mach_port.h"
#include "names.h"
#include "server.h"

kern_return_t S_acs_key(mach_port_t port, masix_signature_t signature, uint32_t *epoch,
	masix_key_t *key, masix_key_t *next)
{
	struct session *session = session_get(port);
	kern_return_t kr;

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	pthread_mutex_lock(&session->lock);
	kr = trust_check_key_request(
		&session->trust, &session->acs->site, &session->manifest, signature.bytes);
	memcpy(next->bytes, session->trust.challenge, sizeof next->bytes);
	*epoch = session->keys.epoch;
	memcpy(key->bytes, session->keys.newest, sizeof key->bytes);
	pthread_mutex_unlock(&session->lock);
	if (kr != KERN_SUCCESS)
		acs_record(session->acs, AUDIT_REFUSE, session->manifest.name,
			"the session key: its signature is wrong");
	session_put(session);
	return kr;
}

/* Check who asks, and that he may ask for this name. */
static kern_return_t check(struct session *session, struct masix_question *question,
	const masix_nonce_t *nonce, const masix_key_t *mac)
{
	const char *why = NULL;
	kern_return_t kr;

	/* The stub does not check the count. */
	if (question->name_length > sizeof(masix_name_t))
		return MASIX_E_INVALID;
	question->incarnation = session->acs->site.incarnation;
	question->session = session->trust.id;
	question->role = MASIX_ROLE_SERVER;
	question->nonce = nonce->bytes;
	pthread_mutex_lock(&session->lock);
	kr = keys_check(&session->keys, question, mac->bytes, masix_monotonic_ns(), &why);
	pthread_mutex_unlock(&session->lock);
	if (kr != KERN_SUCCESS)
		acs_record(session->acs, AUDIT_REFUSE, session->manifest.name, "%s", why);
	else if (!manifest_resolves(&session->manifest, question->name, question->name_length))
		kr = MASIX_E_NOT_FOUND;
	return kr;
}

kern_return_t S_acs_resolve(mach_port_t port, mach_port_t reply, mach_msg_type_name_t reply_type,
	const masix_name_t name, mach_msg_type_number_t name_length, uint32_t timeout_ms,
	uint32_t epoch, uint64_t sequence, masix_nonce_t nonce, masix_key_t mac, mach_port_t *right)
{
	struct session *session = session_get(port);
	struct masix_question question = {
		.what = MASIX_ASK_RESOLVE,
		.epoch = epoch,
		.sequence = sequence,
		.name = name,
		.name_length = name_length,
	};
	struct names_question wanted = {
		.name = name,
		.length = name_length,
		.timeout_ms = timeout_ms,
		.reply = reply,
		.reply_type = reply_type,
	};
	kern_return_t kr;

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	wanted.owner = session->owner;
	kr = check(session, &question, &nonce, &mac);
	if (kr == KERN_SUCCESS)
		kr = names_resolve(session->acs, &wanted, right);
	session_put(session);
	return kr;
}

/* The session of the one that has registered `name`, with a reference, and a right to the port; NULL if there is
 * none. */
static struct session *find_target(
	struct acs *acs, const char *name, size_t length, mach_port_t *right)
{
	const struct registry_entry *entry;
	struct session *target = NULL;
	char copy[REGISTRY_NAME_SIZE];
	struct server *server;

	if (!manifest_name_valid(name, length))
		return NULL;
	memcpy(copy, name, length);
	copy[length] = '\0';
	pthread_mutex_lock(&acs->lock);
	entry = registry_pick(&acs->registry, copy, false);
	for (server = entry != NULL ? acs->servers : NULL; server != NULL; server = server->next)
		if (server->session != NULL && server->session->owner == entry->owner)
			target = server->session;
	if (target != NULL && mach_port_mod_refs(mach_task_self(), entry->port,
				      MACH_PORT_RIGHT_SEND, 1) != KERN_SUCCESS)
		target = NULL; /* it has just died */
	if (target != NULL) {
		*right = entry->port;
		masix_object_ref(&target->object);
	}
	pthread_mutex_unlock(&acs->lock);
	return target;
}

static uint32_t rights_of(const struct manifest *manifest)
{
	uint32_t rights = 0;
	unsigned i;

	for (i = 0; i < manifest->right_count; i++)
		rights |= 1u << manifest->rights[i].which;
	return rights;
}

kern_return_t S_acs_ticket(mach_port_t port, const masix_name_t name,
	mach_msg_type_number_t name_length, uint32_t epoch, uint64_t sequence, masix_nonce_t nonce,
	masix_key_t mac, mach_port_t *right, masix_name_t target_name,
	mach_msg_type_number_t *target_length, uint32_t *target_session, masix_key_t *key,
	masix_sealed_t *sealed)
{
	struct session *session = session_get(port), *target;
	struct masix_question question = {
		.what = MASIX_ASK_TICKET,
		.epoch = epoch,
		.sequence = sequence,
		.name = name,
		.name_length = name_length,
	};
	struct masix_ticket ticket = { .client = "" };
	kern_return_t kr;

	_Static_assert(sizeof *sealed == MASIX_TICKET_SIZE, "a ticket fits");
	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = check(session, &question, &nonce, &mac);
	target = kr == KERN_SUCCESS ? find_target(session->acs, name, name_length, right) : NULL;
	if (target == NULL) {
		session_put(session);
		return kr == KERN_SUCCESS ? MASIX_E_NOT_FOUND : kr;
	}
	memcpy(ticket.client, session->manifest.name, sizeof ticket.client);
	memcpy(ticket.target, target->manifest.name, sizeof ticket.target);
	ticket.client_session = session->owner;
	ticket.target_session = target->owner;
	ticket.rights = rights_of(&session->manifest);
	pthread_mutex_lock(&target->lock);
	keys_seal(&target->keys, &ticket, session->acs->site.incarnation, masix_monotonic_ns(),
		sealed->bytes);
	pthread_mutex_unlock(&target->lock);
	memcpy(key->bytes, ticket.key, sizeof key->bytes);
	*target_session = target->owner;
	*target_length = strlen(ticket.target);
	memcpy(target_name, ticket.target, *target_length);
	session_put(target);
	session_put(session);
	return KERN_SUCCESS;
}

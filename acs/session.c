/* The private session of a server with ACS. */
#include <mach/task_special_ports.h>
#include <masix/mach.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mach.h"
#include "mach_port.h"
#include "server.h"
#include "session.h"

#define LAST_WORDS_STEP_US 2000
#define LAST_WORDS_STEPS 50

static void session_destroy(struct masix_object *object)
{
	struct session *session = (struct session *)object;

	pthread_mutex_destroy(&session->lock);
	sodium_memzero(&session->keys, sizeof session->keys);
	if (session->corpse != MACH_PORT_NULL)
		(void)mach_port_deallocate(mach_task_self(), session->corpse);
	free(session->rights);
	free(session);
}

const struct masix_class session_class = {
	.name = "session",
	.destroy = session_destroy,
};

kern_return_t session_create(struct acs *acs, struct server *server, struct session **created)
{
	struct session *session = calloc(1, sizeof *session);
	kern_return_t kr;

	if (session == NULL)
		return KERN_RESOURCE_SHORTAGE;
	session->acs = acs;
	session->server = server;
	session->manifest = server->manifest;
	pthread_mutex_init(&session->lock, NULL);
	pthread_mutex_lock(&acs->lock);
	session->owner = ++acs->last_session;
	pthread_mutex_unlock(&acs->lock);
	trust_begin(&session->trust, session->owner);
	keys_begin(&session->keys);
	kr = masix_object_init_in(&session->object, &session_class, acs->sessions);
	if (kr != KERN_SUCCESS) {
		pthread_mutex_destroy(&session->lock);
		free(session);
		return kr;
	}
	*created = session;
	return KERN_SUCCESS;
}

kern_return_t session_give(struct session *session, mach_port_t task)
{
	mach_port_t right;
	kern_return_t kr = masix_object_send_right(&session->object, &right);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = task_set_special_port(task, TASK_BOOTSTRAP_PORT, right);
	/* What the server does not handle itself ends here; see session_exception. */
	if (kr == KERN_SUCCESS)
		kr = task_set_special_port(task, TASK_EXCEPTION_PORT, right);
	(void)mach_port_deallocate(mach_task_self(), right); /* the task holds its own */
	return kr;
}

kern_return_t session_inherit(struct session *session, mach_port_t task, struct corpse *corpse)
{
	const mach_port_t right = corpse_task(corpse);
	kern_return_t kr = corpse_hand_over(corpse, task, &session->rights, &session->right_count);

	if (kr != KERN_SUCCESS)
		return kr;
	if (mach_port_mod_refs(mach_task_self(), right, MACH_PORT_RIGHT_SEND, 1) == KERN_SUCCESS)
		session->corpse = right;
	return KERN_SUCCESS;
}

const char *session_missing_name(const struct session *session)
{
	const struct manifest *manifest = &session->manifest;
	unsigned i;

	for (i = 0; i < manifest->provide_count; i++)
		if (manifest->provides[i].required &&
			!registry_has(&session->acs->registry, manifest->provides[i].name,
				session->owner))
			return manifest->provides[i].name;
	return NULL;
}

void session_hear_last_words(struct session *session)
{
	mach_port_status_t status;
	unsigned i;

	for (i = 0; i < LAST_WORDS_STEPS; i++) {
		if (mach_port_get_receive_status(mach_task_self(), session->object.port, &status) !=
			KERN_SUCCESS)
			return;
		/* One step more, for the message that has just been taken. */
		(void)usleep(LAST_WORDS_STEP_US);
		if (status.mps_msgcount == 0)
			return;
	}
}

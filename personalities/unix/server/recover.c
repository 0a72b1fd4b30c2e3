#include "recover.h"

#include <mach.h>
#include <mach_port.h>
#include <stdlib.h>

#include <masix/error.h>
#include <masix/estate.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "corpse.h"
#include "host_terminal.h"
#include "kept.h"
#include "server.h"
#include "task.h"
#include "terminal.h"

static struct masix_estate *estate;

/* Names that have been claimed: each further claim is one more reference. */
static struct {
	mach_port_t *names;
	unsigned count, room;
} claimed;

static bool is_claimed(mach_port_t name)
{
	for (unsigned i = 0; i < claimed.count; i++)
		if (claimed.names[i] == name)
			return true;
	return false;
}

static void note_claimed(mach_port_t name)
{
	if (claimed.count == claimed.room) {
		claimed.room = claimed.room > 0 ? 2 * claimed.room : 256;
		claimed.names = realloc(claimed.names, claimed.room * sizeof(*claimed.names));
		if (claimed.names == NULL)
			masix_fatal("no memory to go on with");
	}
	claimed.names[claimed.count++] = name;
}

mach_port_t claim_send(mach_port_t name)
{
	if (!MACH_PORT_VALID(name))
		return MACH_PORT_NULL;
	if (masix_estate_take(estate, name, MACH_PORT_TYPE_SEND)) {
		note_claimed(name);
		return name;
	}
	return is_claimed(name) && mach_port_mod_refs(mach_task_self(), name, MACH_PORT_RIGHT_SEND,
					   1) == KERN_SUCCESS
		       ? name
		       : MACH_PORT_NULL;
}

mach_port_t claim_reply(mach_port_t name)
{
	return masix_estate_take(estate, name, MACH_PORT_TYPE_SEND_ONCE) ? name : MACH_PORT_NULL;
}

mach_port_t claim_unsent(mach_port_t name)
{
	return corpse_has_sent(name) ? MACH_PORT_NULL : claim_reply(name);
}

static bool was_answered(mach_port_t reply)
{
	return corpse_has_sent(reply) || !masix_estate_has(estate, reply, MACH_PORT_TYPE_SEND_ONCE);
}

/* --- Objects --- */

/* Those whose port is gone were just being destroyed. */
static void adopt_objects(void)
{
	for (struct masix_object *o = kept_next_object(NULL); o != NULL; o = kept_next_object(o)) {
		mach_port_t port = o->port;

		if (port == MACH_PORT_NULL ||
			!masix_estate_take(estate, port, MACH_PORT_TYPE_RECEIVE)) {
			o->port = MACH_PORT_NULL;
			atomic_store(&o->references, 1);
			continue;
		}
		/* What nobody has got yet, he who waits for it will get. */
		kern_return_t kr = (o->armed ? masix_object_adopt : masix_object_adopt_unused)(
			o, o->class, port);

		if (kr != KERN_SUCCESS)
			masix_fatal("%s: %s", o->class->name, masix_strerror(kr));
		masix_object_put(o);
	}
}

static void count_references(enum recover_pass pass)
{
	for (struct masix_object *o = kept_next_object(NULL); o != NULL; o = kept_next_object(o)) {
		const struct unix_class *class = (const struct unix_class *)o->class;

		if (class->recover != NULL)
			class->recover(o, pass);
	}
	fifos_recover(pass);
	sockets_recover(pass);
	ptys_recover(pass);
	terminal_recover(unix_server.console_terminal, pass);
}

static void destroy_dead_objects(void)
{
	struct masix_object *next;

	for (struct masix_object *o = kept_next_object(NULL); o != NULL; o = next) {
		next = kept_next_object(o);
		if (o->port != MACH_PORT_NULL)
			continue;
		if (o->class->no_senders != NULL)
			o->class->no_senders(o);
		masix_object_put(o);
	}
}

/* --- Answers --- */

static void send_unsent(void **outbox)
{
	waiters_send_unsent(&outbox[OUTBOX_WAITERS]);
	locks_send_unsent(&outbox[OUTBOX_RECORDS]);
	pipes_send_unsent(&outbox[OUTBOX_PIPE]);
	fifos_send_unsent(&outbox[OUTBOX_FIFO]);
	terminals_send_unsent(&outbox[OUTBOX_TERMINAL]);
	counters_send_unsent(&outbox[OUTBOX_COUNTER]);
	sockets_send_unsent(&outbox[OUTBOX_SOCKET], &outbox[OUTBOX_DROPPED], &outbox[OUTBOX_GONE]);
}

/* --- The rest --- */

static void claim_own_rights(void)
{
	struct unix_server *u = &unix_server;

	u->host_priv = claim_send(u->host_priv);
	u->processor_set = claim_send(u->processor_set);
	u->exceptions = claim_send(u->exceptions);
	u->console = claim_send(u->console);
}

/* Tasks that were being made: nobody else knows of them. */
static void end_strange_tasks(void)
{
	unsigned cursor = 0;

	for (mach_port_t name;
		(name = masix_estate_next(estate, MACH_PORT_TYPE_SEND, &cursor)) != MACH_PORT_NULL;)
		if (!is_claimed(name) && right_is_task(name)) {
			kern_return_t ignored = task_terminate(name);

			(void)ignored;
		}
}

void recover(void)
{
	kern_return_t kr = masix_inherit(&estate);

	if (kr != KERN_SUCCESS)
		masix_fatal("inheritance: %s", masix_strerror(kr));
	corpse_examine(masix_estate_corpse(estate));
	kept_recover(was_answered);
	claim_own_rights();
	adopt_objects();
	count_references(REFERENCES_FORGET);
	count_references(REFERENCES_COUNT);
	processes_recover();
	locks_recover();
	host_terminal_recover();
	kept_visit_unsent(send_unsent);
	destroy_dead_objects();
	end_strange_tasks();
	masix_estate_end(estate);
	estate = NULL;
	free(claimed.names);
	claimed.names = NULL;
	claimed.count = claimed.room = 0;
}

void recover_processes(void)
{
	processes_resume();
	sockets_resume();
	host_terminal_resume();
	ptys_resume();
	counters_resume();
}

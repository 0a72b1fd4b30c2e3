/* acs_session.defs: what a server may ask on its private session. */
#include <mach/mig_errors.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <stdlib.h>
#include <string.h>

#include "acs_session_server.h"
#include "device.h"
#include "mach.h"
#include "mach_i386.h"
#include "mach_port.h"
#include "machine.h"
#include "names.h"
#include "page.h"
#include "server.h"

#include <device/device_types.h>

/* The serial line is slow: a server that floods it must not hold all of ACS's workers. */
#define LOG_LINES_PER_SECOND 100

kern_return_t S_acs_hello(mach_port_t port, masix_start_t *start, masix_key_t *challenge)
{
	struct session *session = session_get(port);

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	*start = session->acs->start;
	start->session = session->trust.id;
	pthread_mutex_lock(&session->lock);
	memcpy(challenge->bytes, session->trust.challenge, sizeof challenge->bytes);
	pthread_mutex_unlock(&session->lock);
	session_put(session);
	return KERN_SUCCESS;
}

/* What was proved becomes an entry of the registry. */
static kern_return_t add_entry(
	struct session *session, const struct trust_claim *claim, mach_port_t right)
{
	struct registry_entry entry = {
		.port = right,
		.owner = session->owner,
		.role = claim->role,
		.interface_count = claim->interface_words / 2,
	};

	_Static_assert(REGISTRY_INTERFACES >= MANIFEST_INTERFACES &&
			       REGISTRY_NAME_SIZE >= MANIFEST_NAME_SIZE,
		"what the manifest allows fits");
	memcpy(entry.name, claim->name, claim->name_length);
	memcpy(entry.interfaces, claim->interfaces,
		claim->interface_words * sizeof claim->interfaces[0]);
	return names_add(session->acs, session, &entry);
}

kern_return_t S_acs_register(mach_port_t port, const masix_name_t name,
	mach_msg_type_number_t name_length, int role, const masix_ids_t interfaces,
	mach_msg_type_number_t interface_words, mach_port_t right, uint32_t generation,
	masix_signature_t signature, masix_key_t *next)
{
	const struct trust_claim claim = {
		.name = name,
		.name_length = name_length,
		.role = role,
		.interfaces = interfaces,
		.interface_words = interface_words,
		.generation = generation,
	};
	struct session *session = session_get(port);
	const char *why = NULL;
	kern_return_t kr;

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	pthread_mutex_lock(&session->lock);
	kr = trust_check(&session->trust, &session->acs->site, &session->manifest, &claim,
		signature.bytes, &why);
	memcpy(next->bytes, session->trust.challenge, sizeof next->bytes);
	pthread_mutex_unlock(&session->lock);
	if (kr == KERN_SUCCESS && !MACH_PORT_VALID(right)) {
		kr = MASIX_E_INVALID;
		why = "no port";
	}
	if (kr == KERN_SUCCESS) {
		kr = add_entry(session, &claim, right);
		why = masix_strerror(kr);
	}
	if (kr == KERN_SUCCESS)
		acs_record(session->acs, AUDIT_REGISTER, session->manifest.name, "%.*s, role %d",
			(int)name_length, name, role);
	else
		acs_record(session->acs, AUDIT_REFUSE, session->manifest.name, "%.*s: %s",
			(int)name_length, name, why);
	session_put(session);
	return kr;
}

kern_return_t S_acs_ready(mach_port_t port)
{
	struct session *session = session_get(port);
	kern_return_t kr;

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = server_ready(session);
	session_put(session);
	return kr;
}

/* An I/O permission that already holds for the session's task; the right comes back so that the task can
 * give it up. */
static kern_return_t io_ports(struct session *session, uint32_t range, mach_port_t *right)
{
	struct acs *acs = session->acs;
	mach_port_t task = MACH_PORT_NULL;
	kern_return_t kr;

	pthread_mutex_lock(&acs->lock);
	if (session->server != NULL && mach_port_mod_refs(mach_task_self(), session->server->task,
					       MACH_PORT_RIGHT_SEND, 1) == KERN_SUCCESS)
		task = session->server->task;
	pthread_mutex_unlock(&acs->lock);
	if (task == MACH_PORT_NULL)
		return MASIX_E_DEAD;
	kr = i386_io_perm_create(acs->device_master, range >> 16, range & 0xffff, right);
	if (kr == KERN_SUCCESS) {
		kr = i386_io_perm_modify(task, *right, TRUE);
		if (kr != KERN_SUCCESS)
			(void)mach_port_deallocate(mach_task_self(), *right);
	}
	(void)mach_port_deallocate(mach_task_self(), task);
	return kr;
}

/* Memory of devices as an object to map.  The kernel bounds its start and not its end: whom the manifest names is
 * trusted with the rest of what is no main memory. */
static kern_return_t device_memory(struct acs *acs, uint32_t range, mach_port_t *right)
{
	uint32_t first = range >> 16, last = range & 0xffff;
	mach_port_t memory;
	kern_return_t kr = device_open(acs->device_master, D_READ | D_WRITE, "mem", &memory);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = device_map(memory, VM_PROT_READ | VM_PROT_WRITE, first * PAGE,
		(last - first + 1) * PAGE, right, FALSE);
	(void)mach_port_deallocate(mach_task_self(), memory);
	return kr;
}

/* A further reference to a port that is always ours. */
static kern_return_t copy_of(mach_port_t port, mach_port_t *right)
{
	*right = port;
	return mach_port_mod_refs(mach_task_self(), port, MACH_PORT_RIGHT_SEND, 1);
}

static kern_return_t make_right(
	struct session *session, int which, uint32_t arg, mach_port_t *right)
{
	struct acs *acs = session->acs;

	switch (which) {
	case MASIX_RIGHT_HOST:
		return copy_of(acs->host_priv, right);
	case MASIX_RIGHT_DEVICE:
		return copy_of(acs->device_master, right);
	case MASIX_RIGHT_IRQ:
		/* The kernel has one device for all lines: the line is checked, not enforced. */
		return device_open(acs->device_master, D_READ | D_WRITE, "irq", right);
	case MASIX_RIGHT_IO_PORTS:
		return io_ports(session, arg, right);
	case MASIX_RIGHT_MEMORY:
		return device_memory(acs, arg, right);
	case MASIX_RIGHT_ADMIN:
		return masix_object_send_right(&acs->admin.object, right);
	case MASIX_RIGHT_CLIENT:
		return masix_object_send_right(&acs->client.object, right);
	}
	return MASIX_E_DENIED;
}

kern_return_t S_acs_right(mach_port_t port, int which, uint32_t arg, mach_port_t *right)
{
	struct session *session = session_get(port);
	kern_return_t kr = MASIX_E_DENIED;

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	if (manifest_grants(&session->manifest, which, arg))
		kr = make_right(session, which, arg, right);
	else
		acs_record(session->acs, AUDIT_REFUSE, session->manifest.name, "right %d, %#x",
			which, arg);
	session_put(session);
	return kr;
}

kern_return_t S_acs_keep(mach_port_t port, uint32_t address, uint32_t size, int *inherited)
{
	struct session *session = session_get(port);
	kern_return_t kr;

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = server_keep(session, address, size, inherited);
	session_put(session);
	return kr;
}

kern_return_t S_acs_keep_also(mach_port_t port, uint32_t address, uint32_t size)
{
	struct session *session = session_get(port);
	kern_return_t kr;

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = server_keep_also(session, address, size);
	session_put(session);
	return kr;
}

kern_return_t S_acs_inherit(mach_port_t port, mach_port_t *corpse, int *by_order,
	masix_bulk_t *rights, mach_msg_type_number_t *size)
{
	struct session *session = session_get(port);
	vm_address_t memory = 0;
	kern_return_t kr = MASIX_E_NOT_FOUND;

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	pthread_mutex_lock(&session->lock);
	if (session->rights != NULL) {
		*size = session->right_count * sizeof *session->rights;
		kr = *size != 0 ? vm_allocate(mach_task_self(), &memory, *size, TRUE)
				: KERN_SUCCESS;
	}
	if (kr == KERN_SUCCESS) {
		memcpy((void *)memory, session->rights, *size);
		*rights = (masix_bulk_t)memory;
		*corpse = session->corpse;
		*by_order = session->by_order;
		session->corpse = MACH_PORT_NULL;
		free(session->rights);
		session->rights = NULL;
	}
	pthread_mutex_unlock(&session->lock);
	session_put(session);
	return kr;
}

kern_return_t S_acs_watch(mach_port_t port, const masix_name_t name,
	mach_msg_type_number_t name_length, mach_port_t watcher)
{
	struct session *session = session_get(port);
	struct names_question question = { .name = name, .length = name_length };
	kern_return_t kr = MASIX_E_NOT_FOUND;

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	question.owner = session->owner;
	if (manifest_resolves(&session->manifest, name, name_length))
		kr = names_watch(session->acs, &question, watcher);
	session_put(session);
	return kr;
}

/* May the session log another line in this second?  What it loses is told once it may again. */
static bool may_log(struct session *session)
{
	uint64_t second = masix_monotonic_ns() / 1000000000;
	unsigned dropped = 0;
	bool may;

	pthread_mutex_lock(&session->lock);
	if (session->log_second != second) {
		dropped = session->log_dropped;
		session->log_second = second;
		session->log_lines = session->log_dropped = 0;
	}
	may = session->log_lines < LOG_LINES_PER_SECOND;
	if (may)
		session->log_lines++;
	else
		session->log_dropped++;
	pthread_mutex_unlock(&session->lock);
	if (dropped != 0)
		log_line(&session->acs->log, "%s: %u lines of its log were lost",
			session->manifest.name, dropped);
	return may;
}

kern_return_t S_acs_log(mach_port_t port, const masix_name_t text, mach_msg_type_number_t length)
{
	struct session *session = session_get(port);
	const char *name;
	size_t head;

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	/* A line says whose it is; who really said it is known here. */
	name = session->manifest.name;
	head = strlen(name);
	if (length > head + 2 && memcmp(text, name, head) == 0 && text[head] == ':' &&
		text[head + 1] == ' ')
		head += 2;
	else
		head = 0;
	if (may_log(session))
		log_text(&session->acs->log, name, text + head, length - head);
	session_put(session);
	return KERN_SUCCESS;
}

kern_return_t S_acs_alive(mach_port_t port)
{
	struct session *session = session_get(port);

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	pthread_mutex_lock(&session->acs->lock);
	pthread_mutex_unlock(&session->acs->lock);
	session_put(session);
	return KERN_SUCCESS;
}

kern_return_t S_acs_halt(mach_port_t port, int how)
{
	struct session *session = session_get(port);

	if (session == NULL)
		return KERN_INVALID_ARGUMENT;
	/* Whoever holds the host port could reset the machine himself. */
	if (manifest_grants(&session->manifest, MASIX_RIGHT_HOST, 0)) {
		acs_record(session->acs, AUDIT_HALT, session->manifest.name, "%s",
			how == MASIX_REBOOT ? "reboot" : "halt");
		machine_stop(session->acs, how);
	}
	session_put(session);
	return MASIX_E_DENIED;
}

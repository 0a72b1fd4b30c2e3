/* The ports by which processes are known: whoever sends on one is that process. */
#include <mach.h>
#include <mach_port.h>
#include <stdlib.h>
#include <string.h>

#include <masix/mach.h>

#include "recover.h"
#include "server.h"

struct process_port {
	struct masix_object object;
	struct process *process; /* a reference of ours */
};

static void process_port_destroy(struct masix_object *object)
{
	struct process_port *port = (struct process_port *)object;

	if (port->process != NULL) {
		table_lock();
		process_put(&unix_server.table, port->process);
		table_unlock();
	}
	free(port);
}

static void recover_port(struct masix_object *object, enum recover_pass pass)
{
	process_port_recover(((struct process_port *)object)->process, pass);
}

static const struct unix_class process_class = {
	.base = { .name = "process", .destroy = process_port_destroy },
	.recover = recover_port,
};

kern_return_t process_port_new(struct process_port **created, mach_port_t *right)
{
	struct process_port *port = kept_object(sizeof(*port));

	if (port == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kern_return_t kr = masix_object_init(&port->object, &process_class.base);

	if (kr != KERN_SUCCESS) {
		free(port);
		return kr;
	}
	kr = masix_object_send_right(&port->object, right);
	if (kr != KERN_SUCCESS) {
		process_port_discard(port, MACH_PORT_NULL);
		return kr;
	}
	*created = port;
	return KERN_SUCCESS;
}

void process_port_bind(struct process_port *port, struct process *p)
{
	process_ref(p);
	port->process = p;
	p->object = port; /* with the reference that masix_object_init gave us */
}

void process_port_discard(struct process_port *port, mach_port_t right)
{
	if (right != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), right);
	masix_object_kill(&port->object);
	masix_object_put(&port->object);
}

void process_port_end(struct process_port *port)
{
	masix_object_kill(&port->object);
	masix_object_put(&port->object);
}

void process_port_kill(struct process *p)
{
	struct process_port *port = p->object;

	if (port == NULL)
		return;
	p->object = NULL;
	process_port_end(port);
}

kern_return_t caller_enter(mach_port_t proc, struct caller *caller)
{
	caller->port = (struct process_port *)masix_object_get(proc, &process_class.base);
	if (caller->port == NULL)
		return KERN_INVALID_ARGUMENT;
	caller->process = caller->port->process;
	table_lock();
	if (process_is_live(caller->process))
		return KERN_SUCCESS;
	caller_leave(caller);
	return KERN_INVALID_ARGUMENT;
}

kern_return_t caller_identify(mach_port_t proc, struct who *who)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	who->pid = caller.process->pid;
	who->credentials = caller.process->credentials;
	memcpy(who->comm, caller.process->comm, sizeof(who->comm));
	caller_leave(&caller);
	return KERN_SUCCESS;
}

bool caller_reenter(struct caller *caller)
{
	table_lock();
	return process_is_live(caller->process);
}

void caller_part(struct caller *caller)
{
	table_unlock();
	masix_object_put(&caller->port->object);
}

void caller_leave(struct caller *caller)
{
	table_leave();
	masix_object_put(&caller->port->object);
}

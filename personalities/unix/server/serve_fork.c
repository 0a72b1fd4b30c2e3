/* process.defs: how a process is made, and how many a user may have. */
#include <mach.h>
#include <mach_port.h>
#include <signal.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <process_server.h>

#include "server.h"
#include "stuck.h"
#include "watchdog.h"

/* The caller may fork, and does so from now on; its task. */
static kern_return_t begin(struct process *p, mach_port_t *task)
{
	kern_return_t kr = process_may_fork(&unix_server.table, p);

	if (kr == KERN_SUCCESS && p->credentials.euid != 0 && memory_is_short())
		kr = KERN_RESOURCE_SHORTAGE;
	/* One at a time: the kernel may hold the worker, if the memory has a pager that does not answer. */
	if (kr == KERN_SUCCESS && p->forks)
		kr = MASIX_E_BUSY;
	if (kr == KERN_SUCCESS && stuck_too_many(p->credentials.ruid))
		kr = KERN_RESOURCE_SHORTAGE;
	if (kr != KERN_SUCCESS)
		return kr;
	p->forks = true;
	*task = p->task;
	return KERN_SUCCESS;
}

/* A task with a copy of the memory of process `pid`. */
static kern_return_t copy_task(int pid, uint32_t uid, mach_port_t parent, mach_port_t *task)
{
	struct stuck_call call;

	stuck_begin(&call, pid, uid, &workers);
	kern_return_t kr = task_create(parent, TRUE, task);

	stuck_end(&call);
	return kr;
}

struct newborn {
	mach_port_t task;  /* two rights: the record's and the parent's */
	mach_port_t right; /* to the process port */
	struct process_port *port;
};

/* Without the lock. */
static kern_return_t make(int pid, uint32_t uid, mach_port_t parent, struct newborn *child)
{
	kern_return_t kr = process_port_new(&child->port, &child->right);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = copy_task(pid, uid, parent, &child->task);
	if (kr != KERN_SUCCESS) {
		process_port_discard(child->port, child->right);
		return kr;
	}
	kr = mach_port_mod_refs(mach_task_self(), child->task, MACH_PORT_RIGHT_SEND, 1);
	if (kr != KERN_SUCCESS) {
		process_port_discard(child->port, child->right);
		mach_port_deallocate(mach_task_self(), child->task);
	}
	return kr;
}

static void discard(struct newborn *child)
{
	/* Fails only for a task that is gone. */
	kern_return_t ignored = task_terminate(child->task);

	(void)ignored;
	mach_port_deallocate(mach_task_self(), child->task);
	mach_port_deallocate(mach_task_self(), child->task);
	process_port_discard(child->port, child->right);
}

/* Under the lock. */
static kern_return_t enter(struct process *parent, struct newborn *child, struct process **p)
{
	kern_return_t kr =
		process_create(&unix_server.table, parent, child->task, masix_monotonic_ns(), p);

	if (kr == KERN_SUCCESS)
		process_port_bind(child->port, *p);
	return kr;
}

kern_return_t S_process_fork(mach_port_t proc, int *pid, mach_port_t *task, mach_port_t *right)
{
	struct newborn child = { MACH_PORT_NULL, MACH_PORT_NULL, NULL };
	mach_port_t parent = MACH_PORT_NULL;
	struct process *p = NULL;
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	*task = *right = MACH_PORT_NULL;
	if (kr != KERN_SUCCESS)
		return kr;
	kr = begin(caller.process, &parent);
	if (kr != KERN_SUCCESS) {
		caller_leave(&caller);
		return kr;
	}
	uint32_t uid = caller.process->credentials.ruid;

	table_unlock();
	kr = make(caller.process->pid, uid, parent, &child);
	bool is_made = kr == KERN_SUCCESS;

	if (!caller_reenter(&caller) && is_made)
		kr = KERN_INVALID_ARGUMENT;
	caller.process->forks = false;
	if (kr == KERN_SUCCESS)
		kr = enter(caller.process, &child, &p);
	if (kr == KERN_SUCCESS) {
		process_ref(p);
		*pid = p->pid;
	}
	caller_leave(&caller);
	if (kr != KERN_SUCCESS) {
		if (is_made)
			discard(&child);
		return kr;
	}

	*task = child.task;
	*right = child.right;
	bool watched = masix_watch_dead(child.task) == KERN_SUCCESS;

	table_lock();
	if (!watched)
		process_end(&unix_server.table, p, SIGKILL);
	process_put(&unix_server.table, p);
	table_leave();
	return KERN_SUCCESS;
}

kern_return_t S_process_abandon(mach_port_t proc, int pid)
{
	struct process_table *t = &unix_server.table;
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	struct process *p = process_find(t, pid);

	if (p == NULL || p->parent != caller.process || p->event != MACH_PORT_NULL)
		kr = MASIX_E_NO_CHILD;
	else
		process_abandon(t, p);
	caller_leave(&caller);
	return kr;
}

/* Exceptions that no process handles itself: those of its service thread, and of a task whose own
 * exception port is gone.  The process dies by the signal that fits. */
#include "exceptions.h"

#include <exc_server.h>
#include <mach.h>
#include <mach/exception.h>
#include <mach_port.h>
#include <signal.h>
#include <stdlib.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "server.h"

/* Codes of EXC_BAD_INSTRUCTION and EXC_BAD_ACCESS on this machine. */
#define I386_GENERAL_PROTECTION 13

static const struct unix_class exceptions_class = {
	.base = { .name = "exceptions", .destroy = (void (*)(struct masix_object *))free },
};

kern_return_t exceptions_init(mach_port_t *port)
{
	struct masix_object *object = kept_object(sizeof(*object));

	if (object == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kern_return_t kr = masix_object_init(object, &exceptions_class.base);

	if (kr != KERN_SUCCESS) {
		free(object);
		return kr;
	}
	/* This right is never given back, so the object stays. */
	kr = masix_object_send_right(object, port);
	masix_object_put(object);
	return kr;
}

static int signal_of(int exception, int code)
{
	switch (exception) {
	case EXC_BAD_ACCESS:
		return code == KERN_MEMORY_ERROR || code == KERN_MEMORY_FAILURE ? SIGBUS : SIGSEGV;
	case EXC_BAD_INSTRUCTION:
		return code == I386_GENERAL_PROTECTION ? SIGSEGV : SIGILL;
	case EXC_ARITHMETIC:
		return SIGFPE;
	case EXC_BREAKPOINT:
		return SIGTRAP;
	default:
		return SIGSEGV;
	}
}

/* Any holder of our port can send this message, so it only ever ends a process whose task port
 * the sender holds.  A failure makes the kernel end the task itself. */
kern_return_t catch_exception_raise(mach_port_t port, mach_port_t thread, mach_port_t task,
	integer_t exception, integer_t code, rpc_long_integer_t subcode)
{
	struct unix_server *u = &unix_server;
	int signal = signal_of(exception, code);
	struct masix_object *object = masix_object_get(port, &exceptions_class.base);

	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	masix_object_put(object);

	table_lock();
	struct process *p = process_find_task(&u->table, task);
	int pid = p != NULL ? p->pid : 0;
	char comm[COMM_MAX + 1] = "";

	if (p != NULL) {
		__builtin_memcpy(comm, p->comm, sizeof(comm));
		p->exits_itself = process_is_live(p);
		process_end(&u->table, p, signal);
	}
	table_unlock();
	if (p == NULL)
		return KERN_FAILURE;
	masix_log("%s[%d]: killed by signal %d (exception %d, code %d, at %#lx)", comm, pid, signal,
		exception, code, (unsigned long)subcode);
	mach_port_deallocate(mach_task_self(), thread);
	mach_port_deallocate(mach_task_self(), task);
	return KERN_SUCCESS;
}

/* process.defs: the life of a process, once it is made (serve_fork.c). */
#include <mach.h>
#include <mach/mig_errors.h>
#include <mach_port.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <process_server.h>

#include "answer.h"
#include "fifo.h"
#include "serve_locks.h"
#include "server.h"
#include "session.h"
#include "signals.h"
#include "task.h"
#include "wait.h"

kern_return_t S_process_started(mach_port_t proc, mach_port_t event, mach_port_t main_thread,
	int *pid, int *ppid, uint32_t *limit_changes)
{
	struct caller caller;

	if (event == MACH_PORT_NULL || event == MACH_PORT_DEAD || !right_is_thread(main_thread))
		return KERN_INVALID_ARGUMENT;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	struct process *p = caller.process;

	if (p->event != MACH_PORT_NULL) {
		kr = MASIX_E_INVALID;
	} else {
		p->event = event;
		*pid = p->pid;
		*ppid = p->parent != NULL ? p->parent->pid : 0;
		*limit_changes = p->limit_changes;
		if (p->pending != 0 || p->queue != NULL)
			process_todo(&unix_server.table, p, TODO_POKE);
	}
	caller_leave(&caller);
	if (kr == KERN_SUCCESS)
		mach_port_deallocate(mach_task_self(), main_thread);
	return kr;
}

static char *copy_of(const char *bytes, uint32_t size)
{
	char *copy = malloc(size + 1);

	if (copy != NULL) {
		memcpy(copy, bytes, size);
		copy[size] = '\0';
	}
	return copy;
}

kern_return_t S_process_exec(mach_port_t proc, const masix_name_t name,
	mach_msg_type_number_t name_count, const masix_inline_t cmdline,
	mach_msg_type_number_t cmdline_count, const masix_path_t file,
	mach_msg_type_number_t file_count, const masix_ids_t image,
	mach_msg_type_number_t image_count)
{
	char comm[COMM_MAX + 1] = { 0 };
	struct caller caller;

	if (image_count != IMAGE_WORDS || memchr(file, '\0', file_count) != NULL)
		return MASIX_E_INVALID;
	memcpy(comm, name, name_count < COMM_MAX ? name_count : COMM_MAX);

	char *cmdline_copy = copy_of(cmdline, cmdline_count);
	char *file_copy = copy_of(file, file_count);
	kern_return_t kr = cmdline_copy != NULL && file_copy != NULL ? caller_enter(proc, &caller)
								     : KERN_RESOURCE_SHORTAGE;

	if (kr != KERN_SUCCESS) {
		free(cmdline_copy);
		free(file_copy);
		return kr;
	}
	caller.process->credentials.suid = caller.process->credentials.euid;
	caller.process->credentials.sgid = caller.process->credentials.egid;
	process_set_image(caller.process, comm, cmdline_copy, cmdline_count, file_copy, image);
	child_executed(&unix_server.table, caller.process);
	caller_leave(&caller);
	return KERN_SUCCESS;
}

/* Park a call of the caller's; takes the reply right over. */
static kern_return_t park(struct process *p, const struct waiter *call)
{
	struct waiter *w = malloc(sizeof(*w));

	if (w == NULL)
		return KERN_RESOURCE_SHORTAGE;
	*w = *call;
	waiter_park(p, w);
	return MIG_NO_REPLY;
}

kern_return_t S_process_wait_exec(mach_port_t proc, mach_port_t reply,
	mach_msg_type_name_t reply_type, uint32_t token, int pid)
{
	const struct waiter call = {
		.kind = WAITER_EXEC, .token = token, .reply = reply, .id = pid
	};
	struct caller caller;
	kern_return_t kr = reply_check(reply, reply_type);

	if (kr == KERN_SUCCESS)
		kr = caller_enter(proc, &caller);
	if (kr != KERN_SUCCESS)
		return kr;
	if (!wait_exec_done(&unix_server.table, caller.process, pid))
		kr = park(caller.process, &call);
	caller_leave(&caller);
	return kr;
}

kern_return_t S_process_exit(mach_port_t proc, int code, int signal)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	int status = (code & 0xff) << 8;

	if ((signal & 0x7f) != 0 && (signal & 0x7f) <= SIGNAL_MAX)
		status = signal & (0x7f | MASIX_CORE);
	caller.process->exits_itself = process_is_live(caller.process);
	process_end(&unix_server.table, caller.process, status);
	caller_leave(&caller);
	return KERN_SUCCESS;
}

kern_return_t S_process_wait(mach_port_t proc, mach_port_t reply, mach_msg_type_name_t reply_type,
	uint32_t token, int which, int id, int options, int *pid, int *status, uint32_t *uid,
	masix_usage_t *usage, int *signals)
{
	const struct waiter call = { .kind = WAITER_CHILD,
		.token = token,
		.reply = reply,
		.which = which,
		.id = id,
		.options = options };
	struct wait_result result;
	struct caller caller;
	kern_return_t kr = reply_check(reply, reply_type);

	if (kr == KERN_SUCCESS && which != MASIX_WAIT_ANY && which != MASIX_WAIT_PID &&
		which != MASIX_WAIT_GROUP)
		kr = MASIX_E_INVALID;
	if (kr == KERN_SUCCESS)
		kr = caller_enter(proc, &caller);
	if (kr != KERN_SUCCESS)
		return kr;
	if (wait_try(&unix_server.table, caller.process, which, id, options, &result)) {
		kr = result.error;
		*pid = result.pid;
		*status = result.status;
		*uid = result.uid;
		*usage = result.usage;
		*signals = result.signals;
	} else {
		kr = park(caller.process, &call);
	}
	caller_leave(&caller);
	return kr;
}

kern_return_t S_process_cancel(mach_port_t proc, uint32_t token)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	int pid = caller.process->pid;
	bool found = waiter_cancel(&unix_server.table, caller.process, token) ||
		     locks_cancel(pid, token);

	caller_leave(&caller);
	return found || fifo_cancel(pid, token) ? KERN_SUCCESS : MASIX_E_NOT_FOUND;
}

kern_return_t S_process_stop(
	mach_port_t proc, mach_port_t reply, mach_msg_type_name_t reply_type, int signal)
{
	const struct waiter call = { .kind = WAITER_STOP, .reply = reply };
	struct caller caller;
	kern_return_t kr = reply_check(reply, reply_type);

	if (kr == KERN_SUCCESS && (signal <= 0 || signal > SIGNAL_MAX))
		kr = MASIX_E_INVALID;
	if (kr == KERN_SUCCESS)
		kr = caller_enter(proc, &caller);
	if (kr != KERN_SUCCESS)
		return kr;
	if (signal_stop_self(&unix_server.table, caller.process, signal)) {
		kr = park(caller.process, &call);
		if (kr != MIG_NO_REPLY)
			kr = KERN_SUCCESS; /* stopped: it hears this once it runs again */
	}
	caller_leave(&caller);
	return kr;
}

kern_return_t S_process_usage(mach_port_t proc, int which, masix_usage_t *usage)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	mach_port_t task = caller.process->task;

	*usage = caller.process->children_usage;
	if (which == MASIX_USAGE_SELF) {
		*usage = (masix_usage_t){ 0 };
		table_unlock();
		task_usage(task, usage);
		table_lock();
		usage_add(usage, &caller.process->former_usage);
	} else if (which != MASIX_USAGE_CHILDREN) {
		kr = MASIX_E_INVALID;
	}
	caller_leave(&caller);
	return kr;
}

kern_return_t S_process_set_relation(mach_port_t proc, int what, int value)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	if (what == MASIX_DEATH_SIGNAL && value >= 0 && value <= SIGNAL_MAX)
		caller.process->death_signal = value;
	else if (what == MASIX_NO_NEW_PRIVILEGES && value == 1)
		caller.process->no_new_privileges = true;
	else if (what == MASIX_SUBREAPER)
		caller.process->is_subreaper = value != 0;
	else
		kr = MASIX_E_INVALID;
	caller_leave(&caller);
	return kr;
}

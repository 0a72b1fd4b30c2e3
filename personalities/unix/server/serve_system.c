/* process.defs: the system as a whole, and what a process may have of it. */
#include <limits.h>
#include <mach.h>
#include <mach/mig_errors.h>
#include <mach_port.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <process_server.h>

#include "answer.h"
#include "devices.h"
#include "fifo.h"
#include "handed.h"
#include "machine.h"
#include "mounts.h"
#include "pipe_end.h"
#include "server.h"
#include "task.h"

kern_return_t S_process_pipe(mach_port_t proc, mach_port_t *reader, mach_port_t *writer)
{
	struct pipe_end *read_end = NULL, *write_end = NULL;
	struct who who;
	kern_return_t kr = caller_identify(proc, &who);

	*reader = *writer = MACH_PORT_NULL;
	if (kr != KERN_SUCCESS)
		return kr;
	struct pipe_channel *channel =
		pipe_channel_create(who.credentials.euid, who.credentials.egid);

	if (channel == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kr = pipe_end_create(channel, true, false, &read_end);
	if (kr == KERN_SUCCESS)
		kr = pipe_end_create(channel, false, true, &write_end);
	if (kr == KERN_SUCCESS)
		kr = pipe_end_send_right(read_end, reader);
	if (kr == KERN_SUCCESS)
		kr = pipe_end_send_right(write_end, writer);
	pipe_channel_put(channel);
	if (kr == KERN_SUCCESS) {
		pipe_end_put(read_end);
		pipe_end_put(write_end);
		return KERN_SUCCESS;
	}
	if (*reader != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), *reader);
	*reader = MACH_PORT_NULL;
	if (read_end != NULL)
		pipe_end_abandon(read_end);
	if (write_end != NULL)
		pipe_end_abandon(write_end);
	return kr;
}

kern_return_t S_process_open_fifo(mach_port_t proc, mach_port_t reply,
	mach_msg_type_name_t reply_type, uint32_t token, uint32_t mount, mach_port_t node,
	int flags, int io_flags, mach_port_t *object)
{
	const int access = flags & (MASIX_OPEN_READ | MASIX_OPEN_WRITE);
	struct handed handed;
	struct who who;
	kern_return_t kr = reply_check(reply, reply_type);

	*object = MACH_PORT_NULL;
	if (kr == KERN_SUCCESS)
		kr = caller_identify(proc, &who);
	if (kr != KERN_SUCCESS)
		return kr;
	handed_identify(node, mount, &handed);
	if (handed.maker != HANDED_FILE || !S_ISFIFO(handed.stat.mode) || access == 0)
		return MASIX_E_INVALID;
	if ((access & ~handed.rights) != 0)
		return MASIX_E_ACCESS;
	const struct fifo_request request = {
		.pid = who.pid,
		.uid = who.credentials.euid,
		.gid = who.credentials.egid,
		.dev = handed.stat.dev,
		.ino = handed.stat.ino,
		.reader = (access & MASIX_OPEN_READ) != 0,
		.writer = (access & MASIX_OPEN_WRITE) != 0,
		.nonblock = (io_flags & MASIX_IO_NONBLOCK) != 0,
		.token = token,
		.reply = reply,
	};

	kr = fifo_open(&request, object);
	/* Whoever was killed meanwhile has been forgotten before it waited. */
	if (kr == MIG_NO_REPLY && caller_identify(proc, &who) != KERN_SUCCESS)
		fifo_forget(request.pid);
	if (kr == KERN_SUCCESS || kr == MIG_NO_REPLY)
		mach_port_deallocate(mach_task_self(), node);
	return kr;
}

kern_return_t S_process_open_device(mach_port_t proc, uint32_t mount, mach_port_t node, int flags,
	mach_port_t *object, int *is_tty)
{
	struct handed handed;
	kern_return_t kr;

	*object = MACH_PORT_NULL;
	*is_tty = 0;
	handed_identify(node, mount, &handed);
	if (handed.maker == HANDED_FILE && mounts_has_option(mount, "nodev"))
		return MASIX_E_ACCESS;
	kr = device_open_for(proc, &handed, flags, object, is_tty);
	if (kr == KERN_SUCCESS)
		mach_port_deallocate(mach_task_self(), node);
	return kr;
}

kern_return_t S_process_system(mach_port_t proc, masix_ids_t info, mach_msg_type_number_t *count)
{
	struct masix_system system = { .page_size = unix_server.page_size };
	struct memory_figures memory;
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	*count = 0;
	if (kr != KERN_SUCCESS)
		return kr;
	system.processes = unix_server.table.count;
	caller_leave(&caller);

	system.uptime_seconds = masix_monotonic_ns() / 1000000000;
	machine_load(system.load);
	if (machine_memory(&memory)) {
		system.pages_total = memory.total;
		system.pages_free = memory.free;
		system.pages_cached = memory.cached;
	}
	memcpy(info, &system, sizeof(system));
	*count = sizeof(system) / sizeof(*info);
	return KERN_SUCCESS;
}

kern_return_t S_process_hostname(mach_port_t proc, int set, const masix_name_t name,
	mach_msg_type_number_t length, masix_name_t current, mach_msg_type_number_t *current_length)
{
	struct unix_server *u = &unix_server;
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	*current_length = 0;
	if (kr != KERN_SUCCESS)
		return kr;
	if (set) {
		if (caller.process->credentials.euid != 0)
			kr = MASIX_E_PERMISSION;
		else if (length > HOSTNAME_MAX || memchr(name, '\0', length) != NULL)
			kr = MASIX_E_INVALID;
		if (kr == KERN_SUCCESS) {
			memcpy(u->hostname, name, length);
			u->hostname[length] = '\0';
		}
	}
	if (kr == KERN_SUCCESS) {
		*current_length = strlen(u->hostname);
		memcpy(current, u->hostname, *current_length);
	}
	caller_leave(&caller);
	return kr;
}

kern_return_t S_process_acs(mach_port_t proc, mach_port_t *acs)
{
	struct who who;
	kern_return_t kr = caller_identify(proc, &who);

	*acs = MACH_PORT_NULL;
	if (kr != KERN_SUCCESS)
		return kr;
	return masix_right(
		who.credentials.euid == 0 ? MASIX_RIGHT_ADMIN : MASIX_RIGHT_CLIENT, 0, acs);
}

kern_return_t S_process_reboot(mach_port_t proc, int how)
{
	struct who who;
	kern_return_t kr = caller_identify(proc, &who);

	if (kr != KERN_SUCCESS)
		return kr;
	if (who.credentials.euid != 0)
		return MASIX_E_PERMISSION;
	if (how != MASIX_HALT && how != MASIX_REBOOT)
		return MASIX_E_INVALID;
	machine_stop(how == MASIX_HALT ? "halt requested" : "reboot requested", how);
	return KERN_SUCCESS;
}

kern_return_t S_process_sync(mach_port_t proc)
{
	struct who who;
	kern_return_t kr = caller_identify(proc, &who);

	return kr == KERN_SUCCESS ? mounts_sync(0) : kr;
}

/* setpriority(2): anyone of the same user may be made nicer, only root less nice. */
kern_return_t S_process_nice(mach_port_t proc, int pid, int set, int nice, int *current)
{
	struct caller caller;
	mach_port_t task = MACH_PORT_NULL;
	kern_return_t kr = caller_enter(proc, &caller);

	*current = 0;
	if (kr != KERN_SUCCESS)
		return kr;
	const struct credentials *own = &caller.process->credentials;
	struct process *p = pid == 0 ? caller.process : process_find(&unix_server.table, pid);

	if (p == NULL) {
		kr = MASIX_E_NO_PROCESS;
	} else if (set) {
		nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
		if (own->euid != 0 && own->euid != p->credentials.euid &&
			own->euid != p->credentials.ruid)
			kr = MASIX_E_PERMISSION;
		else if (own->euid != 0 && nice < p->nice)
			kr = MASIX_E_ACCESS;
	}
	if (kr == KERN_SUCCESS && set && process_is_live(p)) {
		p->nice = nice;
		process_ref(p); /* keeps the task's name ours */
		task = p->task;
	}
	if (kr == KERN_SUCCESS)
		*current = p->nice;
	if (task != MACH_PORT_NULL) {
		table_unlock();
		/* A task that dies meanwhile needs no priority. */
		kern_return_t ignored = task_set_nice(task, nice);

		(void)ignored;
		table_lock();
		process_put(&unix_server.table, p);
	}
	caller_leave(&caller);
	return kr;
}

kern_return_t S_process_log(
	mach_port_t proc, const masix_name_t text, mach_msg_type_number_t length)
{
	char line[MASIX_NAME_MAX + 1];
	struct who who;
	kern_return_t kr = caller_identify(proc, &who);

	if (kr != KERN_SUCCESS)
		return kr;
	if (length > MASIX_NAME_MAX)
		length = MASIX_NAME_MAX;
	for (mach_msg_type_number_t i = 0; i < length; i++)
		line[i] = text[i] < ' ' || text[i] > '~' ? ' ' : text[i];
	line[length] = '\0';
	masix_log("%s[%d]: %s", who.comm, who.pid, line);
	return KERN_SUCCESS;
}

kern_return_t S_process_unknown_call(mach_port_t proc, uint32_t number)
{
	enum { NUMBERS = 512 };
	static atomic_uint counts[NUMBERS];
	struct who who;
	kern_return_t kr = caller_identify(proc, &who);

	if (kr != KERN_SUCCESS)
		return kr;
	if (number >= NUMBERS)
		number = 0; /* no system's calls go that far */

	unsigned count = atomic_fetch_add(&counts[number], 1) + 1, tens = 1;

	while (tens < count && tens <= UINT_MAX / 10)
		tens *= 10;
	if (count == 1)
		masix_log("system call %u is unknown (%s[%d])", number, who.comm, who.pid);
	else if (count == tens)
		masix_log("system call %u is unknown: %u times", number, count);
	return KERN_SUCCESS;
}

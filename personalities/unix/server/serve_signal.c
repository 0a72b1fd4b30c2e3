/* process.defs: signals. */
#include <process_server.h>

#include <masix/error.h>

#include "server.h"
#include "signals.h"

kern_return_t S_process_kill(mach_port_t proc, int pid, int signal, masix_siginfo_t info)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = signal_kill(&unix_server.table, caller.process, pid, signal, &info);
	caller_leave(&caller);
	return kr;
}

kern_return_t S_process_take_signal(mach_port_t proc, int *signal, masix_siginfo_t *info)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	*info = (masix_siginfo_t){ 0 };
	*signal = signal_take(&unix_server.table, caller.process, info);
	if (*signal == 0)
		info->value = (int32_t)caller.process->limit_changes;
	caller_leave(&caller);
	return KERN_SUCCESS;
}

kern_return_t S_process_set_ignored(mach_port_t proc, uint64_t mask, int flags)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	signals_set_ignored(&unix_server.table, caller.process, mask);
	caller.process->no_zombies = (flags & MASIX_NO_ZOMBIES) != 0;
	caller.process->no_stop_report = (flags & MASIX_NO_STOP_REPORT) != 0;
	caller_leave(&caller);
	return KERN_SUCCESS;
}

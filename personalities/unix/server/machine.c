#include "machine.h"

#include <gnumach.h>
#include <mach.h>
#include <mach/host_info.h>
#include <mach/vm_cache_statistics.h>
#include <mach_host.h>
#include <mach_port.h>
#include <signal.h>
#include <stdatomic.h>

#include <acs_session.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>

#include "memory_policy.h"
#include "mounts.h"
#include "server.h"
#include "task.h"

#define KERNEL_HALT 8 /* RB_HALT of host_reboot */

bool machine_memory(struct memory_figures *figures)
{
	struct vm_statistics statistics;
	struct vm_cache_statistics cache;

	if (vm_statistics(mach_task_self(), &statistics) != KERN_SUCCESS ||
		vm_cache_statistics(mach_task_self(), &cache) != KERN_SUCCESS)
		return false;
	*figures = (struct memory_figures){
		.total = unix_server.memory_size / unix_server.page_size,
		.free = statistics.free_count,
		.cached = memory_cached((uint32_t)cache.cache_count,
			(uint32_t)(statistics.active_count + statistics.inactive_count)),
		.active = statistics.active_count,
		.inactive = statistics.inactive_count,
		.wired = statistics.wire_count,
		.page_ins = (uint32_t)statistics.pageins,
		.page_outs = (uint32_t)statistics.pageouts,
		.faults = (uint32_t)statistics.faults,
	};
	return true;
}

bool machine_tasks(unsigned *count)
{
	task_array_t tasks;
	mach_msg_type_number_t n;

	if (processor_set_tasks(unix_server.processor_set, &tasks, &n) != KERN_SUCCESS)
		return false;
	for (mach_msg_type_number_t i = 0; i < n; i++)
		mach_port_deallocate(mach_task_self(), tasks[i]);
	vm_deallocate(mach_task_self(), (vm_address_t)tasks, n * sizeof(*tasks));
	*count = n;
	return true;
}

/* Ends the processes and has all written back; false if another worker is about it already. */
static bool stop_in_order(const char *why)
{
	static atomic_flag stopping = ATOMIC_FLAG_INIT;
	struct process_table *t = &unix_server.table;

	if (atomic_flag_test_and_set(&stopping))
		return false;
	masix_log("%s: stopping", why);
	table_lock();
	for (struct process *p = t->first; p != NULL; p = p->next)
		if (p->pid != INIT_PID)
			process_end(t, p, SIGKILL);
	table_unlock();

	kern_return_t kr = mounts_sync(1);

	if (kr != KERN_SUCCESS)
		masix_log("some file systems may need a check");
	return true;
}

/* What ACS does last, without switching the power off. */
static void stop_alone(int how)
{
	kern_return_t kr =
		host_reboot(unix_server.host_priv, how == MASIX_REBOOT ? 0 : KERNEL_HALT);

	masix_log("the machine does not stop: %s", masix_strerror(kr));
}

void machine_stop(const char *why, int how)
{
	if (stop_in_order(why) && acs_halt(masix_session(), how) != KERN_SUCCESS)
		stop_alone(how);
}

void machine_lost_acs(const char *why)
{
	if (stop_in_order(why))
		stop_alone(MASIX_REBOOT);
}

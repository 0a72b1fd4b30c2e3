/* process.defs: resource limits, prlimit(2). */
#include <string.h>

#include <masix/error.h>
#include <process_server.h>

#include "server.h"

/* The process that the caller means, if it may. */
static kern_return_t find(const struct caller *caller, int pid, struct process **p)
{
	const struct credentials *from = &caller->process->credentials, *to;

	*p = pid == 0 ? caller->process : process_find(&unix_server.table, pid);
	if (*p == NULL || !process_is_live(*p))
		return MASIX_E_NO_PROCESS;
	to = &(*p)->credentials;
	if (*p != caller->process && from->euid != 0 &&
		(from->ruid != to->ruid || from->ruid != to->euid || from->ruid != to->suid ||
			from->rgid != to->rgid || from->rgid != to->egid || from->rgid != to->sgid))
		return MASIX_E_PERMISSION;
	return KERN_SUCCESS;
}

kern_return_t S_process_limits(mach_port_t proc, int pid, masix_ids_t limits,
	mach_msg_type_number_t *count, uint32_t *changes)
{
	struct caller caller;
	struct process *p;
	kern_return_t kr = caller_enter(proc, &caller);

	*count = 0;
	*changes = 0;
	if (kr != KERN_SUCCESS)
		return kr;
	kr = find(&caller, pid, &p);
	if (kr == KERN_SUCCESS) {
		_Static_assert(sizeof(p->limits) == sizeof(masix_ids_t), "all of them fit");
		memcpy(limits, p->limits, sizeof(p->limits));
		*count = sizeof(p->limits) / sizeof(limits[0]);
		*changes = p->limit_changes;
	}
	caller_leave(&caller);
	return kr;
}

kern_return_t S_process_set_limit(
	mach_port_t proc, int pid, uint32_t resource, uint64_t soft, uint64_t hard)
{
	struct caller caller;
	struct process *p;
	kern_return_t kr;

	if (resource >= MASIX_LIMITS || soft > hard)
		return MASIX_E_INVALID;
	kr = caller_enter(proc, &caller);
	if (kr != KERN_SUCCESS)
		return kr;
	kr = find(&caller, pid, &p);
	if (kr == KERN_SUCCESS && hard > p->limits[resource][1] &&
		caller.process->credentials.euid != 0)
		kr = MASIX_E_PERMISSION;
	if (kr == KERN_SUCCESS) {
		p->limits[resource][0] = soft;
		p->limits[resource][1] = hard;
		p->limit_changes++;
		if (p != caller.process)
			process_todo(&unix_server.table, p, TODO_POKE);
	}
	caller_leave(&caller);
	return kr;
}

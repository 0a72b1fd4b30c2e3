/* process.defs: who a process is - ids, groups, sessions, and the directories that carry its
 * credentials. */
#include <mach.h>
#include <mach_port.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/error.h>
#include <masix/mach.h>
#include <process_server.h>

#include "mounts.h"
#include "server.h"
#include "session.h"

kern_return_t S_process_get_ids(
	mach_port_t proc, int pid, masix_ids_t ids, mach_msg_type_number_t *count)
{
	uint32_t credentials[6 + CREDENTIALS_GROUPS];
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	*count = 0;
	if (kr != KERN_SUCCESS)
		return kr;
	const struct process *p = pid == 0 ? caller.process : process_find(&unix_server.table, pid);

	if (p != NULL) {
		unsigned n = credentials_pack(&p->credentials, credentials);
		const struct terminal_jobs *terminal = p->session->terminal;

		ids[0] = p->parent != NULL ? p->parent->pid : 0;
		ids[1] = p->pgid;
		ids[2] = p->session->sid;
		memcpy(ids + 3, credentials, 6 * sizeof(*ids));
		ids[9] = terminal != NULL ? terminal->rdev : 0;
		memcpy(ids + 10, credentials + 6, (n - 6) * sizeof(*ids));
		*count = 10 + n - 6;
	} else {
		kr = MASIX_E_NO_PROCESS;
	}
	caller_leave(&caller);
	return kr;
}

/* The port is minted before the change is made, so that nothing can fail after it.  The fs server is
 * asked without the lock; another thread of the process may change ids meanwhile, so the rules are
 * applied again to what is true then. */
kern_return_t S_process_set_ids(
	mach_port_t proc, const masix_ids_t ids, mach_msg_type_number_t count, mach_port_t *root)
{
	struct credentials changed, again;
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	*root = MACH_PORT_NULL;
	if (kr != KERN_SUCCESS)
		return kr;
	struct process *p = caller.process;
	char *path = NULL;
	int pid = p->pid;

	kr = credentials_change(&p->credentials, ids, count, &changed);
	if (kr == KERN_SUCCESS) {
		path = strdup(p->root);
		kr = path != NULL ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
	}
	if (kr == KERN_SUCCESS) {
		table_unlock();
		kr = mounts_mint_root(&changed, path, pid, root);
		if (!caller_reenter(&caller) && kr == KERN_SUCCESS)
			kr = KERN_INVALID_ARGUMENT;
		if (kr == KERN_SUCCESS)
			kr = credentials_change(&p->credentials, ids, count, &again);
		if (kr == KERN_SUCCESS && memcmp(&changed, &again, sizeof(again)) != 0)
			kr = MASIX_E_BUSY;
		if (kr == KERN_SUCCESS)
			p->credentials = changed;
	}
	caller_leave(&caller);
	free(path);
	if (kr != KERN_SUCCESS && *root != MACH_PORT_NULL) {
		mach_port_deallocate(mach_task_self(), *root);
		*root = MACH_PORT_NULL;
	}
	return kr;
}

kern_return_t S_process_set_group(mach_port_t proc, int pid, int pgid)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = group_set(&unix_server.table, caller.process, pid, pgid);
	caller_leave(&caller);
	return kr;
}

kern_return_t S_process_new_session(mach_port_t proc, int *sid)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = session_create(&unix_server.table, caller.process);
	*sid = caller.process->pid;
	caller_leave(&caller);
	return kr;
}

kern_return_t S_process_mount_root(mach_port_t proc, uint32_t mount, mach_port_t *dir)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	*dir = MACH_PORT_NULL;
	if (kr != KERN_SUCCESS)
		return kr;
	struct credentials credentials = caller.process->credentials;
	int pid = caller.process->pid;
	char *path = strdup(mount == MOUNT_ROOT ? caller.process->root : "");

	caller_leave(&caller);
	if (path == NULL)
		kr = KERN_RESOURCE_SHORTAGE;
	else if (mount == MOUNT_ROOT)
		kr = mounts_mint_root(&credentials, path, pid, dir);
	else
		kr = mounts_mint(mount, &credentials, "", pid, dir);
	free(path);
	return kr;
}

kern_return_t S_process_adopt_directory(
	mach_port_t proc, uint32_t mount, mach_port_t dir, mach_port_t *adopted)
{
	struct caller caller;
	masix_stat_t stat;
	int rights;
	kern_return_t kr = caller_enter(proc, &caller);

	*adopted = MACH_PORT_NULL;
	if (kr != KERN_SUCCESS)
		return kr;
	struct credentials credentials = caller.process->credentials;

	caller_leave(&caller);
	/* A file's handle is what locks belong to and carries what it was opened for: it stays as it is. */
	kr = mounts_identify(mount, dir, &rights, &stat);
	if (kr == KERN_SUCCESS && !S_ISDIR(stat.mode))
		kr = MASIX_E_NOT_FOUND;
	if (kr == KERN_SUCCESS)
		kr = mounts_adopt(mount, dir, &credentials, adopted);
	if (kr == KERN_SUCCESS)
		mach_port_deallocate(mach_task_self(), dir);
	return kr;
}

kern_return_t S_process_mounts(
	mach_port_t proc, masix_inline_t table, mach_msg_type_number_t *count)
{
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	*count = 0;
	if (kr != KERN_SUCCESS)
		return kr;
	caller_leave(&caller);
	*count = mounts_lines(table, sizeof(masix_inline_t));
	return KERN_SUCCESS;
}

kern_return_t S_process_set_root(
	mach_port_t proc, const masix_path_t path, mach_msg_type_number_t length, mach_port_t *root)
{
	struct caller caller;
	char *copy;

	*root = MACH_PORT_NULL;
	if (length >= MASIX_PATH_MAX || memchr(path, '\0', length) != NULL)
		return MASIX_E_INVALID;
	copy = strndup(path, length);
	if (copy == NULL)
		return KERN_RESOURCE_SHORTAGE;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		goto out;
	struct credentials credentials = caller.process->credentials;
	int pid = caller.process->pid;

	if (credentials.euid != 0)
		kr = MASIX_E_PERMISSION;
	if (kr == KERN_SUCCESS) {
		table_unlock();
		kr = mounts_mint_root(&credentials, copy, pid, root);
		if (!caller_reenter(&caller) && kr == KERN_SUCCESS)
			kr = KERN_INVALID_ARGUMENT;
	}
	if (kr == KERN_SUCCESS) {
		char *old = caller.process->root;

		caller.process->root = copy;
		copy = old;
	}
	caller_leave(&caller);
	if (kr != KERN_SUCCESS && *root != MACH_PORT_NULL) {
		mach_port_deallocate(mach_task_self(), *root);
		*root = MACH_PORT_NULL;
	}
out:
	free(copy);
	return kr;
}

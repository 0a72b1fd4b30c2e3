#include "boot.h"

#include <gnumach.h>
#include <mach.h>
#include <mach_port.h>

#include <masix/mach.h>
#include <masix/server.h>

#include "library.h"
#include "mounts.h"
#include "server.h"

static const struct credentials root_credentials;

static kern_return_t mint_directories(struct library_rights *rights)
{
	kern_return_t kr = mounts_mint(MOUNT_ROOT, &root_credentials, "", INIT_PID, &rights->root);

	return kr == KERN_SUCCESS ? mounts_mint(MOUNT_ROOT, &root_credentials, "", INIT_PID,
					    &rights->directory)
				  : kr;
}

/* Enter process 1 in the table. */
static kern_return_t enter(mach_port_t task, mach_port_t *process)
{
	struct process_port *port;
	struct process *p;
	kern_return_t kr = process_port_new(&port, process);

	if (kr != KERN_SUCCESS)
		return kr;
	table_lock();
	kr = process_create(&unix_server.table, NULL, task, masix_monotonic_ns(), &p);
	if (kr == KERN_SUCCESS)
		process_port_bind(port, p);
	table_unlock();
	return kr == KERN_SUCCESS ? masix_watch_dead(task) : kr;
}

kern_return_t boot_first_process(const char *program)
{
	const struct library_start start = { .program = program };
	struct library_rights rights = { 0 };
	mach_port_t task, thread;
	uint32_t entry = 0;
	kern_return_t kr = task_create(mach_task_self(), FALSE, &task);

	/* The kernel's own messages name tasks, and children after their parents: else all after this server. */
	if (kr == KERN_SUCCESS)
		kr = task_set_name(task, "unix process");
	if (kr == KERN_SUCCESS)
		kr = library_load(task, &start, &entry);
	if (kr == KERN_SUCCESS)
		kr = thread_create(task, &thread);
	if (kr == KERN_SUCCESS)
		kr = enter(task, &rights.process);
	if (kr == KERN_SUCCESS)
		kr = mint_directories(&rights);
	if (kr == KERN_SUCCESS)
		kr = library_give_rights(task, thread, &rights);
	if (kr == KERN_SUCCESS)
		kr = library_enter(thread, entry);
	if (kr == KERN_SUCCESS)
		kr = thread_resume(thread);
	if (kr == KERN_SUCCESS)
		kr = mach_port_deallocate(mach_task_self(), thread);
	return kr;
}

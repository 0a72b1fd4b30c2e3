/* process.defs: exec of a set-user-ID or set-group-ID program.
 *
 * A program may write its own task's memory and may have given its task port away, so the process goes on in
 * a task that nobody else ever had a right to.  What the old one says is taken as a wish: rights are
 * looked up in its task, and fs tells what the program's file is and who owns it.  The port about which
 * fs was asked is the one that the fresh task maps: no name is looked up twice. */
#include <mach.h>
#include <mach_port.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <masix/copy.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <process_server.h>

#include "../emul/boot.h"
#include "../emul/takeover.h"

#include "fifo.h"
#include "fresh_task.h"
#include "handed.h"
#include "library.h"
#include "mounts.h"
#include "serve_io.h"
#include "serve_locks.h"
#include "server.h"
#include "signals.h"
#include "stuck.h"
#include "task.h"
#include "wait.h"

#define FIRST_NAME 0x2000u /* of the rights that are handed over */

struct change {
	/* Of the process, as it was when this began. */
	mach_port_t old_task;
	int pid;
	struct credentials old, new;
	char *root;

	struct takeover *takeover; /* a copy that the process cannot change; its size: */
	uint32_t size;
	mach_port_t task, thread;
	struct process_port *port;
	struct library_rights rights;
	unsigned given;	   /* names from FIRST_NAME on that are in use */
	mach_port_t *ours; /* the right behind each of them */
};

/* The right that the old task calls `name`; null: none that can be handed over. */
static mach_port_t right_of(const struct change *c, mach_port_t name)
{
	mach_port_t right;
	mach_msg_type_name_t type;

	if (name == MACH_PORT_NULL || name == MACH_PORT_DEAD ||
		mach_port_extract_right(
			c->old_task, name, MACH_MSG_TYPE_COPY_SEND, &right, &type) != KERN_SUCCESS)
		return MACH_PORT_NULL;
	return right;
}

/* Copy a right into the fresh task; ours is kept until the end, so that its name stands for the port until then.  A
 * port has one name there, however often it comes. */
static kern_return_t give(struct change *c, mach_port_t right, uint32_t *name)
{
	unsigned i = 0;

	while (i < c->given && c->ours[i] != right)
		i++;
	if (i == c->given)
		c->ours[c->given++] = right;
	else
		mach_port_deallocate(mach_task_self(), right);
	*name = FIRST_NAME + i;
	return mach_port_insert_right(c->task, *name, right, MACH_MSG_TYPE_COPY_SEND);
}

static enum takeover_origin origin_of(
	mach_port_t right, uint32_t mount, int *rights, masix_stat_t *stat)
{
	static const enum takeover_origin origins[] = {
		[HANDED_STRANGE] = TAKEOVER_UNKNOWN,
		[HANDED_OURS] = TAKEOVER_SERVER,
		[HANDED_FILE] = TAKEOVER_FILE,
		[HANDED_NETWORK] = TAKEOVER_NETWORK,
	};
	struct handed handed;

	handed_identify(right, mount, &handed);
	*rights = handed.rights;
	*stat = handed.stat;
	return origins[handed.maker];
}

/* Directories act with the new ids from now on. */
static kern_return_t adopt(const struct change *c, struct takeover_file *file, mach_port_t *right)
{
	mach_port_t adopted;
	kern_return_t kr;

	if (file->origin != TAKEOVER_FILE || !S_ISDIR(file->stat.mode))
		return KERN_SUCCESS;
	kr = mounts_adopt(file->mount, *right, &c->new, &adopted);
	if (kr == KERN_SUCCESS) {
		mach_port_deallocate(mach_task_self(), *right);
		*right = adopted;
	}
	return kr;
}

static kern_return_t hand_over_file(struct change *c, struct takeover_file *file)
{
	mach_port_t right = right_of(c, file->port);
	int rights;
	kern_return_t kr;

	file->port = MACH_PORT_NULL;
	file->origin = TAKEOVER_NO_PORT;
	if (right == MACH_PORT_NULL)
		return KERN_SUCCESS;
	file->origin = origin_of(right, file->mount, &rights, &file->stat);
	kr = adopt(c, file, &right);
	if (kr != KERN_SUCCESS) {
		mach_port_deallocate(mach_task_self(), right);
		return kr;
	}
	return give(c, right, &file->port);
}

static kern_return_t hand_over_directory(struct change *c)
{
	struct takeover_file *file = &c->takeover->directory;
	mach_port_t right = right_of(c, file->port);
	int rights;
	kern_return_t kr = KERN_SUCCESS;

	file->port = MACH_PORT_NULL;
	file->origin = TAKEOVER_NO_PORT;
	if (right == MACH_PORT_NULL)
		return KERN_SUCCESS;
	enum takeover_origin origin = origin_of(right, file->mount, &rights, &file->stat);

	if (origin != TAKEOVER_UNKNOWN) {
		file->origin = origin;
		kr = adopt(c, file, &right);
	}
	if (kr != KERN_SUCCESS || origin == TAKEOVER_UNKNOWN)
		mach_port_deallocate(mach_task_self(), right);
	else
		c->rights.directory = right;
	return kr;
}

/* What the file says about ids; MASIX_E_PERMISSION: nothing. */
static kern_return_t learn_ids(struct change *c, mach_port_t program)
{
	masix_stat_t stat;
	int rights;
	kern_return_t kr = mounts_identify(MOUNT_ROOT, program, &rights, &stat);

	if (kr == MASIX_E_NOT_FOUND)
		return MASIX_E_PERMISSION; /* of a mount that is nosuid, or of no file server at all */
	if (kr != KERN_SUCCESS)
		return kr;
	if (!S_ISREG(stat.mode))
		return MASIX_E_ACCESS;
	if ((rights & MASIX_OPEN_EXEC) == 0 &&
		!credentials_may_execute(&c->old, stat.mode, stat.uid, stat.gid))
		return MASIX_E_ACCESS;
	return credentials_exec(&c->old, stat.mode, stat.uid, stat.gid, &c->new)
		       ? KERN_SUCCESS
		       : MASIX_E_PERMISSION;
}

static kern_return_t hand_over_files(struct change *c)
{
	struct takeover *t = c->takeover;
	struct takeover_file *files = (struct takeover_file *)(t + 1);
	kern_return_t kr = hand_over_directory(c);

	for (uint32_t i = 0; i < t->file_count && kr == KERN_SUCCESS; i++)
		kr = hand_over_file(c, &files[i]);
	return kr;
}

static vm_size_t whole_pages(uint32_t size)
{
	return (size + unix_server.page_size - 1) / unix_server.page_size * unix_server.page_size;
}

/* All that can fail: the fresh task as it will start. */
static kern_return_t prepare(struct change *c)
{
	struct takeover *t = c->takeover;
	const struct library_start start = { .takeover = c->size };
	mach_port_t program = right_of(c, t->program);
	vm_address_t place = TAKEOVER_ADDRESS;
	uint32_t entry;
	kern_return_t kr = program != MACH_PORT_NULL ? learn_ids(c, program) : MASIX_E_INVALID;

	c->ours = kr == KERN_SUCCESS ? calloc(t->file_count + 1, sizeof(*c->ours)) : NULL;
	if (kr == KERN_SUCCESS && c->ours == NULL)
		kr = KERN_RESOURCE_SHORTAGE;
	if (kr == KERN_SUCCESS)
		kr = fresh_task_create(c->old_task, &c->task);
	if (kr != KERN_SUCCESS) {
		if (program != MACH_PORT_NULL)
			mach_port_deallocate(mach_task_self(), program);
		return kr;
	}
	kr = give(c, program, &t->program);
	if (kr == KERN_SUCCESS)
		kr = hand_over_files(c);
	if (kr == KERN_SUCCESS)
		kr = mounts_mint_root(&c->new, c->root, c->pid, &c->rights.root);
	if (kr == KERN_SUCCESS)
		kr = library_load(c->task, &start, &entry);
	if (kr == KERN_SUCCESS)
		kr = vm_allocate(c->task, &place, c->size, FALSE);
	if (kr == KERN_SUCCESS)
		kr = vm_write(c->task, place, (vm_address_t)t, whole_pages(c->size));
	if (kr == KERN_SUCCESS)
		kr = thread_create(c->task, &c->thread);
	if (kr == KERN_SUCCESS)
		kr = process_port_new(&c->port, &c->rights.process);
	if (kr == KERN_SUCCESS)
		kr = library_give_rights(c->task, c->thread, &c->rights);
	if (kr == KERN_SUCCESS)
		kr = library_enter(c->thread, entry);
	return kr;
}

/* Table lock held: the process is the fresh task from now on, unless it has changed meanwhile. */
static kern_return_t replace(struct change *c, struct process *p, struct process_port **old_port)
{
	struct process_table *t = &unix_server.table;

	if (p->task != c->old_task || p->no_new_privileges || strcmp(p->root, c->root) != 0 ||
		memcmp(&p->credentials, &c->old, sizeof(c->old)) != 0)
		return MASIX_E_BUSY;
	*old_port = p->object;
	process_port_bind(c->port, p);
	c->port = NULL;
	waiters_discard(t, p);
	locks_forget_waits(p->pid);
	p->credentials = c->new;
	p->death_signal = 0;
	/* Rights of a task before the old one are no longer in anybody's hands: that was an exec ago. */
	if (MACH_PORT_VALID(p->former_task))
		mach_port_deallocate(mach_task_self(), p->former_task);
	if (p->former_event != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), p->former_event);
	p->former_task = p->task;
	p->former_event = p->event;
	p->task = c->task;
	c->task = MACH_PORT_NULL;
	p->event = MACH_PORT_NULL;
	p->suspended = false;
	if (p->stopped)
		process_todo(t, p, TODO_SUSPEND);
	return KERN_SUCCESS;
}

/* The old task goes, then the fresh one runs. */
static void switch_over(struct change *c, mach_port_t task, struct process *p)
{
	struct masix_usage usage = { 0 };
	struct stuck_call call;

	task_usage(c->old_task, &usage);
	stuck_begin(&call, c->pid, c->old.ruid, &workers);
	/* Fails only for a task that is gone already. */
	kern_return_t kr = task_terminate(c->old_task);

	stuck_end(&call);
	fifo_forget(c->pid);
	table_lock();
	usage_add(&p->former_usage, &usage);
	table_unlock();
	kr = masix_watch_dead(task);
	if (kr == KERN_SUCCESS)
		kr = thread_resume(c->thread);
	if (kr != KERN_SUCCESS) {
		table_lock();
		process_end(&unix_server.table, p, SIGKILL);
		table_unlock();
	}
}

static void give_up(struct change *c)
{
	if (c->port != NULL) {
		process_port_discard(c->port, c->rights.process);
		c->rights.process = MACH_PORT_NULL;
	}
	library_drop_rights(&c->rights);
	if (c->thread != MACH_PORT_NULL)
		mach_port_deallocate(mach_task_self(), c->thread);
	if (c->task != MACH_PORT_NULL) {
		kern_return_t ignored = task_terminate(c->task); /* it has never run */

		(void)ignored;
		mach_port_deallocate(mach_task_self(), c->task);
	}
	if (c->takeover != NULL)
		vm_deallocate(mach_task_self(), (vm_address_t)c->takeover, c->size);
	for (unsigned i = 0; i < c->given; i++)
		mach_port_deallocate(mach_task_self(), c->ours[i]);
	free(c->ours);
	free(c->root);
}

/* Our own copy of the message's: the sender may back its pages itself and change what it sent. */
static kern_return_t copy_takeover(struct change *c, const char *data, uint32_t count)
{
	struct takeover *t;
	vm_address_t memory;
	kern_return_t kr;

	if (count < sizeof(*t) || count > TAKEOVER_MAX)
		return MASIX_E_INVALID;
	kr = vm_allocate(mach_task_self(), &memory, count, TRUE);
	if (kr != KERN_SUCCESS)
		return kr;
	c->takeover = t = (struct takeover *)memory;
	c->size = count;
	if (masix_copy(t, data, count) != 0)
		return KERN_INVALID_ADDRESS;
	if (takeover_size(t) != count)
		return MASIX_E_INVALID;
	memset(t->root, 0, sizeof(t->root));
	if (strlen(c->root) >= sizeof(t->root))
		return MASIX_E_INVALID;
	strcpy(t->root, c->root);
	return KERN_SUCCESS;
}

static kern_return_t note_process(struct change *c, const struct process *p)
{
	if (p->no_new_privileges)
		return MASIX_E_PERMISSION;
	if (stuck_too_many(p->credentials.ruid))
		return KERN_RESOURCE_SHORTAGE;
	c->old_task = p->task;
	c->pid = p->pid;
	c->old = p->credentials;
	c->root = strdup(p->root);
	return c->root != NULL ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

kern_return_t S_process_exec_set_id(
	mach_port_t proc, masix_bulk_t data, mach_msg_type_number_t count)
{
	struct process_port *old_port = NULL;
	struct change c = { 0 };
	struct stuck_call call;
	struct caller caller;
	kern_return_t kr = caller_enter(proc, &caller);

	if (kr != KERN_SUCCESS)
		return kr;
	struct process *p = caller.process;

	kr = note_process(&c, p);
	if (kr != KERN_SUCCESS) {
		caller_leave(&caller);
		return kr;
	}
	table_unlock();
	/* Memory of a hostile process may never come, and the kernel may wait for its threads. */
	stuck_begin(&call, c.pid, c.old.ruid, &workers);
	kr = copy_takeover(&c, data, count);
	if (kr == KERN_SUCCESS)
		kr = prepare(&c);
	stuck_end(&call);
	mach_port_t task = c.task;

	if (!caller_reenter(&caller) && kr == KERN_SUCCESS)
		kr = KERN_INVALID_ARGUMENT;
	if (kr == KERN_SUCCESS)
		kr = replace(&c, p, &old_port);
	process_ref(p);
	caller_part(&caller);
	if (kr == KERN_SUCCESS) {
		process_port_end(old_port);
		switch_over(&c, task, p);
		vm_deallocate(mach_task_self(), (vm_address_t)data, count);
	}
	table_lock();
	process_put(&unix_server.table, p);
	table_unlock();
	give_up(&c);
	return kr;
}

/* The gauge: a server that looks at the others from outside, through the task ports that the holder of the host port may
 * have. Nothing in the servers under test takes part. */
#include <mach/task_info.h>
#include <masix/error.h>
#include <masix/estate.h>
#include <masix/mach.h>
#include <masix/object.h>
#include <masix/server.h>
#include <stdio.h>
#include <string.h>

#include "gauge_server.h"
#include "harm.h"
#include "mach.h"
#include "mach_host.h"
#include "mach_port.h"

#define PAGE 4096u
#define NOWHERE 16u /* of the page at 0, which no server has */
#define ARGUMENTS_MAX 16u
/* Where servers are linked to. */
#define PROGRAM 0x08048000u
#define PROGRAM_SIZE 0x100000u

static const struct masix_class gauge_class = { .name = "gauge" };
static struct masix_object gauge;
static mach_port_t processor_set;

/* The servers that are looked at, by the name under which the kernel or ACS started them. */
static const char *const servers[] = { "acs", "console", "fs", "unix", "net", "gns", "dos",
	"example" };
#define SERVERS (sizeof servers / sizeof servers[0])

/* --- Which task is which --- */

/* The last page of a boot task's stack ends with its arguments, as the kernel wrote them: "signed/NAME"; that of a later server
 * begins with the number of its arguments, pointers to them, two zeros, and its name, as ACS wrote them. */
static int is_started_as(const char *page, const char *name)
{
	char wanted[40];
	size_t length = (size_t)snprintf(wanted, sizeof wanted, "signed/%s", name) + 1;
	const uint32_t *words = (const uint32_t *)(const void *)page;

	if (words[0] >= 1 && words[0] <= ARGUMENTS_MAX &&
		words[1] % PAGE == (words[0] + 3) * sizeof *words &&
		strcmp(page + words[1] % PAGE, name) == 0)
		return 1;

	for (size_t at = 0; at + length <= PAGE; at++)
		if (memcmp(page + at, wanted, length) == 0)
			return 1;
	return 0;
}

/* The last page below the kernel that the task has. */
static kern_return_t last_page(mach_port_t task, vm_offset_t *data)
{
	vm_address_t address = 0, last = 0;
	mach_msg_type_number_t size;

	for (;;) {
		vm_size_t length;
		vm_prot_t prot, max;
		vm_inherit_t inherit;
		boolean_t shared;
		mach_port_t object;
		vm_offset_t offset;

		if (vm_region(task, &address, &length, &prot, &max, &inherit, &shared, &object,
			    &offset) != KERN_SUCCESS)
			break;
		if (MACH_PORT_VALID(object))
			(void)mach_port_deallocate(mach_task_self(), object);
		address += length;
		last = address - PAGE;
	}
	return vm_read(task, last, PAGE, data, &size);
}

/* The index of the server that the task is, or SERVERS. */
static unsigned identify(mach_port_t task)
{
	vm_offset_t page;
	unsigned i = 0;

	if (last_page(task, &page) != KERN_SUCCESS)
		return SERVERS;
	while (i < SERVERS && !is_started_as((const char *)page, servers[i]))
		i++;
	(void)vm_deallocate(mach_task_self(), page, PAGE);
	return i;
}

/* The task port of each server, with a reference; processes come and go meanwhile. */
static kern_return_t find_servers(mach_port_t found[SERVERS])
{
	task_array_t tasks;
	mach_msg_type_number_t count;
	kern_return_t kr = processor_set_tasks(processor_set, &tasks, &count);

	if (kr != KERN_SUCCESS)
		return kr;
	for (mach_msg_type_number_t i = 0; i < count; i++) {
		unsigned which = identify(tasks[i]);

		if (which < SERVERS && found[which] == MACH_PORT_NULL)
			found[which] = tasks[i];
		else
			(void)mach_port_deallocate(mach_task_self(), tasks[i]);
	}
	(void)vm_deallocate(mach_task_self(), (vm_address_t)tasks, count * sizeof *tasks);
	return KERN_SUCCESS;
}

/* --- What a task holds --- */

struct figures {
	unsigned receive, send, once, sets, dead, queued;
};

static void count_one(struct figures *f, mach_port_t task, mach_port_t name, mach_port_type_t type)
{
	mach_port_status_t status;

	f->receive += (type & MACH_PORT_TYPE_RECEIVE) != 0;
	f->send += (type & MACH_PORT_TYPE_SEND) != 0;
	f->once += (type & MACH_PORT_TYPE_SEND_ONCE) != 0;
	f->sets += (type & MACH_PORT_TYPE_PORT_SET) != 0;
	f->dead += (type & MACH_PORT_TYPE_DEAD_NAME) != 0;
	if ((type & MACH_PORT_TYPE_RECEIVE) &&
		mach_port_get_receive_status(task, name, &status) == KERN_SUCCESS)
		f->queued += status.mps_msgcount;
}

static kern_return_t count_names(mach_port_t task, struct figures *f)
{
	mach_port_array_t names;
	mach_port_type_array_t types;
	mach_msg_type_number_t count, type_count;
	kern_return_t kr = mach_port_names(task, &names, &count, &types, &type_count);

	if (kr != KERN_SUCCESS)
		return kr;
	for (mach_msg_type_number_t i = 0; i < count; i++)
		count_one(f, task, names[i], types[i]);
	(void)vm_deallocate(mach_task_self(), (vm_address_t)names, count * sizeof *names);
	(void)vm_deallocate(mach_task_self(), (vm_address_t)types, type_count * sizeof *types);
	return KERN_SUCCESS;
}

static kern_return_t write_line(
	const char *name, mach_port_t task, char *text, size_t room, size_t *used)
{
	struct figures f = { 0 };
	struct task_basic_info info = { 0 };
	mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;
	kern_return_t kr = count_names(task, &f);

	if (kr == KERN_SUCCESS)
		kr = task_info(task, TASK_BASIC_INFO, (task_info_t)&info, &count);
	if (kr == KERN_SUCCESS)
		*used += (size_t)snprintf(text + *used, room - *used,
			"%s %u %u %u %u %u %u %u %u\n", name, f.receive, f.send, f.once, f.sets,
			f.dead, f.queued, (unsigned)(info.virtual_size / 1024),
			(unsigned)(info.resident_size / 1024));
	return kr;
}

kern_return_t S_gauge_read(mach_port_t port, masix_inline_t table, mach_msg_type_number_t *size)
{
	struct masix_object *object = masix_object_get(port, &gauge_class);
	mach_port_t tasks[SERVERS] = { MACH_PORT_NULL };
	size_t used = 0;
	kern_return_t kr;

	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = find_servers(tasks);
	for (unsigned i = 0; i < SERVERS; i++) {
		/* Those that are started when they are needed may not be there. */
		if (kr == KERN_SUCCESS && tasks[i] != MACH_PORT_NULL)
			kr = write_line(servers[i], tasks[i], table, MASIX_INLINE_MAX, &used);
		if (tasks[i] != MACH_PORT_NULL)
			(void)mach_port_deallocate(mach_task_self(), tasks[i]);
	}
	*size = used;
	masix_object_put(object);
	return kr;
}

static kern_return_t crash(mach_port_t task)
{
	/* Some of it is not there in small servers. */
	kern_return_t kr = vm_protect(task, PROGRAM, PROGRAM_SIZE, FALSE, VM_PROT_NONE);

	return kr == KERN_SUCCESS || kr == KERN_INVALID_ADDRESS ? KERN_SUCCESS : kr;
}

kern_return_t S_gauge_crash(
	mach_port_t port, const masix_path_t name, mach_msg_type_number_t length)
{
	struct masix_object *object = masix_object_get(port, &gauge_class);
	mach_port_t tasks[SERVERS] = { MACH_PORT_NULL };
	kern_return_t kr, result = MASIX_E_NOT_FOUND;

	if (object == NULL)
		return KERN_INVALID_ARGUMENT;
	kr = find_servers(tasks);
	for (unsigned i = 0; i < SERVERS; i++) {
		if (tasks[i] != MACH_PORT_NULL && strlen(servers[i]) == length &&
			memcmp(servers[i], name, length) == 0)
			result = crash(tasks[i]);
		if (tasks[i] != MACH_PORT_NULL)
			(void)mach_port_deallocate(mach_task_self(), tasks[i]);
	}
	masix_object_put(object);
	return kr == KERN_SUCCESS ? result : kr;
}

/* The task's first thread goes on where nothing is. */
static kern_return_t fault(mach_port_t task)
{
	struct i386_thread_state state = { 0 };
	mach_msg_type_number_t count, size = i386_THREAD_STATE_COUNT;
	mach_port_t *threads;
	kern_return_t kr = task_threads(task, &threads, &count);

	if (kr != KERN_SUCCESS)
		return kr;
	kr = thread_suspend(threads[0]);
	if (kr == KERN_SUCCESS)
		kr = thread_abort(threads[0]);
	if (kr == KERN_SUCCESS)
		kr = thread_get_state(
			threads[0], i386_REGS_SEGS_STATE, (thread_state_t)&state, &size);
	state.eip = NOWHERE;
	if (kr == KERN_SUCCESS)
		kr = thread_set_state(
			threads[0], i386_REGS_SEGS_STATE, (thread_state_t)&state, size);
	if (kr == KERN_SUCCESS)
		kr = thread_resume(threads[0]);
	while (count-- != 0)
		(void)mach_port_deallocate(mach_task_self(), threads[count]);
	return kr; /* the array is small, and this is the end of the machine */
}

/* Each heir will fault there, too: pages are inherited as they are. */
static kern_return_t spoil(mach_port_t task)
{
	kern_return_t kr = vm_protect(task, MASIX_KEEP_BASE + PAGE, PAGE, FALSE, VM_PROT_NONE);

	return kr == KERN_SUCCESS ? crash(task) : kr;
}

static kern_return_t harm(mach_port_t task, int how)
{
	switch (how) {
	case GAUGE_END:
		return task_terminate(task);
	case GAUGE_FREEZE:
		return task_suspend(task);
	case GAUGE_FAULT:
		return fault(task);
	case GAUGE_SPOIL:
		return spoil(task);
	}
	return MASIX_E_INVALID;
}

kern_return_t S_gauge_harm(
	mach_port_t port, const masix_name_t name, mach_msg_type_number_t length, int how)
{
	mach_port_t tasks[SERVERS] = { MACH_PORT_NULL };
	kern_return_t kr, found = MASIX_E_NOT_FOUND;

	(void)port;
	kr = find_servers(tasks);
	for (unsigned i = 0; i < SERVERS; i++) {
		if (tasks[i] == MACH_PORT_NULL)
			continue;
		if (strlen(servers[i]) == length && memcmp(servers[i], name, length) == 0)
			found = harm(tasks[i], how);
		(void)mach_port_deallocate(mach_task_self(), tasks[i]);
	}
	return kr != KERN_SUCCESS ? kr : found;
}

static masix_routine_t demux(const mach_msg_header_t *in)
{
	return (masix_routine_t)gauge_server_routine(in);
}

static kern_return_t find_processor_set(void)
{
	mach_port_t host, name;
	kern_return_t kr = masix_right(MASIX_RIGHT_HOST, 0, &host);

	if (kr == KERN_SUCCESS)
		kr = processor_set_default(mach_host_self(), &name);
	if (kr == KERN_SUCCESS)
		kr = host_processor_set_priv(host, name, &processor_set);
	return kr;
}

int main(void)
{
	static const uint32_t interfaces[] = { 600800 };
	static const masix_demux_t demuxers[] = { demux, NULL };
	static const struct masix_pool_options options = {
		.demux = demuxers,
		.workers = 1,
		.name = "gauge",
	};
	kern_return_t kr = find_processor_set();

	if (kr == KERN_SUCCESS)
		kr = masix_object_init(&gauge, &gauge_class);
	if (kr == KERN_SUCCESS)
		kr = masix_register(NULL, MASIX_ROLE_CLIENT, interfaces, 1, gauge.port);
	if (kr == KERN_SUCCESS)
		kr = masix_ready();
	if (kr != KERN_SUCCESS)
		masix_fatal("cannot begin: %s", masix_strerror(kr));
	masix_pool_run(&options);
}

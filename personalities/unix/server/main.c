/* The Unix server: acquire what it needs, start process 1, serve. */
#include <mach.h>
#include <mach/host_info.h>
#include <mach_host.h>
#include <string.h>

#include <dir_server.h>
#include <exc_server.h>
#include <io_server.h>
#include <masix/error.h>
#include <masix/mach.h>
#include <masix/server.h>
#include <process_server.h>
#include <signal.h>
#include <socket_server.h>
#include <stdlib.h>
#include <timer_server.h>
#include <tty_server.h>

#include "boot.h"
#include "exceptions.h"
#include "host_terminal.h"
#include "kept.h"
#include "machine.h"
#include "mounts.h"
#include "recover.h"
#include "serve_locks.h"
#include "server.h"
#include "stuck.h"
#include "task.h"
#include "watchdog.h"

#define WORKERS 8
#define MEMORY_PER_PROCESS (256u << 10) /* the kernel stops when memory runs out */
#define CONSOLE_TIMEOUT_MS 60000
#define FIRST_PROGRAM "/sbin/init"

static void must(kern_return_t kr, const char *what)
{
	if (kr != KERN_SUCCESS)
		masix_fatal("%s: %s", what, masix_strerror(kr));
}

static void learn_machine(void)
{
	struct unix_server *u = &unix_server;
	struct host_basic_info info = { 0 };
	struct vm_statistics statistics;
	mach_msg_type_number_t count = HOST_BASIC_INFO_COUNT;
	mach_port_t set;

	must(host_info(mach_host_self(), HOST_BASIC_INFO, (host_info_t)&info, &count), "host_info");
	must(vm_statistics(mach_task_self(), &statistics), "vm_statistics");
	u->memory_size = info.memory_size;
	u->page_size = statistics.pagesize;
	if (u->table.limit > u->memory_size / MEMORY_PER_PROCESS)
		u->table.limit = u->memory_size / MEMORY_PER_PROCESS;
	must(masix_right(MASIX_RIGHT_HOST, 0, &u->host_priv), "host right");
	must(processor_set_default(mach_host_self(), &set), "processor set");
	must(host_processor_set_priv(u->host_priv, set, &u->processor_set),
		"processor set control");
}

/* Our own name with ACS; it answers nothing, processes get ports of their own. */
static void make_control(void)
{
	static const struct unix_class control = {
		.base = { .name = "unix", .destroy = (void (*)(struct masix_object *))free },
	};
	struct masix_object *object = kept_object(sizeof(*object));

	if (object == NULL)
		masix_fatal("no memory");
	must(masix_object_init(object, &control.base), "control port");
	unix_server.control = object;
}

static void register_server(void)
{
	static const uint32_t interfaces[] = { 501200, 1 };

	must(masix_register(NULL, MASIX_ROLE_SERVER, interfaces, 1, unix_server.control->port),
		"registration");
}

/* A task that dies by itself: only a kill from outside the personality, or its own task_terminate,
 * does that. */
static void task_died(mach_port_t name)
{
	struct process_table *t = &unix_server.table;

	table_lock();
	struct process *p = process_find_task(t, name);

	if (p != NULL)
		process_end(t, p, SIGKILL);
	table_unlock();
}

static const masix_demux_t contracts[] = {
	process_server_routine,
	io_server_routine,
	tty_server_routine,
	socket_server_routine,
	timer_server_routine,
	dir_server_routine,
	exc_server_routine,
	NULL,
};

static bool worker_is_surplus(void)
{
	return stuck_is_surplus(&workers);
}

static void *serve(void *count)
{
	const struct masix_pool_options pool = {
		.demux = contracts,
		.workers = (uintptr_t)count,
		.name = "unix",
		.dead_name = task_died,
		.surplus = worker_is_surplus,
		.begin = kept_request,
		.finish = kept_answer,
	};

	masix_pool_run(&pool);
}

static bool worker_add(void)
{
	return thread_detached(serve, (void *)1);
}

struct stuck_crew workers = { .add = worker_add, .most = 128 };

/* The first of all servers of this machine. */
static void begin(void)
{
	struct unix_server *u = &unix_server;

	process_table_init(&u->table);
	strcpy(u->hostname, "masix");
	learn_machine();
	must(masix_lookup("console", CONSOLE_TIMEOUT_MS, &u->console), "console");
	must(host_terminal_create(u->console, &u->console_terminal), "console terminal");
	must(exceptions_init(&u->exceptions), "exception port");
	make_control();
}

int main(void)
{
	bool is_successor = kept_begin();

	locks_init();
	if (is_successor)
		recover();
	else
		begin();
	mounts_init();
	must(watchdog_start(), "watchdog");
	register_server();
	if (is_successor)
		recover_processes();
	else
		must(boot_first_process(FIRST_PROGRAM), "process 1");
	kept_ready();
	must(masix_guard_acs(machine_lost_acs), "watch of acs");
	must(masix_ready(), "ready");
	serve((void *)WORKERS);
}

/* The library wakes up in a task that holds nothing but what docs/unix.md lists: as process 1, or as one that
 * runs a set-ID program from now on. */
#include "emul.h"
#include "exec.h"
#include "files.h"
#include "mach.h"
#include "mach_port.h"
#include "process.h"
#include "service.h"
#include "signals.h"
#include "take.h"
#include "threads.h"
#include "vector/clock.h"
#include "view.h"
#include <masix/mach.h>

#define TASK_EXCEPTION 3

struct emul_boot emul_boot __attribute__((visibility("default"), section(".data")));
struct emul_process emul_process;

void emul_first_process(void) __attribute__((noreturn));

/* The Unix server's exception port becomes EMUL_PORT_FAULT, for the service threads of all. */
static kern_return_t keep_fault_port(void)
{
	mach_port_t port;
	kern_return_t kr;

	kr = task_get_special_port(EMUL_PORT_TASK, TASK_EXCEPTION, &port);
	if (!kr)
		kr = mach_port_insert_right(
			EMUL_PORT_TASK, EMUL_PORT_FAULT, port, MACH_MSG_TYPE_MOVE_SEND);
	/* The name may have been in use for this right already. */
	if (kr == KERN_RIGHT_EXISTS)
		kr = mach_port_rename(EMUL_PORT_TASK, port, EMUL_PORT_FAULT);
	return kr;
}

void emul_first_process(void)
{
	struct emul_thread *self;
	kern_return_t kr;

	vector_task.task = EMUL_PORT_TASK;
	self = threads_allocate();
	if (!self)
		(void)task_terminate(EMUL_PORT_TASK);
	self->vector.port = EMUL_PORT_THREAD;
	self->in_emul = 1;
	(void)threads_add(self, NULL);
	kr = threads_set_segments(EMUL_PORT_THREAD, self);
	if (kr)
		(void)task_terminate(EMUL_PORT_TASK);
	asm volatile("movl %0, %%fs" : : "r"(VECTOR_FS_SELECTOR));
	vector_clock_set(&emul_boot.start);
	emul_process.umask = 022;
	emul_process.dumpable = 1;
	emul_files_init();
	kr = keep_fault_port();
	if (emul_boot.takeover)
		take_state();
	if (!kr)
		kr = service_start();
	if (kr) {
		emul_log("a fresh task cannot start, kernel error ", (uint32_t)kr);
		signals_kill(SIGKILL);
	}
	self->vector.id = (uint32_t)emul_process.pid;
	view_only_thread(self->vector.id, self->vector.port);
	if (emul_boot.takeover)
		take_program();
	signals_init();
	exec_first(emul_boot.program);
}

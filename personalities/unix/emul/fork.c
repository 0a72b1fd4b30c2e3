/* fork, vfork and process-making clone: the Unix server makes a task with a copy of this address space, the
 * library lets it run. */
#include "calls.h"
#include "emul.h"
#include "files.h"
#include "futexes.h"
#include "kernel.h"
#include "mach.h"
#include "mach_port.h"
#include "process.h"
#include "random.h"
#include "service.h"
#include "signals.h"
#include "space.h"
#include "threads.h"
#include "timers.h"
#include "view.h"
#include <asm/errno.h>
#include <masix/error.h>

#define FIRST_PAUSE_MS 10u
#define REFUSALS_MAX 6u /* which makes 640 ms */

#define CLONE_VM 0x100u
#define CLONE_VFORK 0x4000u
#define CLONE_PARENT_SETTID 0x100000u
#define CLONE_CHILD_CLEARTID 0x200000u
#define CLONE_CHILD_SETTID 0x1000000u

void emul_leave(void) __attribute__((noreturn));

/* Every lock whose data the child inherits, in the library's lock order.  Of mappings, record locks and windows it
 * inherits nothing: they begin anew, with their locks. */
static void lock_all(void)
{
	emul_files_fork_prepare(); /* waits for another thread's vfork to end */
	space_fork_prepare();
	signals_fork_prepare();
	emul_lock(&threads_lock);
	futexes_fork_prepare();
	timers_fork_prepare();
}

static void unlock_all(void)
{
	timers_fork_parent();
	futexes_fork_parent();
	emul_unlock(&threads_lock);
	signals_fork_parent();
	space_fork_parent();
	emul_files_fork_parent();
}

/* The FPU and SSE registers, which the library leaves alone: the child begins with the same. */
struct fpu_image {
	uint8_t bytes[512];
} __attribute__((aligned(16)));

/* The child's first steps, on its copy of the caller's stack. */
static long child_begins(
	const uint32_t *a, uint32_t flags, uint32_t stack, const struct fpu_image *fpu)
{
	struct emul_thread *self = emul_self();

	asm volatile("fxrstor %0" : : "m"(*fpu));
	futexes_fork_child();
	signals_fork_child();
	space_fork_child();
	threads_fork_child();
	emul_files_fork_child();
	random_fork_child();
	timers_fork_child();
	emul_process.death_signal = emul_process.subreaper = 0;
	if (service_start())
		emul_exit_process(127);
	self->vector.id = (uint32_t)emul_process.pid;
	view_only_thread(self->vector.id, self->vector.port);
	self->vector.clear_tid = flags & CLONE_CHILD_CLEARTID ? (uint32_t *)a[4] : NULL;
	if (flags & CLONE_CHILD_SETTID)
		*(uint32_t *)a[4] = self->vector.id;
	if (!stack)
		return 0;
	threads_return_registers(&self->state, a);
	self->state.esp = stack;
	self->state.call = ~0u;
	emul_leave();
}

/* Everything else that the child needs before its thread can run. */
static kern_return_t equip(mach_port_t child, mach_port_t thread, const struct emul_context *c)
{
	struct emul_thread *self = emul_self();
	struct emul_state registers;
	kern_return_t kr;

	kr = trap_port_insert_right(child, EMUL_PORT_TASK, child, MACH_MSG_TYPE_COPY_SEND);
	if (!kr)
		kr = trap_port_insert_right(
			child, EMUL_PORT_THREAD, thread, MACH_MSG_TYPE_COPY_SEND);
	if (!kr)
		kr = trap_port_insert_right(
			child, EMUL_PORT_FAULT, EMUL_PORT_FAULT, MACH_MSG_TYPE_COPY_SEND);
	if (!kr)
		kr = threads_set_segments(thread, self);
	memset(&registers, 0, sizeof registers);
	registers.eax = 1;
	registers.ebx = c->ebx;
	registers.esi = c->esi;
	registers.edi = c->edi;
	registers.ebp = c->ebp;
	registers.esp = c->esp;
	registers.eip = c->eip;
	if (!kr)
		kr = threads_set_registers(thread, &registers, (int)self->gs_used);
	if (!kr && emul_files_fork_rights(child))
		kr = KERN_RESOURCE_SHORTAGE;
	return kr;
}

/* In the parent: from the new task to a running child, whose process port is consumed. */
static kern_return_t launch(
	mach_port_t child, mach_port_t process, const struct emul_context *context)
{
	mach_port_t thread;
	kern_return_t kr =
		trap_port_insert_right(child, EMUL_PORT_PROCESS, process, MACH_MSG_TYPE_MOVE_SEND);

	if (kr) {
		port_drop(process);
		return kr;
	}
	kr = thread_create(child, &thread);
	if (kr)
		return kr;
	kr = equip(child, thread, context);
	/* Last: who is killed before this leaves a child that the server ends. */
	if (!kr)
		kr = thread_resume(thread);
	port_drop(thread);
	return kr;
}

/* With a vfork the program's memory is one until the child has another program; the library's is the child's own.
 * So the caller is the last to see its stack before the child uses it: where the call returns to is kept. */
static uint32_t return_address(void)
{
	struct emul_thread *self = emul_self();

	return self->entry ? 0 : *(const uint32_t *)self->user_esp;
}

static void restore_return_address(uint32_t address)
{
	struct emul_thread *self = emul_self();

	if (!self->entry)
		*(uint32_t *)self->user_esp = address;
}

/* vfork: the parent goes on when the child has exec'd or ended. */
static void wait_for_exec(int pid)
{
	kern_return_t kr;

	do {
		uint32_t token = emul_wait_begin(EMUL_WAIT_PROCESS, MACH_PORT_NULL);

		kr = process_wait_exec(EMUL_PORT_PROCESS, token, pid);
		emul_wait_end();
		/* Signals wait: the child may be using our memory's name for it. */
	} while (kr == MASIX_E_INTERRUPTED && !emul_self()->ending);
}

/* Forks refused since the last one that was not.  A process that asks again and again waits longer each time: a
 * hundred of them would keep the server from everybody else. */
static uint32_t refusals;

static void back_off(void)
{
	emul_sleep_ms(FIRST_PAUSE_MS << refusals);
	if (refusals < REFUSALS_MAX)
		refusals++;
}

long emul_fork(const uint32_t *a, uint32_t flags, uint32_t stack)
{
	const int shares = (flags & CLONE_VFORK) && (flags & CLONE_VM);
	const volatile uint32_t returns_to = shares ? return_address() : 0;
	struct emul_context context;
	struct fpu_image fpu;
	mach_port_t child, process;
	kern_return_t kr;
	int pid = 0;

	asm volatile("fxsave %0" : "=m"(fpu));
	lock_all();
	if (emul_self()->ending) {
		unlock_all();
		emul_files_fork_end(0);
		return -EAGAIN;
	}
	if (emul_save(&context))
		return child_begins(a, flags, stack, &fpu);
	space_end_sharing();
	/* A child that has only a copy is the lesser evil. */
	if (shares)
		(void)space_begin_sharing();
	kr = process_fork(EMUL_PORT_PROCESS, &pid, &child, &process);
	space_end_sharing();
	unlock_all();
	if (kr) {
		emul_files_fork_end(0);
		back_off();
		return kr == MASIX_E_LIMIT ? -EAGAIN : -ENOMEM;
	}
	refusals = 0;
	kr = launch(child, process, &context);
	if (kr)
		(void)process_abandon(EMUL_PORT_PROCESS, pid);
	/* Other threads fork later: their children could not be kept from the memory that this one shares. */
	if (!kr && (flags & CLONE_VFORK))
		wait_for_exec(pid);
	if (!kr && shares)
		restore_return_address(returns_to);
	emul_files_fork_end(!kr);
	port_drop(child);
	if (kr)
		return -ENOMEM;
	if (flags & CLONE_PARENT_SETTID)
		*(int *)a[2] = pid;
	return pid;
}

long sys_fork(const uint32_t *a)
{
	return emul_fork(a, 0, 0);
}

long sys_vfork(const uint32_t *a)
{
	return emul_fork(a, CLONE_VFORK | CLONE_VM, 0);
}

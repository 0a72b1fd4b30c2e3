/* The service thread: one port for the task's exceptions and its own wake-ups, another one for the
 * Unix server's pokes, so that threads that trap cannot fill its queue.  It never waits for program threads. */
#include <mach/exception.h>
#include <mach/message.h>
#include <mach/thread_status.h>
#include <masix/exception.h>
#include <masix/mach.h>

#include "emul.h"
#include "mach.h"
#include "mach_port.h"
#include "process.h"
#include "process_event.h"
#include "rlimits.h"
#include "service.h"
#include "signals.h"
#include "threads.h"
#include "timers.h"

#define MESSAGE_POKE 501400 /* process_event.defs */
#define TASK_EXCEPTION 3
#define THREAD_EXCEPTION 3
#define GENERAL_PROTECTION 13
#define DIVIDE_ERROR 1 /* codes of EXC_ARITHMETIC and EXC_BREAKPOINT: mach/i386/exception.h */
#define SINGLE_STEP 1
/* Linux's si_code values. */
enum {
	SEGV_MAPERR = 1,
	SEGV_ACCERR,
	BUS_ADRERR = 2,
	ILL_ILLOPN = 2,
	FPE_INTDIV = 1,
	FPE_FLTINV = 7,
	TRAP_TRACE = 2
};
#define INT80_SUBCODE 0x402 /* selector error code of int $0x80 */

static mach_port_t service_port; /* receive right, and send rights of its own */
static mach_port_t event_port;	 /* receive right; a full queue holds a poke */
static mach_port_t service_set;	 /* of both */
static volatile int take_later;
static struct emul_lock take_lock; /* who takes signals, or keeps others from it */

void emul_int80_entry(void);
void emul_fault_unwind(void);
void emul_async_entry(void);
extern const char emul_copy_begin[], emul_copy_fault[], emul_leave_store[], emul_leave_stored[];

static kern_return_t get_registers(mach_port_t thread, struct i386_thread_state *r)
{
	mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;

	return thread_get_state(thread, i386_REGS_SEGS_STATE, (thread_state_t)r, &count);
}

static void to_state(const struct i386_thread_state *r, struct emul_state *s)
{
	s->eax = r->eax;
	s->ebx = r->ebx;
	s->ecx = r->ecx;
	s->edx = r->edx;
	s->esi = r->esi;
	s->edi = r->edi;
	s->ebp = r->ebp;
	s->esp = r->uesp;
	s->eip = r->eip;
	s->eflags = r->efl;
}

kern_return_t service_get_state(mach_port_t thread, struct emul_state *state)
{
	struct i386_thread_state registers;
	kern_return_t kr = get_registers(thread, &registers);

	if (!kr)
		to_state(&registers, state);
	return kr;
}

/* Let the stopped thread go on in the library at `eip`, on its stack at `esp`. */
static kern_return_t enter_library(
	mach_port_t thread, struct i386_thread_state *r, void (*eip)(void), uint32_t esp)
{
	r->eip = (uint32_t)eip;
	r->uesp = esp;
	r->efl &= ~0x500u;
	r->fs = VECTOR_FS_SELECTOR; /* where the program may have put something else */
	return thread_set_state(
		thread, i386_REGS_SEGS_STATE, (thread_state_t)r, i386_THREAD_STATE_COUNT);
}

/* What an exception is as a signal; notes the processor's trap number in the thread.  Whether a page
 * fault was a write is not told, except that only writes meet protection here. */
static int signal_of(struct emul_thread *thread, const struct masix_exception *m, int *si_code)
{
	const uint32_t page_fault = 14, from_user = 4, on_write = 2, present = 1;

	*si_code = SI_KERNEL;
	thread->fault_error = 0;
	switch (m->exception) {
	case EXC_BAD_ACCESS:
		thread->fault_trap = page_fault;
		thread->fault_error = from_user;
		*si_code = SEGV_MAPERR;
		if (m->code == KERN_PROTECTION_FAILURE) {
			thread->fault_error |= on_write | present;
			*si_code = SEGV_ACCERR;
		} else if (m->code == KERN_MEMORY_ERROR) {
			*si_code = BUS_ADRERR;
			return SIGBUS;
		}
		return SIGSEGV;
	case EXC_BAD_INSTRUCTION:
		thread->fault_trap =
			(uint32_t)m->code == GENERAL_PROTECTION ? GENERAL_PROTECTION : 6;
		thread->fault_error = (uint32_t)m->subcode;
		if (m->code == GENERAL_PROTECTION)
			return SIGSEGV;
		*si_code = ILL_ILLOPN;
		return SIGILL;
	case EXC_ARITHMETIC:
		thread->fault_trap = m->code == DIVIDE_ERROR ? 0 : 16;
		*si_code = m->code == DIVIDE_ERROR ? FPE_INTDIV : FPE_FLTINV;
		return SIGFPE;
	case EXC_BREAKPOINT:
		thread->fault_trap = m->code == SINGLE_STEP ? 1 : 3;
		if (m->code == SINGLE_STEP)
			*si_code = TRAP_TRACE;
		return SIGTRAP;
	}
	return SIGSEGV;
}

/* Leave the library for a thread that has no stack to leave by. */
static kern_return_t leave_for(struct emul_thread *thread, struct i386_thread_state *r)
{
	const struct emul_state *s = &thread->state;
	kern_return_t kr;

	r->eax = s->eax;
	r->ebx = s->ebx;
	r->ecx = s->ecx;
	r->edx = s->edx;
	r->esi = s->esi;
	r->edi = s->edi;
	r->ebp = s->ebp;
	r->uesp = s->esp;
	r->eip = s->eip;
	r->efl = s->eflags;
	kr = thread_set_state(thread->vector.port, i386_REGS_SEGS_STATE, (thread_state_t)r,
		i386_THREAD_STATE_COUNT);
	if (!kr) {
		thread->in_emul = 0;
		thread->nudge = thread->signal_pending;
	}
	return kr;
}

/* A fault inside the library: at a bad user pointer, or our own mistake. */
static kern_return_t library_fault(
	struct emul_thread *thread, struct i386_thread_state *r, int signal)
{
	if (r->eip >= (uint32_t)emul_copy_begin && r->eip < (uint32_t)emul_copy_fault) {
		r->eip = (uint32_t)emul_copy_fault;
		return thread_set_state(thread->vector.port, i386_REGS_SEGS_STATE,
			(thread_state_t)r, i386_THREAD_STATE_COUNT);
	}
	if (r->eip >= (uint32_t)emul_leave_store && r->eip < (uint32_t)emul_leave_stored)
		return leave_for(thread, r);
	if ((signal == SIGSEGV || signal == SIGBUS) && thread->fault_esp) {
		emul_wait_abandoned(thread);
		return enter_library(thread->vector.port, r, emul_fault_unwind, thread->fault_esp);
	}
	emul_log("fault in the emulation library at ", r->eip);
	signals_kill(signal);
}

static kern_return_t handle_exception(const struct masix_exception *m)
{
	struct emul_thread *thread = threads_find(m->thread);
	struct i386_thread_state registers;
	const unsigned char *code;
	kern_return_t kr;
	int signal, si_code;

	if (!thread)
		return KERN_FAILURE;
	kr = get_registers(m->thread, &registers);
	if (kr)
		return kr;
	signal = signal_of(thread, m, &si_code);
	if (thread->in_emul) {
		/* Redirected between the fault and its message: it faults again later. */
		if (registers.eip == (uint32_t)emul_async_entry)
			return KERN_SUCCESS;
		return library_fault(thread, &registers, signal);
	}
	code = (const unsigned char *)registers.eip; /* it has just been executed */
	to_state(&registers, &thread->state);
	thread->state.call = ~0u;
	if (m->exception == EXC_BAD_INSTRUCTION && m->code == GENERAL_PROTECTION &&
		m->subcode == INT80_SUBCODE && code[0] == 0xcd && code[1] == 0x80) {
		thread->state.restart_eip = registers.eip;
		thread->state.restart_esp = registers.uesp;
		thread->state.eip += 2;
		thread->in_emul = 1;
		return enter_library(m->thread, &registers, emul_int80_entry, thread->stack_top);
	}
	signals_fault(thread, signal, si_code,
		m->exception == EXC_BAD_ACCESS ? (uint32_t)m->subcode : registers.eip);
	thread->in_emul = 1;
	return enter_library(m->thread, &registers, emul_async_entry, thread->stack_top);
}

void service_take_signals(void)
{
	uint32_t limit_changes = limits_changes();
	struct masix_siginfo info;
	int signal;

	emul_lock(&take_lock);
	while (signals_have_room() && !process_take_signal(EMUL_PORT_PROCESS, &signal, &info)) {
		if (!signal) {
			/* The end of the list tells who our parent is now. */
			emul_process.ppid = info.pid;
			limit_changes = (uint32_t)info.value;
			break;
		}
		signals_post(NULL, signal, &info);
	}
	emul_unlock(&take_lock);
	limits_follow(limit_changes);
}

void service_hold_signals(void)
{
	emul_lock(&take_lock);
}

void service_release_signals(void)
{
	emul_unlock(&take_lock);
}

static void handle_nudges(void)
{
	struct emul_thread *thread;

	do {
		emul_lock(&threads_lock);
		for (thread = threads_first; thread; thread = thread->next)
			if (thread->nudge)
				break;
		emul_unlock(&threads_lock);
		if (thread)
			threads_nudge(thread);
	} while (thread);
}

void service_take_later(void)
{
	take_later = 1;
	service_wake();
}

void service_wake(void)
{
	mach_msg_header_t m;

	memset(&m, 0, sizeof m);
	m.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0);
	m.msgh_size = sizeof m;
	m.msgh_remote_port = service_port;
	m.msgh_id = 0;
	/* A full queue holds a wake-up already. */
	(void)mach_msg(&m, MACH_SEND_MSG | MACH_SEND_TIMEOUT, sizeof m, 0, MACH_PORT_NULL, 0,
		MACH_PORT_NULL);
}

static void service_loop(void)
{
	union {
		struct masix_exception exception;
		struct masix_exception_answer reply;
		mach_msg_header_t header;
		char room[512];
	} m;
	mach_msg_size_t send = 0;
	mach_msg_return_t mr;

	for (;;) {
		uint32_t wait = timers_run();

		mr = mach_msg(&m.header,
			(send ? MACH_SEND_MSG : 0) | MACH_RCV_MSG | (wait ? MACH_RCV_TIMEOUT : 0),
			send, sizeof m, service_set, wait, MACH_PORT_NULL);
		send = 0;
		if (take_later) {
			take_later = 0;
			service_take_signals();
		}
		if (mr)
			continue;
		if (m.header.msgh_id == MASIX_EXCEPTION_ID &&
			m.header.msgh_size == sizeof m.exception) {
			/* The thread and task rights stay ours: their names are kept and
			 * dropping one reference each time would cost a third of the trap. */
			kern_return_t result = handle_exception(&m.exception);

			m.reply = masix_exception_answer_make(m.header.msgh_remote_port, result);
			send = sizeof m.reply;
		} else if (m.header.msgh_id == MESSAGE_POKE) {
			service_take_signals();
		}
		handle_nudges();
	}
}

static void service_main(void)
{
	service_loop();
}

static kern_return_t start_thread(void)
{
	struct emul_thread *service = threads_service;
	struct emul_state registers;
	kern_return_t kr;

	if (!service)
		service = threads_allocate();
	if (!service)
		return KERN_RESOURCE_SHORTAGE;
	kr = thread_create(EMUL_PORT_TASK, &service->vector.port);
	if (kr)
		return kr;
	service->in_emul = 1;
	service->vector.reply_port = MACH_PORT_NULL;
	threads_service = service;
	kr = threads_set_segments(service->vector.port, service);
	memset(&registers, 0, sizeof registers);
	registers.eip = (uint32_t)service_main;
	registers.esp = service->stack_top - 16;
	if (!kr)
		kr = threads_set_registers(service->vector.port, &registers, 0);
	if (!kr)
		kr = thread_set_special_port(
			service->vector.port, THREAD_EXCEPTION, EMUL_PORT_FAULT);
	if (!kr)
		kr = thread_resume(service->vector.port);
	return kr;
}

static kern_return_t make_ports(void)
{
	kern_return_t kr =
		mach_port_allocate(EMUL_PORT_TASK, MACH_PORT_RIGHT_PORT_SET, &service_set);

	if (!kr)
		kr = mach_port_allocate(EMUL_PORT_TASK, MACH_PORT_RIGHT_RECEIVE, &service_port);
	if (!kr)
		kr = mach_port_allocate(EMUL_PORT_TASK, MACH_PORT_RIGHT_RECEIVE, &event_port);
	if (!kr)
		kr = mach_port_insert_right(
			EMUL_PORT_TASK, service_port, service_port, MACH_MSG_TYPE_MAKE_SEND);
	if (!kr)
		kr = mach_port_move_member(EMUL_PORT_TASK, service_port, service_set);
	if (!kr)
		kr = mach_port_move_member(EMUL_PORT_TASK, event_port, service_set);
	return kr;
}

kern_return_t service_start(void)
{
	uint32_t limit_changes;
	kern_return_t kr;

	take_lock.word = 0;
	kr = make_ports();
	if (!kr)
		kr = task_set_special_port(EMUL_PORT_TASK, TASK_EXCEPTION, service_port);
	if (!kr)
		kr = start_thread();
	if (kr)
		return kr;
	/* What a poke brings after the answer was made is newer than the answer. */
	emul_lock(&take_lock);
	kr = process_started(EMUL_PORT_PROCESS, event_port, EMUL_PORT_THREAD, &emul_process.pid,
		&emul_process.ppid, &limit_changes);
	emul_unlock(&take_lock);
	if (!kr)
		limits_follow(limit_changes);
	return kr;
}

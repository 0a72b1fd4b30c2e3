/* Making threads look at their signals, and their waits. */
#include <mach/kern_return.h>

#include "emul.h"
#include "gnumach.h"
#include "io.h"
#include "mach.h"
#include "mach/traps.h"
#include "process.h"
#include "service.h"
#include "threads.h"

#define TRAP_MACH_MSG (-25)

void emul_async_entry(void);

void threads_request_nudge(struct emul_thread *thread)
{
	if (emul_self() == threads_service) {
		threads_nudge(thread);
		return;
	}
	thread->nudge = 1;
	service_wake();
}

/* In the library and waiting: end the wait.  1 when there is nothing more to do. */
static int end_wait(struct emul_thread *thread)
{
	uint32_t kind = thread->wait_kind, token = thread->wait_token;
	kern_return_t kr = KERN_FAILURE;

	switch (kind) {
	case EMUL_NOT_WAITING:
		return 1; /* it looks at signal_pending before it leaves */
	case EMUL_WAIT_IO:
		kr = io_cancel(thread->wait_port, token);
		break;
	case EMUL_WAIT_PROCESS:
		kr = process_cancel(EMUL_PORT_PROCESS, token);
		break;
	case EMUL_WAIT_KERNEL:
		(void)gsync_wake(EMUL_PORT_TASK, (vm_address_t)&thread->signal_pending, 0, 0);
		(void)thread_abort(thread->vector.port);
		break;
	}
	/* An abort can come just before the trap, a cancel before its call: see whether
	 * it still waits. */
	return kr == KERN_SUCCESS || thread->wait_kind != kind || thread->wait_token != token;
}

/* Running user code: send it to emul_async_entry with its registers saved.  1 when done.  While it is
 * stopped no memory of the program may be touched here: it can be in a page fault, and a
 * fault on the same page would wait for it for ever.  If it has just raised an exception (a call by
 * trap, say) it raises it again after the handler: service.c. */
static int redirect(struct emul_thread *thread)
{
	struct emul_state entry;
	int done = 1;

	if (thread_suspend(thread->vector.port))
		return 1; /* it is gone */
	if (thread->in_emul) {
		done = 0;
		goto out;
	}
	if (service_get_state(thread->vector.port, &thread->state))
		goto out;
	/* A program that speaks Mach itself may wait in mach_msg, for ever: that ends, as interrupted. */
	if ((int32_t)thread->state.eax == TRAP_MACH_MSG) {
		(void)thread_abort(thread->vector.port);
		if (service_get_state(thread->vector.port, &thread->state))
			goto out;
	}
	thread->state.call = ~0u;
	thread->in_emul = 1;
	memset(&entry, 0, sizeof entry);
	entry.eip = (uint32_t)emul_async_entry;
	entry.esp = thread->stack_top;
	if (threads_set_registers(thread->vector.port, &entry, (int)thread->gs_used))
		thread->in_emul = 0;
out:
	(void)thread_resume(thread->vector.port);
	return done;
}

void threads_nudge(struct emul_thread *thread)
{
	unsigned tries;

	thread->nudge = 0;
	/* Once it has looked and found nothing more, what it waits for is a later call's. */
	for (tries = 0; tries < 1000 && thread->signal_pending; tries++) {
		if (thread->in_emul ? end_wait(thread) : redirect(thread))
			return;
		if (tries < 4)
			trap_swtch_pri(0);
		else
			emul_sleep_ms(1);
	}
	if (thread->signal_pending)
		emul_log(
			"a thread does not look at its signals, tid ", (uint32_t)thread->vector.id);
}

uint32_t emul_wait_begin(enum emul_wait_kind kind, mach_port_t port)
{
	static volatile uint32_t tokens;
	struct emul_thread *self = emul_self();

	self->wait_port = port;
	self->wait_token = ((uint32_t)emul_process.pid << 16) ^
			   __atomic_add_fetch(&tokens, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	self->wait_kind = kind;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return self->wait_token;
}

void emul_wait_end(void)
{
	emul_self()->wait_kind = EMUL_NOT_WAITING;
}

void threads_wait_signal(uint64_t deadline)
{
	struct emul_thread *self = emul_self();

	while (!self->signal_pending) {
		uint64_t now = emul_now_ns();
		uint64_t left = deadline - now;
		int flags = 0;
		uint32_t ms = 0;

		if (deadline != ~0ull) {
			if (now >= deadline)
				return;
			left = left / 1000000 + 1;
			ms = left > 3600000 ? 3600000 : (uint32_t)left;
			flags = 4; /* GSYNC_TIMED */
		}
		(void)emul_wait_begin(EMUL_WAIT_KERNEL, MACH_PORT_NULL);
		(void)gsync_wait(
			EMUL_PORT_TASK, (vm_address_t)&self->signal_pending, 0, 0, ms, flags);
		emul_wait_end();
	}
}

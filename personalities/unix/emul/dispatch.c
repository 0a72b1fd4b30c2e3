/* From the doors of entry.S to the handlers of calls.def. */
#include <asm/errno.h>
#include <mach/kern_return.h>

#include "calls.h"
#include "emul.h"
#include "files.h"
#include "offsets.h"
#include "process.h"
#include "signals.h"
#include "trust.h"

_Static_assert(offsetof(struct emul_thread, user_esp) == T_USER_ESP, "entry.S");
_Static_assert(offsetof(struct emul_thread, stack_top) == T_STACK_TOP, "entry.S");
_Static_assert(offsetof(struct emul_thread, in_emul) == T_IN_EMUL, "entry.S");
_Static_assert(offsetof(struct emul_thread, signal_pending) == T_SIGNAL, "entry.S");
_Static_assert(offsetof(struct emul_thread, fault_esp) == T_FAULT_ESP, "entry.S");
_Static_assert(offsetof(struct emul_thread, entry) == T_ENTRY, "entry.S");
_Static_assert(offsetof(struct emul_thread, state) == T_STATE, "entry.S");
_Static_assert(offsetof(struct emul_state, call) == S_CALL - T_STATE, "entry.S");

#define EMUL_CALLS 448
#define EMUL_PRIVATE_CALLS 0x4d5801u /* three of Masix's own: emul_private_call */

static emul_call *const calls[EMUL_CALLS] = {
#define CALL(number, name) [number] = sys_##name,
#include "calls.def"
#undef CALL
};

static long unknown_call(uint32_t number)
{
	(void)process_unknown_call(EMUL_PORT_PROCESS, number); /* only told */
	return -ENOSYS;
}

uint32_t emul_dispatch(uint32_t *regs);

/* regs: eax ebx ecx edx esi edi ebp, in the thread's state or on its stack. */
uint32_t emul_dispatch(uint32_t *regs)
{
	struct emul_thread *thread = emul_self();
	uint32_t number = regs[0];
	long result;

	thread->entry = regs == &thread->state.eax;
	if (number < EMUL_CALLS && calls[number])
		result = calls[number](regs + 1);
	else if (number - EMUL_PRIVATE_CALLS < 3)
		result = emul_private_call(number - EMUL_PRIVATE_CALLS);
	else
		result = unknown_call(number);

	trust_after_call(number);
	thread->state.call = ~0u;
	if (result == -EMUL_RESTART || result == -EMUL_RESTART_NOHAND) {
		/* emul_deliver decides between EINTR and doing it again. */
		thread->state.call = number;
		thread->signal_pending = 1;
	}
	return (uint32_t)result;
}

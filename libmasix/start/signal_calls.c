/* Signals: none arrive; what a server sends itself is its end. */
#include "start/calls.h"

#include <asm-generic/errno-base.h>

#define SIGNALS 64

struct kernel_sigaction {
	uint32_t words[5];
};

int call_rt_sigaction(const struct vector_registers *r)
{
	static struct kernel_sigaction actions[SIGNALS + 1];
	uint32_t signal = A1;

	if (signal < 1 || signal > SIGNALS || A4 != 8)
		return -EINVAL;
	if (A3 != 0)
		*(struct kernel_sigaction *)A3 = actions[signal];
	if (A2 != 0)
		actions[signal] = *(const struct kernel_sigaction *)A2;
	return 0;
}

int call_rt_sigprocmask(const struct vector_registers *r)
{
	if (A3 != 0)
		*(uint64_t *)A3 = 0;
	return 0;
}

static int die(uint32_t signal, const struct vector_registers *r)
{
	struct text line = { .length = 0 };

	output_add(&line, start.program);
	output_add(&line, ": ends itself with signal ");
	text_decimal(&line, signal);
	text_log(&line);
	log_callers((uint32_t)(r + 1));
	vector_exit_task();
}

int call_tgkill(const struct vector_registers *r)
{
	if (A1 != PROCESS_ID || A2 == 0 || A2 > atomic_load(&start.last_tid))
		return -ESRCH;
	return A3 == 0 ? 0 : die(A3, r);
}

int call_kill(const struct vector_registers *r)
{
	if (A1 != PROCESS_ID)
		return -ESRCH;
	return A2 == 0 ? 0 : die(A2, r);
}

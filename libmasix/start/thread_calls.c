/* Calls for threads and locks of a server. */
#include "start/calls.h"

#include <asm-generic/errno-base.h>
#include <asm-generic/errno.h>
#include <linux/futex.h>

#include "mach/traps.h"
#include "vector/clock.h"

int call_clone(const struct vector_registers *r)
{
	return vector_clone(r);
}

int call_exit(const struct vector_registers *r)
{
	(void)r;
	vector_exit_thread();
}

int call_exit_group(const struct vector_registers *r)
{
	struct text line = { .length = 0 };

	output_add(&line, start.program);
	output_add(&line, ": exits with status ");
	text_decimal(&line, A1 & 0xff);
	text_log(&line);
	vector_exit_task();
}

int call_set_thread_area(const struct vector_registers *r)
{
	return vector_set_thread_area((uint32_t *)A1);
}

int call_set_tid_address(const struct vector_registers *r)
{
	struct vector_thread *thread = vector_thread();

	thread->clear_tid = (uint32_t *)A1;
	return (int)thread->id;
}

int call_getpid(const struct vector_registers *r)
{
	(void)r;
	return PROCESS_ID;
}

int call_gettid(const struct vector_registers *r)
{
	(void)r;
	return (int)vector_thread()->id;
}

int call_sched_yield(const struct vector_registers *r)
{
	(void)r;
	trap_swtch_pri(0);
	return 0;
}

int call_sched_getaffinity(const struct vector_registers *r)
{
	uint32_t *mask = (uint32_t *)A3;

	if (A2 < sizeof *mask)
		return -EINVAL;
	*mask = 1;
	return sizeof *mask;
}

/* The monotonic deadline of a futex call: relative for WAIT, else absolute on either clock. */
static int futex_deadline(int command, uint32_t operation, int64_t ns, int64_t *deadline)
{
	if (ns < 0)
		return -EINVAL;
	if (command == FUTEX_WAIT)
		*deadline = ns + (int64_t)vector_monotonic_ns();
	else if (operation & FUTEX_CLOCK_REALTIME)
		*deadline = ns - (vector_realtime_ns() - (int64_t)vector_monotonic_ns());
	else
		*deadline = ns;
	return 0;
}

/* `timeout` is in ns, or -1 for none; in the requeue commands A4 is a count instead. */
static int futex(const struct vector_registers *r, int has_timeout, int64_t timeout)
{
	_Atomic uint32_t *word = (_Atomic uint32_t *)A1;
	int command = (int)(A2 & FUTEX_CMD_MASK);
	int64_t deadline = VECTOR_FOREVER;
	uint32_t compare = A6;

	if (A1 % sizeof *word != 0)
		return -EINVAL;
	switch (command) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		if (has_timeout && futex_deadline(command, A2, timeout, &deadline) != 0)
			return -EINVAL;
		return futex_wait(
			&start.futexes, word, A3, command == FUTEX_WAIT ? FUTEX_ANY : A6, deadline);
	case FUTEX_WAKE:
		return futex_wake(&start.futexes, word, (int)A3, FUTEX_ANY);
	case FUTEX_WAKE_BITSET:
		return futex_wake(&start.futexes, word, (int)A3, A6);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(&start.futexes, word, (_Atomic uint32_t *)A5, (int)A3, (int)A4,
			command == FUTEX_CMP_REQUEUE ? &compare : NULL);
	default:
		return -ENOSYS;
	}
}

static int takes_timeout(uint32_t operation)
{
	uint32_t command = operation & FUTEX_CMD_MASK;

	return command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET;
}

int call_futex(const struct vector_registers *r)
{
	int has = takes_timeout(A2) && A4 != 0;

	return futex(r, has, has ? ns_of_old((const void *)A4) : 0);
}

int call_futex_time64(const struct vector_registers *r)
{
	int has = takes_timeout(A2) && A4 != 0;

	return futex(r, has, has ? ns_of((const void *)A4) : 0);
}

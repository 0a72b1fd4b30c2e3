/* vector_wait and vector_wake over gsync.  gsync_requeue is never used: the kernel's reads
 * an uninitialised variable when nobody waits. */
#include <masix/mach.h>

#include "gnumach.h"
#include "vector/clock.h"
#include "vector/thread.h"
#include "vector/wait.h"

#define GSYNC_TIMED 4 /* kern/gsync.h, which no package installs */

enum vector_wait_result vector_wait(_Atomic uint32_t *word, uint32_t value, int64_t deadline)
{
	uint32_t ms = 0;
	kern_return_t result;

	if (deadline != VECTOR_FOREVER) {
		int64_t left = deadline - (int64_t)vector_monotonic_ns();

		if (left <= 0)
			return VECTOR_TIMED_OUT;
		ms = vector_ms(left);
	}
	result = gsync_wait(vector_task.task, (vm_address_t)word, value, 0, ms,
		deadline == VECTOR_FOREVER ? 0 : GSYNC_TIMED);
	if (result == KERN_INTERRUPTED)
		return VECTOR_INTERRUPTED;
	/* The kernel's clock is coarse and may end the wait a little early. */
	if (result == KERN_TIMEDOUT && (int64_t)vector_monotonic_ns() >= deadline)
		return VECTOR_TIMED_OUT;
	return VECTOR_WOKEN;
}

void vector_wake(_Atomic uint32_t *word)
{
	(void)gsync_wake(vector_task.task, (vm_address_t)word, 0, 0);
}

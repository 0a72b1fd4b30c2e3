/* vector_wait and vector_wake over the host's own futexes. */
#include "vector/wait.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum vector_wait_result vector_wait(_Atomic uint32_t *word, uint32_t value, int64_t deadline)
{
	struct timespec until = {
		.tv_sec = deadline / 1000000000,
		.tv_nsec = deadline % 1000000000,
	};

	if (syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value,
		    deadline == VECTOR_FOREVER ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY) == 0)
		return VECTOR_WOKEN;
	if (errno == ETIMEDOUT)
		return VECTOR_TIMED_OUT;
	return errno == EINTR ? VECTOR_INTERRUPTED : VECTOR_WOKEN;
}

void vector_wake(_Atomic uint32_t *word)
{
	(void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

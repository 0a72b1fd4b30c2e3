/* Sleeping on a word of this task's memory: over gsync on Mach (gsync.c), over the host's
 * own futexes in the unit tests. */
#ifndef LIBMASIX_WAIT_H
#define LIBMASIX_WAIT_H

#include <stdatomic.h>
#include <stdint.h>

#define VECTOR_FOREVER INT64_MAX

enum vector_wait_result {
	VECTOR_WOKEN, /* or no longer `value`, or for no reason */
	VECTOR_TIMED_OUT,
	VECTOR_INTERRUPTED, /* thread_abort */
};

/* Sleep while *word is `value`, until vector_wake or the monotonic clock reaches `deadline` ns.
 * May return early; the caller looks at the word again. */
enum vector_wait_result vector_wait(_Atomic uint32_t *word, uint32_t value, int64_t deadline);

/* Wake one sleeper, if there is one.  The word need not exist any more. */
void vector_wake(_Atomic uint32_t *word);

#endif

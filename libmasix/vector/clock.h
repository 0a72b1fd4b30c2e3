/* Time without a message: the time-stamp counter, calibrated once by ACS. */
#ifndef LIBMASIX_CLOCK_H
#define LIBMASIX_CLOCK_H

#include <stdint.h>

struct masix_start;

/* Take the calibration from `start` (tsc_hz not 0).  Before this the kernel's clock answers,
 * 10 ms grained, with a message. */
void vector_clock_set(const struct masix_start *start);

/* Nanoseconds since boot; never runs backwards. */
uint64_t vector_monotonic_ns(void);

/* Nanoseconds since 1970. */
int64_t vector_realtime_ns(void);

/* Move the wall clock of this task: the new distance between the two clocks. */
void vector_clock_adjust(int64_t realtime_boot_ns);

/* A span in ns (> 0) as milliseconds for a kernel timer, not 0, rounded up. */
uint32_t vector_ms(int64_t ns);

/* Sleep until the monotonic clock reaches `deadline`; 1 if thread_abort ended it early. */
int vector_sleep_until(int64_t deadline);

static inline uint64_t vector_tsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

#endif

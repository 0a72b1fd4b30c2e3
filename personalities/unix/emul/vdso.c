/* What programs find by name in the library (it is their vDSO): clocks that are read without
 * entering it.  They run as user code, on the program's stack. */
#include <stdint.h>

#include "vector/clock.h"

#define NS 1000000000ull
#define ENTER(number, first, second) enter(number, (uint32_t)(first), (uint32_t)(second))

#pragma GCC visibility push(default)
int __vdso_clock_gettime(int clock, int32_t *ts);
int __vdso_clock_gettime64(int clock, int64_t *ts);
int __vdso_clock_getres(int clock, int32_t *ts);
int __vdso_gettimeofday(int32_t *tv, int32_t *zone);
int32_t __vdso_time(int32_t *when);
#pragma GCC visibility pop

static int enter(int number, uint32_t first, uint32_t second)
{
	int result;

	asm volatile("call __kernel_vsyscall"
		     : "=a"(result)
		     : "0"(number), "b"(first), "c"(second)
		     : "memory");
	return result;
}

/* CLOCK_REALTIME, _COARSE, MONOTONIC, _RAW, _COARSE, BOOTTIME.  1 if it is one of them. */
static int read_clock(int clock, uint64_t *ns)
{
	switch (clock) {
	case 0:
	case 5:
		*ns = (uint64_t)vector_realtime_ns();
		return 1;
	case 1:
	case 4:
	case 6:
	case 7:
		*ns = vector_monotonic_ns();
		return 1;
	}
	return 0;
}

int __vdso_clock_gettime(int clock, int32_t *ts)
{
	uint64_t ns;

	if (!read_clock(clock, &ns))
		return ENTER(265, clock, ts);
	ts[0] = (int32_t)(ns / NS);
	ts[1] = (int32_t)(ns % NS);
	return 0;
}

int __vdso_clock_gettime64(int clock, int64_t *ts)
{
	uint64_t ns;

	if (!read_clock(clock, &ns))
		return ENTER(403, clock, ts);
	ts[0] = (int64_t)(ns / NS);
	ts[1] = (int64_t)(ns % NS);
	return 0;
}

int __vdso_clock_getres(int clock, int32_t *ts)
{
	return ENTER(266, clock, ts);
}

int __vdso_gettimeofday(int32_t *tv, int32_t *zone)
{
	uint64_t ns = (uint64_t)vector_realtime_ns();

	if (tv) {
		tv[0] = (int32_t)(ns / NS);
		tv[1] = (int32_t)(ns % NS / 1000);
	}
	if (zone)
		zone[0] = zone[1] = 0;
	return 0;
}

int32_t __vdso_time(int32_t *when)
{
	int32_t now = (int32_t)((uint64_t)vector_realtime_ns() / NS);

	if (when)
		*when = now;
	return now;
}

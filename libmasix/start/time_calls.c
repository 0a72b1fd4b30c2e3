/* Clocks and sleeping of a server. */
#include "start/calls.h"

#include <asm-generic/errno-base.h>
#include <linux/time.h>
#include <linux/time_types.h>

#include "vector/clock.h"

#define NS_PER_SECOND 1000000000ll

static int good_nanoseconds(int64_t nanoseconds)
{
	return nanoseconds >= 0 && nanoseconds < NS_PER_SECOND;
}

int64_t ns_of_old(const struct __kernel_old_timespec *time)
{
	if (time->tv_sec < 0 || !good_nanoseconds(time->tv_nsec))
		return -1;
	return time->tv_sec * NS_PER_SECOND + time->tv_nsec;
}

int64_t ns_of(const struct __kernel_timespec *time)
{
	if (time->tv_sec < 0 || !good_nanoseconds(time->tv_nsec))
		return -1;
	/* Beyond 292 years is for ever. */
	if (time->tv_sec >= INT64_MAX / NS_PER_SECOND / 2)
		return INT64_MAX / 2;
	return time->tv_sec * NS_PER_SECOND + time->tv_nsec;
}

static int clock_read(uint32_t which, int64_t *ns)
{
	switch (which) {
	case CLOCK_REALTIME:
	case 5 /* CLOCK_REALTIME_COARSE */:
		*ns = vector_realtime_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case 4 /* CLOCK_MONOTONIC_RAW */:
	case 6 /* CLOCK_MONOTONIC_COARSE */:
	case 7 /* CLOCK_BOOTTIME */:
		*ns = (int64_t)vector_monotonic_ns();
		return 0;
	default:
		return -EINVAL;
	}
}

int call_clock_gettime(const struct vector_registers *r)
{
	struct __kernel_old_timespec *time = (void *)A2;
	int64_t ns;
	int result = clock_read(A1, &ns);

	if (result == 0) {
		time->tv_sec = (__kernel_old_time_t)(ns / NS_PER_SECOND);
		time->tv_nsec = (long)(ns % NS_PER_SECOND);
	}
	return result;
}

int call_clock_gettime64(const struct vector_registers *r)
{
	struct __kernel_timespec *time = (void *)A2;
	int64_t ns;
	int result = clock_read(A1, &ns);

	if (result == 0) {
		time->tv_sec = ns / NS_PER_SECOND;
		time->tv_nsec = ns % NS_PER_SECOND;
	}
	return result;
}

int call_gettimeofday(const struct vector_registers *r)
{
	struct __kernel_old_timeval *time = (void *)A1;
	int64_t ns = vector_realtime_ns();

	if (time != NULL) {
		time->tv_sec = (__kernel_long_t)(ns / NS_PER_SECOND);
		time->tv_usec = (__kernel_long_t)(ns % NS_PER_SECOND / 1000);
	}
	return 0;
}

int call_time(const struct vector_registers *r)
{
	int32_t seconds = (int32_t)(vector_realtime_ns() / NS_PER_SECOND);

	if (A1 != 0)
		*(int32_t *)A1 = seconds;
	return seconds;
}

static int sleep_for(uint32_t which, uint32_t flags, int64_t ns)
{
	int64_t deadline, now;

	if (ns < 0 || clock_read(which, &now) != 0)
		return -EINVAL;
	deadline = (int64_t)vector_monotonic_ns() + (flags & TIMER_ABSTIME ? ns - now : ns);
	return vector_sleep_until(deadline) ? -EINTR : 0;
}

int call_nanosleep(const struct vector_registers *r)
{
	return sleep_for(CLOCK_MONOTONIC, 0, ns_of_old((const void *)A1));
}

int call_clock_nanosleep(const struct vector_registers *r)
{
	return sleep_for(A1, A2, ns_of_old((const void *)A3));
}

int call_clock_nanosleep_time64(const struct vector_registers *r)
{
	return sleep_for(A1, A2, ns_of((const void *)A3));
}

/* Clocks and sleeping.  Reading a clock takes no message. */
#include <asm/errno.h>
#include <mach/task_info.h>
#include <mach/thread_info.h>
#include <stdbool.h>

#include "calls.h"
#include "emul.h"
#include "mach.h"
#include "signals.h"
#include "threads.h"
#include "vector/clock.h"

#define NS 1000000000ll

enum {
	CLOCK_REALTIME,
	CLOCK_MONOTONIC,
	CLOCK_PROCESS_CPUTIME,
	CLOCK_THREAD_CPUTIME,
	CLOCK_MONOTONIC_RAW,
	CLOCK_REALTIME_COARSE,
	CLOCK_MONOTONIC_COARSE,
	CLOCK_BOOTTIME,
};
/* What clock_getcpuclockid(3) and pthread_getcpuclockid(3) make: a negative number, in its low bits these, above them the
 * complement of a process's or thread's id, 0 for the caller. */
enum { CLOCK_OF_THREAD = 4, CLOCK_KIND = 3, CLOCK_SCHEDULED = 2 };
#define TIMER_ABSTIME 1

uint64_t emul_now_ns(void)
{
	return vector_monotonic_ns();
}

int64_t emul_realtime_ns(void)
{
	return vector_realtime_ns();
}

static int64_t ns_of(rpc_time_value_t t)
{
	return t.seconds * NS + t.microseconds * 1000ll;
}

/* Of a thread; -EINVAL: there is none. */
static int64_t thread_time(mach_port_t thread)
{
	struct thread_basic_info own;
	mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;

	/* cppcheck-suppress uninitvar; the kernel fills it */
	if (thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&own, &count))
		return -EINVAL;
	return ns_of(own.user_time) + ns_of(own.system_time);
}

int64_t emul_cpu_time_ns(int thread)
{
	struct task_basic_info ended;
	struct task_thread_times_info living;
	mach_msg_type_number_t count = TASK_BASIC_INFO_COUNT;

	if (thread)
		return thread_time(emul_self()->vector.port);
	/* cppcheck-suppress uninitvar; the kernel fills it */
	if (task_info(EMUL_PORT_TASK, TASK_BASIC_INFO, (task_info_t)&ended, &count))
		return 0;
	count = TASK_THREAD_TIMES_INFO_COUNT;
	if (task_info(EMUL_PORT_TASK, TASK_THREAD_TIMES_INFO, (task_info_t)&living, &count))
		return 0;
	return ns_of(ended.user_time) + ns_of(ended.system_time) + ns_of(living.user_time) +
	       ns_of(living.system_time);
}

void emul_sleep_ms(uint32_t milliseconds)
{
	(void)vector_sleep_until((int64_t)emul_now_ns() + milliseconds * 1000000ll);
}

/* Only of what is in this process. */
static int64_t read_cpu_clock(int32_t clock)
{
	const uint32_t id = ~(uint32_t)clock >> 3;
	const struct emul_thread *thread;

	if ((clock & CLOCK_KIND) != CLOCK_SCHEDULED)
		return -EINVAL;
	if (!(clock & CLOCK_OF_THREAD))
		return id == 0 || (int)id == emul_process.pid ? emul_cpu_time_ns(0) : -EINVAL;
	if (id == 0)
		return emul_cpu_time_ns(1);
	thread = threads_find_id(id);
	return thread != NULL ? thread_time(thread->vector.port) : -EINVAL;
}

/* ns of `clock`, or -EINVAL. */
static int64_t read_clock(uint32_t clock)
{
	switch ((int32_t)clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return emul_realtime_ns();
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		return (int64_t)emul_now_ns();
	case CLOCK_PROCESS_CPUTIME:
		return emul_cpu_time_ns(0);
	case CLOCK_THREAD_CPUTIME:
		return emul_cpu_time_ns(1);
	}
	return (int32_t)clock < 0 ? read_cpu_clock((int32_t)clock) : -EINVAL;
}

long sys_clock_gettime(const uint32_t *a)
{
	int64_t ns = read_clock(a[0]);
	int32_t *ts = (void *)a[1];

	if (ns < 0)
		return (long)ns;
	ts[0] = (int32_t)((uint64_t)ns / NS);
	ts[1] = (int32_t)((uint64_t)ns % NS);
	return 0;
}

long sys_clock_gettime64(const uint32_t *a)
{
	int64_t ns = read_clock(a[0]);
	int64_t *ts = (void *)a[1];

	if (ns < 0)
		return (long)ns;
	ts[0] = (int64_t)((uint64_t)ns / NS);
	ts[1] = (int64_t)((uint64_t)ns % NS);
	return 0;
}

static bool is_clock(uint32_t clock)
{
	return clock <= CLOCK_BOOTTIME ||
	       ((int32_t)clock < 0 && read_cpu_clock((int32_t)clock) >= 0);
}

long sys_clock_getres(const uint32_t *a)
{
	int32_t *ts = (void *)a[1];

	if (!is_clock(a[0]))
		return -EINVAL;
	if (ts) {
		ts[0] = 0;
		ts[1] = 1;
	}
	return 0;
}

long sys_clock_getres64(const uint32_t *a)
{
	int64_t *ts = (void *)a[1];

	if (!is_clock(a[0]))
		return -EINVAL;
	if (ts) {
		ts[0] = 0;
		ts[1] = 1;
	}
	return 0;
}

/* Setting the wall clock would have to reach every task: not offered yet. */
long sys_clock_settime(const uint32_t *a)
{
	return a[0] == CLOCK_REALTIME ? -EPERM : -EINVAL;
}

long sys_clock_settime64(const uint32_t *a)
{
	return sys_clock_settime(a);
}

long sys_gettimeofday(const uint32_t *a)
{
	int32_t *tv = (void *)a[0], *zone = (void *)a[1];
	uint64_t ns = (uint64_t)emul_realtime_ns();

	if (tv) {
		tv[0] = (int32_t)(ns / NS);
		tv[1] = (int32_t)(ns % NS / 1000);
	}
	if (zone)
		zone[0] = zone[1] = 0;
	return 0;
}

long sys_time(const uint32_t *a)
{
	int32_t now = (int32_t)((uint64_t)emul_realtime_ns() / NS);

	if (a[0])
		*(int32_t *)a[0] = now;
	return now;
}

/* Sleep until `deadline` (monotonic ns); 0, or -EINTR when a handler will run. */
static long sleep_until(uint64_t deadline)
{
	for (;;) {
		uint64_t now = emul_now_ns();

		if (now >= deadline)
			return 0;
		if (emul_signal_arrived())
			return -EINTR;
		/* The kernel's clock ticks every 10 ms: meet a short span by yielding. */
		if (deadline - now <= 2000000)
			(void)vector_sleep_until((int64_t)deadline);
		else
			threads_wait_signal(deadline);
	}
}

/* The deadline of a sleep of `ns` by `clock`; 0 = EINVAL. */
static uint64_t deadline_of(uint32_t clock, int absolute, int64_t ns)
{
	uint64_t now = emul_now_ns();

	if (clock > CLOCK_BOOTTIME || clock == CLOCK_THREAD_CPUTIME ||
		clock == CLOCK_PROCESS_CPUTIME)
		return 0;
	if (!absolute)
		return now + (uint64_t)ns;
	if (clock == CLOCK_REALTIME)
		ns -= emul_realtime_ns() - (int64_t)now;
	return ns > 0 ? (uint64_t)ns : 1;
}

static int64_t left_of(uint64_t deadline)
{
	uint64_t now = emul_now_ns();

	return deadline > now ? (int64_t)(deadline - now) : 0;
}

static long sleep32(uint32_t clock, int absolute, const int32_t *ts, int32_t *left)
{
	uint64_t deadline;
	long result;

	if (ts[0] < 0 || (uint32_t)ts[1] >= NS)
		return -EINVAL;
	deadline = deadline_of(clock, absolute, ts[0] * NS + ts[1]);
	if (!deadline)
		return -EINVAL;
	result = sleep_until(deadline);
	if (result && left && !absolute) {
		uint64_t ns = (uint64_t)left_of(deadline);

		left[0] = (int32_t)(ns / NS);
		left[1] = (int32_t)(ns % NS);
	}
	return result;
}

long sys_nanosleep(const uint32_t *a)
{
	return sleep32(CLOCK_MONOTONIC, 0, (const void *)a[0], (void *)a[1]);
}

long sys_clock_nanosleep(const uint32_t *a)
{
	return sleep32(a[0], (int)(a[1] & TIMER_ABSTIME), (const void *)a[2], (void *)a[3]);
}

long sys_clock_nanosleep64(const uint32_t *a)
{
	const int64_t *ts = (const void *)a[2];
	int64_t *left = (void *)a[3];
	int absolute = (int)(a[1] & TIMER_ABSTIME);
	int64_t seconds = ts[0];
	uint64_t deadline;
	long result;

	if (seconds < 0 || (uint32_t)ts[1] >= NS)
		return -EINVAL;
	if (seconds > 4000000000ll)
		seconds = 4000000000ll; /* "for ever" must not overflow */
	deadline = deadline_of(a[0], absolute, seconds * NS + (int32_t)ts[1]);
	if (!deadline)
		return -EINVAL;
	result = sleep_until(deadline);
	if (result && left && !absolute) {
		uint64_t ns = (uint64_t)left_of(deadline);

		left[0] = (int64_t)(ns / NS);
		left[1] = (int64_t)(ns % NS);
	}
	return result;
}

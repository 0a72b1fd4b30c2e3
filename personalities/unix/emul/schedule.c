/* Priorities and scheduling: nice values at the Unix server; one policy, one processor. */
#include <asm/errno.h>
#include <linux/resource.h>
#include <linux/sched.h>

#include "calls.h"
#include "process.h"

#define NICE_MIN (-20)
#define NICE_MAX 19
#define REALTIME_MIN 1
#define REALTIME_MAX 99

/* Does the process (0: this one) exist? */
static long check_process(uint32_t pid)
{
	masix_ids_t ids;
	mach_msg_type_number_t count = sizeof ids / sizeof ids[0];

	if ((int32_t)pid < 0)
		return -EINVAL;
	if (pid == 0 || (int)pid == emul_process.pid || pid == emul_self()->vector.id)
		return 0;
	return emul_result(process_get_ids(EMUL_PORT_PROCESS, (int)pid, ids, &count));
}

static int clamp(int nice)
{
	if (nice < NICE_MIN)
		return NICE_MIN;
	return nice > NICE_MAX ? NICE_MAX : nice;
}

/* getpriority(which, who): 20 - nice, so that it is never negative.  Groups and users are not known. */
long sys_getpriority(const uint32_t *a)
{
	int current;
	long error;

	if (a[0] > PRIO_USER)
		return -EINVAL;
	if (a[0] != PRIO_PROCESS)
		return -ESRCH;
	error = emul_result(process_nice(EMUL_PORT_PROCESS, (int)a[1], 0, 0, &current));
	return error != 0 ? error : 20 - current;
}

long sys_setpriority(const uint32_t *a)
{
	int current;

	if (a[0] > PRIO_USER)
		return -EINVAL;
	if (a[0] != PRIO_PROCESS)
		return -ESRCH;
	return emul_result(
		process_nice(EMUL_PORT_PROCESS, (int)a[1], 1, clamp((int)a[2]), &current));
}

/* nice(increment) */
long sys_nice(const uint32_t *a)
{
	int increment = (int)a[0], current;
	long error;

	if (increment > 2 * NICE_MAX)
		increment = 2 * NICE_MAX;
	if (increment < 2 * NICE_MIN)
		increment = 2 * NICE_MIN;
	error = emul_result(process_nice(EMUL_PORT_PROCESS, 0, 0, 0, &current));
	if (error == 0)
		error = emul_result(process_nice(
			EMUL_PORT_PROCESS, 0, 1, clamp(current + increment), &current));
	return error;
}

long sys_sched_getscheduler(const uint32_t *a)
{
	long error = check_process(a[0]);

	return error != 0 ? error : SCHED_NORMAL;
}

/* sched_setscheduler(pid, policy, &priority) */
long sys_sched_setscheduler(const uint32_t *a)
{
	long error = check_process(a[0]);
	int32_t priority;

	if (error != 0)
		return error;
	if (!emul_user_range(a[2], 4))
		return -EFAULT;
	priority = *(const int32_t *)a[2];
	switch (a[1] & ~(uint32_t)SCHED_RESET_ON_FORK) {
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return priority == 0 ? 0 : -EINVAL;
	case SCHED_FIFO:
	case SCHED_RR:
		return -EPERM;
	default:
		return -EINVAL;
	}
}

long sys_sched_getparam(const uint32_t *a)
{
	long error = check_process(a[0]);

	if (error != 0)
		return error;
	if (!emul_user_range(a[1], 4))
		return -EFAULT;
	*(int32_t *)a[1] = 0;
	return 0;
}

/* sched_setparam(pid, &priority): of the one policy, which has one priority. */
long sys_sched_setparam(const uint32_t *a)
{
	long error = check_process(a[0]);

	if (error != 0)
		return error;
	if (!emul_user_range(a[1], 4))
		return -EFAULT;
	return *(const int32_t *)a[1] == 0 ? 0 : -EINVAL;
}

/* How long a thread runs when others of its priority wait: the kernel's quantum, min_quantum ticks. */
static long rr_interval(uint32_t pid, uint32_t to, uint32_t size)
{
	static const int64_t nanoseconds = 100000000;
	long error = check_process(pid);

	if (error != 0)
		return error;
	if (!emul_user_range(to, size))
		return -EFAULT;
	memset((void *)to, 0, size);
	memcpy((char *)to + size / 2, &nanoseconds, sizeof(int32_t));
	return 0;
}

/* sched_rr_get_interval(pid, &timespec): words of 32 and of 64 bits */
long sys_sched_rr_get_interval(const uint32_t *a)
{
	return rr_interval(a[0], a[1], 8);
}

long sys_sched_rr_get_interval_time64(const uint32_t *a)
{
	return rr_interval(a[0], a[1], 16);
}

static long priority_bound(uint32_t policy, long realtime)
{
	switch (policy) {
	case SCHED_FIFO:
	case SCHED_RR:
		return realtime;
	case SCHED_NORMAL:
	case SCHED_BATCH:
	case SCHED_IDLE:
		return 0;
	default:
		return -EINVAL;
	}
}

long sys_sched_get_priority_max(const uint32_t *a)
{
	return priority_bound(a[0], REALTIME_MAX);
}

long sys_sched_get_priority_min(const uint32_t *a)
{
	return priority_bound(a[0], REALTIME_MIN);
}

/* There is no process of a negative number here, where the other calls find it invalid. */
static long check_affinity(uint32_t pid)
{
	return (int32_t)pid < 0 ? -ESRCH : check_process(pid);
}

/* sched_setaffinity(pid, size, mask): processor 0 is the only one. */
long sys_sched_setaffinity(const uint32_t *a)
{
	long error = check_affinity(a[0]);

	if (error != 0)
		return error;
	if (a[1] == 0)
		return -EINVAL;
	if (!emul_user_range(a[2], 1))
		return -EFAULT;
	return *(const uint8_t *)a[2] & 1 ? 0 : -EINVAL;
}

/* The size of the mask that was written. */
long sys_sched_getaffinity(const uint32_t *a)
{
	long error = check_affinity(a[0]);

	if (error != 0)
		return error;
	if (a[1] < 4 || a[1] % 4 != 0)
		return -EINVAL;
	if (!emul_user_range(a[2], 4))
		return -EFAULT;
	*(uint32_t *)a[2] = 1;
	return 4;
}

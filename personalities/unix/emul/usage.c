/* What was used: getrusage, times. */
#include <asm/errno.h>
#include <linux/resource.h>
#include <linux/times.h>

#include "calls.h"
#include "process.h"

#define MILLION 1000000
#define TICK_US 10000 /* USER_HZ is 100 */
#define TICK_NS 10000000

_Static_assert(sizeof(struct rusage) == 72, "struct rusage");

static long usage_of(int which, struct masix_usage *usage)
{
	return emul_result(process_usage(EMUL_PORT_PROCESS, which, usage));
}

/* RUSAGE_THREAD is answered with the whole process's. */
long sys_getrusage(const uint32_t *a)
{
	struct masix_usage usage;
	struct rusage out;
	int which = (int32_t)a[0] == RUSAGE_CHILDREN ? MASIX_USAGE_CHILDREN : MASIX_USAGE_SELF;
	long error;

	if ((int32_t)a[0] != RUSAGE_SELF && (int32_t)a[0] != RUSAGE_CHILDREN &&
		(int32_t)a[0] != RUSAGE_THREAD)
		return -EINVAL;
	error = usage_of(which, &usage);
	if (error != 0)
		return error;
	if (!emul_user_range(a[1], sizeof out))
		return -EFAULT;
	memset(&out, 0, sizeof out);
	out.ru_utime.tv_sec = (__kernel_old_time_t)(usage.user / MILLION);
	out.ru_utime.tv_usec = (__kernel_suseconds_t)(usage.user % MILLION);
	out.ru_stime.tv_sec = (__kernel_old_time_t)(usage.system / MILLION);
	out.ru_stime.tv_usec = (__kernel_suseconds_t)(usage.system % MILLION);
	out.ru_maxrss = (__kernel_long_t)usage.max_resident;
	out.ru_minflt = (__kernel_long_t)usage.faults;
	memcpy((void *)a[1], &out, sizeof out);
	return 0;
}

/* times(buffer): ticks since the system started. */
long sys_times(const uint32_t *a)
{
	struct masix_usage self, children;
	struct tms out;
	long error;

	if (a[0] != 0) {
		error = usage_of(MASIX_USAGE_SELF, &self);
		if (error == 0)
			error = usage_of(MASIX_USAGE_CHILDREN, &children);
		if (error != 0)
			return error;
		if (!emul_user_range(a[0], sizeof out))
			return -EFAULT;
		out.tms_utime = (__kernel_clock_t)(self.user / TICK_US);
		out.tms_stime = (__kernel_clock_t)(self.system / TICK_US);
		out.tms_cutime = (__kernel_clock_t)(children.user / TICK_US);
		out.tms_cstime = (__kernel_clock_t)(children.system / TICK_US);
		memcpy((void *)a[0], &out, sizeof out);
	}
	return (long)(emul_now_ns() / TICK_NS) & INT32_MAX;
}

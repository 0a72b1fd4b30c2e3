/* Changing the times of an inode: utime and its descendants. */
#include <asm/errno.h>
#include <linux/fcntl.h>

#include "calls.h"
#include "io.h"
#include "object.h"

#define NOW 0x3fffffffu /* nanoseconds: UTIME_NOW, UTIME_OMIT; mig/io.defs has the same */
#define OMIT 0x3ffffffeu
#define BILLION 1000000000u
#define MILLION 1000000u

struct times {
	int64_t seconds[2];
	uint32_t nanoseconds[2];
};

static const struct times both_now = { .nanoseconds = { NOW, NOW } };

static kern_return_t request_times(mach_port_t object, const void *context)
{
	const struct times *times = context;

	return io_set_times(object, times->seconds[0], times->nanoseconds[0], times->seconds[1],
		times->nanoseconds[1]);
}

static int valid(const struct times *times)
{
	for (int i = 0; i < 2; i++)
		if (times->nanoseconds[i] >= BILLION && times->nanoseconds[i] != NOW &&
			times->nanoseconds[i] != OMIT)
			return 0;
	return 1;
}

static long change_times(int dirfd, uint32_t path, uint32_t at_flags, const struct times *times)
{
	if (!valid(times))
		return -EINVAL;
	if (path == 0)
		return object_of_descriptor((uint32_t)dirfd, 0, request_times, times);
	return object_of_path(dirfd, path, at_flags, request_times, times);
}

/* utime(path, { atime, mtime }) in seconds */
long sys_utime(const uint32_t *a)
{
	const int32_t *in = (const int32_t *)a[1];
	struct times times = both_now;

	if (in != NULL)
		times = (struct times){ .seconds = { in[0], in[1] } };
	if (a[0] == 0)
		return -EFAULT;
	return change_times(AT_FDCWD, a[0], 0, &times);
}

/* Two struct timeval. */
static long read_timevals(uint32_t address, struct times *times)
{
	const int32_t *in = (const int32_t *)address;

	*times = both_now;
	if (in == NULL)
		return 0;
	for (int i = 0; i < 2; i++) {
		if ((uint32_t)in[2 * i + 1] >= MILLION)
			return -EINVAL;
		times->seconds[i] = in[2 * i];
		times->nanoseconds[i] = (uint32_t)in[2 * i + 1] * 1000;
	}
	return 0;
}

long sys_utimes(const uint32_t *a)
{
	struct times times;
	long error = read_timevals(a[1], &times);

	if (error == 0 && a[0] == 0)
		error = -EFAULT;
	return error != 0 ? error : change_times(AT_FDCWD, a[0], 0, &times);
}

long sys_futimesat(const uint32_t *a)
{
	struct times times;
	long error = read_timevals(a[2], &times);

	return error != 0 ? error : change_times((int)a[0], a[1], 0, &times);
}

static long times_at(const uint32_t *a, const struct times *times)
{
	if (a[3] & ~(uint32_t)(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH))
		return -EINVAL;
	return change_times((int)a[0], a[1], a[3], times);
}

/* utimensat(dirfd, path, times, flags), times two struct timespec */
long sys_utimensat(const uint32_t *a)
{
	const int32_t *in = (const int32_t *)a[2];
	struct times times = both_now;

	if (in != NULL)
		times = (struct times){ { in[0], in[2] }, { (uint32_t)in[1], (uint32_t)in[3] } };
	return times_at(a, &times);
}

/* The same with 64-bit times. */
long sys_utimensat64(const uint32_t *a)
{
	const int64_t *in = (const int64_t *)a[2];
	struct times times = both_now;

	if (in != NULL)
		times = (struct times){ { in[0], in[2] }, { (uint32_t)in[1], (uint32_t)in[3] } };
	return times_at(a, &times);
}

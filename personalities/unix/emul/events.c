/* eventfd(2) and timerfd_create(2): objects of the Unix server, since relatives share them. */
#include "events.h"

#include <asm/errno.h>
#include <linux/eventpoll.h>
#include <linux/fcntl.h>
#include <linux/time.h>
#include <linux/timerfd.h>

#include "calls.h"
#include "fd.h"
#include "kernel.h"
#include "process.h"
#include "timer.h"

#define EFD_SEMAPHORE 1u
#define ANONYMOUS_DEV 14u
#define NS 1000000000ll

void events_stat(struct masix_stat *stat)
{
	*stat = (struct masix_stat){
		.dev = ANONYMOUS_DEV, .ino = 1, .mode = 0600, .nlink = 1, .block_size = 4096
	};
}

/* `type`: 0 an eventfd, else a timer and 1 + its clock. */
static long install(mach_port_t port, uint32_t type, uint32_t flags)
{
	const struct masix_stat stat = { .mode = 0600, .nlink = 1, .socket_type = type };
	struct emul_file *file =
		file_create(EMUL_FILE_EVENT, port, O_RDWR | (flags & O_NONBLOCK), 0, &stat);

	return file != NULL ? fd_install(file, (flags & O_CLOEXEC) != 0) : -ENFILE;
}

static long make_counter(uint32_t initial, uint32_t flags)
{
	mach_port_t port;
	long error;

	if ((flags & ~(uint32_t)(EFD_SEMAPHORE | O_NONBLOCK | O_CLOEXEC)) != 0)
		return -EINVAL;
	error = emul_result(
		process_counter(EMUL_PORT_PROCESS, initial, (flags & EFD_SEMAPHORE) != 0, &port));
	return error != 0 ? error : install(port, 0, flags);
}

long sys_eventfd(const uint32_t *a)
{
	return make_counter(a[0], 0);
}

long sys_eventfd2(const uint32_t *a)
{
	return make_counter(a[0], a[1]);
}

/* --- timerfd --- */

long sys_timerfd_create(const uint32_t *a)
{
	uint32_t clock = a[0], flags = a[1];
	mach_port_t port;
	long error;

	if ((flags & ~(uint32_t)(O_NONBLOCK | O_CLOEXEC)) != 0 ||
		(clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC && clock != CLOCK_BOOTTIME &&
			clock != CLOCK_REALTIME_ALARM && clock != CLOCK_BOOTTIME_ALARM))
		return -EINVAL;
	if ((clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) &&
		emul_process.euid != 0)
		return -EPERM;
	error = emul_result(process_timer(EMUL_PORT_PROCESS, clock, &port));
	return error != 0 ? error : install(port, clock + 1, flags);
}

/* In nanoseconds; what is too long to matter is cut. */
struct setting {
	int64_t interval, value;
};

static int64_t nanoseconds(int64_t seconds, int32_t rest)
{
	if (seconds < 0 || (uint32_t)rest >= NS)
		return -1;
	return (seconds < INT64_MAX / 2 / NS ? seconds : INT64_MAX / 2 / NS) * NS + rest;
}

static long read_setting(uint32_t address, int wide, struct setting *setting)
{
	if (!emul_user_range(address, wide ? 32 : 16))
		return -EFAULT;
	if (wide) {
		const int64_t *in = (const int64_t *)address;

		setting->interval = nanoseconds(in[0], (int32_t)in[1]);
		setting->value = nanoseconds(in[2], (int32_t)in[3]);
	} else {
		const int32_t *in = (const int32_t *)address;

		setting->interval = nanoseconds(in[0], in[1]);
		setting->value = nanoseconds(in[2], in[3]);
	}
	return setting->interval < 0 || setting->value < 0 ? -EINVAL : 0;
}

static long write_setting(uint32_t address, int wide, const struct setting *setting)
{
	int64_t out[4] = { setting->interval / NS, setting->interval % NS, setting->value / NS,
		setting->value % NS };
	int32_t narrow[4];

	if (!emul_user_range(address, wide ? sizeof out : sizeof narrow))
		return -EFAULT;
	for (int i = 0; i < 4; i++)
		narrow[i] = (int32_t)out[i];
	if (wide)
		memcpy((void *)address, out, sizeof out);
	else
		memcpy((void *)address, narrow, sizeof narrow);
	return 0;
}

static long hold_timer(uint32_t fd, struct emul_file **file)
{
	*file = fd_hold(fd);
	if (*file == NULL)
		return -EBADF;
	if ((*file)->kind == EMUL_FILE_EVENT && (*file)->stat.socket_type != 0)
		return 0;
	file_release(*file);
	return -EINVAL;
}

/* When, by the monotonic clock: 0 never. */
static int64_t deadline_of(const struct emul_file *file, int absolute, int64_t value)
{
	const uint32_t clock = file->stat.socket_type - 1;
	const int64_t now = (int64_t)emul_now_ns();

	if (value == 0)
		return 0;
	if (!absolute)
		return now + value;
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM)
		value -= emul_realtime_ns() - now;
	return value > 0 ? value : 1;
}

static long set_timer(const uint32_t *a, int wide)
{
	struct setting new, old;
	struct emul_file *file;
	long error;

	if ((a[1] & ~(uint32_t)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0)
		return -EINVAL;
	error = read_setting(a[2], wide, &new);
	if (error == 0)
		error = hold_timer(a[0], &file);
	if (error != 0)
		return error;
	error = emul_result(
		timer_set(file->port, deadline_of(file, (a[1] & TFD_TIMER_ABSTIME) != 0, new.value),
			new.interval, &old.value, &old.interval));
	file_release(file);
	if (error == 0 && a[3] != 0)
		error = write_setting(a[3], wide, &old);
	return error;
}

long sys_timerfd_settime(const uint32_t *a)
{
	return set_timer(a, 0);
}

long sys_timerfd_settime64(const uint32_t *a)
{
	return set_timer(a, 1);
}

static long get_timer(const uint32_t *a, int wide)
{
	struct setting now;
	struct emul_file *file;
	long error = hold_timer(a[0], &file);

	if (error != 0)
		return error;
	error = emul_result(timer_get(file->port, &now.value, &now.interval));
	file_release(file);
	return error != 0 ? error : write_setting(a[1], wide, &now);
}

long sys_timerfd_gettime(const uint32_t *a)
{
	return get_timer(a, 0);
}

long sys_timerfd_gettime64(const uint32_t *a)
{
	return get_timer(a, 1);
}

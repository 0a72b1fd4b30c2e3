/* poll and ppoll. */
#include <asm/errno.h>
#include <asm/poll.h>

#include "calls.h"
#include "fd.h"
#include "fd_table.h"
#include "timeout.h"
#include "waiting.h"

#define FEW 16u

static uint16_t reported(const struct waiting *item, uint32_t events)
{
	if (item->file == NULL)
		return POLLNVAL;
	return (uint16_t)waiting_reported(item->ready, events);
}

/* Take the files that the program asks about; how many descriptors are bad, or -EFAULT. */
static long take(struct waiting *items, const struct pollfd *polled, uint32_t count)
{
	long bad = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct pollfd one;

		if (emul_copy(&one, &polled[i], sizeof one) != 0)
			return -EFAULT;
		if (one.fd < 0)
			continue;
		items[i].file = fd_get((uint32_t)one.fd);
		items[i].events = waiting_wanted((uint16_t)one.events);
		if (items[i].file == NULL || items[i].file->kind == EMUL_FILE_PATH)
			bad++;
	}
	return bad;
}

/* Write every revents; how many are not 0, or -EFAULT. */
static long give(const struct waiting *items, struct pollfd *polled, uint32_t count)
{
	long found = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct pollfd one;

		if (emul_copy(&one, &polled[i], sizeof one) != 0)
			return -EFAULT;
		one.revents = one.fd < 0 ? 0 : (short)reported(&items[i], (uint16_t)one.events);
		found += one.revents != 0;
		if (emul_copy(&polled[i].revents, &one.revents, sizeof one.revents) != 0)
			return -EFAULT;
	}
	return found;
}

static long poll_until(uint32_t address, uint32_t count, uint64_t deadline)
{
	struct pollfd *polled = (struct pollfd *)address;
	struct waiting few[FEW], *items;
	long result;

	if (count > FD_TABLE_SIZE)
		return -EINVAL;
	if (!emul_user_range(address, count * sizeof *polled))
		return -EFAULT;
	items = waiting_room(count, few, FEW);
	if (items == NULL)
		return -ENOMEM;
	result = take(items, polled, count);
	if (result >= 0) {
		result = waiting_wait(items, count, result > 0 ? 0 : deadline);
		if (result >= 0)
			result = give(items, polled, count);
	}
	waiting_end(items, count, few);
	return result;
}

/* poll(fds, count, milliseconds) */
long sys_poll(const uint32_t *a)
{
	int32_t ms = (int32_t)a[2];
	uint64_t deadline = WAITING_FOREVER;

	if (ms == 0)
		deadline = 0;
	else if (ms > 0)
		deadline = emul_now_ns() + (uint64_t)ms * 1000000;
	return poll_until(a[0], a[1], deadline);
}

/* ppoll(fds, count, timeout, mask, mask size) */
static long poll_masked(const uint32_t *a, enum timeout_format format)
{
	uint64_t deadline;
	int changed;
	long result = timeout_read(a[2], format, &deadline);

	if (result == 0)
		result = timeout_mask(a[3], a[4], &changed);
	if (result != 0)
		return result;
	result = poll_until(a[0], a[1], deadline);
	timeout_mask_end(changed, result);
	timeout_write(a[2], format, deadline);
	return result;
}

long sys_ppoll(const uint32_t *a)
{
	return poll_masked(a, TIMEOUT_TIMESPEC);
}

long sys_ppoll_time64(const uint32_t *a)
{
	return poll_masked(a, TIMEOUT_TIMESPEC64);
}

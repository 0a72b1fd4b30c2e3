/* select and pselect. */
#include <asm/errno.h>

#include "calls.h"
#include "fd.h"
#include "fd_table.h"
#include "timeout.h"
#include "waiting.h"

#define FEW 32u
#define SETS 3
#define WORDS (FD_TABLE_SIZE / 32)

/* For reading, writing, exceptions (which never happen to files of this system). */
struct sets {
	uint32_t words[SETS][WORDS];
};

static int has(const struct sets *sets, int which, uint32_t fd)
{
	return (sets->words[which][fd / 32] >> (fd % 32)) & 1;
}

static uint32_t bytes_of(uint32_t count)
{
	return (count + 31) / 32 * 4;
}

static long read_sets(const uint32_t *addresses, uint32_t count, struct sets *sets)
{
	memset(sets, 0, sizeof *sets);
	for (int i = 0; i < SETS; i++) {
		if (addresses[i] == 0)
			continue;
		if (!emul_user_range(addresses[i], bytes_of(count)))
			return -EFAULT;
		memcpy(sets->words[i], (const void *)addresses[i], bytes_of(count));
	}
	return 0;
}

static void write_sets(const uint32_t *addresses, uint32_t count, const struct sets *sets)
{
	for (int i = 0; i < SETS; i++)
		if (addresses[i] != 0)
			memcpy((void *)addresses[i], sets->words[i], bytes_of(count));
}

static int is_member(const struct sets *sets, uint32_t fd)
{
	return has(sets, 0, fd) || has(sets, 1, fd) || has(sets, 2, fd);
}

/* One item per descriptor that is in any set, in order of descriptors. */
static long take(const struct sets *sets, uint32_t count, struct waiting *items)
{
	for (uint32_t fd = 0; fd < count; fd++) {
		if (!is_member(sets, fd))
			continue;
		items->file = fd_get(fd);
		if (items->file == NULL)
			return -EBADF;
		items->events = (has(sets, 0, fd) ? MASIX_POLL_IN : 0u) |
				(has(sets, 1, fd) ? MASIX_POLL_OUT : 0u);
		items++;
	}
	return 0;
}

/* Turn the sets into what is ready; how many bits are set. */
static long give(struct sets *sets, uint32_t count, const struct waiting *items)
{
	static const uint32_t ready_for[SETS] = { MASIX_POLL_IN | MASIX_POLL_HUP | MASIX_POLL_ERR,
		MASIX_POLL_OUT | MASIX_POLL_ERR, 0 };
	long bits = 0;

	for (uint32_t fd = 0; fd < count; fd++) {
		if (!is_member(sets, fd))
			continue;
		for (int i = 0; i < SETS; i++) {
			if (!has(sets, i, fd))
				continue;
			if (items->ready & ready_for[i])
				bits++;
			else
				sets->words[i][fd / 32] &= ~(1u << (fd % 32));
		}
		items++;
	}
	return bits;
}

static long select_sets(struct sets *sets, uint32_t count, uint64_t deadline)
{
	struct waiting few[FEW], *items;
	uint32_t members = 0;
	long result;

	for (uint32_t fd = 0; fd < count; fd++)
		members += (uint32_t)is_member(sets, fd);
	items = waiting_room(members, few, FEW);
	if (items == NULL)
		return -ENOMEM;
	result = take(sets, count, items);
	if (result == 0)
		result = waiting_wait(items, members, deadline);
	if (result >= 0)
		result = give(sets, count, items);
	waiting_end(items, members, few);
	return result;
}

static long select_until(const uint32_t *a, uint64_t deadline, uint32_t mask, uint32_t mask_size)
{
	uint32_t count = a[0] < FD_TABLE_SIZE ? a[0] : FD_TABLE_SIZE;
	struct sets sets;
	int changed;
	long result;

	if ((int32_t)a[0] < 0)
		return -EINVAL;
	result = read_sets(a + 1, count, &sets);
	if (result == 0)
		result = timeout_mask(mask, mask_size, &changed);
	if (result != 0)
		return result;
	result = select_sets(&sets, count, deadline);
	timeout_mask_end(changed, result);
	if (result >= 0)
		write_sets(a + 1, count, &sets);
	return result;
}

static long select_masked(
	const uint32_t *a, enum timeout_format format, uint32_t mask, uint32_t mask_size)
{
	uint64_t deadline;
	long result = timeout_read(a[4], format, &deadline);

	if (result != 0)
		return result;
	result = select_until(a, deadline, mask, mask_size);
	timeout_write(a[4], format, deadline);
	return result;
}

/* select(count, read, write, except, timeval) */
long sys_select(const uint32_t *a)
{
	return select_masked(a, TIMEOUT_TIMEVAL, 0, 0);
}

/* The sixth argument points to { mask, size }. */
static long pselect(const uint32_t *a, enum timeout_format format)
{
	const uint32_t *mask = (const uint32_t *)a[5];

	if (mask == NULL)
		return select_masked(a, format, 0, 0);
	return select_masked(a, format, mask[0], mask[1]);
}

long sys_pselect6(const uint32_t *a)
{
	return pselect(a, TIMEOUT_TIMESPEC);
}

long sys_pselect6_time64(const uint32_t *a)
{
	return pselect(a, TIMEOUT_TIMESPEC64);
}

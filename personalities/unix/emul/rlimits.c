/* Resource limits.  The library keeps them; it enforces RLIMIT_NOFILE and RLIMIT_FSIZE here and leaves
 * memory limits to space.c, RLIMIT_CPU to timers.c, RLIMIT_NPROC to the Unix server. */
#include <asm/errno.h>
#include <linux/resource.h>

#include "calls.h"
#include "fd_table.h"
#include "process.h"
#include "rlimits.h"
#include "signals.h"
#include "timers.h"

#define INFINITY64 (~0ull)
#define INFINITY32 (~0u)
/* getrlimit before 2.3.36: half of the range. */
#define OLD_INFINITY32 0x7fffffffu

uint32_t limits_open_files(void)
{
	uint64_t limit = emul_process.limits[RLIMIT_NOFILE][0];

	return limit < FD_TABLE_SIZE ? (uint32_t)limit : FD_TABLE_SIZE;
}

int limits_file_size_is_set(void)
{
	return emul_process.limits[RLIMIT_FSIZE][0] != INFINITY64;
}

uint32_t limits_file_size(int64_t offset, uint32_t n)
{
	uint64_t limit = emul_process.limits[RLIMIT_FSIZE][0];

	if (limit == INFINITY64 || n == 0)
		return n;
	if ((uint64_t)offset >= limit) {
		emul_raise(SIGXFSZ, SI_USER);
		return 0;
	}
	return n <= limit - (uint64_t)offset ? n : (uint32_t)(limit - (uint64_t)offset);
}

static long set(uint32_t resource, uint64_t soft, uint64_t hard)
{
	uint64_t *limit = emul_process.limits[resource];

	if (soft > hard)
		return -EINVAL;
	if (hard > limit[1] && emul_process.euid != 0)
		return -EPERM;
	if (resource == RLIMIT_NOFILE && hard > FD_TABLE_SIZE)
		return -EPERM;
	if (resource == RLIMIT_NPROC) {
		kern_return_t kr = process_limit_user(EMUL_PORT_PROCESS, soft, hard);

		if (kr)
			return -emul_errno(kr);
	}
	limit[0] = soft;
	limit[1] = hard;
	if (resource == RLIMIT_CPU)
		timers_limit();
	return 0;
}

static uint64_t widen(uint32_t value)
{
	return value == INFINITY32 ? INFINITY64 : value;
}

static uint32_t narrow(uint64_t value, uint32_t infinity)
{
	return value > infinity ? infinity : (uint32_t)value;
}

static long get32(const uint32_t *a, uint32_t infinity)
{
	uint32_t *out = (uint32_t *)a[1];

	if (a[0] >= RLIM_NLIMITS)
		return -EINVAL;
	if (!emul_user_range(a[1], 8))
		return -EFAULT;
	out[0] = narrow(emul_process.limits[a[0]][0], infinity);
	out[1] = narrow(emul_process.limits[a[0]][1], infinity);
	return 0;
}

long sys_getrlimit(const uint32_t *a)
{
	return get32(a, INFINITY32);
}

long sys_old_getrlimit(const uint32_t *a)
{
	return get32(a, OLD_INFINITY32);
}

long sys_setrlimit(const uint32_t *a)
{
	const uint32_t *in = (const uint32_t *)a[1];

	if (a[0] >= RLIM_NLIMITS)
		return -EINVAL;
	if (!emul_user_range(a[1], 8))
		return -EFAULT;
	return set(a[0], widen(in[0]), widen(in[1]));
}

/* prlimit64(pid, resource, new, old): the limits of other processes are theirs. */
long sys_prlimit64(const uint32_t *a)
{
	const uint64_t *in = (const uint64_t *)a[2];
	uint64_t *out = (uint64_t *)a[3];
	uint64_t old[2], new[2];
	long result;

	if (a[0] != 0 && (int)a[0] != emul_process.pid)
		return -EPERM;
	if (a[1] >= RLIM_NLIMITS)
		return -EINVAL;
	if ((a[2] && !emul_user_range(a[2], 16)) || (a[3] && !emul_user_range(a[3], 16)))
		return -EFAULT;
	old[0] = emul_process.limits[a[1]][0];
	old[1] = emul_process.limits[a[1]][1];
	if (in != NULL) {
		new[0] = in[0];
		new[1] = in[1];
		result = set(a[1], new[0], new[1]);
		if (result != 0)
			return result;
	}
	if (out != NULL) {
		out[0] = old[0];
		out[1] = old[1];
	}
	return 0;
}

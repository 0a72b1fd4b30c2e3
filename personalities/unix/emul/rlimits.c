/* Resource limits.  The Unix server keeps them; the library enforces RLIMIT_NOFILE and RLIMIT_FSIZE here and leaves
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

/* How often the limits had changed when the copy was made. */
static uint32_t known_changes;

static long ask(int pid, uint64_t limits[MASIX_LIMITS][2], uint32_t *changes)
{
	masix_ids_t words;
	mach_msg_type_number_t count = sizeof words / sizeof words[0];
	long error = emul_result(process_limits(EMUL_PORT_PROCESS, pid, words, &count, changes));

	if (error == 0)
		memcpy(limits, words, sizeof words);
	return error;
}

/* Have the copy as the limits are now. */
static void update(void)
{
	uint64_t limits[MASIX_LIMITS][2];
	uint32_t changes;

	if (ask(0, limits, &changes) != 0 || changes == known_changes)
		return;
	memcpy(emul_process.limits, limits, sizeof limits);
	known_changes = changes;
	timers_limit();
}

void limits_follow(uint32_t changes)
{
	if (changes != known_changes)
		update();
}

uint32_t limits_changes(void)
{
	return known_changes;
}

static long set(int pid, uint32_t resource, uint64_t soft, uint64_t hard)
{
	long error;

	if (resource == RLIMIT_NOFILE && hard > FD_TABLE_SIZE)
		return -EPERM;
	error = emul_result(process_set_limit(EMUL_PORT_PROCESS, pid, resource, soft, hard));
	if (error == 0 && (pid == 0 || pid == emul_process.pid))
		update();
	return error;
}

void limits_lower(uint32_t resource, uint64_t most)
{
	const uint64_t *limit = emul_process.limits[resource];

	if (limit[0] > most)
		(void)set(0, resource, most, limit[1]);
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
	update();
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
	return set(0, a[0], widen(in[0]), widen(in[1]));
}

/* prlimit64(pid, resource, new, old) */
long sys_prlimit64(const uint32_t *a)
{
	const uint64_t *in = (const uint64_t *)a[2];
	uint64_t *out = (uint64_t *)a[3];
	uint64_t limits[MASIX_LIMITS][2], new[2];
	uint32_t changes;
	long error;

	if (a[1] >= RLIM_NLIMITS)
		return -EINVAL;
	if ((a[2] && !emul_user_range(a[2], 16)) || (a[3] && !emul_user_range(a[3], 16)))
		return -EFAULT;
	if (in != NULL)
		memcpy(new, in, sizeof new);
	error = ask((int)a[0], limits, &changes);
	if (error == 0 && in != NULL)
		error = set((int)a[0], a[1], new[0], new[1]);
	if (error == 0 && out != NULL)
		memcpy(out, limits[a[1]], sizeof limits[0]);
	return error;
}

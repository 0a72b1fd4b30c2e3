/* The Linux calls that a static glibc makes for memory, threads, locks, time and the log, as a Mach task
 * can make them alone.  Servers have no files, no children and no signals: what asks for
 * those gets the honest error. */
#include "start/calls.h"

#include <asm-generic/errno-base.h>
#include <asm-generic/errno.h>
#include <asm/unistd.h>
#include <linux/resource.h>
#include <linux/utsname.h>

#include "vector/bytes.h"

static int getrandom(const struct vector_registers *r)
{
	return vector_random((void *)A1, A2) ? (int)A2 : -ENOSYS;
}

static int uname(const struct vector_registers *r)
{
	static const struct new_utsname name = {
		.sysname = "Masix",
		.nodename = "masix",
		.release = "6.1.0", /* glibc refuses kernels that it takes for too old */
		.version = "server",
		.machine = "i686",
		.domainname = "",
	};

	vector_copy((void *)A1, &name, sizeof name);
	return 0;
}

static int getrlimit(const struct vector_registers *r)
{
	uint32_t *limit = (uint32_t *)A2;

	/* RLIMIT_STACK decides how large threads' stacks are. */
	limit[0] = A1 == RLIMIT_STACK ? START_MAIN_STACK : 0xffffffffu;
	limit[1] = 0xffffffffu;
	return 0;
}

static int prlimit64(const struct vector_registers *r)
{
	uint64_t *limit = (uint64_t *)A4;

	if (A3 != 0)
		return -EPERM;
	if (limit != NULL) {
		limit[0] = A2 == RLIMIT_STACK ? START_MAIN_STACK : UINT64_MAX;
		limit[1] = UINT64_MAX;
	}
	return 0;
}

static int zero(const struct vector_registers *r)
{
	(void)r;
	return 0;
}

static int no_entry(const struct vector_registers *r)
{
	(void)r;
	return -ENOENT;
}

/* glibc names the memory of thread stacks by it; a kernel may be built without that. */
static int no_option(const struct vector_registers *r)
{
	(void)r;
	return -EINVAL;
}

static int not_here(const struct vector_registers *r)
{
	(void)r;
	return -ENOSYS;
}

static int (*const calls[])(const struct vector_registers *) = {
	[__NR_brk] = call_brk,
	[__NR_mmap2] = call_mmap2,
	[__NR_munmap] = call_munmap,
	[__NR_mprotect] = call_mprotect,
	[__NR_mremap] = call_mremap,
	[__NR_madvise] = call_madvise,
	[__NR_mlock] = call_mlock,
	[__NR_munlock] = call_mlock,

	[__NR_clone] = call_clone,
	[__NR_clone3] = not_here,
	[__NR_exit] = call_exit,
	[__NR_exit_group] = call_exit_group,
	[__NR_set_thread_area] = call_set_thread_area,
	[__NR_set_tid_address] = call_set_tid_address,
	[__NR_set_robust_list] = not_here,
	[__NR_rseq] = not_here,
	[__NR_prctl] = no_option,
	[__NR_getpid] = call_getpid,
	[__NR_gettid] = call_gettid,
	[__NR_sched_yield] = call_sched_yield,
	[__NR_sched_getaffinity] = call_sched_getaffinity,
	[__NR_futex] = call_futex,
	[__NR_futex_time64] = call_futex_time64,

	[__NR_clock_gettime] = call_clock_gettime,
	[__NR_clock_gettime64] = call_clock_gettime64,
	[__NR_gettimeofday] = call_gettimeofday,
	[__NR_time] = call_time,
	[__NR_nanosleep] = call_nanosleep,
	[__NR_clock_nanosleep] = call_clock_nanosleep,
	[__NR_clock_nanosleep_time64] = call_clock_nanosleep_time64,

	[__NR_write] = call_write,
	[__NR_writev] = call_writev,
	[__NR_read] = call_read,
	[__NR_close] = call_close,
	[__NR_fstat64] = call_fstat64,
	[__NR_statx] = call_statx,
	[__NR_ioctl] = call_ioctl,
	[__NR_fcntl64] = call_fcntl64,
	[__NR_lseek] = call_lseek,
	[__NR__llseek] = call_lseek,

	[__NR_rt_sigaction] = call_rt_sigaction,
	[__NR_rt_sigprocmask] = call_rt_sigprocmask,
	[__NR_tgkill] = call_tgkill,
	[__NR_kill] = call_kill,

	[__NR_getrandom] = getrandom,
	[__NR_uname] = uname,
	[__NR_ugetrlimit] = getrlimit,
	[__NR_prlimit64] = prlimit64,
	[__NR_getuid32] = zero,
	[__NR_geteuid32] = zero,
	[__NR_getgid32] = zero,
	[__NR_getegid32] = zero,
	[__NR_getppid] = zero,
	[__NR_readlink] = no_entry,
	[__NR_readlinkat] = no_entry,
	[__NR_access] = no_entry,
	[__NR_faccessat] = no_entry,
	[__NR_open] = no_entry,
	[__NR_openat] = no_entry,
	[__NR_stat64] = no_entry,
	[__NR_lstat64] = no_entry,
	[__NR_fstatat64] = no_entry,
	[__NR_unlink] = no_entry,
};

#define CALL_COUNT (sizeof calls / sizeof calls[0])

static void log_unknown(uint32_t number, uint32_t from)
{
	static _Atomic uint32_t logged[16]; /* a bit for each number below 512 */
	uint32_t bit = 1u << number % 32;
	struct text line = { .length = 0 };

	if (number < 512 && atomic_fetch_or(&logged[number / 32], bit) & bit)
		return;
	output_add(&line, start.program);
	output_add(&line, ": unknown system call ");
	text_decimal(&line, number);
	output_add(&line, " from ");
	text_hex(&line, from);
	text_log(&line);
}

uint32_t vector_call(struct vector_registers *registers)
{
	uint32_t number = registers->eax;

	if (number < CALL_COUNT && calls[number] != NULL)
		return (uint32_t)calls[number](registers);
	log_unknown(number, registers->return_address);
	return (uint32_t)-ENOSYS;
}

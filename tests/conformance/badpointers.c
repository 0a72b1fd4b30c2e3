/* Bad pointers to every call that takes one: the answer is EFAULT, and the process lives. */
#include "check.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <termios.h>

#define PAGE 4096

static char *good;   /* a page */
static void *bad[4]; /* addresses that cannot be used */
static void *p;	     /* the one that is tried */
static int file;     /* open on some data */

/* Nothing, no access, the kernel's, and the last byte of a page before one without access, which is good for
 * a single byte. */
static void prepare(void)
{
	char *area = OK(
		mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	OK(mprotect(area + PAGE, PAGE, PROT_NONE));
	good = area;
	memset(good, 'x', PAGE);
	bad[0] = (void *)16;
	bad[1] = area + PAGE;
	bad[2] = (void *)0xfffff000;
	bad[3] = area + PAGE - 1;
	make_file("file", good, PAGE);
	file = OK(open("file", O_RDWR));
}

/* Each of them in turn, then NULL. */
static void *next_bad(void)
{
	static size_t next;

	if (next == COUNT(bad)) {
		next = 0;
		return NULL;
	}
	return bad[next++];
}

#define FAULTS(...)                                                                                \
	do {                                                                                       \
		long result_;                                                                      \
		errno = 0;                                                                         \
		result_ = syscall(__VA_ARGS__);                                                    \
		if (result_ != -1 || errno != EFAULT)                                              \
			check_fail(__LINE__, "syscall(" #__VA_ARGS__ ") with p = %p: %ld, %s", p,  \
				result_, strerror(errno));                                         \
	} while (0)

CASE(paths)
{
	struct stat info;

	prepare();
	while ((p = next_bad())) {
		FAULTS(SYS_open, p, O_RDONLY);
		FAULTS(SYS_openat, AT_FDCWD, p, O_RDONLY);
		FAULTS(SYS_creat, p, 0644);
		FAULTS(SYS_unlink, p);
		FAULTS(SYS_unlinkat, AT_FDCWD, p, 0);
		FAULTS(SYS_mkdir, p, 0755);
		FAULTS(SYS_mkdirat, AT_FDCWD, p, 0755);
		FAULTS(SYS_rmdir, p);
		FAULTS(SYS_chdir, p);
		FAULTS(SYS_access, p, 0);
		FAULTS(SYS_faccessat, AT_FDCWD, p, 0);
		FAULTS(SYS_chmod, p, 0644);
		FAULTS(SYS_fchmodat, AT_FDCWD, p, 0644);
		FAULTS(SYS_chown32, p, -1, -1);
		FAULTS(SYS_lchown32, p, -1, -1);
		FAULTS(SYS_fchownat, AT_FDCWD, p, -1, -1, 0);
		FAULTS(SYS_truncate64, p, 0, 0);
		FAULTS(SYS_mknod, p, S_IFIFO | 0600, 0);
		FAULTS(SYS_stat64, p, &info);
		FAULTS(SYS_lstat64, p, &info);
		FAULTS(SYS_fstatat64, AT_FDCWD, p, &info, 0);
		FAULTS(SYS_statfs64, p, 84, good);
		FAULTS(SYS_readlink, p, good, 10);
		FAULTS(SYS_readlinkat, AT_FDCWD, p, good, 10);
		FAULTS(SYS_chroot, p);
	}
}

CASE(two_paths)
{
	prepare();
	while ((p = next_bad())) {
		FAULTS(SYS_link, p, "new");
		FAULTS(SYS_link, "file", p);
		FAULTS(SYS_linkat, AT_FDCWD, "file", AT_FDCWD, p, 0);
		FAULTS(SYS_symlink, p, "new");
		FAULTS(SYS_symlink, "file", p);
		FAULTS(SYS_symlinkat, "file", AT_FDCWD, p);
		FAULTS(SYS_rename, p, "new");
		FAULTS(SYS_rename, "file", p);
		FAULTS(SYS_renameat, AT_FDCWD, "file", AT_FDCWD, p);
	}
}

CASE(path_that_ends_at_the_edge)
{
	char *path = (prepare(), good + PAGE - 5);

	memcpy(path, "file", 5);
	OK(access(path, F_OK));
	memcpy(path, "filex", 5);
	FAILS(access(path, F_OK), EFAULT);
}

CASE(transfers)
{
	int ends[2];

	prepare();
	OK(pipe(ends));
	EQUAL(write(ends[1], good, 100), 100);
	for (int i = 0; i < 3; i++) {
		p = bad[i];
		FAULTS(SYS_read, file, p, 10);
		FAULTS(SYS_write, file, p, 10);
		FAULTS(SYS_pread64, file, p, 10, 0, 0);
		FAULTS(SYS_pwrite64, file, p, 10, 0, 0);
		FAULTS(SYS_read, ends[0], p, 10);
		FAULTS(SYS_write, ends[1], p, 10);
		FAULTS(SYS_read, file, p, PAGE);
		FAULTS(SYS_read, ends[0], p, PAGE);
	}
	/* Nothing got lost on the way. */
	EQUAL(lseek(file, 0, SEEK_CUR), 0);
	EQUAL(read(ends[0], good, 1000), 100);
}

CASE(transfers_that_begin_well)
{
	int ends[2], waiting;
	ssize_t got;

	prepare();
	/* What fits is transferred, or nothing. */
	got = read(file, good + PAGE - 10, 100);
	CHECK((got >= 0 && got <= 10) || (got == -1 && errno == EFAULT));
	OK(pipe(ends));
	got = write(ends[1], good + PAGE - 10, 100);
	CHECK((got >= 0 && got <= 10) || (got == -1 && errno == EFAULT));
	OK(ioctl(ends[0], FIONREAD, &waiting));
	EQUAL(waiting, got < 0 ? 0 : got);
}

CASE(devices)
{
	int zero, random;

	prepare();
	zero = OK(open("/dev/zero", O_RDONLY));
	random = OK(open("/dev/urandom", O_RDONLY));
	for (int i = 0; i < 3; i++) {
		p = bad[i];
		FAULTS(SYS_read, zero, p, 10);
		FAULTS(SYS_read, random, p, 10);
		FAULTS(SYS_getrandom, p, 10, 0);
	}
}

CASE(vectors)
{
	struct iovec one = { NULL, 10 };

	prepare();
	while ((p = next_bad())) {
		FAULTS(SYS_readv, file, p, 1);
		FAULTS(SYS_writev, file, p, 1);
	}
	for (int i = 0; i < 3; i++) {
		p = bad[i];
		one.iov_base = p;
		FAULTS(SYS_readv, file, &one, 1);
		FAULTS(SYS_writev, file, &one, 1);
	}
}

CASE(results_about_files)
{
	int folder;

	prepare();
	folder = OK(open(".", O_RDONLY));
	while ((p = next_bad())) {
		FAULTS(SYS_stat64, "file", p);
		FAULTS(SYS_lstat64, "file", p);
		FAULTS(SYS_fstat64, file, p);
		FAULTS(SYS_fstatat64, AT_FDCWD, "file", p, 0);
		FAULTS(SYS_statx, AT_FDCWD, "file", 0, 0x7ff, p);
		FAULTS(SYS_statfs64, "file", 84, p);
		FAULTS(SYS_fstatfs64, file, 84, p);
		FAULTS(SYS_getcwd, p, 1000);
		FAULTS(SYS_getdents64, folder, p, 1000);
		FAULTS(SYS__llseek, file, 0, 0, p, SEEK_SET);
	}
	OK(symlink("target", "link"));
	while ((p = next_bad())) {
		FAULTS(SYS_readlink, "link", p, 100);
	}
}

CASE(times_of_files)
{
	prepare();
	while ((p = next_bad())) {
		FAULTS(SYS_utimensat, AT_FDCWD, "file", p, 0);
		FAULTS(SYS_utime, "file", p);
		FAULTS(SYS_utimes, "file", p);
	}
}

CASE(descriptors)
{
	struct timeval none = { 0, 0 };
	int ends[2];

	prepare();
	OK(pipe(ends));
	while ((p = next_bad())) {
		FAULTS(SYS_pipe, p);
		FAULTS(SYS_pipe2, p, 0);
		FAULTS(SYS_poll, p, 1, 0);
		FAULTS(SYS_ppoll, p, 1, &none, NULL, 0);
		FAULTS(SYS_ppoll, NULL, 0, p, NULL, 0);
		FAULTS(SYS__newselect, 3, p, NULL, NULL, &none);
		FAULTS(SYS__newselect, 3, NULL, p, NULL, &none);
		FAULTS(SYS__newselect, 0, NULL, NULL, NULL, p);
		FAULTS(SYS_fcntl64, file, F_GETLK64, p);
		FAULTS(SYS_fcntl64, file, F_SETLK64, p);
		FAULTS(SYS_ioctl, ends[0], FIONREAD, p);
		FAULTS(SYS_ioctl, ends[0], FIONBIO, p);
		FAULTS(SYS_sendfile, ends[1], file, p, 10);
	}
	/* A failed pipe leaves no descriptors behind. */
	EQUAL(dup(0), ends[1] + 1);
}

CASE(programs)
{
	char *argv[] = { NULL, NULL };

	prepare();
	while ((p = next_bad())) {
		FAULTS(SYS_execve, p, argv, argv);
		FAULTS(SYS_execve, check_self, p, argv);
		FAULTS(SYS_execve, check_self, argv, p);
		argv[0] = p;
		FAULTS(SYS_execve, check_self, argv, NULL);
		FAULTS(SYS_execve, check_self, NULL, argv);
		argv[0] = NULL;
	}
}

static pid_t start_that_ends(void)
{
	pid_t child = OK(fork());

	if (child == 0)
		_exit(0);
	return child;
}

CASE(waiting)
{
	prepare();
	/* The child is gone all the same, as Linux has it. */
	while ((p = next_bad())) {
		FAULTS(SYS_wait4, start_that_ends(), p, 0, NULL);
		FAULTS(SYS_wait4, start_that_ends(), NULL, 0, p);
		FAULTS(SYS_waitid, P_PID, start_that_ends(), p, WEXITED, NULL);
	}
	while (wait(NULL) != -1)
		;
}

CASE(signals)
{
	sigset_t block = set_of(SIGUSR1);
	struct timespec none = { 0, 0 };

	prepare();
	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	while ((p = next_bad())) {
		FAULTS(SYS_rt_sigaction, SIGUSR1, p, NULL, 8);
		FAULTS(SYS_rt_sigaction, SIGUSR1, NULL, p, 8);
		FAULTS(SYS_rt_sigprocmask, SIG_BLOCK, p, NULL, 8);
		FAULTS(SYS_rt_sigprocmask, SIG_BLOCK, NULL, p, 8);
		FAULTS(SYS_rt_sigpending, p, 8);
		FAULTS(SYS_rt_sigsuspend, p, 8);
		FAULTS(SYS_rt_sigtimedwait, p, NULL, &none, 8);
		FAULTS(SYS_rt_sigtimedwait, &block, NULL, p, 8);
		FAULTS(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, p);
		FAULTS(SYS_sigaltstack, p, NULL);
		FAULTS(SYS_sigaltstack, NULL, p);
	}
	OK(raise(SIGUSR1));
	p = bad[1];
	FAULTS(SYS_rt_sigtimedwait, &block, p, &none, 8);
}

CASE(handler_with_a_bad_stack)
{
	pid_t child = OK(fork());

	/* No room for the frame: the signal kills, by SIGSEGV. */
	if (child == 0) {
		struct rlimit none = { 0, 0 };

		OK(setrlimit(RLIMIT_CORE, &none));
		set_handler(SIGUSR1, check_alarm, 0);
		__asm__ volatile("movl $64, %%esp\n\tint $0x80"
				 :
				 : "a"(SYS_kill), "b"(getpid()), "c"(SIGUSR1));
		_exit(0);
	}
	DIES(child, SIGSEGV);
}

CASE(return_from_no_handler)
{
	static const long numbers[] = { SYS_sigreturn, SYS_rt_sigreturn };

	/* The frame is whatever the stack holds: death, or odd registers, but only of this process. */
	for (size_t i = 0; i < COUNT(numbers); i++) {
		pid_t child = OK(fork());

		if (child == 0) {
			struct rlimit none = { 0, 0 };

			OK(setrlimit(RLIMIT_CORE, &none));
			alarm(5);
			__asm__ volatile("movl $64, %%esp\n\tint $0x80" : : "a"(numbers[i]));
			_exit(0);
		}
		DIES(child, SIGSEGV);
	}
}

CASE(clocks_and_timers)
{
	prepare();
	while ((p = next_bad())) {
		FAULTS(SYS_nanosleep, p, NULL);
		FAULTS(SYS_clock_gettime, CLOCK_MONOTONIC, p);
		FAULTS(SYS_clock_getres, CLOCK_MONOTONIC, p);
		FAULTS(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, p, NULL);
		FAULTS(403, CLOCK_MONOTONIC, p);	  /* clock_gettime64 */
		FAULTS(407, CLOCK_MONOTONIC, 0, p, NULL); /* clock_nanosleep_time64 */
		FAULTS(SYS_gettimeofday, p, NULL);
		FAULTS(SYS_time, p);
		FAULTS(SYS_setitimer, ITIMER_REAL, p, NULL);
		FAULTS(SYS_getitimer, ITIMER_REAL, p);
		FAULTS(SYS_times, p);
	}
}

CASE(rest_of_a_sleep)
{
	struct timespec time = { 5, 0 };
	struct itimerval timer = { { 0, 20000 }, { 0, 20000 } };

	prepare();
	set_handler(SIGALRM, check_alarm, 0);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	FAILS(syscall(SYS_nanosleep, &time, bad[1]), EFAULT);
}

CASE(system_and_identity)
{
	prepare();
	while ((p = next_bad())) {
		FAULTS(SYS_uname, p);
		FAULTS(SYS_sysinfo, p);
		FAULTS(SYS_ugetrlimit, RLIMIT_NOFILE, p);
		FAULTS(SYS_setrlimit, RLIMIT_NOFILE, p);
		FAULTS(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, p);
		FAULTS(SYS_prlimit64, 0, RLIMIT_NOFILE, p, NULL);
		FAULTS(SYS_getrusage, RUSAGE_SELF, p);
		FAULTS(SYS_getresuid32, p, good, good);
		FAULTS(SYS_getresgid32, good, good, p);
		FAULTS(SYS_sched_getaffinity, 0, 4, p);
		FAULTS(SYS_prctl, 16, p, 0, 0, 0); /* PR_GET_NAME */
		FAULTS(SYS_get_thread_area, p);
		FAULTS(SYS_set_thread_area, p);
	}
	for (int i = 0; i < 3; i++) {
		p = bad[i];
		FAULTS(SYS_prctl, 15, p, 0, 0, 0); /* PR_SET_NAME */
	}
	if (geteuid() == 0) {
		while ((p = next_bad())) {
			FAULTS(SYS_setgroups32, 2, p);
		}
		OK(syscall(SYS_setgroups32, 1, good));
		for (int i = 0; i < 3; i++) {
			p = bad[i];
			FAULTS(SYS_getgroups32, 1, p);
		}
	}
}

CASE(futexes)
{
	prepare();
	for (int i = 0; i < 3; i++) {
		p = bad[i];
		FAULTS(SYS_futex, p, 0, 0, NULL, NULL, 0);
		FAULTS(SYS_futex, p, 128, 0, NULL, NULL, 0);
	}
	*(int *)good = 0;
	while ((p = next_bad())) {
		FAULTS(SYS_futex, good, 128, 0, p, NULL, 0);
	}
}

CASE(memory)
{
	prepare();
	p = bad[1];
	FAULTS(SYS_mincore, good, PAGE, p);
}

CASE(process_still_works)
{
	pid_t child;

	prepare();
	for (int i = 0; i < 500; i++) {
		p = bad[i % 3];
		FAULTS(SYS_read, file, p, 10);
		FAULTS(SYS_stat64, p, good);
		FAULTS(SYS_clock_gettime, CLOCK_REALTIME, p);
	}
	child = OK(fork());
	if (child == 0)
		_exit(read(file, good, 5) != 5);
	EXITS(child, 0);
	EQUAL(lseek(file, 0, SEEK_CUR), 5);
}

CASE(while_signals_arrive)
{
	struct itimerval timer = { { 0, 2000 }, { 0, 2000 } };

	prepare();
	set_handler(SIGALRM, check_alarm, SA_RESTART);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	for (int i = 0; i < 5000; i++) {
		p = bad[i % 3];
		FAULTS(SYS_fstat64, file, p);
	}
}

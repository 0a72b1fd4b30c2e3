/* Calls about the system as a whole, and odds and ends. */
#include "check.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

CASE(name_of_the_system)
{
	struct utsname name;
	char host[256];

	OK(uname(&name));
	CHECK(name.sysname[0] && name.nodename[0] && name.release[0] && name.version[0] &&
		name.machine[0]);
	/* glibc refuses to start on less. */
	CHECK(strtol(name.release, NULL, 10) >= 3);
	OK(gethostname(host, sizeof host));
	SAME_TEXT(host, name.nodename);
}

CASE(numbers_of_the_system)
{
	struct sysinfo info;

	EQUAL(sysconf(_SC_PAGESIZE), 4096);
	EQUAL(sysconf(_SC_CLK_TCK), 100);
	CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
	CHECK(sysconf(_SC_PHYS_PAGES) > 1000);
	CHECK(sysconf(_SC_ARG_MAX) >= 131072);
	OK(sysinfo(&info));
	CHECK(info.uptime >= 0 && info.totalram > 0 && info.procs >= 1 && info.mem_unit >= 1);
}

CASE(unknown_calls)
{
	FAILS(syscall(998), ENOSYS);
	FAILS(syscall(1000000), ENOSYS);
	FAILS(syscall(-1), ENOSYS);
	FAILS(syscall(17), ENOSYS);  /* break: never was one */
	FAILS(syscall(223), ENOSYS); /* unused */
}

CASE(yielding)
{
	for (int i = 0; i < 1000; i++)
		OK(sched_yield());
}

CASE(processors_allowed)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	OK(sched_getaffinity(0, sizeof set, &set));
	CHECK(CPU_COUNT(&set) >= 1);
	OK(sched_setaffinity(0, sizeof set, &set));
	FAILS(sched_getaffinity(0x3fffffff, sizeof set, &set), ESRCH);
	CPU_ZERO(&set);
	FAILS(sched_setaffinity(0, sizeof set, &set), EINVAL);
	FAILS(sched_getaffinity(-1, sizeof set, &set), ESRCH);
}

CASE(scheduling_policy)
{
	struct sched_param parameter;

	EQUAL(sched_getscheduler(0), SCHED_OTHER);
	OK(sched_getparam(0, &parameter));
	EQUAL(parameter.sched_priority, 0);
	EQUAL(sched_get_priority_max(SCHED_OTHER), 0);
	EQUAL(sched_get_priority_max(SCHED_FIFO), 99);
	EQUAL(sched_get_priority_min(SCHED_FIFO), 1);
	FAILS(sched_get_priority_max(77), EINVAL);
	OK(sched_setparam(0, &parameter));
	parameter.sched_priority = 1;
	FAILS(sched_setparam(0, &parameter), EINVAL);
	FAILS(sched_setparam(-1, &parameter), EINVAL);

	struct timespec interval;

	OK(sched_rr_get_interval(0, &interval));
	CHECK(interval.tv_sec == 0 && interval.tv_nsec >= 0);
	FAILS(sched_rr_get_interval(-1, &interval), EINVAL);
}

CASE(name_of_the_thread)
{
	char name[17] = "";

	OK(prctl(PR_SET_NAME, "a rather long name"));
	OK(prctl(PR_GET_NAME, name));
	SAME_TEXT(name, "a rather long n");
}

CASE(signal_when_the_parent_dies)
{
	struct gate ready = gate_new(), gone = gate_new();
	pid_t middle = OK(fork());

	if (middle == 0) {
		pid_t child = OK(fork());

		if (child == 0) {
			OK(close(gone.ends[0]));
			OK(prctl(PR_SET_PDEATHSIG, SIGKILL));
			gate_open(ready);
			for (;;)
				pause();
		}
		gate_pass(ready);
		_exit(0);
	}
	EXITS(middle, 0);
	OK(close(gone.ends[1]));
	/* End of file, when the grandchild is dead. */
	EQUAL(read(gone.ends[0], &(char){ 0 }, 1), 0);
}

CASE(subreaper_inherits_orphans)
{
	pid_t middle;
	int status;

	OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	middle = OK(fork());
	if (middle == 0) {
		if (OK(fork()) == 0) {
			nap(30);
			_exit(66);
		}
		_exit(0);
	}
	EXITS(middle, 0);
	OK(waitpid(-1, &status, 0));
	EQUAL(WEXITSTATUS(status), 66);
}

CASE(old_calls_for_old_programs)
{
	/* 16-bit identities, old stat, signal sets of one word: musl and programs of the nineties use them. */
	sigset_t pending;
	unsigned long word = 0;
	char area[256];

	EQUAL(syscall(SYS_getuid), getuid());
	EQUAL(syscall(SYS_geteuid), geteuid());
	EQUAL(syscall(SYS_getgid), getgid());
	make_file("file", "12345", 5);
	OK(syscall(SYS_stat, "file", area));
	EQUAL(*(uint32_t *)(area + 20), 5); /* st_size */
	word = 1u << (SIGUSR1 - 1);
	OK(syscall(SYS_sigprocmask, SIG_BLOCK, &word, NULL));
	OK(raise(SIGUSR1));
	OK(sigpending(&pending));
	EQUAL(sigismember(&pending, SIGUSR1), 1);
	word = 0;
	OK(syscall(SYS_sigpending, &word));
	EQUAL(word, 1u << (SIGUSR1 - 1));
	CHECK(syscall(SYS_time, NULL) > 1000000000);
}

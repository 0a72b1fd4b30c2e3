/* Resource limits. */
#include "check.h"

#include <sys/mman.h>
#include <sys/resource.h>

static volatile sig_atomic_t caught;

static void count(int number)
{
	(void)number;
	caught++;
}

static void limit(__rlimit_resource_t resource, rlim_t soft)
{
	struct rlimit values;

	OK(getrlimit(resource, &values));
	values.rlim_cur = soft;
	OK(setrlimit(resource, &values));
}

CASE(all_can_be_asked)
{
	struct rlimit values;

	for (int resource = 0; resource < 16; resource++) {
		OK(getrlimit((__rlimit_resource_t)resource, &values));
		CHECK(values.rlim_cur <= values.rlim_max);
	}
	FAILS(getrlimit((__rlimit_resource_t)99, &values), EINVAL);
	FAILS(setrlimit((__rlimit_resource_t)99, &values), EINVAL);
}

CASE(defaults)
{
	struct rlimit values;

	OK(getrlimit(RLIMIT_STACK, &values));
	CHECK(values.rlim_cur >= 1 << 20);
	OK(getrlimit(RLIMIT_NOFILE, &values));
	CHECK(values.rlim_cur >= 256);
	EQUAL(getdtablesize(), values.rlim_cur);
	EQUAL(sysconf(_SC_OPEN_MAX), values.rlim_cur);
}

CASE(soft_moves_up_to_hard)
{
	struct rlimit values = { 100, 200 }, got;

	OK(setrlimit(RLIMIT_NOFILE, &values));
	values.rlim_cur = 150;
	OK(setrlimit(RLIMIT_NOFILE, &values));
	OK(getrlimit(RLIMIT_NOFILE, &got));
	EQUAL(got.rlim_cur, 150);
	EQUAL(got.rlim_max, 200);
	values.rlim_cur = 201;
	FAILS(setrlimit(RLIMIT_NOFILE, &values), EINVAL);
	OK(prlimit(0, RLIMIT_NOFILE, NULL, &got));
	EQUAL(got.rlim_cur, 150);
	OK(prlimit(getpid(), RLIMIT_NOFILE, &(struct rlimit){ 10, 20 }, &got));
	EQUAL(got.rlim_max, 200);
}

CASE(hard_goes_up_for_root_only)
{
	struct rlimit values = { 10, 20 };

	OK(setrlimit(RLIMIT_NOFILE, &values));
	values.rlim_max = 30;
	if (geteuid() == 0) {
		/* In a container root may lack it. */
		if (setrlimit(RLIMIT_NOFILE, &values) == -1 && errno == EPERM)
			skip("root without privileges");
		OK(setuid(1001));
		values.rlim_max = 40;
	}
	FAILS(setrlimit(RLIMIT_NOFILE, &values), EPERM);
	values.rlim_max = 15;
	OK(setrlimit(RLIMIT_NOFILE, &values));
}

ROLE(check_limit)
{
	struct rlimit values;

	OK(getrlimit(RLIMIT_NOFILE, &values));
	EQUAL(values.rlim_cur, 33);
	EQUAL(values.rlim_max, 44);
	return 0;
}

CASE(inherited_by_fork_and_exec)
{
	struct rlimit values = { 33, 44 };
	pid_t child;

	OK(setrlimit(RLIMIT_NOFILE, &values));
	child = OK(fork());
	if (child == 0) {
		execl(check_self, check_self, "+check_limit", NULL);
		_exit(1);
	}
	EXITS(child, 0);
}

CASE(open_files)
{
	int ends[2], fd = 0, last = 0;

	limit(RLIMIT_NOFILE, 20);
	while ((fd = open("/dev/null", O_RDONLY)) != -1)
		last = fd;
	EQUAL(errno, EMFILE);
	EQUAL(last, 19);
	FAILS(dup(0), EMFILE);
	FAILS(pipe(ends), EMFILE);
	FAILS(dup2(0, 20), EBADF);
	FAILS(fcntl(0, F_DUPFD, 20), EINVAL);
	FAILS(fcntl(0, F_DUPFD, 10), EMFILE);
	EQUAL(dup2(0, 19), 19);
	OK(close(19));
	/* Room for one is none for a pipe. */
	FAILS(pipe(ends), EMFILE);
	OK(close(18));
	OK(pipe(ends));
}

CASE(file_size)
{
	static char area[10000];
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));

	limit(RLIMIT_FSIZE, 8000);
	set_handler(SIGXFSZ, count, 0);
	EQUAL(write(fd, area, sizeof area), 8000);
	EQUAL(caught, 0);
	FAILS(write(fd, area, 1), EFBIG);
	EQUAL(caught, 1);
	FAILS(ftruncate(fd, 8001), EFBIG);
	EQUAL(caught, 2);
	EQUAL(pwrite(fd, area, 100, 0), 100);
	pid_t child = OK(fork());
	if (child == 0) {
		set_handler(SIGXFSZ, SIG_DFL, 0);
		limit(RLIMIT_CORE, 0);
		_exit(write(fd, area, 1) == 1);
	}
	DIES(child, SIGXFSZ);
}

CASE(file_size_of_what_is_appended)
{
	static char area[10000];
	int fd = OK(open("file", O_WRONLY | O_CREAT | O_APPEND, 0644));

	EQUAL(write(fd, area, 7990), 7990);
	limit(RLIMIT_FSIZE, 8000);
	set_handler(SIGXFSZ, count, 0);
	OK(lseek(fd, 0, SEEK_SET));
	EQUAL(write(fd, area, sizeof area), 10);
	EQUAL(caught, 0);
	FAILS(write(fd, area, 1), EFBIG);
	EQUAL(caught, 1);
	EQUAL(lseek(fd, 0, SEEK_END), 8000);
}

CASE(address_space)
{
	limit(RLIMIT_AS, 64 << 20);
	FAILS(mmap(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
	OK(mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	/* cppcheck-suppress leakReturnValNotUsed; there is nothing to free, or the case fails */
	CHECK(!malloc(128 << 20));
}

CASE(data)
{
	char *end = sbrk(0);

	limit(RLIMIT_DATA, 8 << 20);
	FAILS(brk(end + (32 << 20)), ENOMEM);
	OK(brk(end + (1 << 20)));
}

CASE(processor_time)
{
	pid_t child = OK(fork());

	if (child == 0) {
		limit(RLIMIT_CORE, 0);
		limit(RLIMIT_CPU, 1);
		for (;;)
			;
	}
	DIES(child, SIGXCPU);
}

CASE(processor_time_at_its_end)
{
	pid_t child = OK(fork());

	if (child == 0) {
		OK(signal(SIGXCPU, SIG_IGN) == SIG_ERR ? -1 : 0);
		OK(setrlimit(RLIMIT_CPU, &(struct rlimit){ 1, 2 }));
		for (;;)
			;
	}
	DIES(child, SIGKILL);
}

__attribute__((noinline)) static int descend(volatile int pages)
{
	volatile char area[4096];

	area[0] = 1;
	return pages == 0 ? area[0] : descend(pages - 1) + area[0];
}

ROLE(use_stack)
{
	return descend(atoi(argv[2])) == 0;
}

static pid_t run_with_stack(rlim_t size, const char *pages)
{
	pid_t child = OK(fork());

	if (child == 0) {
		limit(RLIMIT_CORE, 0);
		limit(RLIMIT_STACK, size);
		execl(check_self, check_self, "+use_stack", pages, NULL);
		_exit(1);
	}
	return child;
}

CASE(stack)
{
	struct rlimit values;

	EXITS(run_with_stack(1 << 20, "128"), 0);
	DIES(run_with_stack(1 << 20, "1024"), SIGSEGV);
	OK(getrlimit(RLIMIT_STACK, &values));
	if (values.rlim_max >= 32 << 20)
		EXITS(run_with_stack(32 << 20, "4096"), 0);
}

CASE(processes)
{
	pid_t children[64];
	int made = 0;

	if (geteuid() == 0)
		OK(setuid(54321));
	limit(RLIMIT_NPROC, 5);
	while (made < 64 && (children[made] = fork()) != -1) {
		if (children[made] == 0)
			for (;;)
				pause();
		made++;
	}
	EQUAL(errno, EAGAIN);
	CHECK(made <= 5);
	for (int i = 0; i < made; i++) {
		OK(kill(children[i], SIGKILL));
		DIES(children[i], SIGKILL);
	}
}

CASE(of_another_process)
{
	struct rlimit values;
	pid_t child = OK(fork());

	if (child == 0)
		for (;;)
			pause();
	OK(prlimit(child, RLIMIT_NOFILE, &(struct rlimit){ 77, 88 }, NULL));
	OK(prlimit(child, RLIMIT_NOFILE, NULL, &values));
	EQUAL(values.rlim_cur, 77);
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
	FAILS(prlimit(child, RLIMIT_NOFILE, NULL, &values), ESRCH);
	FAILS(prlimit(0x3fffffff, RLIMIT_NOFILE, NULL, &values), ESRCH);
}

CASE(another_process_feels_them)
{
	struct gate gate = gate_new();
	struct rlimit values;
	pid_t child = OK(fork()), grandchild;

	if (child == 0) {
		gate_pass(gate);
		/* What was set is so, and is inherited. */
		OK(getrlimit(RLIMIT_FSIZE, &values));
		EQUAL(values.rlim_cur, 5);
		signal(SIGXFSZ, SIG_IGN);
		EQUAL(write(OK(open("file", O_CREAT | O_WRONLY, 0600)), "0123456789", 10), 5);
		grandchild = OK(fork());
		if (grandchild == 0) {
			OK(getrlimit(RLIMIT_FSIZE, &values));
			EQUAL(values.rlim_max, 6);
			_exit(0);
		}
		EXITS(grandchild, 0);
		_exit(0);
	}
	OK(prlimit(child, RLIMIT_FSIZE, &(struct rlimit){ 5, 6 }, &values));
	EQUAL(values.rlim_cur, RLIM_INFINITY);
	gate_open(gate);
	EXITS(child, 0);
}

CASE(limits_of_another_user)
{
	struct rlimit values = { 7, 8 };
	pid_t child, parent = getpid();

	if (geteuid() != 0)
		skip("only root changes users");
	child = OK(fork());
	if (child == 0) {
		OK(setgid(1000));
		OK(setuid(1000));
		FAILS(prlimit(parent, RLIMIT_NOFILE, NULL, &values), EPERM);
		FAILS(prlimit(parent, RLIMIT_NOFILE, &values, NULL), EPERM);
		OK(prlimit(getpid(), RLIMIT_NOFILE, &values, NULL));
		values.rlim_max = 9;
		FAILS(prlimit(getpid(), RLIMIT_NOFILE, &values, NULL), EPERM);
		values.rlim_cur = 10;
		FAILS(prlimit(getpid(), RLIMIT_NOFILE, &values, NULL), EINVAL);
		_exit(0);
	}
	EXITS(child, 0);
}

CASE(priorities)
{
	errno = 0;
	EQUAL(getpriority(PRIO_PROCESS, 0), 0);
	OK(setpriority(PRIO_PROCESS, 0, 5));
	EQUAL(getpriority(PRIO_PROCESS, 0), 5);
	OK(nice(3));
	EQUAL(getpriority(PRIO_PROCESS, getpid()), 8);
	OK(setpriority(PRIO_PROCESS, 0, 100));
	EQUAL(getpriority(PRIO_PROCESS, 0), 19);
	FAILS(getpriority(PRIO_PROCESS, 0x3fffffff), ESRCH);
	FAILS(getpriority((__priority_which_t)77, 0), EINVAL);
	if (geteuid() == 0) {
		OK(setpriority(PRIO_PROCESS, 0, -5));
		EQUAL(getpriority(PRIO_PROCESS, 0), -5);
		OK(setuid(1001));
	}
	FAILS(setpriority(PRIO_PROCESS, 0, -10), EACCES);
}

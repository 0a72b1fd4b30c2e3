/* execve: what the new program gets, what is reset, and why it can fail. */
#include "check.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/time.h>

extern char **environ;

/* Prints its arguments between brackets, then its environment between braces. */
ROLE(show)
{
	for (int i = 2; i < argc; i++)
		printf("[%s]", argv[i]);
	for (char **e = environ; *e; e++)
		printf("{%s}", *e);
	return 0;
}

/* Runs a program with its standard output in text; returns its wait status. */
static int run_for_text(
	const char *path, char *const argv[], char *const envp[], char *text, size_t size)
{
	int ends[2];
	size_t length = 0;
	ssize_t got;
	pid_t child;

	OK(pipe(ends));
	child = OK(fork());
	if (child == 0) {
		OK(dup2(ends[1], 1));
		execve(path, argv, envp);
		_exit(errno);
	}
	OK(close(ends[1]));
	while ((got = OK(read(ends[0], text + length, size - 1 - length))) > 0)
		length += (size_t)got;
	OK(close(ends[0]));
	text[length] = 0;
	return check_wait(child, __LINE__);
}

/* The child's exec of this program with that role must end with exit status 0. */
static void exec_role(const char *role, const char *argument)
{
	execl(check_self, check_self, role, argument, NULL);
	check_fail(__LINE__, "exec %s: %s", role, strerror(errno));
}

CASE(arguments_and_environment_arrive)
{
	char *argv[] = { check_self, (char *)"+show", (char *)"one", (char *)"",
		(char *)"two words", (char *)"\xff\x01", NULL };
	char *envp[] = { (char *)"A=1", (char *)"", (char *)"NOEQUALS", (char *)"A=2", NULL };
	char text[256];

	EQUAL(run_for_text(check_self, argv, envp, text, sizeof text), 0);
	SAME_TEXT(text, "[one][][two words][\xff\x01]{A=1}{}{NOEQUALS}{A=2}");
}

CASE(empty_environment)
{
	char *argv[] = { check_self, (char *)"+show", (char *)"x", NULL };
	char *envp[] = { NULL };
	char text[64];

	EQUAL(run_for_text(check_self, argv, envp, text, sizeof text), 0);
	SAME_TEXT(text, "[x]");
	EQUAL(run_for_text(check_self, argv, NULL, text, sizeof text), 0);
	SAME_TEXT(text, "[x]");
}

ROLE(sum)
{
	unsigned total = 0;

	for (int i = 2; i < argc; i++)
		total += (unsigned)strlen(argv[i]);
	printf("%d %u", argc, total);
	return 0;
}

CASE(two_thousand_arguments)
{
	enum { ARGUMENTS = 2000 };
	static char *argv[ARGUMENTS + 3];
	static char argument[101];
	char text[64];

	memset(argument, 'a', 100);
	argv[0] = check_self;
	argv[1] = (char *)"+sum";
	for (int i = 0; i < ARGUMENTS; i++)
		argv[i + 2] = argument;
	EQUAL(run_for_text(check_self, argv, environ, text, sizeof text), 0);
	SAME_TEXT(text, "2002 200000");
}

CASE(argument_of_128_kib_is_too_big)
{
	static char argument[131073];
	char *argv[] = { check_self, (char *)"+sum", argument, NULL };
	char text[64];

	memset(argument, 'a', 131072);
	FAILS(execve(check_self, argv, environ), E2BIG);
	argument[131071] = 0;
	EQUAL(run_for_text(check_self, argv, environ, text, sizeof text), 0);
	SAME_TEXT(text, "3 131071");
}

CASE(eight_mebibytes_of_arguments_are_too_big)
{
	static char argument[65536];
	static char *argv[130];

	memset(argument, 'a', sizeof argument - 1);
	for (int i = 0; i < 129; i++)
		argv[i] = argument;
	FAILS(execve(check_self, argv, environ), E2BIG);
}

ROLE(check_pid)
{
	EQUAL(getpid(), atoi(argv[2]));
	return 0;
}

CASE(pid_stays)
{
	char number[12];
	pid_t child = OK(fork());

	if (child == 0) {
		snprintf(number, sizeof number, "%d", (int)getpid());
		exec_role("+check_pid", number);
	}
	EXITS(child, 0);
}

static void ignore(int number)
{
	(void)number;
}

ROLE(check_signals)
{
	struct sigaction action;
	sigset_t set;

	OK(sigaction(SIGUSR1, NULL, &action));
	CHECK(action.sa_handler == SIG_DFL);
	OK(sigaction(SIGUSR2, NULL, &action));
	CHECK(action.sa_handler == SIG_IGN);
	OK(sigprocmask(SIG_BLOCK, NULL, &set));
	EQUAL(sigismember(&set, SIGTERM), 1);
	EQUAL(sigismember(&set, SIGHUP), 0);
	OK(sigpending(&set));
	EQUAL(sigismember(&set, SIGTERM), 1);
	return 0;
}

CASE(handlers_are_reset_ignored_mask_and_pending_stay)
{
	sigset_t block = set_of(SIGTERM);
	pid_t child = OK(fork());

	if (child == 0) {
		set_handler(SIGUSR1, ignore, 0);
		set_handler(SIGUSR2, SIG_IGN, 0);
		OK(sigprocmask(SIG_BLOCK, &block, NULL));
		OK(raise(SIGTERM));
		exec_role("+check_signals", NULL);
	}
	EXITS(child, 0);
}

ROLE(check_no_altstack)
{
	stack_t stack;

	OK(sigaltstack(NULL, &stack));
	EQUAL(stack.ss_flags & SS_DISABLE, SS_DISABLE);
	return 0;
}

CASE(alternate_stack_is_gone)
{
	static char area[16384];
	stack_t stack = { .ss_sp = area, .ss_size = sizeof area };
	pid_t child = OK(fork());

	if (child == 0) {
		OK(sigaltstack(&stack, NULL));
		exec_role("+check_no_altstack", NULL);
	}
	EXITS(child, 0);
}

ROLE(check_descriptors)
{
	EQUAL(write(50, "x", 1), 1);
	EQUAL(fcntl(50, F_GETFD), 0);
	FAILS(fcntl(51, F_GETFD), EBADF);
	FAILS(fcntl(52, F_GETFD), EBADF);
	FAILS(fcntl(53, F_GETFD), EBADF);
	FAILS(fcntl(54, F_GETFD), EBADF);
	return 0;
}

CASE(close_on_exec)
{
	pid_t child = OK(fork());

	if (child == 0) {
		int null = OK(open("/dev/null", O_RDWR | O_CLOEXEC));

		/* dup clears the flag. */
		OK(dup2(null, 50));
		OK(dup3(null, 51, O_CLOEXEC));
		EQUAL(fcntl(null, F_DUPFD_CLOEXEC, 52), 52);
		OK(dup2(null, 53));
		OK(fcntl(53, F_SETFD, FD_CLOEXEC));
		OK(dup2(null, 54));
		OK(close(54));
		exec_role("+check_descriptors", NULL);
	}
	EXITS(child, 0);
}

ROLE(check_offset)
{
	char byte;

	EQUAL(lseek(50, 0, SEEK_CUR), 2);
	EQUAL(read(50, &byte, 1), 1);
	EQUAL(byte, 'c');
	return 0;
}

CASE(file_offset_stays)
{
	pid_t child;
	int fd;

	make_file("file", "abcdef", 6);
	fd = OK(open("file", O_RDONLY));
	OK(lseek(fd, 2, SEEK_SET));
	child = OK(fork());
	if (child == 0) {
		OK(dup2(fd, 50));
		exec_role("+check_offset", NULL);
	}
	EXITS(child, 0);
	EQUAL(lseek(fd, 0, SEEK_CUR), 3);
}

ROLE(check_place)
{
	struct itimerval timer;
	struct stat info;

	EQUAL(umask(0), 077);
	OK(stat("here", &info));
	OK(getitimer(ITIMER_REAL, &timer));
	CHECK(timer.it_value.tv_sec > 80);
	EQUAL(getpgrp(), getpid());
	return 0;
}

CASE(directory_umask_timer_and_group_stay)
{
	struct itimerval timer = { .it_value = { 100, 0 } };
	pid_t child = OK(fork());

	if (child == 0) {
		OK(mkdir("inner", 0755));
		OK(chdir("inner"));
		make_file("here", "", 0);
		umask(077);
		OK(setpgid(0, 0));
		OK(setitimer(ITIMER_REAL, &timer, NULL));
		exec_role("+check_place", NULL);
	}
	EXITS(child, 0);
}

ROLE(check_fpu)
{
	uint32_t mxcsr;
	uint16_t control;

	__asm__ volatile("fnstcw %0\n\tstmxcsr %1" : "=m"(control), "=m"(mxcsr));
	EQUAL(control, 0x37f);
	EQUAL(mxcsr, 0x1f80);
	return 0;
}

CASE(floating_point_state_is_fresh)
{
	pid_t child = OK(fork());

	if (child == 0) {
		uint32_t mxcsr = 0x7f80;
		uint16_t control = 0xf7f;

		__asm__ volatile("fldcw %0\n\tldmxcsr %1" : : "m"(control), "m"(mxcsr));
		exec_role("+check_fpu", NULL);
	}
	EXITS(child, 0);
}

CASE(failures_leave_the_old_program_running)
{
	char *argv[] = { (char *)"x", NULL };

	FAILS(execve("missing", argv, environ), ENOENT);
	FAILS(execve("", argv, environ), ENOENT);
	make_file("plain", "#!/bin/sh\n", 10);
	FAILS(execve("plain", argv, environ), EACCES);
	FAILS(execve("plain/x", argv, environ), ENOTDIR);
	OK(mkdir("folder", 0755));
	FAILS(execve("folder", argv, environ), EACCES);
	make_file("text", "just text\n", 10);
	OK(chmod("text", 0755));
	FAILS(execve("text", argv, environ), ENOEXEC);
	make_file("empty", "", 0);
	OK(chmod("empty", 0755));
	FAILS(execve("empty", argv, environ), ENOEXEC);
	OK(symlink("loop", "loop"));
	FAILS(execve("loop", argv, environ), ELOOP);
	OK(mkfifo("fifo", 0755));
	FAILS(execve("fifo", argv, environ), EACCES);
	FAILS(execve("/dev/null", argv, environ), EACCES);
}

CASE(name_too_long)
{
	static char name[PATH_MAX + 10];
	char *argv[] = { (char *)"x", NULL };

	memset(name, 'n', 300);
	FAILS(execve(name, argv, environ), ENAMETOOLONG);
	memset(name, 'n', PATH_MAX);
	FAILS(execve(name, argv, environ), ENAMETOOLONG);
}

CASE(through_a_symbolic_link)
{
	char *argv[] = { check_self, (char *)"+show", (char *)"via", NULL };
	char *envp[] = { NULL };
	char text[32];

	OK(symlink(check_self, "link"));
	EQUAL(run_for_text("link", argv, envp, text, sizeof text), 0);
	SAME_TEXT(text, "[via]");
}

CASE(of_a_descriptor)
{
	char *argv[] = { check_self, (char *)"+chain", (char *)"0", NULL };
	int fd = OK(open(check_self, O_RDONLY | O_CLOEXEC));
	pid_t child = OK(fork());

	if (child == 0) {
		fexecve(fd, argv, environ);
		_exit(1);
	}
	EXITS(child, 33);
}

/* --- The auxiliary vector ------------------------------------------------------------------------ */

CASE(auxiliary_vector)
{
	const Elf32_Phdr *headers = (const Elf32_Phdr *)getauxval(AT_PHDR);

	EQUAL(getauxval(AT_PAGESZ), 4096);
	EQUAL(getauxval(AT_UID), getuid());
	EQUAL(getauxval(AT_EUID), geteuid());
	EQUAL(getauxval(AT_GID), getgid());
	EQUAL(getauxval(AT_EGID), getegid());
	EQUAL(getauxval(AT_SECURE), 0);
	EQUAL(getauxval(AT_CLKTCK), 100);
	EQUAL(getauxval(AT_PHENT), sizeof(Elf32_Phdr));
	CHECK(getauxval(AT_PHNUM) >= 2);
	CHECK(headers && headers[0].p_type != PT_NULL);
	CHECK(getauxval(AT_ENTRY) != 0);
	CHECK(getauxval(AT_RANDOM) != 0);
	CHECK(getauxval(AT_SYSINFO_EHDR) != 0);
	CHECK(getauxval(AT_HWCAP) & 1); /* fpu: the bits are those of cpuid */
	CHECK(getauxval(AT_PLATFORM) != 0);
	SAME_TEXT(basename((const char *)getauxval(AT_EXECFN)), check_program);
}

ROLE(show_random)
{
	return fwrite((const void *)getauxval(AT_RANDOM), 1, 16, stdout) != 16;
}

CASE(random_bytes_differ)
{
	char *argv[] = { check_self, (char *)"+show_random", NULL };
	char one[32] = "", two[32] = "";

	EQUAL(run_for_text(check_self, argv, environ, one, sizeof one), 0);
	EQUAL(run_for_text(check_self, argv, environ, two, sizeof two), 0);
	CHECK(memcmp(one, two, 16) != 0);
}

ROLE(use_deep_stack)
{
	volatile char area[6 << 20];

	for (size_t i = sizeof area; i > 4096; i -= 4096)
		area[i - 1] = 1;
	return 0;
}

CASE(stack_grows_to_six_mebibytes)
{
	pid_t child = OK(fork());

	if (child == 0)
		exec_role("+use_deep_stack", NULL);
	EXITS(child, 0);
}

ROLE(chain)
{
	char number[12];
	int left = atoi(argv[2]);

	if (left == 0)
		return 33;
	snprintf(number, sizeof number, "%d", left - 1);
	exec_role("+chain", number);
	return 1;
}

CASE(fifty_in_a_row)
{
	pid_t child = OK(fork());

	if (child == 0)
		exec_role("+chain", "50");
	EXITS(child, 33);
}

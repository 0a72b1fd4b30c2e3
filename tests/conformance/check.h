/* A conformance program: a file of cases, each run in a process of its own, so that a crash or a hang
 * costs one case.
 *
 *	CASE(name) { ... }	a case; it passes by returning
 *	ROLE(name) { ... }	what `PROGRAM +name ARG...` does instead (argc, argv; returns the exit status)
 *
 * PROGRAM [-d] [CASE...] runs all cases or those named, -d without a process around them. It prints `ok`,
 * `FAIL` or `skip` lines and a final count, and exits with the number of failures. A case runs in an empty
 * directory of its own under $CHECK_DIR (default /tmp), as leader of its own process group.
 */
#ifndef CHECK_H
#define CHECK_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK_SKIPPED 77
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct check_entry {
	const char *name;
	union {
		void (*run)(void);
		int (*role)(int argc, char **argv);
	};
	int line;
	int is_role;
} __attribute__((aligned(16)));

extern const struct check_entry __start_check_entries[], __stop_check_entries[];

#define CHECK_ENTRY(id, member, kind)                                                              \
	static const struct check_entry entry_##member##_##id __attribute__((used,                 \
		section("check_entries"))) = { #id, { .member = member##_##id }, __LINE__, kind }
#define CASE(id)                                                                                   \
	static void run_##id(void);                                                                \
	CHECK_ENTRY(id, run, 0);                                                                   \
	static void run_##id(void)
#define ROLE(id)                                                                                   \
	static int role_##id(int argc, char **argv);                                               \
	CHECK_ENTRY(id, role, 1);                                                                  \
	static int role_##id(int argc __attribute__((unused)), char **argv __attribute__((unused)))

static const char *check_program;
static const char *check_case = "?";
/* The process of the case: its children only comment. */
static pid_t check_pid;
/* The absolute path of this program. */
static char check_self[PATH_MAX];

__attribute__((noreturn, format(printf, 2, 3))) static void check_fail(
	int line, const char *format, ...)
{
	char text[512];
	int is_case = getpid() == check_pid;
	int n = is_case ? snprintf(text, sizeof text, "FAIL %s/%s: ", check_program, check_case)
			: snprintf(text, sizeof text, "# child of %s/%s: ", check_program,
				  check_case);
	va_list args;

	n += snprintf(text + n, sizeof text - (size_t)n, "line %d: ", line);
	va_start(args, format);
	n += vsnprintf(text + n, sizeof text - (size_t)n - 1, format, args);
	va_end(args);
	if (n > (int)sizeof text - 2)
		n = (int)sizeof text - 2;
	text[n++] = '\n';
	if (write(1, text, (size_t)n) != n)
		_exit(2);
	_exit(1);
}

/* Ends the case: it cannot be told here, for the reason given. */
__attribute__((noreturn)) static inline void skip(const char *why)
{
	printf("skip %s/%s: %s\n", check_program, check_case, why);
	fflush(stdout);
	_exit(CHECK_SKIPPED);
}

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			check_fail(__LINE__, "not so: %s", #condition);                            \
	} while (0)
#define EQUAL(got, want)                                                                           \
	do {                                                                                       \
		long long got_ = (long long)(got), want_ = (long long)(want);                      \
		if (got_ != want_)                                                                 \
			check_fail(__LINE__, "%s is %lld (0x%llx), not %lld", #got, got_, got_,    \
				want_);                                                            \
	} while (0)
#define SAME_TEXT(got, want)                                                                       \
	do {                                                                                       \
		const char *got_ = (got), *want_ = (want);                                         \
		if (strcmp(got_, want_) != 0)                                                      \
			check_fail(__LINE__, "%s is \"%s\", not \"%s\"", #got, got_, want_);       \
	} while (0)
/* The value of a call that must not fail. */
#define OK(call)                                                                                   \
	({                                                                                         \
		__typeof__(call) value_ = (call);                                                  \
		if ((long)value_ == -1)                                                            \
			check_fail(__LINE__, "%s: %s", #call, strerror(errno));                    \
		value_;                                                                            \
	})
/* A call that must give a descriptor, which is closed again. */
#define OPENS(call)                                                                                \
	do {                                                                                       \
		int fd_ = OK(call);                                                                \
		OK(close(fd_));                                                                    \
	} while (0)
#define FAILS(call, error)                                                                         \
	do {                                                                                       \
		errno = 0;                                                                         \
		long long value_ = (long long)(long)(call);                                        \
		int errno_ = errno;                                                                \
		if (value_ != -1)                                                                  \
			check_fail(__LINE__, "%s returned %lld, not %s", #call, value_, #error);   \
		if (errno_ != (error))                                                             \
			check_fail(__LINE__, "%s: %s, not %s", #call, strerror(errno_), #error);   \
	} while (0)
/* Waits for a child and checks how it ended. */
#define EXITS(child, code)                                                                         \
	do {                                                                                       \
		int status_ = check_wait(child, __LINE__);                                         \
		if (!WIFEXITED(status_) || WEXITSTATUS(status_) != (code))                         \
			check_fail(__LINE__, "%s ended with status 0x%x, not exit %d", #child,     \
				status_, code);                                                    \
	} while (0)
#define DIES(child, number)                                                                        \
	do {                                                                                       \
		int status_ = check_wait(child, __LINE__);                                         \
		if (!WIFSIGNALED(status_) || WTERMSIG(status_) != (number))                        \
			check_fail(__LINE__, "%s ended with status 0x%x, not %s", #child, status_, \
				#number);                                                          \
	} while (0)
/* Something that another process or the kernel will soon make true. */
#define EVENTUALLY(condition)                                                                      \
	do {                                                                                       \
		int tries_ = 1000;                                                                 \
		while (!(condition)) {                                                             \
			if (--tries_ == 0)                                                         \
				check_fail(__LINE__, "did not come true: %s", #condition);         \
			nap(5);                                                                    \
		}                                                                                  \
	} while (0)

static inline int check_wait(pid_t child, int line)
{
	int status;
	pid_t got;

	do
		got = waitpid(child, &status, 0);
	while (got == -1 && errno == EINTR);
	if (got != child)
		check_fail(
			line, "waitpid(%d) returned %d: %s", (int)child, (int)got, strerror(errno));
	return status;
}

static inline void nap(int milliseconds)
{
	struct timespec left = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		;
}

static inline long long milliseconds_now(void)
{
	struct timespec now;

	OK(clock_gettime(CLOCK_MONOTONIC, &now));
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* A gate holds one process until another opens it, or until nobody is left who could. */
struct gate {
	int ends[2];
};

static inline struct gate gate_new(void)
{
	struct gate gate;

	OK(pipe(gate.ends));
	return gate;
}

static inline void gate_open(struct gate gate)
{
	EQUAL(write(gate.ends[1], "g", 1), 1);
}

static inline void gate_pass(struct gate gate)
{
	char byte;
	ssize_t got;

	do
		got = read(gate.ends[0], &byte, 1);
	while (got == -1 && errno == EINTR);
	EQUAL(got, 1);
}

static inline void set_handler(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	sigemptyset(&action.sa_mask);
	OK(sigaction(number, &action, NULL));
}

static inline void set_info_handler(
	int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	OK(sigaction(number, &action, NULL));
}

static inline sigset_t set_of(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	return set;
}

static inline void make_file(const char *path, const void *content, size_t size)
{
	int fd = OK(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));

	EQUAL(write(fd, content, size), size);
	OK(close(fd));
}

/* Checks that the whole file is that. */
static inline void expect_content(const char *path, const void *want, size_t size)
{
	char *got = malloc(size + 1);
	int fd = OK(open(path, O_RDONLY));

	EQUAL(read(fd, got, size + 1), size);
	CHECK(!memcmp(got, want, size));
	OK(close(fd));
	free(got);
}

static inline off_t size_of(const char *path)
{
	struct stat info;

	OK(stat(path, &info));
	return info.st_size;
}

/* A child that waits to be killed, though not for ever, should the case fail before. */
static inline pid_t start_sleeper(void)
{
	pid_t child = OK(fork());

	if (child == 0) {
		alarm(60);
		for (;;)
			pause();
	}
	return child;
}

#include "check_run.h"

#endif

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
	static const struct check_entry entry_##member##_##id __attribute__((                      \
		used, section("check_entries"))) = {#id, {.member = member##_##id}, __LINE__, kind}
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
static pid_t check_pid;			/* the case's process; its children only comment */
static char check_self[PATH_MAX];	/* absolute path of this program */

__attribute__((noreturn, format(printf, 2, 3)))
static void check_fail(int line, const char *format, ...)
{
	char text[512];
	int is_case = getpid() == check_pid;
	int n = is_case ? snprintf(text, sizeof text, "FAIL %s/%s: ", check_program, check_case)
			: snprintf(text, sizeof text, "# child of %s/%s: ", check_program, check_case);
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
__attribute__((unused, noreturn))
static void skip(const char *why)
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
			check_fail(__LINE__, "%s is %lld (0x%llx), not %lld", #got, got_, got_, want_); \
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
			check_fail(__LINE__, "%s ended with status 0x%x, not exit %d", #child, status_, code); \
	} while (0)
#define DIES(child, number)                                                                        \
	do {                                                                                       \
		int status_ = check_wait(child, __LINE__);                                         \
		if (!WIFSIGNALED(status_) || WTERMSIG(status_) != (number))                        \
			check_fail(__LINE__, "%s ended with status 0x%x, not %s", #child, status_, #number); \
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

__attribute__((unused))
static int check_wait(pid_t child, int line)
{
	int status;
	pid_t got;

	do
		got = waitpid(child, &status, 0);
	while (got == -1 && errno == EINTR);
	if (got != child)
		check_fail(line, "waitpid(%d) returned %d: %s", (int)child, (int)got, strerror(errno));
	return status;
}

__attribute__((unused))
static void nap(int milliseconds)
{
	struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000L};

	while (nanosleep(&left, &left) == -1 && errno == EINTR)
		;
}

__attribute__((unused))
static long long milliseconds_now(void)
{
	struct timespec now;

	OK(clock_gettime(CLOCK_MONOTONIC, &now));
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* A gate holds one process until another opens it, or until nobody is left who could. */
struct gate {
	int ends[2];
};

__attribute__((unused))
static struct gate gate_new(void)
{
	struct gate gate;

	OK(pipe(gate.ends));
	return gate;
}

__attribute__((unused))
static void gate_open(struct gate gate)
{
	EQUAL(write(gate.ends[1], "g", 1), 1);
}

__attribute__((unused))
static void gate_pass(struct gate gate)
{
	char byte;
	ssize_t got;

	do
		got = read(gate.ends[0], &byte, 1);
	while (got == -1 && errno == EINTR);
	EQUAL(got, 1);
}

__attribute__((unused))
static void set_handler(int number, void (*handler)(int), int flags)
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&action.sa_mask);
	OK(sigaction(number, &action, NULL));
}

__attribute__((unused))
static void set_info_handler(int number, void (*handler)(int, siginfo_t *, void *), int flags)
{
	struct sigaction action = {.sa_sigaction = handler, .sa_flags = flags | SA_SIGINFO};

	sigemptyset(&action.sa_mask);
	OK(sigaction(number, &action, NULL));
}

__attribute__((unused))
static sigset_t set_of(int number)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	return set;
}

__attribute__((unused))
static void make_file(const char *path, const void *content, size_t size)
{
	int fd = OK(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644));

	EQUAL(write(fd, content, size), size);
	OK(close(fd));
}

/* A child that waits to be killed, though not for ever, should the case fail before. */
__attribute__((unused))
static pid_t start_sleeper(void)
{
	pid_t child = OK(fork());

	if (child == 0) {
		alarm(60);
		for (;;)
			pause();
	}
	return child;
}

/* --- Running ------------------------------------------------------------------------------------- */

static void check_alarm(int number)
{
	(void)number;
}

static void check_remove_tree(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char inner[PATH_MAX + 256];

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
		if (unlink(inner) == -1)
			check_remove_tree(inner);
	}
	if (folder)
		closedir(folder);
	(void)rmdir(path);	/* what stays behind is harmless */
}

static void check_enter(const struct check_entry *entry, const char *scratch)
{
	sigset_t none;

	check_case = entry->name;
	check_pid = getpid();
	/* Whatever we were started with. */
	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (mkdir(scratch, 0777) == -1 || chmod(scratch, 0777) == -1 || chdir(scratch) == -1)
		check_fail(0, "%s: %s", scratch, strerror(errno));
	entry->run();
	fflush(stdout);
}

/* Waits for the case's process for a while, then kills it. Returns its status, -1 if it was killed. */
static int check_finish(pid_t child)
{
	const char *seconds = getenv("CHECK_SECONDS");
	int status, late = 0;

	set_handler(SIGALRM, check_alarm, 0);
	alarm(seconds ? (unsigned)atoi(seconds) : 30);
	while (waitpid(child, &status, 0) == -1) {
		late = 1;
		(void)kill(-child, SIGKILL);
		(void)kill(child, SIGKILL);
	}
	alarm(0);
	/* What the case left running. */
	(void)kill(-child, SIGKILL);
	return late ? -1 : status;
}

/* 0 passed, 1 failed, CHECK_SKIPPED. */
static int check_one(const struct check_entry *entry)
{
	const char *base = getenv("CHECK_DIR");
	char scratch[PATH_MAX];
	pid_t child;
	int status;

	snprintf(scratch, sizeof scratch, "%s/%s-%d", base ? base : "/tmp", check_program, (int)getpid());
	child = fork();
	if (child == -1) {
		printf("FAIL %s/%s: fork: %s\n", check_program, entry->name, strerror(errno));
		return 1;
	}
	if (child == 0) {
		(void)setpgid(0, 0);
		check_enter(entry, scratch);
		_exit(0);
	}
	status = check_finish(child);
	check_remove_tree(scratch);
	if (status == -1)
		printf("FAIL %s/%s: took too long\n", check_program, entry->name);
	else if (WIFSIGNALED(status))
		printf("FAIL %s/%s: killed by signal %d\n", check_program, entry->name, WTERMSIG(status));
	else if (WEXITSTATUS(status) == CHECK_SKIPPED)
		return CHECK_SKIPPED;
	else if (WEXITSTATUS(status) == 0)
		printf("ok %s/%s\n", check_program, entry->name);
	return status != 0;
}

/* The entry of that kind and name (any name: NULL) in the lowest line above `line`. */
static const struct check_entry *check_next(int is_role, const char *name, int line)
{
	const struct check_entry *best = NULL;

	for (const struct check_entry *e = __start_check_entries; e < __stop_check_entries; e++)
		if (e->is_role == is_role && e->line > line && (!best || e->line < best->line) &&
		    (!name || !strcmp(e->name, name)))
			best = e;
	return best;
}

static int check_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return 1;
	return argc <= 1;
}

static void check_find_self(const char *path)
{
	size_t length = 0;

	if (path[0] != '/' && getcwd(check_self, sizeof check_self - 1)) {
		length = strlen(check_self);
		check_self[length++] = '/';
	}
	snprintf(check_self + length, sizeof check_self - length, "%s", path);
	check_program = strrchr(check_self, '/') + 1;
}

int main(int argc, char **argv)
{
	int direct = argc > 1 && !strcmp(argv[1], "-d");
	int passed = 0, failed = 0, skipped = 0;
	const struct check_entry *entry;

	if (argc > 1 && argv[1][0] == '+') {
		entry = check_next(1, argv[1] + 1, 0);
		check_find_self(argv[0]);
		check_pid = getpid();
		return entry ? entry->role(argc, argv) : 126;
	}
	if (argc < 1 || !argv[0][0])
		return 126;
	check_find_self(argv[0]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int line = 0; (entry = check_next(0, NULL, line)); line = entry->line) {
		int result = 0;

		if (!check_wanted(entry->name, argc - direct, argv + direct))
			continue;
		fflush(stdout);
		if (direct)
			check_enter(entry, "/tmp/direct");
		else
			result = check_one(entry);
		passed += result == 0;
		failed += result == 1;
		skipped += result == CHECK_SKIPPED;
	}
	if (skipped)
		printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
	else
		printf("%d passed, %d failed\n", passed, failed);
	return failed > 255 ? 255 : failed;
}

#endif

/* What the basic operations of Unix cost. The same static i386 program runs in Masix and in Linux.
 *
 *	bench [ROW...]
 *
 * prints for each row `NAME <tab> MICROSECONDS <tab> MESSAGES`: the median of several rounds, and how many Mach
 * messages one operation sent from this process (`-` where the system does not say), or `NAME <tab> failed <tab> WHY`.
 * Each row runs in a process of its own. Files are made in /var/tmp, on the root disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 9
#define ROUND_NS 25000000LL    /* the shortest time a round may take */
#define MESSAGES_SENT 0x4d5803 /* private call of Masix: messages that this process has sent */
#define SCRATCH "/var/tmp/bench"

static const char *self;
static char buffer[65536];
static int fd;

__attribute__((noreturn)) static void fail(const char *what)
{
	printf("failed\t%s: %s\n", what, strerror(errno));
	fflush(stdout);
	_exit(1);
}

/* For calls that must not fail. */
static long must(long result, const char *what)
{
	if (result == -1)
		fail(what);
	return result;
}

/* The calls that must transfer all of `want` bytes. */
static void full(long result, long want, const char *what)
{
	if (must(result, what) != want) {
		errno = EIO;
		fail(what);
	}
}

static long long now_ns(void)
{
	struct timespec now;

	must(clock_gettime(CLOCK_MONOTONIC, &now), "clock_gettime");
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* --- Operations: each does its thing `n` times ------------------------------------------------------------- */

static void do_getppid(int n)
{
	while (n--)
		getppid();
}

static void do_clock_gettime(int n)
{
	struct timespec now;

	while (n--)
		clock_gettime(CLOCK_MONOTONIC, &now);
}

static void open_zero(void)
{
	fd = (int)must(open("/dev/zero", O_RDONLY), "/dev/zero");
}

static void open_null(void)
{
	fd = (int)must(open("/dev/null", O_WRONLY), "/dev/null");
}

static void do_read_1(int n)
{
	while (n--)
		full(read(fd, buffer, 1), 1, "read");
}

static void do_read_64k(int n)
{
	while (n--)
		full(read(fd, buffer, 65536), 65536, "read");
}

static void do_write_1(int n)
{
	while (n--)
		full(write(fd, buffer, 1), 1, "write");
}

static void do_write_64k(int n)
{
	while (n--)
		full(write(fd, buffer, 65536), 65536, "write");
}

static void do_stat(int n)
{
	struct stat info;

	while (n--)
		must(stat("/etc/passwd", &info), "stat");
}

static void do_open_close(int n)
{
	while (n--)
		must(close((int)must(open("/etc/passwd", O_RDONLY), "open")), "close");
}

static void make_file(void)
{
	fd = (int)must(open(SCRATCH, O_RDWR | O_CREAT | O_TRUNC, 0600), SCRATCH);
	for (int i = 0; i < 4; i++)
		full(write(fd, buffer, sizeof buffer), sizeof buffer, "write");
}

static void remove_file(void)
{
	must(unlink(SCRATCH), "unlink");
}

static void do_pread_4k(int n)
{
	while (n--)
		full(pread(fd, buffer, 4096, (n & 31) * 4096), 4096, "pread");
}

static void do_pread_64k(int n)
{
	while (n--)
		full(pread(fd, buffer, 65536, (n & 3) * 65536), 65536, "pread");
}

static void do_pwrite_4k(int n)
{
	while (n--)
		full(pwrite(fd, buffer, 4096, (n & 31) * 4096), 4096, "pwrite");
}

static void do_pwrite_64k(int n)
{
	while (n--)
		full(pwrite(fd, buffer, 65536, (n & 3) * 65536), 65536, "pwrite");
}

static void do_creat_unlink(int n)
{
	while (n--) {
		must(close((int)must(creat(SCRATCH, 0600), "creat")), "close");
		must(unlink(SCRATCH), "unlink");
	}
}

static int there[2], back[2];
static pid_t partner;

static void stop_partner(void)
{
	must(kill(partner, SIGKILL), "kill");
	must(waitpid(partner, NULL, 0), "waitpid");
}

static void start_echo(void)
{
	must(pipe(there), "pipe");
	must(pipe(back), "pipe");
	partner = (pid_t)must(fork(), "fork");
	if (partner == 0)
		while (read(there[0], buffer, 1) == 1)
			full(write(back[1], buffer, 1), 1, "write");
}

static void do_round_trip(int n)
{
	while (n--) {
		full(write(there[1], buffer, 1), 1, "write");
		full(read(back[0], buffer, 1), 1, "read");
	}
}

static void start_source(void)
{
	must(pipe(there), "pipe");
	partner = (pid_t)must(fork(), "fork");
	if (partner == 0)
		for (;;)
			must(write(there[1], buffer, sizeof buffer), "write");
}

static void do_pipe_64k(int n)
{
	while (n--)
		for (size_t got = 0; got < sizeof buffer;)
			got += (size_t)must(read(there[0], buffer, sizeof buffer - got), "read");
}

static void reap(pid_t child, const char *what)
{
	int status;

	must(waitpid(child, &status, 0), "waitpid");
	if (status != 0) {
		errno = ECHILD;
		fail(what);
	}
}

static void do_fork_exit(int n)
{
	while (n--) {
		pid_t child = (pid_t)must(fork(), "fork");

		if (child == 0)
			_exit(0);
		reap(child, "child");
	}
}

static void run_program(int n, const char *const argv[])
{
	while (n--) {
		pid_t child = (pid_t)must(fork(), "fork");

		if (child == 0) {
			execv(argv[0], (char **)(uintptr_t)argv);
			_exit(127);
		}
		reap(child, argv[0]);
	}
}

static void do_exec_static(int n)
{
	run_program(n, (const char *const[]){ self, "+exit", NULL });
}

static void do_exec_dynamic(int n)
{
	run_program(n, (const char *const[]){ "/bin/true", NULL });
}

static void do_shell(int n)
{
	run_program(n, (const char *const[]){ "/bin/sh", "-c", "true", NULL });
}

static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
	(void)number;
	caught++;
}

static void set_handler(void)
{
	struct sigaction action = { .sa_handler = catch_signal };

	must(sigaction(SIGUSR1, &action, NULL), "sigaction");
}

static void do_signal(int n)
{
	pid_t pid = getpid();
	int want = caught + n;

	while (n--)
		must(kill(pid, SIGUSR1), "kill");
	if (caught != want) {
		errno = EINTR;
		fail("handler");
	}
}

static char *map(size_t size)
{
	char *area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		fail("mmap");
	return area;
}

static void do_mmap_touch(int n)
{
	while (n--) {
		char *area = map(1 << 20);

		for (size_t i = 0; i < 1 << 20; i += 4096)
			area[i] = 1;
		must(munmap(area, 1 << 20), "munmap");
	}
}

/* Faults of fresh anonymous memory, mapped in pieces of 16 MiB, so that what is timed is faults. */
static void do_page_fault(int n)
{
	size_t piece = 16 << 20, at = piece;
	char *area = NULL;

	while (n--) {
		if (at == piece) {
			if (area)
				must(munmap(area, piece), "munmap");
			area = map(piece);
			at = 0;
		}
		area[at] = 1;
		at += 4096;
	}
	must(munmap(area, piece), "munmap");
}

/* Who ran last, and how often that changed, in memory that both processes share. */
static struct turns {
	volatile int last;
	volatile int switches;
} * turns;

static void take_turn(int who)
{
	if (turns->last != who) {
		turns->last = who;
		turns->switches++;
	}
	sched_yield();
}

static void start_yielding(void)
{
	turns = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (turns == MAP_FAILED)
		fail("mmap");
	partner = (pid_t)must(fork(), "fork");
	if (partner == 0)
		for (;;)
			take_turn(1);
}

/* Yields until n switches between the two processes have been seen. */
static void do_switch(int n)
{
	int until = turns->switches + n;
	long long deadline = now_ns() + 5000000000LL;

	for (int yields = 1; turns->switches - until < 0; yields++) {
		take_turn(0);
		if (yields % 1024 == 0 && now_ns() > deadline) {
			errno = ETIME;
			fail("sched_yield");
		}
	}
}

/* --- Rows ------------------------------------------------------------------------------------------------- */

static const struct row {
	const char *name;
	void (*before)(void);
	void (*operate)(int n);
	void (*after)(void);
} rows[] = {
	{ "getppid", NULL, do_getppid, NULL },
	{ "clock_gettime", NULL, do_clock_gettime, NULL },
	{ "read /dev/zero 1 B", open_zero, do_read_1, NULL },
	{ "read /dev/zero 64 KiB", open_zero, do_read_64k, NULL },
	{ "write /dev/null 1 B", open_null, do_write_1, NULL },
	{ "write /dev/null 64 KiB", open_null, do_write_64k, NULL },
	{ "stat", NULL, do_stat, NULL },
	{ "open+close", NULL, do_open_close, NULL },
	{ "pread 4 KiB", make_file, do_pread_4k, remove_file },
	{ "pread 64 KiB", make_file, do_pread_64k, remove_file },
	{ "pwrite 4 KiB", make_file, do_pwrite_4k, remove_file },
	{ "pwrite 64 KiB", make_file, do_pwrite_64k, remove_file },
	{ "creat+unlink", NULL, do_creat_unlink, NULL },
	{ "pipe round trip", start_echo, do_round_trip, stop_partner },
	{ "pipe 64 KiB", start_source, do_pipe_64k, stop_partner },
	{ "fork+exit", NULL, do_fork_exit, NULL },
	{ "fork+exec static", NULL, do_exec_static, NULL },
	{ "fork+exec dynamic", NULL, do_exec_dynamic, NULL },
	{ "sh -c true", NULL, do_shell, NULL },
	{ "signal to self", set_handler, do_signal, NULL },
	{ "mmap+touch 1 MiB", NULL, do_mmap_touch, NULL },
	{ "page fault", NULL, do_page_fault, NULL },
	{ "context switch", start_yielding, do_switch, stop_partner },
};

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double round_ns(const struct row *row, int n)
{
	long long start = now_ns();

	row->operate(n);
	return (double)(now_ns() - start);
}

static void measure(const struct row *row)
{
	double times[ROUNDS], messages = -1;
	long before;
	int n = 1;

	if (row->before)
		row->before();
	round_ns(row, 1); /* caches and lazy mappings */
	for (double took; (took = round_ns(row, n)) < ROUND_NS;)
		n = took * 16 < ROUND_NS ? n * 8 : (int)(n * (ROUND_NS * 1.2 / took)) + 1;
	for (int i = 0; i < ROUNDS; i++)
		times[i] = round_ns(row, n) / n;
	/* Asking may itself be a call that costs: after the timed rounds. */
	before = syscall(MESSAGES_SENT);
	if (before != -1) {
		row->operate(n);
		messages = (double)(unsigned long)(syscall(MESSAGES_SENT) - before) / n;
	}
	if (row->after)
		row->after();
	qsort(times, ROUNDS, sizeof *times, compare);
	printf("%.3f\t", times[ROUNDS / 2] / 1000);
	if (messages < 0)
		printf("-\n");
	else
		printf("%.2f\n", messages);
}

static int wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return 1;
	return argc == 1;
}

int main(int argc, char **argv)
{
	int failed = 0;

	self = argv[0];
	if (argc > 1 && !strcmp(argv[1], "+exit"))
		return 0;
	memset(buffer, 'b', sizeof buffer);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int status = -1;
		pid_t child;

		if (!wanted(rows[i].name, argc, argv))
			continue;
		printf("%s\t", rows[i].name);
		fflush(stdout);
		child = fork();
		if (child == 0) {
			(void)setpgid(0, 0);
			alarm(120);
			measure(&rows[i]);
			fflush(stdout);
			_exit(0);
		}
		if (child != -1) {
			waitpid(child, &status, 0);
			/* A partner that a failed row left behind would slow the next ones. */
			(void)kill(-child, SIGKILL);
		}
		if (status == -1 || WIFSIGNALED(status))
			printf("failed\t%s %d\n", status == -1 ? "no process" : "signal",
				status & 0x7f);
		failed |= status != 0;
	}
	return failed;
}

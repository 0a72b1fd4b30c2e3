/* fork, vfork and spawn: what a child gets and what it does not. */
#include "check.h"

#include <spawn.h>
#include <sys/mman.h>
#include <sys/time.h>

extern char **environ;

static int initialised = 1;
static int zero;

ROLE(exit_with)
{
	return atoi(argv[2]);
}

CASE(child_has_new_pid_and_right_parent)
{
	pid_t parent = getpid(), child = OK(fork());

	if (child == 0) {
		CHECK(getpid() != parent);
		EQUAL(getppid(), parent);
		EQUAL(syscall(SYS_gettid), getpid());
		_exit(7);
	}
	EQUAL(getpid(), parent);
	EXITS(child, 7);
}

CASE(returned_pid_is_the_childs_own)
{
	struct gate told = gate_new();
	pid_t child = OK(fork()), seen;

	if (child == 0) {
		seen = getpid();
		_exit(write(told.ends[1], &seen, sizeof seen) != sizeof seen);
	}
	EQUAL(read(told.ends[0], &seen, sizeof seen), sizeof seen);
	EQUAL(seen, child);
	EXITS(child, 0);
}

CASE(memory_is_copied_both_ways)
{
	int on_stack = 1;
	int *heap = malloc(sizeof *heap);
	int *mapped =
		OK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	struct gate changed = gate_new();
	pid_t child;

	*heap = *mapped = 1;
	child = OK(fork());
	if (child == 0) {
		gate_pass(changed);
		CHECK(initialised == 1 && zero == 0 && on_stack == 1 && *heap == 1 && *mapped == 1);
		initialised = zero = on_stack = *heap = *mapped = 3;
		_exit(0);
	}
	initialised = zero = on_stack = *heap = *mapped = 2;
	gate_open(changed);
	EXITS(child, 0);
	CHECK(initialised == 2 && zero == 2 && on_stack == 2 && *heap == 2 && *mapped == 2);
}

CASE(many_pages_stay_apart)
{
	enum { PAGES = 1024 };
	unsigned char *area = OK(mmap(
		NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	pid_t child;

	for (int i = 0; i < PAGES; i++)
		area[i * 4096] = (unsigned char)i;
	child = OK(fork());
	if (child == 0) {
		for (int i = PAGES - 1; i >= 0; i--) {
			EQUAL(area[i * 4096], (unsigned char)i);
			area[i * 4096] = 0xee;
		}
		_exit(0);
	}
	EXITS(child, 0);
	for (int i = 0; i < PAGES; i++)
		EQUAL(area[i * 4096], (unsigned char)i);
}

CASE(copy_of_a_copy_of_a_copy)
{
	static volatile int value = 1;

	for (int depth = 0; depth < 12; depth++) {
		pid_t child = OK(fork());

		if (child != 0) {
			EXITS(child, 0);
			EQUAL(value, depth + 1);
			if (depth > 0)
				_exit(0);
			return;
		}
		EQUAL(value, depth + 1);
		value++;
	}
	_exit(0);
}

CASE(descriptors_are_inherited)
{
	int ends[2];
	char text[6] = "";
	pid_t child;

	OK(pipe(ends));
	child = OK(fork());
	if (child == 0)
		_exit(write(ends[1], "hello", 5) != 5);
	OK(close(ends[1]));
	EQUAL(read(ends[0], text, 5), 5);
	SAME_TEXT(text, "hello");
	EXITS(child, 0);
	/* Both writing ends are closed now. */
	EQUAL(read(ends[0], text, 5), 0);
}

CASE(closing_in_the_child_leaves_the_parents_open)
{
	int fd = OK(open("/dev/null", O_RDWR));
	pid_t child = OK(fork());

	if (child == 0)
		_exit(close(fd) != 0);
	EXITS(child, 0);
	EQUAL(write(fd, "x", 1), 1);
}

static volatile sig_atomic_t caught;

static void count(int number)
{
	(void)number;
	caught++;
}

CASE(handlers_and_mask_are_inherited_pending_is_not)
{
	sigset_t block = set_of(SIGUSR2), got;
	pid_t child;

	set_handler(SIGUSR1, count, 0);
	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	OK(raise(SIGUSR2));
	child = OK(fork());
	if (child == 0) {
		OK(sigpending(&got));
		EQUAL(sigismember(&got, SIGUSR2), 0);
		OK(sigprocmask(SIG_BLOCK, NULL, &got));
		EQUAL(sigismember(&got, SIGUSR2), 1);
		EQUAL(sigismember(&got, SIGUSR1), 0);
		OK(raise(SIGUSR1));
		EQUAL(caught, 1);
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(caught, 0);
	OK(sigpending(&got));
	EQUAL(sigismember(&got, SIGUSR2), 1);
}

CASE(timers_are_not_inherited)
{
	struct itimerval timer = { .it_value = { 100, 0 } }, got;
	pid_t child;

	OK(setitimer(ITIMER_REAL, &timer, NULL));
	child = OK(fork());
	if (child == 0) {
		OK(getitimer(ITIMER_REAL, &got));
		CHECK(got.it_value.tv_sec == 0 && got.it_value.tv_usec == 0);
		_exit(0);
	}
	EXITS(child, 0);
	OK(getitimer(ITIMER_REAL, &got));
	CHECK(got.it_value.tv_sec >= 90);
}

CASE(directory_and_umask_are_inherited_but_not_shared)
{
	struct stat info;
	pid_t child;

	OK(mkdir("inner", 0755));
	umask(027);
	child = OK(fork());
	if (child == 0) {
		EQUAL(umask(0), 027);
		OK(chdir("inner"));
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(umask(022), 027);
	OK(stat("inner", &info));
}

CASE(group_and_session_are_inherited)
{
	pid_t group = getpgrp(), session = getsid(0), child = OK(fork());

	if (child == 0) {
		EQUAL(getpgrp(), group);
		EQUAL(getsid(0), session);
		_exit(0);
	}
	EXITS(child, 0);
}

CASE(fifty_children_at_once)
{
	struct gate go = gate_new();
	pid_t children[50];

	for (int i = 0; i < 50; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			gate_pass(go);
			_exit(i);
		}
		for (int j = 0; j < i; j++)
			CHECK(children[j] != children[i]);
	}
	for (int i = 0; i < 50; i++)
		gate_open(go);
	for (int i = 49; i >= 0; i--)
		EXITS(children[i], i);
	FAILS(wait(NULL), ECHILD);
}

CASE(three_hundred_in_a_row)
{
	for (int i = 0; i < 300; i++) {
		pid_t child = OK(fork());

		if (child == 0)
			_exit(i & 0xff);
		EXITS(child, i & 0xff);
	}
}

CASE(orphan_gets_another_parent)
{
	struct gate told = gate_new(), died = gate_new();
	pid_t middle = OK(fork()), seen = 0;

	if (middle == 0) {
		pid_t self = getpid();

		if (OK(fork()) == 0) {
			gate_pass(died);
			EVENTUALLY(getppid() != self);
			seen = getppid();
			_exit(write(told.ends[1], &seen, sizeof seen) != sizeof seen);
		}
		_exit(0);
	}
	EXITS(middle, 0);
	gate_open(died);
	EQUAL(read(told.ends[0], &seen, sizeof seen), sizeof seen);
	CHECK(seen > 0 && seen != getpid());
}

CASE(vfork_shares_memory_and_holds_the_parent)
{
	static volatile int value;
	long long before = milliseconds_now();
	volatile pid_t child = vfork();

	if (child == 0) {
		struct timespec while_held = { 0, 50000000 };

		nanosleep(&while_held, NULL);
		value = 5;
		_exit(3);
	}
	CHECK(child > 0);
	EQUAL(value, 5);
	CHECK(milliseconds_now() - before >= 45);
	EXITS(child, 3);
}

/* What a vfork's child writes its parent sees, what a fork's child writes it does not: in memory of every kind, one
 * after the other. */
CASE(vfork_and_fork_in_turn)
{
	enum { SIZE = 2 << 20, PAGE = 4096 };
	static volatile char bss[8 * PAGE];
	static volatile char data[PAGE] = { 1 };
	volatile char *heap = malloc(SIZE);
	volatile char *shared =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	volatile char stack[PAGE];
	volatile char *const places[] = { bss, bss + 5 * PAGE, data, heap, heap + SIZE - 1, stack };
	volatile int round;

	CHECK(shared != MAP_FAILED);
	for (round = 1; round < 40; round++) {
		volatile int turn = round % 3;
		volatile pid_t child;

		for (unsigned i = 0; i < COUNT(places); i++)
			*places[i] = 100;
		child = turn == 0 ? fork() : vfork();
		if (child == 0) {
			for (unsigned i = 0; i < COUNT(places); i++)
				*places[i] = (char)round;
			*shared = (char)round;
			/* Its own child has a copy again. */
			if (turn == 2 && fork() == 0)
				*places[0] = *places[3] = 99;
			_exit(0);
		}
		CHECK(child > 0);
		EXITS(child, 0);
		EQUAL(*shared, round);
		for (unsigned i = 0; i < COUNT(places); i++)
			EQUAL(*places[i], turn == 0 ? 100 : round);
	}
}

CASE(vfork_then_exec)
{
	for (int i = 0; i < 5; i++) {
		char number[12];
		volatile pid_t child;

		snprintf(number, sizeof number, "%d", i + 40);
		child = vfork();
		if (child == 0) {
			execl(check_self, check_self, "+exit_with", number, NULL);
			_exit(127);
		}
		CHECK(child > 0);
		EXITS(child, i + 40);
	}
}

CASE(vfork_child_killed_frees_the_parent)
{
	volatile pid_t child = vfork();

	if (child == 0) {
		kill(getpid(), SIGKILL);
		_exit(0);
	}
	CHECK(child > 0);
	DIES(child, SIGKILL);
}

CASE(spawn_runs_and_reports_errors)
{
	char *argv[] = { check_self, (char *)"+exit_with", (char *)"9", NULL };
	pid_t child;

	EQUAL(posix_spawn(&child, check_self, NULL, NULL, argv, environ), 0);
	EXITS(child, 9);
	EQUAL(posix_spawn(&child, "/no/such/program", NULL, NULL, argv, environ), ENOENT);
	FAILS(wait(NULL), ECHILD);
}

CASE(spawn_file_actions)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)"echo spawned; echo more >&2", NULL };
	posix_spawn_file_actions_t actions;
	char text[32] = "";
	pid_t child;
	int fd;

	EQUAL(posix_spawn_file_actions_init(&actions), 0);
	EQUAL(posix_spawn_file_actions_addopen(&actions, 1, "out", O_WRONLY | O_CREAT, 0600), 0);
	EQUAL(posix_spawn_file_actions_adddup2(&actions, 1, 2), 0);
	EQUAL(posix_spawnp(&child, "sh", &actions, NULL, argv, environ), 0);
	EXITS(child, 0);
	fd = OK(open("out", O_RDONLY));
	EQUAL(read(fd, text, sizeof text - 1), 13);
	SAME_TEXT(text, "spawned\nmore\n");
}

/* xmm and x87 registers before the call are there after it, in both processes. */
CASE(floating_point_registers_are_copied)
{
	static const uint32_t pattern[4] = { 0x01234567, 0x89abcdef, 0x02468ace, 0x13579bdf };
	uint32_t got[4];
	long double pi;
	int child;

	__asm__ volatile("movdqu %[pattern], %%xmm5\n\t"
			 "fldpi\n\t"
			 "int $0x80\n\t"
			 "movdqu %%xmm5, %[got]\n\t"
			 "fstpt %[pi]"
			 : "=a"(child), [got] "=m"(got), [pi] "=m"(pi)
			 : "0"(SYS_fork), [pattern] "m"(pattern)
			 : "memory");
	CHECK(child >= 0);
	CHECK(!memcmp(got, pattern, sizeof got));
	CHECK(pi > 3.141592653589793L && pi < 3.141592653589794L);
	if (child == 0)
		_exit(0);
	EXITS(child, 0);
}

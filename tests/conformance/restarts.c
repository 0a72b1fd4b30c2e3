/* Calls that a signal interrupts: which are restarted, which end with EINTR. */
#include "check.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/select.h>
#include <sys/time.h>

static volatile sig_atomic_t caught;

static void count(int number)
{
	(void)number;
	caught++;
}

/* SIGALRM every 20 ms: a call that came between two of them is interrupted by the next. */
static void interrupt_often(int flags)
{
	struct itimerval timer = { { 0, 20000 }, { 0, 20000 } };

	set_handler(SIGALRM, count, flags);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
}

/* A child that does something when 150 ms are over. */
static pid_t later(void (*act)(int), int argument)
{
	pid_t child = OK(fork());

	if (child == 0) {
		nap(150);
		act(argument);
		_exit(0);
	}
	return child;
}

static void write_byte(int fd)
{
	EQUAL(write(fd, "x", 1), 1);
}

static void drain(int fd)
{
	char area[65536];

	EQUAL(read(fd, area, sizeof area), sizeof area);
}

CASE(read_is_interrupted)
{
	char byte;
	int ends[2];

	OK(pipe(ends));
	interrupt_often(0);
	FAILS(read(ends[0], &byte, 1), EINTR);
	CHECK(caught >= 1);
}

CASE(read_is_restarted)
{
	char byte = 0;
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	child = later(write_byte, ends[1]);
	interrupt_often(SA_RESTART);
	EQUAL(read(ends[0], &byte, 1), 1);
	EQUAL(byte, 'x');
	CHECK(caught >= 2);
	EXITS(child, 0);
}

CASE(read_with_data_is_not_interrupted)
{
	struct gate gate = gate_new();
	sigset_t set = set_of(SIGUSR1);
	char byte;

	set_handler(SIGUSR1, count, 0);
	gate_open(gate);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	OK(raise(SIGUSR1));
	EQUAL(read(gate.ends[0], &byte, 1), 1);
	EQUAL(caught, 0);
	OK(sigprocmask(SIG_UNBLOCK, &set, NULL));
	EQUAL(caught, 1);
}

CASE(blocked_signal_does_not_interrupt)
{
	sigset_t set = set_of(SIGALRM);
	char byte;
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	child = later(write_byte, ends[1]);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	interrupt_often(0);
	EQUAL(read(ends[0], &byte, 1), 1);
	EQUAL(caught, 0);
	EXITS(child, 0);
}

CASE(ignored_signal_does_not_interrupt)
{
	struct itimerval timer = { { 0, 20000 }, { 0, 20000 } };
	char byte;
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	child = later(write_byte, ends[1]);
	set_handler(SIGALRM, SIG_IGN, 0);
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	EQUAL(read(ends[0], &byte, 1), 1);
	EXITS(child, 0);
}

CASE(write_to_a_full_pipe_is_interrupted)
{
	static char area[65536];
	int ends[2];

	OK(pipe(ends));
	EQUAL(write(ends[1], area, sizeof area), sizeof area);
	interrupt_often(0);
	FAILS(write(ends[1], area, 1), EINTR);
}

CASE(write_to_a_full_pipe_is_restarted)
{
	static char area[65536];
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	EQUAL(write(ends[1], area, sizeof area), sizeof area);
	child = later(drain, ends[0]);
	interrupt_often(SA_RESTART);
	EQUAL(write(ends[1], area, 1), 1);
	CHECK(caught >= 2);
	EXITS(child, 0);
}

CASE(half_done_write_returns_what_was_written)
{
	static char area[100000];
	int ends[2];
	ssize_t written;

	OK(pipe(ends));
	interrupt_often(0);
	written = OK(write(ends[1], area, sizeof area));
	CHECK(written >= 4096 && written < (ssize_t)sizeof area);
}

CASE(wait_is_interrupted)
{
	pid_t child = OK(fork());
	int status;

	if (child == 0)
		for (;;)
			pause();
	interrupt_often(0);
	FAILS(waitpid(child, &status, 0), EINTR);
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
}

static void nothing(int argument)
{
	(void)argument;
}

CASE(wait_is_restarted)
{
	pid_t child = later(nothing, 0);
	int status;

	interrupt_often(SA_RESTART);
	EQUAL(waitpid(child, &status, 0), child);
	CHECK(caught >= 2);
}

CASE(nanosleep_ends_with_the_rest)
{
	struct timespec time = { 10, 0 }, left = { 0, 0 };

	/* Whatever the flags say. */
	interrupt_often(SA_RESTART);
	FAILS(nanosleep(&time, &left), EINTR);
	CHECK(left.tv_sec == 9 && left.tv_nsec > 0 && left.tv_nsec < 1000000000);
}

CASE(clock_nanosleep_until_a_time)
{
	struct timespec until;

	OK(clock_gettime(CLOCK_MONOTONIC, &until));
	until.tv_sec += 10;
	interrupt_often(SA_RESTART);
	EQUAL(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), EINTR);
}

CASE(poll_and_select_are_never_restarted)
{
	struct timeval limit = { 20, 0 };
	struct pollfd item = { .events = POLLIN };
	int ends[2];
	fd_set set;

	OK(pipe(ends));
	item.fd = ends[0];
	interrupt_often(SA_RESTART);
	FAILS(poll(&item, 1, -1), EINTR);
	FAILS(poll(&item, 1, 20000), EINTR);
	FAILS(poll(NULL, 0, 20000), EINTR);
	FD_ZERO(&set);
	FD_SET(ends[0], &set);
	FAILS(select(ends[0] + 1, &set, NULL, NULL, &limit), EINTR);
	FAILS(select(0, NULL, NULL, NULL, NULL), EINTR);
}

CASE(opening_a_fifo_is_interrupted)
{
	OK(mkfifo("fifo", 0600));
	interrupt_often(0);
	FAILS(open("fifo", O_RDONLY), EINTR);
	FAILS(open("fifo", O_WRONLY), EINTR);
}

static void open_other_end(int flags)
{
	OK(open("fifo", flags));
}

CASE(opening_a_fifo_is_restarted)
{
	pid_t child;

	OK(mkfifo("fifo", 0600));
	child = later(open_other_end, O_WRONLY);
	interrupt_often(SA_RESTART);
	OK(open("fifo", O_RDONLY));
	CHECK(caught >= 2);
	EXITS(child, 0);
}

CASE(file_lock_is_interrupted_or_restarted)
{
	struct gate locked = gate_new();
	pid_t child = OK(fork());
	int fd;

	if (child == 0) {
		fd = OK(open("file", O_RDWR | O_CREAT, 0600));
		OK(flock(fd, LOCK_EX));
		gate_open(locked);
		nap(400);
		_exit(0);
	}
	gate_pass(locked);
	fd = OK(open("file", O_RDWR));
	interrupt_often(0);
	FAILS(flock(fd, LOCK_EX), EINTR);
	interrupt_often(SA_RESTART);
	OK(flock(fd, LOCK_EX));
	EXITS(child, 0);
}

CASE(handler_may_run_many_times_in_one_call)
{
	char byte;
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	child = OK(fork());
	if (child == 0) {
		pid_t parent = getppid();

		nap(50);
		for (int i = 0; i < 50; i++) {
			OK(kill(parent, SIGUSR1));
			nap(2);
		}
		EQUAL(write(ends[1], "x", 1), 1);
		_exit(0);
	}
	set_handler(SIGUSR1, count, SA_RESTART);
	EQUAL(read(ends[0], &byte, 1), 1);
	CHECK(caught > 10);
	EXITS(child, 0);
}

CASE(stop_and_continue_restart_a_read)
{
	char byte;
	int ends[2], status;
	pid_t child;

	OK(pipe(ends));
	child = OK(fork());
	if (child == 0) {
		EQUAL(read(ends[0], &byte, 1), 1);
		_exit(0);
	}
	for (int i = 0; i < 3; i++) {
		nap(20);
		OK(kill(child, SIGSTOP));
		EQUAL(waitpid(child, &status, WUNTRACED), child);
		OK(kill(child, SIGCONT));
		EQUAL(waitpid(child, &status, WCONTINUED), child);
	}
	EQUAL(write(ends[1], "x", 1), 1);
	EXITS(child, 0);
}

CASE(stop_and_continue_leave_sleeping_and_polling_alone)
{
	struct timespec time = { 0, 200000000 };
	pid_t child = OK(fork());
	int status;

	if (child == 0) {
		OK(nanosleep(&time, NULL));
		EQUAL(poll(NULL, 0, 200), 0);
		_exit(0);
	}
	for (int i = 0; i < 8; i++) {
		nap(40);
		OK(kill(child, SIGSTOP));
		EQUAL(waitpid(child, &status, WUNTRACED), child);
		OK(kill(child, SIGCONT));
	}
	EXITS(child, 0);
}

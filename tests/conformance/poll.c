/* Waiting for several descriptors: poll, ppoll, select, pselect. */
#include "check.h"

#include <poll.h>
#include <sys/select.h>
#include <sys/time.h>

static volatile sig_atomic_t caught;

static void count(int number)
{
	(void)number;
	caught++;
}

static int ready(int fd, short events, int timeout)
{
	struct pollfd item = { fd, events, 0x7777 };

	OK(poll(&item, 1, timeout));
	return item.revents;
}

CASE(time_out)
{
	static const int times[] = { 0, 1, 30, 100 };
	int ends[2];

	OK(pipe(ends));
	for (size_t i = 0; i < COUNT(times); i++) {
		long long before = milliseconds_now(), took;
		struct pollfd item = { ends[0], POLLIN, 0 };

		EQUAL(poll(&item, 1, times[i]), 0);
		EQUAL(item.revents, 0);
		took = milliseconds_now() - before;
		CHECK(took >= times[i] - 1 && took < times[i] + 2000);
	}
}

CASE(nothing_to_watch)
{
	long long before = milliseconds_now();

	EQUAL(poll(NULL, 0, 50), 0);
	CHECK(milliseconds_now() - before >= 49);
}

CASE(pipe_readiness)
{
	static char area[65536];
	int ends[2];

	OK(pipe(ends));
	EQUAL(ready(ends[0], POLLIN, 0), 0);
	EQUAL(ready(ends[1], POLLOUT, 0), POLLOUT);
	EQUAL(write(ends[1], "x", 1), 1);
	EQUAL(ready(ends[0], POLLIN | POLLOUT, 0), POLLIN);
	EQUAL(ready(ends[0], 0, 0), 0);
	EQUAL(write(ends[1], area, 65535), 65535);
	EQUAL(ready(ends[1], POLLOUT, 0), 0);
	EQUAL(read(ends[0], area, 65536), 65536);
	EQUAL(ready(ends[1], POLLOUT, 0), POLLOUT);
}

CASE(hang_up_and_error)
{
	int ends[2];

	OK(pipe(ends));
	EQUAL(write(ends[1], "x", 1), 1);
	OK(close(ends[1]));
	/* Where the pipe is in another task, that one hears of the close a little later. */
	EVENTUALLY(ready(ends[0], POLLIN, 0) == (POLLIN | POLLHUP));
	EQUAL(read(ends[0], &(char){ 0 }, 1), 1);
	EQUAL(ready(ends[0], POLLIN, 0), POLLHUP);
	EQUAL(ready(ends[0], 0, -1), POLLHUP);
	OK(pipe(ends));
	OK(close(ends[0]));
	EVENTUALLY(ready(ends[1], POLLOUT, 0) == (POLLOUT | POLLERR));
}

CASE(bad_and_negative_descriptors)
{
	struct pollfd items[3] = { { 999, POLLIN, 0 }, { -1, POLLIN, 0x55 }, { -5, POLLIN, 0x55 } };

	EQUAL(poll(items, 3, 1000), 1);
	EQUAL(items[0].revents, POLLNVAL);
	EQUAL(items[1].revents, 0);
	EQUAL(items[2].revents, 0);
	EQUAL(poll(items + 1, 2, 20), 0);
	FAILS(poll(items, 1 << 21, 0), EINVAL);
}

CASE(files_are_always_ready)
{
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));

	EQUAL(ready(fd, POLLIN | POLLOUT, 0), POLLIN | POLLOUT);
}

CASE(wakes_when_data_comes)
{
	struct pollfd items[3];
	int ends[3][2];
	pid_t child;

	for (int i = 0; i < 3; i++) {
		OK(pipe(ends[i]));
		items[i] = (struct pollfd){ ends[i][0], POLLIN, 0 };
	}
	child = OK(fork());
	if (child == 0) {
		nap(50);
		_exit(write(ends[1][1], "x", 1) != 1);
	}
	EQUAL(poll(items, 3, 20000), 1);
	EQUAL(items[0].revents, 0);
	EQUAL(items[1].revents, POLLIN);
	EQUAL(items[2].revents, 0);
	EXITS(child, 0);
}

CASE(wakes_when_room_comes)
{
	static char area[65536];
	struct pollfd item;
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	EQUAL(write(ends[1], area, sizeof area), sizeof area);
	child = OK(fork());
	if (child == 0) {
		nap(50);
		_exit(read(ends[0], area, sizeof area) != sizeof area);
	}
	item = (struct pollfd){ ends[1], POLLOUT, 0 };
	EQUAL(poll(&item, 1, 20000), 1);
	EQUAL(item.revents, POLLOUT);
	EXITS(child, 0);
}

CASE(wakes_when_the_writer_dies)
{
	struct gate started = gate_new();
	struct pollfd item;
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	child = OK(fork());
	if (child == 0) {
		gate_open(started);
		for (;;)
			pause();
	}
	OK(close(ends[1]));
	gate_pass(started);
	item = (struct pollfd){ ends[0], POLLIN, 0 };
	EQUAL(poll(&item, 1, 20), 0);
	OK(kill(child, SIGKILL));
	EQUAL(poll(&item, 1, 20000), 1);
	EQUAL(item.revents, POLLHUP);
	DIES(child, SIGKILL);
}

CASE(two_hundred_descriptors)
{
	enum { PIPES = 100 };
	static struct pollfd items[2 * PIPES];
	int ends[PIPES][2];

	for (int i = 0; i < PIPES; i++) {
		OK(pipe(ends[i]));
		items[2 * i] = (struct pollfd){ ends[i][0], POLLIN, 0 };
		items[2 * i + 1] = (struct pollfd){ ends[i][1], POLLOUT, 0 };
	}
	EQUAL(poll(items, 2 * PIPES, -1), PIPES);
	for (int i = 0; i < PIPES; i += 3)
		EQUAL(write(ends[i][1], "x", 1), 1);
	EQUAL(poll(items, 2 * PIPES, -1), PIPES + 34);
	for (int i = 0; i < PIPES; i++)
		EQUAL(items[2 * i].revents, i % 3 ? 0 : POLLIN);
}

CASE(ppoll_opens_the_mask_while_it_waits)
{
	struct itimerval timer = { .it_value = { 0, 30000 } };
	sigset_t block = set_of(SIGALRM), none;
	struct timespec limit = { 20, 0 };

	set_handler(SIGALRM, count, SA_RESTART);
	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	nap(60);
	EQUAL(caught, 0);
	sigemptyset(&none);
	FAILS(ppoll(NULL, 0, &limit, &none), EINTR);
	EQUAL(caught, 1);
	OK(sigprocmask(SIG_BLOCK, NULL, &block));
	EQUAL(sigismember(&block, SIGALRM), 1);
	EQUAL(limit.tv_sec, 20);
	limit = (struct timespec){ 0, 30000000 };
	EQUAL(ppoll(NULL, 0, &limit, NULL), 0);
	limit.tv_nsec = 1000000000;
	FAILS(ppoll(NULL, 0, &limit, NULL), EINVAL);
}

/* --- select -------------------------------------------------------------------------------------- */

CASE(select_readiness)
{
	struct timeval none = { 0, 0 };
	fd_set in, out;
	int one[2], two[2], top;

	OK(pipe(one));
	OK(pipe(two));
	top = two[1] + 1;
	EQUAL(write(two[1], "x", 1), 1);
	FD_ZERO(&in);
	FD_SET(one[0], &in);
	FD_SET(two[0], &in);
	FD_ZERO(&out);
	FD_SET(one[1], &out);
	EQUAL(select(top, &in, &out, NULL, &none), 2);
	CHECK(!FD_ISSET(one[0], &in) && FD_ISSET(two[0], &in) && FD_ISSET(one[1], &out));
	/* Those at and above the first argument are not looked at. */
	FD_ZERO(&in);
	FD_SET(two[0], &in);
	EQUAL(select(two[0], &in, NULL, NULL, &none), 0);
	EQUAL(select(two[0] + 1, NULL, NULL, NULL, &none), 0);
}

CASE(select_end_of_file_is_readable)
{
	struct timeval none = { 0, 0 };
	fd_set in, out;
	int ends[2];

	OK(pipe(ends));
	OK(close(ends[1]));
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	EQUAL(select(ends[0] + 1, &in, NULL, NULL, &none), 1);
	OK(pipe(ends));
	OK(close(ends[0]));
	FD_ZERO(&out);
	FD_SET(ends[1], &out);
	EQUAL(select(ends[1] + 1, NULL, &out, NULL, &none), 1);
}

CASE(select_time_out)
{
	struct timeval limit = { 0, 80000 };
	long long before = milliseconds_now();
	fd_set in;
	int ends[2];

	OK(pipe(ends));
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	EQUAL(select(ends[0] + 1, &in, NULL, NULL, &limit), 0);
	CHECK(milliseconds_now() - before >= 79);
	CHECK(!FD_ISSET(ends[0], &in));
	EQUAL(limit.tv_sec * 1000000 + limit.tv_usec, 0);
	limit.tv_usec = 30000;
	EQUAL(select(0, NULL, NULL, NULL, &limit), 0);
}

CASE(select_tells_the_time_left)
{
	struct timeval limit = { 20, 0 };
	fd_set in;
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	child = OK(fork());
	if (child == 0) {
		nap(50);
		_exit(write(ends[1], "x", 1) != 1);
	}
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	EQUAL(select(ends[0] + 1, &in, NULL, NULL, &limit), 1);
	CHECK(limit.tv_sec >= 10 && limit.tv_sec < 20);
	EXITS(child, 0);
}

CASE(select_errors)
{
	struct timeval limit = { 0, 0 };
	fd_set in;

	/* Linux looks no further than the table has ever grown. */
	OPENS(dup2(1, 50));
	FD_ZERO(&in);
	FD_SET(50, &in);
	FAILS(select(51, &in, NULL, NULL, &limit), EBADF);
	FAILS(select(-1, &in, NULL, NULL, &limit), EINVAL);
	limit.tv_sec = -1;
	FAILS(select(0, NULL, NULL, NULL, &limit), EINVAL);
}

CASE(pselect_opens_the_mask_while_it_waits)
{
	struct itimerval timer = { .it_value = { 0, 30000 } };
	sigset_t block = set_of(SIGALRM), none;
	struct timespec limit = { 20, 0 };

	set_handler(SIGALRM, count, SA_RESTART);
	OK(sigprocmask(SIG_BLOCK, &block, NULL));
	OK(setitimer(ITIMER_REAL, &timer, NULL));
	sigemptyset(&none);
	FAILS(pselect(0, NULL, NULL, NULL, &limit, &none), EINTR);
	EQUAL(caught, 1);
	limit = (struct timespec){ 0, 20000000 };
	EQUAL(pselect(0, NULL, NULL, NULL, &limit, &none), 0);
}

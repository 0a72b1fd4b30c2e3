/* eventfd, timerfd, signalfd. */
#include "thread.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

static int ready(int fd, short events, int timeout)
{
	struct pollfd item = { fd, events, 0 };

	OK(poll(&item, 1, timeout));
	return item.revents;
}

static uint64_t value_of(int fd)
{
	uint64_t value;

	EQUAL(read(fd, &value, sizeof value), sizeof value);
	return value;
}

/* --- eventfd --- */

CASE(a_counter_is_read_and_reset)
{
	int fd = OK(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
	uint64_t value = 4;

	EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EQUAL(ready(fd, POLLIN | POLLOUT, 0), POLLIN | POLLOUT);
	EQUAL(write(fd, &value, sizeof value), sizeof value);
	EQUAL(value_of(fd), 7);
	EQUAL(ready(fd, POLLIN | POLLOUT, 0), POLLOUT);
	FAILS(read(fd, &value, sizeof value), EAGAIN);
}

CASE(a_semaphore_counts_down)
{
	int fd = OK(eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE));
	uint64_t value;

	EQUAL(value_of(fd), 1);
	EQUAL(value_of(fd), 1);
	FAILS(read(fd, &value, sizeof value), EAGAIN);
}

CASE(a_counter_that_is_full)
{
	int fd = OK(eventfd(0, EFD_NONBLOCK));
	uint64_t most = UINT64_MAX - 1, all = UINT64_MAX, one = 1;

	FAILS(write(fd, &all, sizeof all), EINVAL);
	FAILS(write(fd, &one, 4), EINVAL);
	FAILS(read(fd, &one, 4), EINVAL);
	EQUAL(write(fd, &most, sizeof most), sizeof most);
	EQUAL(ready(fd, POLLIN | POLLOUT, 0), POLLIN);
	one = 1;
	FAILS(write(fd, &one, sizeof one), EAGAIN);
	EQUAL(value_of(fd), most);
	FAILS(eventfd(0, 0x1000), EINVAL);
}

CASE(a_counter_is_shared_with_a_child)
{
	int fd = OK(eventfd(0, 0));
	pid_t child = OK(fork());

	if (child == 0) {
		OK(eventfd_write(fd, 5));
		_exit(0);
	}
	EQUAL(value_of(fd), 5);
	EXITS(child, 0);
}

CASE(a_writer_waits_for_room)
{
	int fd = OK(eventfd(0, 0));
	pid_t child;

	OK(eventfd_write(fd, UINT64_MAX - 1));
	child = OK(fork());
	if (child == 0) {
		OK(eventfd_write(fd, 2));
		_exit(0);
	}
	nap(20);
	EQUAL(waitpid(child, NULL, WNOHANG), 0);
	EQUAL(value_of(fd), UINT64_MAX - 1);
	EXITS(child, 0);
	EQUAL(value_of(fd), 2);
}

CASE(a_killed_reader_takes_nothing)
{
	int fd = OK(eventfd(0, 0));
	pid_t child = OK(fork());

	if (child == 0) {
		value_of(fd);
		_exit(0);
	}
	nap(20);
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
	OK(eventfd_write(fd, 1));
	EQUAL(ready(fd, POLLIN, 5000), POLLIN);
	EQUAL(value_of(fd), 1);
}

static void nothing(int number)
{
	(void)number;
}

CASE(a_signal_ends_a_read)
{
	int fd = OK(eventfd(0, 0));
	uint64_t value;

	set_handler(SIGALRM, nothing, 0);
	ualarm(20000, 20000);
	FAILS(read(fd, &value, sizeof value), EINTR);
}

/* --- timerfd --- */

static struct itimerspec spec(long long value_ms, long long interval_ms)
{
	return (struct itimerspec){
		.it_value = { value_ms / 1000, value_ms % 1000 * 1000000 },
		.it_interval = { interval_ms / 1000, interval_ms % 1000 * 1000000 },
	};
}

static void set_timer(int fd, int flags, long long value_ms, long long interval_ms)
{
	struct itimerspec new = spec(value_ms, interval_ms);

	OK(timerfd_settime(fd, flags, &new, NULL));
}

CASE(a_timer_goes_off_once)
{
	int fd = OK(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
	long long before = milliseconds_now();
	struct itimerspec now;

	EQUAL(ready(fd, POLLIN | POLLOUT, 0), 0);
	set_timer(fd, 0, 50, 0);
	EQUAL(ready(fd, POLLIN, 0), 0);
	EQUAL(value_of(fd), 1);
	CHECK(milliseconds_now() - before >= 49);
	OK(timerfd_gettime(fd, &now));
	EQUAL(now.it_value.tv_sec + now.it_value.tv_nsec, 0);
	EQUAL(ready(fd, POLLIN, 20), 0);
}

CASE(a_timer_goes_off_again_and_again)
{
	int fd = OK(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
	struct itimerspec now;
	uint64_t value;

	FAILS(read(fd, &value, sizeof value), EAGAIN);
	set_timer(fd, 0, 20, 20);
	EQUAL(ready(fd, POLLIN, -1), POLLIN);
	nap(100);
	value = value_of(fd);
	CHECK(value >= 5);
	OK(timerfd_gettime(fd, &now));
	EQUAL(now.it_interval.tv_nsec, 20000000);
	CHECK(now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 20000000);
	set_timer(fd, 0, 0, 0);
	FAILS(read(fd, &value, sizeof value), EAGAIN);
}

CASE(a_timer_at_a_given_time)
{
	int fd = OK(timerfd_create(CLOCK_REALTIME, 0));
	struct itimerspec new = { 0 }, old;
	struct timespec now;

	OK(clock_gettime(CLOCK_REALTIME, &now));
	new.it_value = now;
	new.it_value.tv_sec -= 5;
	OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &new, NULL));
	EQUAL(ready(fd, POLLIN, 0), POLLIN);
	EQUAL(value_of(fd), 1);
	new.it_value.tv_sec = now.tv_sec + 100;
	OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &new, NULL));
	EQUAL(ready(fd, POLLIN, 0), 0);
	new = spec(10, 0);
	OK(timerfd_settime(fd, 0, &new, &old));
	CHECK(old.it_value.tv_sec >= 90 && old.it_value.tv_sec <= 100);
	EQUAL(value_of(fd), 1);
}

CASE(timer_errors)
{
	struct itimerspec bad = { .it_value.tv_nsec = 1000000000 };
	int fd = OK(timerfd_create(CLOCK_MONOTONIC, 0)), other = OK(eventfd(0, 0));
	char byte[8] = { 0 };

	FAILS(timerfd_create(77, 0), EINVAL);
	FAILS(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
	FAILS(timerfd_settime(fd, 0, &bad, NULL), EINVAL);
	FAILS(timerfd_settime(fd, 8, &bad, NULL), EINVAL);
	bad.it_value.tv_nsec = 0;
	FAILS(timerfd_settime(other, 0, &bad, NULL), EINVAL);
	FAILS(timerfd_settime(99, 0, &bad, NULL), EBADF);
	FAILS(timerfd_gettime(other, &bad), EINVAL);
	FAILS(write(fd, byte, 8), EINVAL);
	FAILS(read(fd, byte, 4), EINVAL);
}

CASE(a_timer_is_shared_with_a_child)
{
	int fd = OK(timerfd_create(CLOCK_MONOTONIC, 0));
	pid_t child = OK(fork());

	if (child == 0) {
		set_timer(fd, 0, 10, 0);
		_exit(0);
	}
	EQUAL(value_of(fd), 1);
	EXITS(child, 0);
}

CASE(a_timer_set_while_it_is_waited_for)
{
	int fd = OK(timerfd_create(CLOCK_MONOTONIC, 0));
	pid_t child;

	set_timer(fd, 0, 100000, 0);
	child = OK(fork());
	if (child == 0) {
		EQUAL(value_of(fd), 1);
		_exit(0);
	}
	nap(20);
	set_timer(fd, 0, 10, 0);
	EXITS(child, 0);
}

/* --- signalfd --- */

static int watch(int number, int flags)
{
	sigset_t set = set_of(number);

	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	return OK(signalfd(-1, &set, flags));
}

CASE(a_signal_is_read)
{
	int fd = watch(SIGUSR1, SFD_NONBLOCK | SFD_CLOEXEC);
	struct signalfd_siginfo info;
	sigset_t pending;

	FAILS(read(fd, &info, sizeof info), EAGAIN);
	EQUAL(ready(fd, POLLIN, 0), 0);
	OK(kill(getpid(), SIGUSR1));
	EQUAL(ready(fd, POLLIN, -1), POLLIN);
	EQUAL(read(fd, &info, sizeof info), sizeof info);
	EQUAL(info.ssi_signo, SIGUSR1);
	EQUAL(info.ssi_pid, getpid());
	EQUAL(info.ssi_uid, getuid());
	EQUAL(info.ssi_code, SI_USER);
	OK(sigpending(&pending));
	CHECK(!sigismember(&pending, SIGUSR1));
	EQUAL(ready(fd, POLLIN, 0), 0);
}

CASE(several_signals_in_one_read)
{
	struct signalfd_siginfo info[4];
	int fd = watch(SIGRTMIN + 1, 0);

	for (int i = 1; i <= 3; i++)
		OK(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){ .sival_int = i }));
	EQUAL(read(fd, info, sizeof info), 3 * sizeof info[0]);
	EQUAL(info[0].ssi_int, 1);
	EQUAL(info[2].ssi_int, 3);
	EQUAL(info[0].ssi_code, SI_QUEUE);
}

CASE(an_ended_child_is_read)
{
	int fd = watch(SIGCHLD, 0);
	struct signalfd_siginfo info;
	pid_t child = OK(fork());

	if (child == 0) {
		nap(20);
		_exit(7);
	}
	EQUAL(read(fd, &info, sizeof info), sizeof info);
	EQUAL(info.ssi_signo, SIGCHLD);
	EQUAL(info.ssi_pid, child);
	EQUAL(info.ssi_status, 7);
	EXITS(child, 7);
	/* With poll, and something else to wait for. */
	child = OK(fork());
	if (child == 0) {
		nap(20);
		_exit(0);
	}
	int ends[2];

	OK(pipe(ends));
	struct pollfd items[2] = { { fd, POLLIN, 0 }, { ends[0], POLLIN, 0 } };

	EQUAL(poll(items, 2, -1), 1);
	EQUAL(items[0].revents, POLLIN);
	EXITS(child, 0);
}

CASE(a_child_reads_its_own)
{
	int fd = watch(SIGUSR1, SFD_NONBLOCK);
	struct signalfd_siginfo info;
	pid_t child;

	OK(kill(getpid(), SIGUSR1));
	child = OK(fork());
	if (child == 0) {
		FAILS(read(fd, &info, sizeof info), EAGAIN);
		OK(kill(getpid(), SIGUSR1));
		EQUAL(read(fd, &info, sizeof info), sizeof info);
		EQUAL(info.ssi_pid, getpid());
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(read(fd, &info, sizeof info), sizeof info);
	EQUAL(info.ssi_pid, getpid());
}

CASE(the_set_can_be_changed)
{
	int fd = watch(SIGUSR1, SFD_NONBLOCK);
	sigset_t set = set_of(SIGUSR2);
	struct signalfd_siginfo info;

	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	EQUAL(signalfd(fd, &set, 0), fd);
	OK(kill(getpid(), SIGUSR1));
	FAILS(read(fd, &info, sizeof info), EAGAIN);
	OK(kill(getpid(), SIGUSR2));
	EQUAL(read(fd, &info, sizeof info), sizeof info);
	EQUAL(info.ssi_signo, SIGUSR2);
}

CASE(signalfd_errors)
{
	sigset_t set = set_of(SIGUSR1);
	struct signalfd_siginfo info;
	int fd = watch(SIGUSR1, 0), ends[2];

	OK(pipe(ends));
	FAILS(signalfd(ends[0], &set, 0), EINVAL);
	FAILS(signalfd(99, &set, 0), EBADF);
	FAILS(signalfd(-1, &set, 1), EINVAL);
	FAILS(read(fd, &info, sizeof info - 1), EINVAL);
	FAILS(write(fd, &info, sizeof info), EINVAL);
}

CASE(attributes_of_what_has_no_file)
{
	const int fds[] = { eventfd(0, 0), timerfd_create(CLOCK_MONOTONIC, 0), watch(SIGUSR1, 0) };
	static const char *const names[] = { "anon_inode:[eventfd]", "anon_inode:[timerfd]",
		"anon_inode:[signalfd]" };

	for (size_t i = 0; i < COUNT(fds); i++) {
		char path[64], text[64] = { 0 };
		struct stat info;

		OK(fstat(fds[i], &info));
		EQUAL(info.st_mode, 0600);
		EQUAL(info.st_size, 0);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fds[i]);
		OK(readlink(path, text, sizeof text - 1));
		SAME_TEXT(text, names[i]);
		EQUAL(fcntl(fds[i], F_GETFL) & O_ACCMODE, O_RDWR);
	}
}

/* Descriptors themselves: numbers, duplicates, flags. */
#include "check.h"

#include <sys/ioctl.h>

static int null(void)
{
	return OK(open("/dev/null", O_RDWR));
}

CASE(lowest_free_number)
{
	int a = null(), b = null(), c = null();

	CHECK(a >= 0 && b == a + 1 && c == b + 1);
	OK(close(b));
	OK(close(a));
	EQUAL(null(), a);
	EQUAL(null(), b);
	EQUAL(null(), c + 1);
	OK(close(0));
	EQUAL(null(), 0);
}

CASE(pipes_take_the_lowest_two)
{
	int a = null(), b = null(), ends[2];

	OK(close(a));
	OK(pipe(ends));
	EQUAL(ends[0], a);
	EQUAL(ends[1], b + 1);
}

CASE(dup_takes_the_lowest)
{
	int a = null(), b = null();

	OK(close(a));
	EQUAL(dup(b), a);
	FAILS(dup(999), EBADF);
	FAILS(dup(-1), EBADF);
}

CASE(dup2_replaces)
{
	int ends[2], file = OK(open("file", O_RDWR | O_CREAT, 0644));

	OK(pipe(ends));
	EQUAL(dup2(file, ends[1]), ends[1]);
	EQUAL(write(ends[1], "x", 1), 1);
	EQUAL(lseek(file, 0, SEEK_CUR), 1);
	/* The pipe's writing end was closed by that. */
	EQUAL(read(ends[0], &(char){ 0 }, 1), 0);
	EQUAL(dup2(file, file), file);
	FAILS(dup2(999, file), EBADF);
	FAILS(dup2(999, 999), EBADF);
	FAILS(dup2(file, -1), EBADF);
	FAILS(dup2(file, 1 << 20), EBADF);
	EQUAL(write(file, "y", 1), 1);
	EQUAL(dup2(file, 500), 500);
	EQUAL(write(500, "z", 1), 1);
}

CASE(dup3_sets_the_flag_and_refuses_the_same)
{
	int fd = null();

	EQUAL(dup3(fd, 100, O_CLOEXEC), 100);
	EQUAL(fcntl(100, F_GETFD), FD_CLOEXEC);
	EQUAL(dup3(fd, 100, 0), 100);
	EQUAL(fcntl(100, F_GETFD), 0);
	FAILS(dup3(fd, fd, 0), EINVAL);
	FAILS(dup3(fd, 100, 1), EINVAL);
}

CASE(dupfd_takes_the_lowest_from_there)
{
	int fd = null();

	EQUAL(fcntl(fd, F_DUPFD, 100), 100);
	EQUAL(fcntl(fd, F_DUPFD, 100), 101);
	EQUAL(fcntl(fd, F_DUPFD_CLOEXEC, 100), 102);
	EQUAL(fcntl(100, F_GETFD), 0);
	EQUAL(fcntl(102, F_GETFD), FD_CLOEXEC);
	OK(close(101));
	EQUAL(fcntl(fd, F_DUPFD, 100), 101);
	FAILS(fcntl(fd, F_DUPFD, -1), EINVAL);
	FAILS(fcntl(fd, F_DUPFD, 1 << 30), EINVAL);
}

CASE(close_on_exec_belongs_to_the_number)
{
	int fd = OK(open("/dev/null", O_RDONLY | O_CLOEXEC)), copy = OK(dup(fd)), ends[2];

	EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EQUAL(fcntl(copy, F_GETFD), 0);
	OK(fcntl(copy, F_SETFD, FD_CLOEXEC));
	OK(fcntl(fd, F_SETFD, 0));
	EQUAL(fcntl(fd, F_GETFD), 0);
	EQUAL(fcntl(copy, F_GETFD), FD_CLOEXEC);
	OK(pipe2(ends, O_CLOEXEC));
	EQUAL(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	EQUAL(fcntl(ends[1], F_GETFD), FD_CLOEXEC);
	OK(ioctl(fd, FIOCLEX));
	EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
	OK(ioctl(fd, FIONCLEX));
	EQUAL(fcntl(fd, F_GETFD), 0);
}

CASE(status_flags_belong_to_the_open_file)
{
	int fd = OK(open("file", O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0644)), copy = OK(dup(fd));

	/* Those for opening are not kept. */
	EQUAL(fcntl(fd, F_GETFL) & ~O_LARGEFILE & ~0100000, O_RDWR | O_APPEND);
	OK(fcntl(copy, F_SETFL, O_NONBLOCK));
	EQUAL(fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE), O_NONBLOCK | O_RDWR);
	/* The access mode cannot change. */
	OK(fcntl(fd, F_SETFL, O_RDONLY));
	EQUAL(fcntl(copy, F_GETFL) & (O_APPEND | O_NONBLOCK | O_ACCMODE), O_RDWR);
}

CASE(status_flags_are_shared_over_fork)
{
	struct gate gate = gate_new();
	pid_t child = OK(fork());

	if (child == 0) {
		OK(fcntl(gate.ends[0], F_SETFL, O_NONBLOCK));
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(fcntl(gate.ends[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	FAILS(read(gate.ends[0], &(char){ 0 }, 1), EAGAIN);
}

CASE(ioctl_sets_nonblocking)
{
	struct gate gate = gate_new();
	int on = 1;

	OK(ioctl(gate.ends[0], FIONBIO, &on));
	EQUAL(fcntl(gate.ends[0], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	on = 0;
	OK(ioctl(gate.ends[0], FIONBIO, &on));
	EQUAL(fcntl(gate.ends[0], F_GETFL) & O_NONBLOCK, 0);
}

CASE(bad_numbers)
{
	char byte = 0;

	FAILS(close(-1), EBADF);
	FAILS(close(999), EBADF);
	FAILS(close(1 << 30), EBADF);
	FAILS(read(-1, &byte, 1), EBADF);
	FAILS(write(999, &byte, 1), EBADF);
	FAILS(lseek(-5, 0, SEEK_SET), EBADF);
	FAILS(fcntl(999, F_GETFD), EBADF);
	FAILS(fcntl(null(), 9999), EINVAL);
	FAILS(ioctl(999, FIONREAD, &byte), EBADF);
	FAILS(ftruncate(999, 0), EBADF);
	FAILS(fchdir(999), EBADF);
}

CASE(not_a_terminal)
{
	int ends[2], file = OK(open("file", O_RDWR | O_CREAT, 0644));

	OK(pipe(ends));
	EQUAL(isatty(file), 0);
	EQUAL(errno, ENOTTY);
	EQUAL(isatty(ends[0]), 0);
	EQUAL(isatty(null()), 0);
	EQUAL(isatty(999), 0);
	EQUAL(errno, EBADF);
}

CASE(closing_a_range)
{
	int fd = null();

	for (int i = 100; i < 110; i++)
		OK(dup2(fd, i));
	OK(syscall(SYS_close_range, 102, 107, 0));
	for (int i = 100; i < 110; i++)
		EQUAL(fcntl(i, F_GETFD), i >= 102 && i <= 107 ? -1 : 0);
	FAILS(syscall(SYS_close_range, 5, 4, 0), EINVAL);
}

CASE(many_open)
{
	int fd = null();

	for (int i = 100; i < 1000; i++)
		EQUAL(dup2(fd, i), i);
	for (int i = 100; i < 1000; i++)
		EQUAL(write(i, "x", 1), 1);
	for (int i = 100; i < 1000; i++)
		OK(close(i));
}

CASE(two_processes_keep_their_own_table)
{
	struct gate done = gate_new();
	int fd = null(), other;
	pid_t child = OK(fork());

	if (child == 0) {
		OK(close(fd));
		other = OK(open("file", O_RDWR | O_CREAT, 0644));
		EQUAL(other, fd);
		EQUAL(write(other, "x", 1), 1);
		gate_open(done);
		_exit(0);
	}
	gate_pass(done);
	EXITS(child, 0);
	EQUAL(read(fd, &(char){ 0 }, 1), 0);
}

CASE(open_files_outlive_the_opener)
{
	struct gate dead = gate_new();
	int ends[2];
	pid_t middle;

	OK(pipe(ends));
	middle = OK(fork());
	if (middle == 0) {
		pid_t grandchild = OK(fork());

		if (grandchild == 0) {
			gate_pass(dead);
			_exit(write(ends[1], "alive", 5) != 5);
		}
		_exit(0);
	}
	EXITS(middle, 0);
	OK(close(ends[1]));
	gate_open(dead);
	EQUAL(read(ends[0], (char[8]){ 0 }, 8), 5);
	EQUAL(read(ends[0], &(char){ 0 }, 1), 0);
}

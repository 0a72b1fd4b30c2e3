/* Locks on files: flock, and record locks by fcntl. */
#include "check.h"

#include <sys/file.h>

static int open_file(void)
{
	return OK(open("file", O_RDWR | O_CREAT, 0644));
}

static int record(int fd, int command, short type, off_t start, off_t length)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length
	};

	return fcntl(fd, command, &lock);
}

/* The type of the lock that stands in the way of such a one, F_UNLCK if none does. */
static int obstacle(int fd, short type, off_t start, off_t length, pid_t *owner)
{
	struct flock lock = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length
	};

	OK(fcntl(fd, F_GETLK, &lock));
	*owner = lock.l_pid;
	return lock.l_type;
}

CASE(exclusive_excludes)
{
	int one = open_file(), other = open_file();

	OK(flock(one, LOCK_EX));
	FAILS(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	FAILS(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	OK(flock(one, LOCK_UN));
	OK(flock(other, LOCK_EX | LOCK_NB));
	FAILS(flock(one, 77), EINVAL);
}

CASE(shared_is_shared)
{
	int one = open_file(), other = open_file();

	OK(flock(one, LOCK_SH));
	OK(flock(other, LOCK_SH | LOCK_NB));
	FAILS(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(flock(one, LOCK_UN));
	OK(flock(other, LOCK_EX | LOCK_NB));
	OK(flock(other, LOCK_SH));
	OK(flock(one, LOCK_SH | LOCK_NB));
}

CASE(flock_belongs_to_the_open_file)
{
	int one = open_file(), copy = OK(dup(one)), other = open_file();
	pid_t child;

	OK(flock(one, LOCK_EX));
	OK(flock(copy, LOCK_EX | LOCK_NB));
	child = OK(fork());
	if (child == 0) {
		OK(flock(copy, LOCK_EX | LOCK_NB));
		_exit(0);
	}
	EXITS(child, 0);
	/* The child's death and one close leave it. */
	OK(close(one));
	FAILS(flock(other, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(close(copy));
	OK(flock(other, LOCK_EX | LOCK_NB));
}

CASE(flock_waits_and_death_unlocks)
{
	struct gate locked = gate_new();
	pid_t child = OK(fork());
	int fd;

	if (child == 0) {
		OK(flock(open_file(), LOCK_EX));
		gate_open(locked);
		nap(80);
		raise(SIGKILL);
	}
	gate_pass(locked);
	fd = open_file();
	FAILS(flock(fd, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(flock(fd, LOCK_EX));
	DIES(child, SIGKILL);
}

CASE(records_exclude_other_processes)
{
	int fd = open_file();
	pid_t parent = getpid(), child, owner;

	OK(record(fd, F_SETLK, F_WRLCK, 10, 10));
	/* Never oneself. */
	OK(record(fd, F_SETLK, F_WRLCK, 15, 10));
	EQUAL(obstacle(fd, F_WRLCK, 0, 0, &owner), F_UNLCK);
	child = OK(fork());
	if (child == 0) {
		CHECK(record(fd, F_SETLK, F_RDLCK, 12, 1) == -1 &&
			(errno == EAGAIN || errno == EACCES));
		CHECK(record(fd, F_SETLK, F_WRLCK, 0, 0) == -1 &&
			(errno == EAGAIN || errno == EACCES));
		EQUAL(obstacle(fd, F_RDLCK, 0, 0, &owner), F_WRLCK);
		EQUAL(owner, parent);
		OK(record(fd, F_SETLK, F_WRLCK, 0, 10));
		OK(record(fd, F_SETLK, F_WRLCK, 25, 0));
		_exit(0);
	}
	EXITS(child, 0);
	/* Its locks died with it. */
	OK(record(fd, F_SETLK, F_WRLCK, 0, 0));
}

CASE(record_readers_share)
{
	int fd = open_file();
	pid_t child;

	OK(record(fd, F_SETLK, F_RDLCK, 0, 100));
	child = OK(fork());
	if (child == 0) {
		OK(record(fd, F_SETLK, F_RDLCK, 50, 100));
		CHECK(record(fd, F_SETLK, F_WRLCK, 50, 1) == -1);
		OK(record(fd, F_SETLK, F_WRLCK, 100, 1));
		_exit(0);
	}
	EXITS(child, 0);
}

CASE(unlocking_the_middle_splits)
{
	int fd = open_file();
	pid_t child;

	OK(record(fd, F_SETLK, F_WRLCK, 0, 30));
	OK(record(fd, F_SETLK, F_UNLCK, 10, 10));
	child = OK(fork());
	if (child == 0) {
		OK(record(fd, F_SETLK, F_WRLCK, 10, 10));
		CHECK(record(fd, F_SETLK, F_WRLCK, 9, 1) == -1);
		CHECK(record(fd, F_SETLK, F_WRLCK, 20, 1) == -1);
		_exit(0);
	}
	EXITS(child, 0);
}

CASE(closing_any_descriptor_drops_the_records)
{
	int fd = open_file(), other = open_file();
	pid_t child;

	OK(record(fd, F_SETLK, F_WRLCK, 0, 0));
	OK(close(other));
	child = OK(fork());
	if (child == 0) {
		OK(record(fd, F_SETLK, F_WRLCK, 0, 0));
		_exit(0);
	}
	EXITS(child, 0);
}

CASE(record_lock_waits)
{
	struct gate locked = gate_new();
	pid_t child = OK(fork());
	int fd = open_file();

	if (child == 0) {
		OK(record(fd, F_SETLK, F_WRLCK, 5, 5));
		gate_open(locked);
		nap(80);
		_exit(0);
	}
	gate_pass(locked);
	OK(record(fd, F_SETLKW, F_WRLCK, 0, 0));
	EXITS(child, 0);
}

CASE(record_errors)
{
	int fd = OK(open("/dev/null", O_RDONLY)), file;

	make_file("file", "", 0);
	file = OK(open("file", O_RDONLY));
	FAILS(record(file, F_SETLK, F_WRLCK, 0, 0), EBADF);
	OK(record(file, F_SETLK, F_RDLCK, 0, 0));
	FAILS(record(file, F_SETLK, 77, 0, 0), EINVAL);
	FAILS(record(file, F_SETLK, F_RDLCK, -1, 1), EINVAL);
	FAILS(record(999, F_SETLK, F_RDLCK, 0, 0), EBADF);
	OK(close(fd));
}

CASE(whence_counts_from_offset_and_end)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_start = -2, .l_len = 1 };
	int fd = open_file();
	pid_t child;

	EQUAL(write(fd, "0123456789", 10), 10);
	OK(lseek(fd, 5, SEEK_SET));
	OK(fcntl(fd, F_SETLK, &lock));
	lock.l_whence = SEEK_END;
	lock.l_start = -1;
	OK(fcntl(fd, F_SETLK, &lock));
	child = OK(fork());
	if (child == 0) {
		CHECK(record(fd, F_SETLK, F_WRLCK, 3, 1) == -1);
		CHECK(record(fd, F_SETLK, F_WRLCK, 9, 1) == -1);
		OK(record(fd, F_SETLK, F_WRLCK, 4, 5));
		_exit(0);
	}
	EXITS(child, 0);
}

CASE(any_descriptor_may_ask)
{
	int ends[2], reader;
	struct gate gate = gate_new();
	pid_t child, owner;

	OK(close(open_file()));
	reader = OK(open("file", O_RDONLY));
	OK(pipe(ends));
	child = OK(fork());
	if (child == 0) {
		char byte;

		OK(close(ends[1]));
		OK(record(open_file(), F_SETLK, F_WRLCK, 0, 10));
		gate_open(gate);
		_exit((int)read(ends[0], &byte, 1));
	}
	gate_pass(gate);
	EQUAL(obstacle(reader, F_WRLCK, 0, 0, &owner), F_WRLCK);
	EQUAL(owner, child);
	FAILS(record(reader, F_SETLK, F_WRLCK, 20, 1), EBADF);
	OK(close(ends[1]));
	EXITS(child, 0);
}

CASE(records_of_the_open_file)
{
	int one = open_file(), copy = OK(dup(one)), other = open_file();

	OK(record(one, F_OFD_SETLK, F_WRLCK, 0, 10));
	FAILS(record(other, F_OFD_SETLK, F_WRLCK, 5, 10), EAGAIN);
	OK(close(one));
	FAILS(record(other, F_OFD_SETLK, F_WRLCK, 5, 10), EAGAIN);
	OK(close(copy));
	OK(record(other, F_OFD_SETLK, F_WRLCK, 5, 10));
}

/* Pipes and FIFOs. */
#include "check.h"

#include <sys/ioctl.h>

#define CAPACITY 65536

static volatile sig_atomic_t caught;

static void count(int number)
{
	(void)number;
	caught++;
}

static void set_nonblocking(int fd)
{
	OK(fcntl(fd, F_SETFL, O_NONBLOCK));
}

static int waiting_in(int fd)
{
	int bytes = -1;

	OK(ioctl(fd, FIONREAD, &bytes));
	return bytes;
}

CASE(bytes_come_out_in_order)
{
	char text[16];
	int ends[2];

	OK(pipe(ends));
	EQUAL(write(ends[1], "hello", 5), 5);
	EQUAL(write(ends[1], "world", 5), 5);
	EQUAL(waiting_in(ends[0]), 10);
	EQUAL(read(ends[0], text, 3), 3);
	EQUAL(read(ends[0], text + 3, 13), 7);
	CHECK(!memcmp(text, "helloworld", 10));
	EQUAL(waiting_in(ends[0]), 0);
}

CASE(end_of_file_when_no_writer_is_left)
{
	char byte;
	int ends[2], copy;
	pid_t child;

	OK(pipe(ends));
	copy = OK(dup(ends[1]));
	OK(close(ends[1]));
	child = OK(fork());
	if (child == 0) {
		nap(50);
		_exit(0);
	}
	EQUAL(write(copy, "x", 1), 1);
	OK(close(copy));
	EQUAL(read(ends[0], &byte, 1), 1);
	/* Blocks until the child is gone too. */
	EQUAL(read(ends[0], &byte, 1), 0);
	EQUAL(read(ends[0], &byte, 1), 0);
	EXITS(child, 0);
}

CASE(writing_without_readers)
{
	pid_t child;
	int ends[2];

	OK(pipe(ends));
	OK(close(ends[0]));
	child = OK(fork());
	if (child == 0)
		_exit(write(ends[1], "x", 1) == 1);
	DIES(child, SIGPIPE);
	set_handler(SIGPIPE, count, 0);
	FAILS(write(ends[1], "x", 1), EPIPE);
	EQUAL(caught, 1);
	set_handler(SIGPIPE, SIG_IGN, 0);
	FAILS(write(ends[1], "x", 1), EPIPE);
}

CASE(blocked_writer_hears_that_the_reader_left)
{
	static char area[CAPACITY];
	struct gate ready = gate_new();
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	EQUAL(write(ends[1], area, CAPACITY), CAPACITY);
	child = OK(fork());
	if (child == 0) {
		OK(close(ends[0]));
		gate_open(ready);
		_exit(write(ends[1], "x", 1) == 1);
	}
	gate_pass(ready);
	nap(30);
	OK(close(ends[0]));
	DIES(child, SIGPIPE);
}

CASE(capacity_is_64_kib)
{
	static char area[CAPACITY + 1];
	int ends[2];

	OK(pipe2(ends, O_NONBLOCK));
	EQUAL(write(ends[1], area, sizeof area), CAPACITY);
	FAILS(write(ends[1], area, 1), EAGAIN);
	EQUAL(waiting_in(ends[0]), CAPACITY);
	EQUAL(read(ends[0], area, sizeof area), CAPACITY);
	FAILS(read(ends[0], area, 1), EAGAIN);
	EQUAL(fcntl(ends[0], F_GETPIPE_SZ), CAPACITY);
}

CASE(nonblocking_write_of_pipe_buf_is_all_or_nothing)
{
	static char area[CAPACITY];
	int ends[2];

	OK(pipe2(ends, O_NONBLOCK));
	EQUAL(write(ends[1], area, CAPACITY - 100), CAPACITY - 100);
	FAILS(write(ends[1], area, PIPE_BUF), EAGAIN);
	EQUAL(waiting_in(ends[0]), CAPACITY - 100);
	EQUAL(read(ends[0], area, 2 * PIPE_BUF), 2 * PIPE_BUF);
	EQUAL(write(ends[1], area, PIPE_BUF), PIPE_BUF);
}

CASE(blocked_writer_continues_when_there_is_room)
{
	static char area[CAPACITY];
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	EQUAL(write(ends[1], area, CAPACITY), CAPACITY);
	child = OK(fork());
	if (child == 0)
		_exit(write(ends[1], area, 20000) != 20000);
	nap(20);
	EQUAL(read(ends[0], area, CAPACITY), CAPACITY);
	EXITS(child, 0);
	EQUAL(waiting_in(ends[0]), 20000);
}

CASE(four_mebibytes_arrive_intact)
{
	enum { SIZE = 4 << 20 };
	static uint32_t area[20000];
	uint32_t next = 0;
	size_t total = 0;
	int ends[2];
	pid_t child;

	OK(pipe(ends));
	child = OK(fork());
	if (child == 0) {
		OK(close(ends[0]));
		while (total < SIZE) {
			size_t words = 1 + total / 4 % 17000;

			if (words > (SIZE - total) / 4)
				words = (SIZE - total) / 4;
			for (size_t i = 0; i < words; i++)
				area[i] = next++;
			EQUAL(write(ends[1], area, words * 4), words * 4);
			total += words * 4;
		}
		_exit(0);
	}
	OK(close(ends[1]));
	for (size_t held = 0;;) {
		ssize_t got = OK(read(ends[0], (char *)area + held, sizeof area - held));

		if (got == 0)
			break;
		held += (size_t)got;
		for (size_t i = 0; i < held / 4; i++)
			EQUAL(area[i], next++);
		memmove(area, (char *)area + held / 4 * 4, held % 4);
		total += held / 4 * 4;
		held %= 4;
	}
	EQUAL(total, SIZE);
	EXITS(child, 0);
}

CASE(writes_up_to_pipe_buf_are_atomic)
{
	enum { WRITERS = 4, RECORDS = 40 };
	char record[PIPE_BUF];
	int ends[2], seen[WRITERS] = { 0 };
	pid_t children[WRITERS];

	OK(pipe(ends));
	for (int i = 0; i < WRITERS; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			memset(record, 'a' + i, sizeof record);
			for (int j = 0; j < RECORDS; j++)
				EQUAL(write(ends[1], record, sizeof record), sizeof record);
			_exit(0);
		}
	}
	OK(close(ends[1]));
	for (int i = 0; i < WRITERS * RECORDS; i++) {
		size_t got = 0;

		while (got < sizeof record)
			got += (size_t)OK(read(ends[0], record + got, sizeof record - got));
		for (size_t j = 1; j < sizeof record; j++)
			EQUAL(record[j], record[0]);
		seen[record[0] - 'a']++;
	}
	for (int i = 0; i < WRITERS; i++) {
		EQUAL(seen[i], RECORDS);
		EXITS(children[i], 0);
	}
}

CASE(each_byte_goes_to_one_reader)
{
	enum { READERS = 3, BYTES = 300 };
	int data[2], back[2], counts[256] = { 0 };
	pid_t children[READERS];
	unsigned char byte;

	OK(pipe(data));
	OK(pipe(back));
	for (int i = 0; i < READERS; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			OK(close(data[1]));
			while (OK(read(data[0], &byte, 1)) == 1)
				EQUAL(write(back[1], &byte, 1), 1);
			_exit(0);
		}
	}
	for (int i = 0; i < BYTES; i++) {
		byte = (unsigned char)(i % 100);
		EQUAL(write(data[1], &byte, 1), 1);
	}
	OK(close(data[1]));
	OK(close(back[1]));
	while (OK(read(back[0], &byte, 1)) == 1)
		counts[byte]++;
	for (int i = 0; i < 100; i++)
		EQUAL(counts[i], 3);
	for (int i = 0; i < READERS; i++)
		EXITS(children[i], 0);
}

CASE(ping_pong)
{
	int there[2], back[2], number = 0;
	pid_t child;

	OK(pipe(there));
	OK(pipe(back));
	child = OK(fork());
	if (child == 0) {
		OK(close(there[1]));
		while (OK(read(there[0], &number, sizeof number)) == sizeof number) {
			number++;
			EQUAL(write(back[1], &number, sizeof number), sizeof number);
		}
		_exit(0);
	}
	for (int i = 0; i < 500; i++) {
		EQUAL(write(there[1], &i, sizeof i), sizeof i);
		EQUAL(read(back[0], &number, sizeof number), sizeof number);
		EQUAL(number, i + 1);
	}
	OK(close(there[1]));
	EXITS(child, 0);
}

CASE(ends_have_one_direction)
{
	char byte = 0;
	int ends[2];

	OK(pipe(ends));
	FAILS(write(ends[0], &byte, 1), EBADF);
	FAILS(read(ends[1], &byte, 1), EBADF);
	FAILS(lseek(ends[0], 0, SEEK_CUR), ESPIPE);
	FAILS(pread(ends[0], &byte, 1, 0), ESPIPE);
	FAILS(pwrite(ends[1], &byte, 1, 0), ESPIPE);
	FAILS(ftruncate(ends[1], 0), EINVAL);
}

CASE(flags_of_pipe2)
{
	int ends[2];

	OK(pipe2(ends, O_NONBLOCK | O_CLOEXEC));
	EQUAL(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
	EQUAL(fcntl(ends[1], F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	EQUAL(fcntl(ends[0], F_GETFL) & O_ACCMODE, O_RDONLY);
	EQUAL(fcntl(ends[1], F_GETFL) & O_ACCMODE, O_WRONLY);
	FAILS(pipe2(ends, O_APPEND), EINVAL);
}

CASE(writing_nothing)
{
	int ends[2];

	OK(pipe2(ends, O_NONBLOCK));
	EQUAL(write(ends[1], "", 0), 0);
	FAILS(read(ends[0], &(char){ 0 }, 1), EAGAIN);
	EQUAL(read(ends[0], NULL, 0), 0);
}

CASE(closing_both_ends_many_times)
{
	for (int i = 0; i < 300; i++) {
		int ends[2];

		OK(pipe(ends));
		EQUAL(ends[1], ends[0] + 1);
		EQUAL(write(ends[1], "x", 1), 1);
		OK(close(ends[i % 2]));
		OK(close(ends[1 - i % 2]));
	}
}

CASE(pipeline_of_processes)
{
	/* Ten processes in a row, each adds one to every byte. */
	char text[4] = "aaa";
	int first[2], in;

	OK(pipe(first));
	in = first[0];
	for (int i = 0; i < 10; i++) {
		int ends[2];

		OK(pipe(ends));
		if (OK(fork()) == 0) {
			char byte;

			OK(close(first[1]));
			OK(close(ends[0]));
			while (OK(read(in, &byte, 1)) == 1) {
				byte++;
				EQUAL(write(ends[1], &byte, 1), 1);
			}
			_exit(0);
		}
		OK(close(in));
		OK(close(ends[1]));
		in = ends[0];
	}
	EQUAL(write(first[1], text, 3), 3);
	OK(close(first[1]));
	for (int got = 0; got < 3;)
		got += (int)OK(read(in, text + got, (size_t)(3 - got)));
	SAME_TEXT(text, "kkk");
	EQUAL(read(in, text, 1), 0);
	for (int i = 0; i < 10; i++)
		OK(wait(NULL));
}

/* --- FIFOs --------------------------------------------------------------------------------------- */

CASE(fifo_open_waits_for_the_other_end)
{
	long long before = milliseconds_now();
	char text[8];
	pid_t child;
	int fd;

	OK(mkfifo("fifo", 0600));
	child = OK(fork());
	if (child == 0) {
		nap(60);
		fd = OK(open("fifo", O_WRONLY));
		_exit(write(fd, "data", 4) != 4);
	}
	fd = OK(open("fifo", O_RDONLY));
	CHECK(milliseconds_now() - before >= 50);
	EQUAL(read(fd, text, 8), 4);
	EQUAL(read(fd, text, 8), 0);
	EXITS(child, 0);
}

CASE(fifo_nonblocking_opens)
{
	char byte;
	int reader, writer;

	OK(mkfifo("fifo", 0600));
	FAILS(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	reader = OK(open("fifo", O_RDONLY | O_NONBLOCK));
	/* No writer: end of file, not EAGAIN. */
	EQUAL(read(reader, &byte, 1), 0);
	writer = OK(open("fifo", O_WRONLY | O_NONBLOCK));
	FAILS(read(reader, &byte, 1), EAGAIN);
	EQUAL(write(writer, "x", 1), 1);
	OK(close(writer));
	EQUAL(read(reader, &byte, 1), 1);
	EQUAL(read(reader, &byte, 1), 0);
	writer = OK(open("fifo", O_WRONLY));
	EQUAL(write(writer, "y", 1), 1);
	EQUAL(read(reader, &byte, 1), 1);
}

CASE(fifo_for_both_directions)
{
	char byte;
	int fd;

	OK(mkfifo("fifo", 0600));
	fd = OK(open("fifo", O_RDWR));
	EQUAL(write(fd, "x", 1), 1);
	EQUAL(read(fd, &byte, 1), 1);
	set_nonblocking(fd);
	FAILS(read(fd, &byte, 1), EAGAIN);
}

CASE(fifo_is_a_name)
{
	struct stat info;

	umask(022);
	OK(mkfifo("fifo", 0666));
	OK(stat("fifo", &info));
	EQUAL(info.st_mode, S_IFIFO | 0644);
	FAILS(mkfifo("fifo", 0600), EEXIST);
	FAILS(mkfifo("missing/fifo", 0600), ENOENT);
	OK(rename("fifo", "other"));
	OPENS(open("other", O_RDWR));
	OK(unlink("other"));
}

CASE(fifo_forgets_when_all_have_closed)
{
	char byte;
	int fd;

	OK(mkfifo("fifo", 0600));
	fd = OK(open("fifo", O_RDWR));
	EQUAL(write(fd, "lost", 4), 4);
	OK(close(fd));
	fd = OK(open("fifo", O_RDWR | O_NONBLOCK));
	FAILS(read(fd, &byte, 1), EAGAIN);
}

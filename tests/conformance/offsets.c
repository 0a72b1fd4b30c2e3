/* Positions in files: who shares them, what moves them, appending. */
#include "check.h"

static int open_digits(int flags)
{
	make_file("file", "0123456789", 10);
	return OK(open("file", flags));
}

static char byte_of(int fd)
{
	char byte;

	EQUAL(read(fd, &byte, 1), 1);
	return byte;
}

CASE(seeking)
{
	int fd = open_digits(O_RDWR);

	EQUAL(lseek(fd, 3, SEEK_SET), 3);
	EQUAL(lseek(fd, 2, SEEK_CUR), 5);
	EQUAL(lseek(fd, -1, SEEK_CUR), 4);
	EQUAL(byte_of(fd), '4');
	EQUAL(lseek(fd, -2, SEEK_END), 8);
	EQUAL(lseek(fd, 100, SEEK_END), 110);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	FAILS(lseek(fd, -111, SEEK_CUR), EINVAL);
	FAILS(lseek(fd, 0, 77), EINVAL);
	EQUAL(lseek(fd, 0, SEEK_CUR), 110);
	FAILS(lseek(999, 0, SEEK_SET), EBADF);
}

CASE(writing_behind_the_end_makes_a_hole)
{
	char text[16];
	int fd = open_digits(O_RDWR);

	EQUAL(lseek(fd, 12, SEEK_SET), 12);
	EQUAL(write(fd, "x", 1), 1);
	EQUAL(pread(fd, text, 16, 0), 13);
	CHECK(!memcmp(text, "0123456789\0\0x", 13));
}

CASE(positioned_calls_do_not_move_it)
{
	char byte;
	int fd = open_digits(O_RDWR);

	EQUAL(lseek(fd, 2, SEEK_SET), 2);
	EQUAL(pread(fd, &byte, 1, 7), 1);
	EQUAL(byte, '7');
	EQUAL(pwrite(fd, "X", 1, 8), 1);
	EQUAL(byte_of(fd), '2');
}

CASE(duplicates_share_it)
{
	int fd = open_digits(O_RDONLY), copy = OK(dup(fd));

	EQUAL(byte_of(fd), '0');
	EQUAL(byte_of(copy), '1');
	EQUAL(lseek(copy, 7, SEEK_SET), 7);
	EQUAL(byte_of(fd), '7');
	OK(close(fd));
	EQUAL(byte_of(copy), '8');
}

CASE(separate_opens_do_not_share_it)
{
	int fd = open_digits(O_RDONLY), other = OK(open("file", O_RDONLY));

	EQUAL(byte_of(fd), '0');
	EQUAL(byte_of(fd), '1');
	EQUAL(byte_of(other), '0');
}

CASE(parent_and_child_share_it)
{
	int fd = open_digits(O_RDONLY);
	pid_t child = OK(fork());

	if (child == 0) {
		EQUAL(byte_of(fd), '0');
		EQUAL(lseek(fd, 5, SEEK_SET), 5);
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(byte_of(fd), '5');
	child = OK(fork());
	if (child == 0) {
		EQUAL(byte_of(fd), '6');
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(byte_of(fd), '7');
}

CASE(writers_with_one_offset_do_not_overlap)
{
	enum { WRITERS = 4, RECORDS = 100, LENGTH = 37 };
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644)), seen[WRITERS] = { 0 };
	pid_t children[WRITERS];
	char record[LENGTH];

	for (int i = 0; i < WRITERS; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			memset(record, 'a' + i, LENGTH);
			for (int j = 0; j < RECORDS; j++)
				EQUAL(write(fd, record, LENGTH), LENGTH);
			_exit(0);
		}
	}
	for (int i = 0; i < WRITERS; i++)
		EXITS(children[i], 0);
	EQUAL(lseek(fd, 0, SEEK_CUR), WRITERS * RECORDS * LENGTH);
	EQUAL(lseek(fd, 0, SEEK_SET), 0);
	for (int i = 0; i < WRITERS * RECORDS; i++) {
		EQUAL(read(fd, record, LENGTH), LENGTH);
		for (int j = 1; j < LENGTH; j++)
			EQUAL(record[j], record[0]);
		seen[record[0] - 'a']++;
	}
	for (int i = 0; i < WRITERS; i++)
		EQUAL(seen[i], RECORDS);
}

CASE(appending_goes_to_the_end)
{
	char text[32];
	int fd = open_digits(O_RDWR | O_APPEND), other = OK(open("file", O_WRONLY));

	EQUAL(lseek(fd, 0, SEEK_SET), 0);
	EQUAL(write(fd, "ab", 2), 2);
	EQUAL(lseek(fd, 0, SEEK_CUR), 12);
	EQUAL(pwrite(other, "XYZ", 3, 12), 3);
	EQUAL(write(fd, "c", 1), 1);
	EQUAL(pread(fd, text, 32, 0), 16);
	CHECK(!memcmp(text, "0123456789abXYZc", 16));
	/* Reading starts where lseek said. */
	EQUAL(lseek(fd, 1, SEEK_SET), 1);
	EQUAL(byte_of(fd), '1');
}

CASE(append_set_later)
{
	char text[32];
	int fd = open_digits(O_RDWR);

	OK(fcntl(fd, F_SETFL, O_APPEND));
	EQUAL(write(fd, "end", 3), 3);
	OK(fcntl(fd, F_SETFL, 0));
	EQUAL(lseek(fd, 0, SEEK_SET), 0);
	EQUAL(write(fd, "beg", 3), 3);
	EQUAL(pread(fd, text, 32, 0), 13);
	CHECK(!memcmp(text, "beg3456789end", 13));
}

CASE(appending_from_several_processes_loses_nothing)
{
	enum { WRITERS = 4, RECORDS = 100 };
	int seen[WRITERS][RECORDS] = { 0 };
	pid_t children[WRITERS];
	char line[16];
	FILE *stream;

	for (int i = 0; i < WRITERS; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			int fd = OK(open("file", O_WRONLY | O_CREAT | O_APPEND, 0644));

			for (int j = 0; j < RECORDS; j++) {
				int length = snprintf(line, sizeof line, "%d %d\n", i, j);

				EQUAL(write(fd, line, (size_t)length), length);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < WRITERS; i++)
		EXITS(children[i], 0);
	stream = fopen("file", "r");
	CHECK(stream);
	while (fgets(line, sizeof line, stream)) {
		int i, j;

		EQUAL(sscanf(line, "%d %d", &i, &j), 2);
		CHECK(i >= 0 && i < WRITERS && j >= 0 && j < RECORDS);
		seen[i][j]++;
	}
	for (int i = 0; i < WRITERS; i++)
		for (int j = 0; j < RECORDS; j++)
			EQUAL(seen[i][j], 1);
}

CASE(truncating_leaves_it)
{
	char text[32];
	int fd = open_digits(O_RDWR);

	EQUAL(lseek(fd, 8, SEEK_SET), 8);
	OK(ftruncate(fd, 2));
	EQUAL(write(fd, "x", 1), 1);
	EQUAL(pread(fd, text, 32, 0), 9);
	CHECK(!memcmp(text, "01\0\0\0\0\0\0x", 9));
}

CASE(data_and_holes)
{
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));

	EQUAL(pwrite(fd, "x", 1, 1 << 20), 1);
	/* A file system may see data everywhere, but the end is a hole. */
	CHECK(OK(lseek(fd, 0, SEEK_DATA)) <= 1 << 20);
	EQUAL(lseek(fd, 1 << 20, SEEK_DATA), 1 << 20);
	EQUAL(lseek(fd, 1 << 20, SEEK_HOLE), (1 << 20) + 1);
	FAILS(lseek(fd, 2 << 20, SEEK_DATA), ENXIO);
	FAILS(lseek(fd, 2 << 20, SEEK_HOLE), ENXIO);
}

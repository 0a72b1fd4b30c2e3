/* What is in files: long ones, holes, truncation, vectors, sendfile. */
#include "check.h"

#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/vfs.h>

CASE(large_file_contents)
{
	enum { SIZE = 3 * 1024 * 1024 + 17 };
	uint32_t *content = malloc(SIZE + 4), *got = malloc(SIZE + 4);
	size_t done = 0;
	int fd;

	for (uint32_t i = 0; i < SIZE / 4 + 1; i++)
		content[i] = i * 2654435761u;
	fd = OK(open("file", O_RDWR | O_CREAT, 0644));
	/* In pieces that fit no block. */
	while (done < SIZE) {
		size_t piece = 5000 + done % 77777;

		if (piece > SIZE - done)
			piece = SIZE - done;
		EQUAL(write(fd, (char *)content + done, piece), piece);
		done += piece;
	}
	EQUAL(lseek(fd, 0, SEEK_SET), 0);
	EQUAL(read(fd, got, SIZE + 4), SIZE);
	CHECK(!memcmp(got, content, SIZE));
	OK(fsync(fd));
	OK(close(fd));
	expect_content("file", content, SIZE);
}

CASE(overwriting_in_the_middle)
{
	char content[20000];
	int fd;

	memset(content, 'a', sizeof content);
	make_file("file", content, sizeof content);
	fd = OK(open("file", O_WRONLY));
	for (int at = 100; at + 500 < (int)sizeof content; at += 3333) {
		memset(content + at, 'b', 500);
		EQUAL(pwrite(fd, content + at, 500, at), 500);
	}
	expect_content("file", content, sizeof content);
}

/* Often enough that a system may find a shorter way; then someone else changes the file. */
CASE(overwriting_again_and_again)
{
	static char content[16 * 4096];
	struct stat before, after;
	pid_t child;
	int fd;

	make_file("file", content, sizeof content);
	fd = OK(open("file", O_RDWR));
	for (int round = 0; round < 200; round++) {
		char *page = content + round * 7 % 16 * 4096;

		memset(page, 'a' + round % 26, 4096);
		EQUAL(pwrite(fd, page, 4096, page - content), 4096);
	}
	expect_content("file", content, sizeof content);
	FAILS(pwrite(fd, (void *)1, 4096, 0), EFAULT);
	OK(fstat(fd, &before));
	nap(20);
	EQUAL(pwrite(fd, content, 4096, 0), 4096);
	OK(fstat(fd, &after));
	CHECK(after.st_mtim.tv_sec > before.st_mtim.tv_sec ||
		after.st_mtim.tv_nsec > before.st_mtim.tv_nsec);

	child = OK(fork());
	if (child == 0)
		_exit(truncate("file", 4096) != 0);
	EXITS(child, 0);
	memset(content + 4096, 0, 7 * 4096);
	for (int round = 0; round < 20; round++)
		EQUAL(pwrite(fd, content + 8 * 4096, 4096, 8 * 4096), 4096);
	expect_content("file", content, 9 * 4096);
	OK(close(fd));
}

CASE(holes_read_as_zeros)
{
	static char got[300000], zeros[300000];
	struct stat info;
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));

	EQUAL(pwrite(fd, "begin", 5, 0), 5);
	EQUAL(pwrite(fd, "end", 3, 250000), 3);
	EQUAL(lseek(fd, 0, SEEK_CUR), 0);
	OK(fstat(fd, &info));
	EQUAL(info.st_size, 250003);
	CHECK(info.st_blocks * 512 < 100000);
	EQUAL(read(fd, got, sizeof got), 250003);
	CHECK(!memcmp(got, "begin", 5) && !memcmp(got + 250000, "end", 3));
	CHECK(!memcmp(got + 5, zeros, 250000 - 5));
}

CASE(reading_at_and_behind_the_end)
{
	char text[16];
	int fd;

	make_file("file", "12345678", 8);
	fd = OK(open("file", O_RDONLY));
	EQUAL(pread(fd, text, 16, 4), 4);
	EQUAL(pread(fd, text, 16, 8), 0);
	EQUAL(pread(fd, text, 16, 100000), 0);
	EQUAL(lseek(fd, 1000, SEEK_SET), 1000);
	EQUAL(read(fd, text, 16), 0);
	EQUAL(lseek(fd, 0, SEEK_CUR), 1000);
}

CASE(truncation_shrinks_and_grows_with_zeros)
{
	char content[10000], want[10000] = "";
	int fd;

	memset(content, 'x', sizeof content);
	make_file("file", content, sizeof content);
	fd = OK(open("file", O_RDWR));
	OK(ftruncate(fd, 5001));
	EQUAL(size_of("file"), 5001);
	OK(ftruncate(fd, 9000));
	memset(want, 'x', 5001);
	expect_content("file", want, 9000);
	OK(truncate("file", 3));
	expect_content("file", "xxx", 3);
	OK(truncate("file", 0));
	EQUAL(size_of("file"), 0);
	EQUAL(lseek(fd, 0, SEEK_CUR), 0);
	FAILS(truncate("file", -1), EINVAL);
	FAILS(ftruncate(fd, -1), EINVAL);
	FAILS(truncate("missing", 0), ENOENT);
	FAILS(truncate(".", 0), EISDIR);
}

CASE(truncation_of_a_deep_file)
{
	struct stat info;
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));

	/* Behind the direct and indirect blocks of ext2. */
	EQUAL(pwrite(fd, "x", 1, 20 * 1024 * 1024), 1);
	EQUAL(pwrite(fd, "x", 1, 100000), 1);
	OK(ftruncate(fd, 50000));
	OK(fstat(fd, &info));
	EQUAL(info.st_size, 50000);
	OK(ftruncate(fd, 0));
	OK(fstat(fd, &info));
	EQUAL(info.st_blocks, 0);
}

CASE(offsets_beyond_four_gibibytes)
{
	struct statfs system;
	char got[4];
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));

	EQUAL(pwrite(fd, "far", 3, 5000000000LL), 3);
	EQUAL(lseek(fd, 0, SEEK_END), 5000000003LL);
	EQUAL(lseek(fd, -3, SEEK_CUR), 5000000000LL);
	EQUAL(read(fd, got, 4), 3);
	CHECK(!memcmp(got, "far", 3));
	EQUAL(pread(fd, got, 3, 705032704), 3);
	CHECK(!memcmp(got, "\0\0\0", 3));
	EQUAL(size_of("file"), 5000000003LL);
	OK(ftruncate(fd, 3000000000LL));
	EQUAL(size_of("file"), 3000000000LL);
	/* A caller without O_LARGEFILE is refused, except that Linux's file system in memory does not care. */
	OK(statfs(".", &system));
	if (system.f_type != 0x01021994)
		FAILS(syscall(SYS_open, "file", O_RDONLY), EOVERFLOW);
}

CASE(vectors)
{
	char a[3], b[5], c[10];
	struct iovec out[] = { { (char *)"abc", 3 }, { NULL, 0 }, { (char *)"defgh", 5 },
		{ (char *)"ij", 2 } };
	struct iovec in[] = { { a, 3 }, { b, 5 }, { c, 10 } };
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));

	EQUAL(writev(fd, out, 4), 10);
	EQUAL(lseek(fd, 0, SEEK_SET), 0);
	EQUAL(readv(fd, in, 3), 10);
	CHECK(!memcmp(a, "abc", 3) && !memcmp(b, "defgh", 5) && !memcmp(c, "ij", 2));
	EQUAL(preadv(fd, in, 1, 4), 3);
	CHECK(!memcmp(a, "efg", 3));
	EQUAL(pwritev(fd, out, 1, 9), 3);
	expect_content("file", "abcdefghiabc", 12);
	EQUAL(readv(fd, in, 0), 0);
	FAILS(readv(fd, in, -1), EINVAL);
	FAILS(writev(fd, out, 1025), EINVAL);
	in[0].iov_len = (size_t)-1;
	FAILS(readv(fd, in, 1), EINVAL);
}

CASE(positions_that_do_not_exist)
{
	char byte = 0;
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));

	FAILS(pread(fd, &byte, 1, -1), EINVAL);
	FAILS(pwrite(fd, &byte, 1, -1), EINVAL);
	FAILS(pwrite(fd, &byte, 1, INT64_MAX), EINVAL);
}

CASE(nothing_read_or_written)
{
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));

	EQUAL(write(fd, "", 0), 0);
	EQUAL(read(fd, NULL, 0), 0);
	EQUAL(size_of("file"), 0);
	/* Not even behind the end does that make the file longer. */
	EQUAL(pwrite(fd, "", 0, 100), 0);
	EQUAL(size_of("file"), 0);
}

CASE(sendfile_copies)
{
	static char content[100000];
	off_t from = 10;
	int in, out;

	memset(content, 's', sizeof content);
	content[10] = 'S';
	make_file("in", content, sizeof content);
	in = OK(open("in", O_RDONLY));
	out = OK(open("out", O_WRONLY | O_CREAT, 0644));
	EQUAL(sendfile(out, in, &from, 50000), 50000);
	EQUAL(from, 50010);
	EQUAL(lseek(in, 0, SEEK_CUR), 0);
	expect_content("out", content + 10, 50000);
	EQUAL(sendfile(out, in, NULL, 200000), 100000);
	EQUAL(lseek(in, 0, SEEK_CUR), 100000);
	EQUAL(sendfile(out, in, NULL, 10), 0);
	EQUAL(size_of("out"), 150000);
}

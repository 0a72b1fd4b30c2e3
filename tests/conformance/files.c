/* Regular files: opening, reading, writing, truncating, removing. */
#include "check.h"

#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/vfs.h>

/* Checks that the whole file is that. */
static void expect_content(const char *path, const void *want, size_t size)
{
	char *got = malloc(size + 1);
	int fd = OK(open(path, O_RDONLY));

	EQUAL(read(fd, got, size + 1), size);
	CHECK(!memcmp(got, want, size));
	OK(close(fd));
	free(got);
}

static off_t size_of(const char *path)
{
	struct stat info;

	OK(stat(path, &info));
	return info.st_size;
}

CASE(write_then_read_back)
{
	char text[32];
	int fd = OK(open("file", O_RDWR | O_CREAT | O_EXCL, 0644));

	EQUAL(write(fd, "hello, world", 12), 12);
	EQUAL(lseek(fd, 0, SEEK_SET), 0);
	EQUAL(read(fd, text, sizeof text), 12);
	CHECK(!memcmp(text, "hello, world", 12));
	EQUAL(read(fd, text, sizeof text), 0);
	OK(close(fd));
	expect_content("file", "hello, world", 12);
}

CASE(open_flags)
{
	int fd;

	FAILS(open("file", O_RDWR), ENOENT);
	OPENS(open("file", O_RDWR | O_CREAT, 0644));
	FAILS(open("file", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
	make_file("file", "12345", 5);
	fd = OK(open("file", O_RDWR | O_CREAT, 0644));
	EQUAL(size_of("file"), 5);
	OK(close(fd));
	OPENS(open("file", O_WRONLY | O_TRUNC));
	EQUAL(size_of("file"), 0);
	FAILS(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
	OK(mkdir("folder", 0755));
	OPENS(open("folder", O_RDONLY | O_DIRECTORY));
	FAILS(open("folder", O_WRONLY), EISDIR);
	FAILS(open("folder", O_RDWR), EISDIR);
	FAILS(open("folder", O_RDONLY | O_CREAT, 0644), EISDIR);
	OK(symlink("file", "link"));
	FAILS(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
	FAILS(open("link", O_RDONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	OPENS(open("link", O_RDONLY));
}

CASE(creation_through_a_dangling_link)
{
	OK(symlink("target", "link"));
	FAILS(open("link", O_RDONLY), ENOENT);
	FAILS(open("link", O_RDWR | O_CREAT | O_EXCL, 0644), EEXIST);
	OPENS(open("link", O_RDWR | O_CREAT, 0644));
	EQUAL(size_of("target"), 0);
}

CASE(creation_mode_passes_the_umask)
{
	struct stat info;

	umask(027);
	OPENS(open("a", O_WRONLY | O_CREAT, 0777));
	OK(stat("a", &info));
	EQUAL(info.st_mode, S_IFREG | 0750);
	umask(0);
	OPENS(open("b", O_WRONLY | O_CREAT, 06755));
	OK(stat("b", &info));
	EQUAL(info.st_mode, S_IFREG | 06755);
	/* A mode that forbids writing does not bind the one who creates. */
	int fd = OK(open("c", O_RDWR | O_CREAT, 0400));
	EQUAL(write(fd, "x", 1), 1);
}

CASE(access_mode_is_enforced)
{
	char byte;
	int fd;

	make_file("file", "x", 1);
	fd = OK(open("file", O_RDONLY));
	FAILS(write(fd, "y", 1), EBADF);
	FAILS(pwrite(fd, "y", 1, 0), EBADF);
	FAILS(ftruncate(fd, 0), EINVAL);
	OK(close(fd));
	fd = OK(open("file", O_WRONLY));
	FAILS(read(fd, &byte, 1), EBADF);
	FAILS(pread(fd, &byte, 1, 0), EBADF);
	OK(close(fd));
	FAILS(read(fd, &byte, 1), EBADF);
	FAILS(write(fd, &byte, 1), EBADF);
	FAILS(close(fd), EBADF);
}

CASE(path_errors)
{
	static char name[PATH_MAX + 1];

	make_file("file", "", 0);
	FAILS(open("", O_RDONLY), ENOENT);
	FAILS(open("missing/file", O_RDONLY), ENOENT);
	FAILS(open("file/below", O_RDONLY), ENOTDIR);
	FAILS(open("file/", O_RDONLY), ENOTDIR);
	FAILS(open("file/.", O_RDONLY), ENOTDIR);
	FAILS(open("new/", O_WRONLY | O_CREAT, 0644), EISDIR);
	memset(name, 'n', 256);
	FAILS(open(name, O_WRONLY | O_CREAT, 0644), ENAMETOOLONG);
	name[255] = 0;
	OPENS(open(name, O_WRONLY | O_CREAT, 0644));
	OK(unlink(name));
	memset(name, '/', PATH_MAX);
	FAILS(open(name, O_RDONLY), ENAMETOOLONG);
}

CASE(long_path_of_slashes_and_dots)
{
	char name[3000] = ".";

	make_file("file", "", 0);
	for (int i = 0; i < 700; i++)
		strcat(name, i % 2 ? "//." : "/./");
	strcat(name, "/file");
	OPENS(open(name, O_RDONLY));
}

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

CASE(unlinked_file_lives_while_open)
{
	char text[8];
	struct stat info;
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644));

	EQUAL(write(fd, "alive", 5), 5);
	OK(unlink("file"));
	FAILS(open("file", O_RDONLY), ENOENT);
	OK(fstat(fd, &info));
	EQUAL(info.st_nlink, 0);
	EQUAL(info.st_size, 5);
	EQUAL(pwrite(fd, "!", 1, 5), 1);
	EQUAL(pread(fd, text, 8, 0), 6);
	CHECK(!memcmp(text, "alive!", 6));
	/* A new file of that name is another. */
	make_file("file", "other", 5);
	EQUAL(pread(fd, text, 8, 0), 6);
	CHECK(!memcmp(text, "alive!", 6));
}

CASE(unlink_errors)
{
	OK(mkdir("folder", 0755));
	FAILS(unlink("missing"), ENOENT);
	FAILS(unlink("folder"), EISDIR);
	make_file("file", "", 0);
	FAILS(unlink("file/"), ENOTDIR);
	FAILS(unlink(""), ENOENT);
	OK(unlink("file"));
	FAILS(unlink("file"), ENOENT);
}

CASE(vectors)
{
	char a[3], b[5], c[10];
	struct iovec out[] = {{(char *)"abc", 3}, {NULL, 0}, {(char *)"defgh", 5}, {(char *)"ij", 2}};
	struct iovec in[] = {{a, 3}, {b, 5}, {c, 10}};
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

CASE(changes_are_seen_through_other_descriptors)
{
	char text[8];
	int writer = OK(open("file", O_WRONLY | O_CREAT, 0644)), reader = OK(open("file", O_RDONLY));
	pid_t child;

	EQUAL(write(writer, "one", 3), 3);
	EQUAL(read(reader, text, 8), 3);
	EQUAL(write(writer, "two", 3), 3);
	EQUAL(read(reader, text, 8), 3);
	CHECK(!memcmp(text, "two", 3));
	child = OK(fork());
	if (child == 0)
		_exit(write(writer, "three", 5) != 5);
	EXITS(child, 0);
	EQUAL(read(reader, text, 8), 5);
	CHECK(!memcmp(text, "three", 5));
	OK(ftruncate(writer, 2));
	EQUAL(read(reader, text, 8), 0);
	EQUAL(pread(reader, text, 8, 0), 2);
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

CASE(relative_to_a_directory)
{
	struct stat info;
	int folder, fd;

	OK(mkdir("folder", 0755));
	folder = OK(open("folder", O_RDONLY | O_DIRECTORY));
	fd = OK(openat(folder, "file", O_WRONLY | O_CREAT, 0644));
	EQUAL(size_of("folder/file"), 0);
	OK(fstatat(folder, "file", &info, 0));
	FAILS(openat(fd, "file", O_RDONLY), ENOTDIR);
	FAILS(openat(999, "file", O_RDONLY), EBADF);
	/* An absolute path does not care. */
	OPENS(openat(999, "/dev/null", O_RDONLY));
	OPENS(openat(AT_FDCWD, "folder/file", O_RDONLY));
	/* The descriptor holds the directory, wherever its name went. */
	OK(rename("folder", "moved"));
	OPENS(openat(folder, "file", O_RDONLY));
	OK(unlinkat(folder, "file", 0));
	FAILS(openat(folder, "file", O_RDONLY), ENOENT);
	OK(unlinkat(AT_FDCWD, "moved", AT_REMOVEDIR));
}

CASE(path_only_descriptors)
{
	char byte;
	struct stat info;
	int fd;

	make_file("file", "x", 1);
	fd = OK(open("file", O_PATH));
	FAILS(read(fd, &byte, 1), EBADF);
	OK(fstat(fd, &info));
	EQUAL(info.st_size, 1);
	OK(close(fd));
}

CASE(file_system_numbers)
{
	struct statfs info;

	OK(statfs(".", &info));
	CHECK(info.f_bsize >= 512 && info.f_blocks > 0 && info.f_bfree <= info.f_blocks);
	CHECK(info.f_namelen >= 255);
	FAILS(statfs("missing", &info), ENOENT);
}

CASE(syncing)
{
	int fd = OK(open("file", O_RDWR | O_CREAT, 0644)), ends[2];

	EQUAL(write(fd, "x", 1), 1);
	OK(fsync(fd));
	OK(fdatasync(fd));
	sync();
	OK(pipe(ends));
	FAILS(fsync(ends[0]), EINVAL);
	FAILS(fsync(999), EBADF);
}

CASE(hundred_files)
{
	char name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "file%d", i);
		make_file(name, name, strlen(name));
	}
	for (int i = 99; i >= 0; i--) {
		snprintf(name, sizeof name, "file%d", i);
		expect_content(name, name, strlen(name));
		OK(unlink(name));
	}
}

CASE(stdio)
{
	FILE *stream = fopen("file", "w+");
	char line[64];

	CHECK(stream);
	for (int i = 0; i < 3000; i++)
		fprintf(stream, "line %d\n", i);
	rewind(stream);
	for (int i = 0; i < 3000; i++) {
		int number;

		CHECK(fgets(line, sizeof line, stream) && sscanf(line, "line %d", &number) == 1);
		EQUAL(number, i);
	}
	CHECK(!fgets(line, sizeof line, stream));
	EQUAL(fseek(stream, 5, SEEK_SET), 0);
	EQUAL(fgetc(stream), '0');
	EQUAL(fclose(stream), 0);
	stream = fopen("file", "a");
	CHECK(stream);
	fputs("more", stream);
	EQUAL(fclose(stream), 0);
	stream = tmpfile();
	CHECK(stream);
	EQUAL(fclose(stream), 0);
}

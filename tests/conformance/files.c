/* Regular files: opening, sharing, removing. What is in them: contents.c. */
#include "check.h"

#include <sys/vfs.h>

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

CASE(changes_are_seen_through_other_descriptors)
{
	char text[8];
	int writer = OK(open("file", O_WRONLY | O_CREAT, 0644)),
	    reader = OK(open("file", O_RDONLY));
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
	OK(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE));
	OK(sync_file_range(fd, 0, 1, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER));
	FAILS(sync_file_range(fd, 0, 1, 8), EINVAL);
	FAILS(sync_file_range(fd, -1, 1, 0), EINVAL);
	FAILS(sync_file_range(fd, 0, -1, 0), EINVAL);
	OK(pipe(ends));
	FAILS(fsync(ends[0]), EINVAL);
	FAILS(sync_file_range(ends[0], 0, 1, 0), ESPIPE);
	FAILS(fsync(999), EBADF);
	FAILS(sync_file_range(999, 0, 1, 0), EBADF);
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

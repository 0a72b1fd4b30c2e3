/* Names of files: hard links, symbolic links, renaming. */
#include "check.h"

static int exists(const char *path)
{
	struct stat info;

	return lstat(path, &info) == 0;
}

static ino_t inode_of(const char *path)
{
	struct stat info;

	OK(lstat(path, &info));
	return info.st_ino;
}

static nlink_t links_of(const char *path)
{
	struct stat info;

	OK(lstat(path, &info));
	return info.st_nlink;
}

CASE(hard_links)
{
	make_file("a", "text", 4);
	EQUAL(links_of("a"), 1);
	OK(link("a", "b"));
	EQUAL(links_of("a"), 2);
	EQUAL(inode_of("a"), inode_of("b"));
	OK(truncate("b", 2));
	OK(unlink("a"));
	EQUAL(links_of("b"), 1);
	FAILS(link("missing", "c"), ENOENT);
	make_file("d", "", 0);
	FAILS(link("b", "d"), EEXIST);
	OK(mkdir("folder", 0755));
	FAILS(link("folder", "e"), EPERM);
	FAILS(link("b", "missing/e"), ENOENT);
	FAILS(link("b", "d/e"), ENOTDIR);
}

CASE(symbolic_links)
{
	char text[16];
	struct stat info;

	OK(symlink("target", "link"));
	EQUAL(readlink("link", text, sizeof text), 6);
	CHECK(!memcmp(text, "target", 6));
	/* Cut without a word; no NUL at the end. */
	memset(text, '#', sizeof text);
	EQUAL(readlink("link", text, 3), 3);
	CHECK(!memcmp(text, "tar#", 4));
	OK(lstat("link", &info));
	CHECK(S_ISLNK(info.st_mode));
	EQUAL(info.st_size, 6);
	FAILS(stat("link", &info), ENOENT);
	FAILS(symlink("other", "link"), EEXIST);
	FAILS(symlink("", "empty"), ENOENT);
	FAILS(readlink("missing", text, 16), ENOENT);
	FAILS(readlink(".", text, 16), EINVAL);
	FAILS(readlink("link", text, 0), EINVAL);
	FAILS(readlink("link", text, (size_t)-1), EINVAL);
}

CASE(long_symbolic_links)
{
	char target[1024], got[1024];
	static const size_t lengths[] = { 59, 60, 61, 255, 1000 };

	for (size_t i = 0; i < COUNT(lengths); i++) {
		memset(target, 'a' + (int)i, lengths[i]);
		target[lengths[i]] = 0;
		OK(symlink(target, "link"));
		EQUAL(readlink("link", got, sizeof got), lengths[i]);
		CHECK(!memcmp(got, target, lengths[i]));
		OK(unlink("link"));
	}
}

CASE(following_links)
{
	struct stat info;
	char name[PATH_MAX];

	OK(mkdir("folder", 0755));
	make_file("folder/file", "12345", 5);
	OK(symlink("folder", "relative"));
	snprintf(name, sizeof name, "%s/folder", getcwd(name + PATH_MAX / 2, PATH_MAX / 2));
	OK(symlink(name, "absolute"));
	OK(symlink("../folder/file", "folder/up"));
	OK(symlink("relative/up", "chain"));
	OK(stat("relative/file", &info));
	EQUAL(info.st_size, 5);
	OK(stat("absolute/file", &info));
	OK(stat("chain", &info));
	EQUAL(info.st_size, 5);
	/* A slash at the end follows. */
	OK(lstat("relative/", &info));
	CHECK(S_ISDIR(info.st_mode));
	FAILS(lstat("chain/", &info), ENOTDIR);
}

CASE(loops_and_long_chains)
{
	struct stat info;
	char from[8], to[8];

	OK(symlink("b", "a"));
	OK(symlink("a", "b"));
	FAILS(stat("a", &info), ELOOP);
	FAILS(open("a", O_RDONLY), ELOOP);
	FAILS(stat("a/x", &info), ELOOP);
	make_file("l0", "", 0);
	for (int i = 1; i <= 41; i++) {
		snprintf(from, sizeof from, "l%d", i);
		snprintf(to, sizeof to, "l%d", i - 1);
		OK(symlink(to, from));
	}
	OK(stat("l40", &info));
	FAILS(stat("l41", &info), ELOOP);
}

CASE(link_to_a_link)
{
	make_file("file", "", 0);
	OK(symlink("file", "soft"));
	OK(link("soft", "hard"));
	EQUAL(inode_of("hard"), inode_of("soft"));
	OK(linkat(AT_FDCWD, "soft", AT_FDCWD, "followed", AT_SYMLINK_FOLLOW));
	EQUAL(inode_of("followed"), inode_of("file"));
}

CASE(unlink_removes_the_link_itself)
{
	make_file("file", "", 0);
	OK(symlink("file", "link"));
	OK(unlink("link"));
	CHECK(exists("file"));
}

CASE(renaming_a_file)
{
	ino_t inode;

	make_file("old", "text", 4);
	inode = inode_of("old");
	OK(rename("old", "new"));
	CHECK(!exists("old"));
	EQUAL(inode_of("new"), inode);
	OK(mkdir("folder", 0755));
	OK(rename("new", "folder/other"));
	EQUAL(inode_of("folder/other"), inode);
	FAILS(rename("new", "newer"), ENOENT);
	FAILS(rename("folder/other", "missing/x"), ENOENT);
}

CASE(renaming_over_a_file_replaces_it)
{
	char text[8];
	int fd;

	make_file("a", "aaa", 3);
	make_file("b", "bbbbb", 5);
	fd = OK(open("b", O_RDONLY));
	OK(rename("a", "b"));
	CHECK(!exists("a"));
	EQUAL(links_of("b"), 1);
	/* Who had the old one open, has it still. */
	EQUAL(read(fd, text, 8), 5);
	OK(close(fd));
	fd = OK(open("b", O_RDONLY));
	EQUAL(read(fd, text, 8), 3);
}

CASE(renaming_to_itself_or_its_twin_does_nothing)
{
	make_file("a", "", 0);
	OK(rename("a", "a"));
	CHECK(exists("a"));
	OK(link("a", "b"));
	OK(rename("a", "b"));
	CHECK(exists("a") && exists("b"));
}

CASE(renaming_directories)
{
	struct stat info;

	OK(mkdir("a", 0755));
	OK(mkdir("a/inner", 0755));
	OK(mkdir("b", 0755));
	OK(rename("a/inner", "b/moved"));
	EQUAL(links_of("a"), 2);
	EQUAL(links_of("b"), 3);
	/* Its .. is the new parent. */
	EQUAL(inode_of("b/moved/.."), inode_of("b"));
	OK(mkdir("empty", 0755));
	OK(rename("b/moved", "empty"));
	FAILS(stat("b/moved", &info), ENOENT);
	EQUAL(links_of("b"), 2);
	EQUAL(inode_of("empty/.."), inode_of("."));
}

CASE(rename_errors)
{
	OK(mkdir("full", 0755));
	make_file("full/file", "", 0);
	OK(mkdir("folder", 0755));
	OK(mkdir("folder/inner", 0755));
	make_file("file", "", 0);
	FAILS(rename("folder", "full"), ENOTEMPTY);
	FAILS(rename("file", "folder"), EISDIR);
	FAILS(rename("folder", "file"), ENOTDIR);
	FAILS(rename("folder", "folder/inner/x"), EINVAL);
	FAILS(rename("folder", "folder/x"), EINVAL);
	FAILS(rename("folder/.", "x"), EBUSY);
	FAILS(rename("folder", "full/.."), EBUSY);
	FAILS(rename("file/x", "y"), ENOTDIR);
	FAILS(rename("", "y"), ENOENT);
	FAILS(rename("file", ""), ENOENT);
	FAILS(rename("missing", "file"), ENOENT);
	CHECK(exists("file") && exists("full/file") && exists("folder/inner"));
}

CASE(rename_does_not_follow)
{
	make_file("file", "", 0);
	OK(symlink("file", "link"));
	OK(rename("link", "moved"));
	CHECK(exists("file") && exists("moved") && !exists("link"));
	make_file("other", "", 0);
	OK(rename("other", "moved"));
	CHECK(exists("file"));
	EQUAL(links_of("moved"), 1);
}

CASE(rename_without_replacing)
{
	make_file("a", "", 0);
	make_file("b", "", 0);
	FAILS(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 1), EEXIST);
	OK(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "c", 1));
	CHECK(exists("b") && exists("c") && !exists("a"));
}

CASE(relative_to_directories)
{
	char text[8];
	int from, to;

	OK(mkdir("from", 0755));
	OK(mkdir("to", 0755));
	from = OK(open("from", O_RDONLY | O_DIRECTORY));
	to = OK(open("to", O_RDONLY | O_DIRECTORY));
	make_file("from/file", "", 0);
	OK(linkat(from, "file", to, "linked", 0));
	OK(renameat(from, "file", to, "renamed"));
	OK(symlinkat("renamed", to, "soft"));
	EQUAL(readlinkat(to, "soft", text, 8), 7);
	CHECK(exists("to/linked") && exists("to/renamed") && exists("to/soft") &&
		!exists("from/file"));
	FAILS(renameat(to, "linked", 999, "x"), EBADF);
	FAILS(linkat(999, "file", to, "x", 0), EBADF);
}

CASE(odd_names)
{
	static const char *const names[] = { " ", "-", "*", "\\", "\n", "\x01", "\xff\xfe", "...",
		"a\tb", "#" };

	for (size_t i = 0; i < COUNT(names); i++) {
		make_file(names[i], "", 0);
		CHECK(exists(names[i]));
	}
	for (size_t i = 0; i < COUNT(names); i++)
		OK(unlink(names[i]));
}

CASE(replacing_while_others_open)
{
	/* Whoever opens the name sees the old file or the new one, and always one of them. */
	pid_t child;

	make_file("name", "0000", 4);
	child = OK(fork());
	if (child == 0) {
		for (int i = 0; i < 100; i++) {
			make_file("temporary", "1111", 4);
			OK(rename("temporary", "name"));
		}
		_exit(0);
	}
	for (int i = 0; i < 100; i++) {
		char text[8];
		int fd = OK(open("name", O_RDONLY));

		EQUAL(read(fd, text, 8), 4);
		OK(close(fd));
	}
	EXITS(child, 0);
}

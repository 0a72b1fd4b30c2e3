/* Directories: making, removing, listing, being in one. */
#include "check.h"

#include <sys/syscall.h>

static struct stat info_of(const char *path)
{
	struct stat info;

	OK(lstat(path, &info));
	return info;
}

CASE(making)
{
	umask(022);
	OK(mkdir("folder", 0777));
	EQUAL(info_of("folder").st_mode, S_IFDIR | 0755);
	EQUAL(info_of("folder").st_nlink, 2);
	OK(mkdir("folder/inner/", 0700));
	EQUAL(info_of("folder").st_nlink, 3);
	EQUAL(info_of("folder/inner/..").st_ino, info_of("folder").st_ino);
	EQUAL(info_of("folder/inner/.").st_ino, info_of("folder/inner").st_ino);
	FAILS(mkdir("folder", 0755), EEXIST);
	FAILS(mkdir("missing/inner", 0755), ENOENT);
	make_file("file", "", 0);
	FAILS(mkdir("file", 0755), EEXIST);
	FAILS(mkdir("file/inner", 0755), ENOTDIR);
	OK(symlink("nowhere", "link"));
	FAILS(mkdir("link", 0755), EEXIST);
	FAILS(mkdir("", 0755), ENOENT);
	FAILS(mkdir("/", 0755), EEXIST);
	FAILS(mkdir(".", 0755), EEXIST);
}

CASE(removing)
{
	OK(mkdir("folder", 0755));
	OK(mkdir("folder/inner", 0755));
	FAILS(rmdir("folder"), ENOTEMPTY);
	OK(rmdir("folder/inner"));
	EQUAL(info_of("folder").st_nlink, 2);
	FAILS(rmdir("folder/."), EINVAL);
	FAILS(rmdir("folder/.."), ENOTEMPTY);
	OK(rmdir("folder/"));
	FAILS(rmdir("folder"), ENOENT);
	make_file("file", "", 0);
	FAILS(rmdir("file"), ENOTDIR);
	OK(symlink("folder", "link"));
	FAILS(rmdir("link"), ENOTDIR);
	FAILS(rmdir("/"), EBUSY);
}

CASE(names_of_255_bytes)
{
	char name[257];

	memset(name, 'x', 256);
	name[256] = 0;
	FAILS(mkdir(name, 0755), ENAMETOOLONG);
	name[255] = 0;
	OK(mkdir(name, 0755));
	OK(rmdir(name));
}

/* Lists the directory and counts how often each of file0 ... is there; returns how many entries it saw. */
static int list(DIR *folder, int *seen, int files)
{
	struct dirent *entry;
	int entries = 0, number;

	memset(seen, 0, (size_t)files * sizeof *seen);
	errno = 0;
	while ((entry = readdir(folder))) {
		if (sscanf(entry->d_name, "file%d", &number) == 1) {
			CHECK(number >= 0 && number < files);
			seen[number]++;
		}
		entries++;
	}
	EQUAL(errno, 0);
	return entries;
}

CASE(thousand_entries_each_seen_once)
{
	enum { FILES = 1000 };
	static int seen[FILES];
	char name[32];
	DIR *folder;

	OK(mkdir("folder", 0755));
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "folder/file%d", i);
		OPENS(open(name, O_WRONLY | O_CREAT, 0644));
	}
	folder = opendir("folder");
	CHECK(folder);
	EQUAL(list(folder, seen, FILES), FILES + 2);
	for (int i = 0; i < FILES; i++)
		EQUAL(seen[i], 1);
	rewinddir(folder);
	EQUAL(list(folder, seen, FILES), FILES + 2);
	for (int i = 0; i < FILES; i += 2) {
		snprintf(name, sizeof name, "folder/file%d", i);
		OK(unlink(name));
	}
	rewinddir(folder);
	EQUAL(list(folder, seen, FILES), FILES / 2 + 2);
	for (int i = 0; i < FILES; i++)
		EQUAL(seen[i], i % 2);
}

CASE(removing_while_listing)
{
	enum { FILES = 300 };
	char name[32];
	struct dirent *entry;
	DIR *folder;
	int removed = 0;

	OK(mkdir("folder", 0755));
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "folder/file%d", i);
		OPENS(open(name, O_WRONLY | O_CREAT, 0644));
	}
	folder = opendir("folder");
	CHECK(folder);
	while ((entry = readdir(folder)))
		if (entry->d_name[0] == 'f') {
			OK(unlinkat(dirfd(folder), entry->d_name, 0));
			removed++;
		}
	EQUAL(removed, FILES);
	closedir(folder);
	OK(rmdir("folder"));
}

CASE(entries_tell_type_and_inode)
{
	struct dirent *entry;
	DIR *folder;
	int entries = 0;

	make_file("file", "", 0);
	OK(mkdir("folder", 0755));
	OK(symlink("x", "link"));
	OK(mkfifo("pipe", 0600));
	folder = opendir(".");
	CHECK(folder);
	while ((entry = readdir(folder))) {
		struct stat info = info_of(entry->d_name);

		EQUAL(entry->d_ino, info.st_ino);
		if (entry->d_type != DT_UNKNOWN)
			EQUAL(entry->d_type, IFTODT(info.st_mode));
		entries++;
	}
	EQUAL(entries, 6);
}

CASE(telling_and_seeking)
{
	char names[20][32];
	long places[20];
	struct dirent *entry;
	DIR *folder;
	int entries = 0;

	for (int i = 0; i < 10; i++) {
		char name[16];

		snprintf(name, sizeof name, "file%d", i);
		make_file(name, "", 0);
	}
	folder = opendir(".");
	CHECK(folder);
	for (;;) {
		places[entries] = telldir(folder);
		entry = readdir(folder);
		if (!entry)
			break;
		snprintf(names[entries++], 32, "%.31s", entry->d_name);
	}
	EQUAL(entries, 12);
	for (int i = entries - 1; i >= 0; i--) {
		seekdir(folder, places[i]);
		entry = readdir(folder);
		CHECK(entry);
		SAME_TEXT(entry->d_name, names[i]);
	}
}

CASE(small_buffers)
{
	char area[64];
	int fd = OK(open(".", O_RDONLY | O_DIRECTORY)), calls = 0;
	long got;

	for (int i = 0; i < 20; i++) {
		char name[16];

		snprintf(name, sizeof name, "f%d", i);
		make_file(name, "", 0);
	}
	while ((got = OK(syscall(SYS_getdents64, fd, area, sizeof area))) > 0) {
		CHECK(got <= (long)sizeof area);
		calls++;
	}
	CHECK(calls >= 11);
	EQUAL(syscall(SYS_getdents64, fd, area, sizeof area), 0);
	EQUAL(lseek(fd, 0, SEEK_SET), 0);
	FAILS(syscall(SYS_getdents64, fd, area, 10), EINVAL);
	FAILS(read(fd, area, 1), EISDIR);
	make_file("file", "", 0);
	fd = OK(open("file", O_RDONLY));
	FAILS(syscall(SYS_getdents64, fd, area, sizeof area), ENOTDIR);
}

CASE(removed_directory_is_empty)
{
	struct dirent *entry;
	DIR *folder;

	OK(mkdir("folder", 0755));
	folder = opendir("folder");
	CHECK(folder);
	OK(rmdir("folder"));
	entry = readdir(folder);
	CHECK(!entry);
	FAILS(openat(dirfd(folder), "file", O_WRONLY | O_CREAT, 0644), ENOENT);
}

CASE(working_directory)
{
	char before[PATH_MAX], path[PATH_MAX];
	int fd;

	CHECK(getcwd(before, sizeof before));
	EQUAL(before[0], '/');
	OK(mkdir("folder", 0755));
	OK(mkdir("folder/inner", 0755));
	OK(chdir("folder/inner"));
	CHECK(getcwd(path, sizeof path));
	CHECK(!strncmp(path, before, strlen(before)));
	SAME_TEXT(path + strlen(before), "/folder/inner");
	OK(chdir(".."));
	OK(chdir("../"));
	CHECK(getcwd(path, sizeof path));
	SAME_TEXT(path, before);
	fd = OK(open("folder", O_RDONLY));
	OK(fchdir(fd));
	CHECK(getcwd(path, sizeof path));
	SAME_TEXT(path + strlen(before), "/folder");
	OK(chdir("/"));
	CHECK(getcwd(path, sizeof path));
	SAME_TEXT(path, "/");
	OK(chdir("/.."));
	CHECK(getcwd(path, sizeof path));
	SAME_TEXT(path, "/");
	OK(chdir(before));
}

CASE(working_directory_errors)
{
	char path[PATH_MAX];
	int fd;

	make_file("file", "", 0);
	FAILS(chdir("missing"), ENOENT);
	FAILS(chdir("file"), ENOTDIR);
	FAILS(chdir(""), ENOENT);
	fd = OK(open("file", O_RDONLY));
	FAILS(fchdir(fd), ENOTDIR);
	FAILS(syscall(SYS_getcwd, path, 1), ERANGE);
	CHECK(!getcwd(path, 3) && errno == ERANGE);
}

CASE(working_directory_follows_a_rename)
{
	char path[PATH_MAX];

	OK(mkdir("old", 0755));
	OK(chdir("old"));
	make_file("file", "", 0);
	OK(rename("../old", "../new"));
	CHECK(getcwd(path, sizeof path));
	SAME_TEXT(strrchr(path, '/'), "/new");
	OPENS(open("file", O_RDONLY));
	OPENS(open("../new/file", O_RDONLY));
}

CASE(working_directory_removed)
{
	char path[PATH_MAX];
	struct stat info;

	OK(mkdir("folder", 0755));
	OK(chdir("folder"));
	OK(rmdir("../folder"));
	FAILS(syscall(SYS_getcwd, path, sizeof path), ENOENT);
	FAILS(open("file", O_WRONLY | O_CREAT, 0644), ENOENT);
	FAILS(mkdir("inner", 0755), ENOENT);
	OK(stat(".", &info));
	OK(stat("..", &info));
	OK(chdir(".."));
}

CASE(deeper_than_a_path_can_say)
{
	char name[201], path[PATH_MAX];
	struct stat info;

	memset(name, 'd', 200);
	name[200] = 0;
	for (int i = 0; i < 25; i++) {
		OK(mkdir(name, 0755));
		OK(chdir(name));
	}
	make_file("bottom", "", 0);
	OK(stat("bottom", &info));
	CHECK(syscall(SYS_getcwd, path, sizeof path) == -1);
	CHECK(errno == ENAMETOOLONG || errno == ERANGE);
	OK(unlink("bottom"));
	for (int i = 0; i < 25; i++) {
		OK(chdir(".."));
		OK(rmdir(name));
	}
}

CASE(hundred_levels)
{
	char path[1024] = "";

	for (int i = 0; i < 100; i++) {
		strcat(path, i ? "/d" : "d");
		OK(mkdir(path, 0755));
	}
	strcat(path, "/file");
	make_file(path, "x", 1);
	EQUAL(info_of(path).st_size, 1);
}

CASE(hundred_subdirectories)
{
	char name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "d%d", i);
		OK(mkdir(name, 0755));
	}
	EQUAL(info_of(".").st_nlink, 102);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "d%d", i);
		OK(rmdir(name));
	}
	EQUAL(info_of(".").st_nlink, 2);
}

CASE(two_processes_in_one_directory)
{
	enum { FILES = 100 };
	pid_t children[2];
	char name[32];

	for (int who = 0; who < 2; who++) {
		children[who] = OK(fork());
		if (children[who] == 0) {
			for (int i = 0; i < FILES; i++) {
				snprintf(name, sizeof name, "file%d-%d", who, i);
				make_file(name, name, strlen(name));
			}
			for (int i = 0; i < FILES; i += 2) {
				snprintf(name, sizeof name, "file%d-%d", who, i);
				OK(unlink(name));
			}
			_exit(0);
		}
	}
	for (int who = 0; who < 2; who++)
		EXITS(children[who], 0);
	for (int i = 0; i < 2 * FILES; i++) {
		snprintf(name, sizeof name, "file%d-%d", i % 2, i / 2);
		EQUAL(access(name, F_OK), i / 2 % 2 ? 0 : -1);
	}
}

CASE(only_one_wins)
{
	/* Of several that make the same name at once. */
	enum { PROCESSES = 5 };
	struct gate go = gate_new();
	pid_t children[PROCESSES];
	int winners = 0;

	for (int i = 0; i < PROCESSES; i++) {
		children[i] = OK(fork());
		if (children[i] == 0) {
			gate_pass(go);
			_exit(mkdir("prize", 0755) == 0);
		}
	}
	for (int i = 0; i < PROCESSES; i++)
		gate_open(go);
	for (int i = 0; i < PROCESSES; i++)
		winners += WEXITSTATUS(check_wait(children[i], __LINE__));
	EQUAL(winners, 1);
}

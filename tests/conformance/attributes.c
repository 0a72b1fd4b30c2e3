/* What stat tells, and the calls that change it. */
#include "check.h"

#include <sys/sysmacros.h>
#include <utime.h>

static struct stat info_of(const char *path)
{
	struct stat info;

	OK(lstat(path, &info));
	return info;
}

static int same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static int later(struct timespec a, struct timespec b)
{
	return a.tv_sec > b.tv_sec || (a.tv_sec == b.tv_sec && a.tv_nsec > b.tv_nsec);
}

CASE(of_a_new_file)
{
	struct timespec now;
	struct stat info, place;

	umask(022);
	make_file("file", "12345", 5);
	OK(clock_gettime(CLOCK_REALTIME, &now));
	info = info_of("file");
	place = info_of(".");
	EQUAL(info.st_mode, S_IFREG | 0644);
	EQUAL(info.st_size, 5);
	EQUAL(info.st_nlink, 1);
	EQUAL(info.st_uid, geteuid());
	EQUAL(info.st_gid, getegid());
	EQUAL(info.st_dev, place.st_dev);
	CHECK(info.st_ino != 0 && info.st_ino != place.st_ino);
	CHECK(info.st_blksize >= 512);
	CHECK(info.st_mtim.tv_sec >= now.tv_sec - 5 && info.st_mtim.tv_sec <= now.tv_sec + 1);
	CHECK(info.st_ctim.tv_sec >= now.tv_sec - 5 && info.st_ctim.tv_sec <= now.tv_sec + 1);
}

CASE(three_calls_agree)
{
	struct stat a, b, c;
	int fd;

	make_file("file", "12345", 5);
	fd = OK(open("file", O_RDONLY));
	memset(&a, 0, sizeof a);
	memset(&b, 0, sizeof b);
	memset(&c, 0, sizeof c);
	OK(stat("file", &a));
	OK(lstat("file", &b));
	OK(fstat(fd, &c));
	CHECK(!memcmp(&a, &b, sizeof a) && !memcmp(&a, &c, sizeof a));
	OK(fstatat(fd, "", &b, AT_EMPTY_PATH));
	CHECK(!memcmp(&a, &b, sizeof a));
}

CASE(types)
{
	int ends[2];
	struct stat info;

	OK(mkdir("folder", 0755));
	CHECK(S_ISDIR(info_of("folder").st_mode));
	OK(symlink("x", "link"));
	CHECK(S_ISLNK(info_of("link").st_mode));
	EQUAL(info_of("link").st_mode & 0777, 0777);
	OK(mkfifo("fifo", 0600));
	CHECK(S_ISFIFO(info_of("fifo").st_mode));
	CHECK(S_ISCHR(info_of("/dev/null").st_mode));
	EQUAL(major(info_of("/dev/null").st_rdev), 1);
	EQUAL(minor(info_of("/dev/null").st_rdev), 3);
	EQUAL(minor(info_of("/dev/zero").st_rdev), 5);
	OK(pipe(ends));
	OK(fstat(ends[0], &info));
	CHECK(S_ISFIFO(info.st_mode));
}

CASE(stat_errors)
{
	struct stat info;
	char name[300];

	FAILS(stat("missing", &info), ENOENT);
	FAILS(stat("", &info), ENOENT);
	make_file("file", "", 0);
	FAILS(stat("file/x", &info), ENOTDIR);
	FAILS(stat("file/", &info), ENOTDIR);
	FAILS(fstat(999, &info), EBADF);
	FAILS(fstatat(999, "file", &info, 0), EBADF);
	FAILS(fstatat(AT_FDCWD, "file", &info, 0x40000000), EINVAL);
	memset(name, 'n', 299);
	name[299] = 0;
	FAILS(stat(name, &info), ENAMETOOLONG);
}

CASE(statx_agrees)
{
	struct stat info;
	struct statx extended;

	make_file("file", "12345", 5);
	info = info_of("file");
	OK(statx(AT_FDCWD, "file", 0, STATX_BASIC_STATS, &extended));
	EQUAL(extended.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
	EQUAL(extended.stx_mode, info.st_mode);
	EQUAL(extended.stx_size, 5);
	EQUAL(extended.stx_ino, info.st_ino);
	EQUAL(extended.stx_mtime.tv_sec, info.st_mtim.tv_sec);
	FAILS(statx(AT_FDCWD, "missing", 0, STATX_BASIC_STATS, &extended), ENOENT);
}

CASE(changing_modes)
{
	struct timespec before;
	int fd;

	make_file("file", "", 0);
	before = info_of("file").st_ctim;
	nap(20);
	OK(chmod("file", 0600));
	EQUAL(info_of("file").st_mode, S_IFREG | 0600);
	CHECK(later(info_of("file").st_ctim, before));
	OK(chmod("file", 07777));
	EQUAL(info_of("file").st_mode, S_IFREG | 07777);
	fd = OK(open("file", O_RDONLY));
	OK(fchmod(fd, 0));
	EQUAL(info_of("file").st_mode, S_IFREG);
	OK(fchmodat(AT_FDCWD, "file", 0123, 0));
	EQUAL(info_of("file").st_mode, S_IFREG | 0123);
	/* Bits of the type are not taken. */
	OK(chmod("file", S_IFDIR | 0644));
	EQUAL(info_of("file").st_mode, S_IFREG | 0644);
	OK(symlink("file", "link"));
	OK(chmod("link", 0640));
	EQUAL(info_of("file").st_mode, S_IFREG | 0640);
	FAILS(chmod("missing", 0644), ENOENT);
	FAILS(fchmod(999, 0644), EBADF);
}

CASE(masks)
{
	umask(0);
	EQUAL(umask(0123), 0);
	EQUAL(umask(07777), 0123);
	EQUAL(umask(022), 0777);
}

CASE(times_are_kept_exactly)
{
	struct timespec times[2] = { { 1000000000, 123456789 }, { 1111111111, 987654321 } };
	struct stat info;
	int fd;

	make_file("file", "", 0);
	OK(utimensat(AT_FDCWD, "file", times, 0));
	info = info_of("file");
	EQUAL(info.st_atim.tv_sec, 1000000000);
	EQUAL(info.st_mtim.tv_sec, 1111111111);
	fd = OK(open("file", O_RDONLY));
	times[0].tv_sec = 5;
	times[1].tv_sec = 6;
	OK(futimens(fd, times));
	info = info_of("file");
	EQUAL(info.st_atim.tv_sec, 5);
	EQUAL(info.st_mtim.tv_sec, 6);
}

CASE(times_now_and_omitted)
{
	struct timespec times[2] = { { 1000000000, 0 }, { 1111111111, 0 } }, now;
	struct stat info;

	make_file("file", "", 0);
	OK(utimensat(AT_FDCWD, "file", times, 0));
	times[0].tv_nsec = UTIME_NOW;
	times[1].tv_nsec = UTIME_OMIT;
	OK(utimensat(AT_FDCWD, "file", times, 0));
	OK(clock_gettime(CLOCK_REALTIME, &now));
	info = info_of("file");
	CHECK(info.st_atim.tv_sec >= now.tv_sec - 5);
	EQUAL(info.st_mtim.tv_sec, 1111111111);
	OK(utimensat(AT_FDCWD, "file", NULL, 0));
	CHECK(info_of("file").st_mtim.tv_sec >= now.tv_sec - 5);
	times[0].tv_nsec = 1000000000;
	FAILS(utimensat(AT_FDCWD, "file", times, 0), EINVAL);
	FAILS(utimensat(AT_FDCWD, "missing", NULL, 0), ENOENT);
	OK(utime("file", &(struct utimbuf){ 7, 8 }));
	EQUAL(info_of("file").st_atim.tv_sec, 7);
	EQUAL(info_of("file").st_mtim.tv_sec, 8);
}

CASE(times_of_a_link_itself)
{
	struct timespec times[2] = { { 1000000000, 0 }, { 1111111111, 0 } };

	make_file("file", "", 0);
	OK(symlink("file", "link"));
	OK(utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW));
	EQUAL(info_of("link").st_mtim.tv_sec, 1111111111);
	CHECK(info_of("file").st_mtim.tv_sec > 1111111111);
}

CASE(writing_and_truncating_set_mtime_and_ctime)
{
	struct timespec times[2] = { { 1000000000, 0 }, { 1000000000, 0 } };
	int fd;

	make_file("file", "12345", 5);
	fd = OK(open("file", O_RDWR));
	OK(utimensat(AT_FDCWD, "file", times, 0));
	EQUAL(pwrite(fd, "x", 1, 0), 1);
	CHECK(info_of("file").st_mtim.tv_sec > 1000000000);
	CHECK(same_time(info_of("file").st_mtim, info_of("file").st_ctim));
	OK(utimensat(AT_FDCWD, "file", times, 0));
	OK(ftruncate(fd, 2));
	CHECK(info_of("file").st_mtim.tv_sec > 1000000000);
	OK(utimensat(AT_FDCWD, "file", times, 0));
	OPENS(open("file", O_WRONLY | O_TRUNC));
	CHECK(info_of("file").st_mtim.tv_sec > 1000000000);
}

CASE(reading_and_stat_leave_mtime)
{
	struct timespec before;
	char byte;
	int fd;

	make_file("file", "12345", 5);
	before = info_of("file").st_mtim;
	nap(20);
	fd = OK(open("file", O_RDWR));
	EQUAL(read(fd, &byte, 1), 1);
	EQUAL(write(fd, "", 0), 0);
	OK(close(fd));
	CHECK(same_time(info_of("file").st_mtim, before));
}

CASE(names_coming_and_going_change_the_directory)
{
	struct timespec times[2] = { { 1000000000, 0 }, { 1000000000, 0 } };

	OK(mkdir("folder", 0755));
	OK(utimensat(AT_FDCWD, "folder", times, 0));
	make_file("folder/file", "", 0);
	CHECK(info_of("folder").st_mtim.tv_sec > 1000000000);
	OK(utimensat(AT_FDCWD, "folder", times, 0));
	OK(rename("folder/file", "folder/other"));
	CHECK(info_of("folder").st_mtim.tv_sec > 1000000000);
	OK(utimensat(AT_FDCWD, "folder", times, 0));
	OK(unlink("folder/other"));
	CHECK(info_of("folder").st_mtim.tv_sec > 1000000000);
}

CASE(link_count_changes_set_ctime)
{
	struct timespec before;

	make_file("file", "", 0);
	before = info_of("file").st_ctim;
	nap(20);
	OK(link("file", "twin"));
	CHECK(later(info_of("file").st_ctim, before));
	before = info_of("file").st_ctim;
	nap(20);
	OK(unlink("twin"));
	CHECK(later(info_of("file").st_ctim, before));
}

CASE(owner_unchanged)
{
	make_file("file", "", 0);
	OK(chown("file", (uid_t)-1, (gid_t)-1));
	OK(chown("file", geteuid(), getegid()));
	EQUAL(info_of("file").st_uid, geteuid());
	FAILS(chown("missing", 0, 0), ENOENT);
	FAILS(fchown(999, 0, 0), EBADF);
}

CASE(access_tells_what_is_allowed)
{
	make_file("file", "", 0);
	OK(access("file", F_OK));
	OK(access("file", R_OK | W_OK));
	FAILS(access("file", X_OK), EACCES);
	OK(chmod("file", 0755));
	OK(access("file", R_OK | W_OK | X_OK));
	FAILS(access("missing", F_OK), ENOENT);
	FAILS(access("file", 8), EINVAL);
	OK(faccessat(AT_FDCWD, "file", R_OK, 0));
}

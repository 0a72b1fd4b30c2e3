/* Who may do what: owners, groups, modes, identities. Most cases need to start as root. */
#include "check.h"

#include <grp.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>

#define OWNER 1001
#define MATE 1002 /* in the group */
#define OTHER 1003
#define GROUP 2001
#define EXTRA 2002 /* a supplementary group of MATE */

static void need_root(void)
{
	if (geteuid() != 0)
		skip("needs root");
}

static void become(uid_t uid, gid_t gid)
{
	gid_t extra = EXTRA;

	OK(setgroups(uid == MATE, &extra));
	OK(setgid(gid));
	OK(setuid(uid));
}

/* In a process with that identity. */
#define AS(uid, gid, ...)                                                                          \
	do {                                                                                       \
		pid_t as_ = OK(fork());                                                            \
		if (as_ == 0) {                                                                    \
			become(uid, gid);                                                          \
			__VA_ARGS__;                                                               \
			_exit(0);                                                                  \
		}                                                                                  \
		EXITS(as_, 0);                                                                     \
	} while (0)

static void make_owned(const char *path, mode_t mode)
{
	make_file(path, "#!/bin/true\n", 12);
	OK(chown(path, OWNER, GROUP));
	OK(chmod(path, mode));
}

/* What access a process has that really tries: 4 read, 2 write, 1 execute. */
static int tried_access(const char *path)
{
	int allowed = 0, fd = open(path, O_RDONLY);
	pid_t child;

	if (fd != -1) {
		allowed |= 4;
		OK(close(fd));
	} else {
		EQUAL(errno, EACCES);
	}
	fd = open(path, O_WRONLY);
	if (fd != -1) {
		allowed |= 2;
		OK(close(fd));
	} else {
		EQUAL(errno, EACCES);
	}
	child = OK(fork());
	if (child == 0) {
		/* A script that cannot be read is started, but its interpreter fails. */
		execl(path, path, NULL);
		_exit(errno == EACCES ? 77 : 78);
	}
	if (WEXITSTATUS(check_wait(child, __LINE__)) != 77)
		allowed |= 1;
	return allowed;
}

CASE(class_decides_and_only_one_counts)
{
	static const mode_t modes[] = { 0700, 0070, 0007, 0640, 0604, 0421, 0124, 0077, 0755,
		0000 };

	need_root();
	for (size_t i = 0; i < COUNT(modes); i++) {
		make_owned("file", modes[i]);
		AS(OWNER, OTHER, EQUAL(tried_access("file"), modes[i] >> 6 & 7));
		AS(OTHER, GROUP, EQUAL(tried_access("file"), modes[i] >> 3 & 7));
		AS(OTHER, OTHER, EQUAL(tried_access("file"), modes[i] & 7));
	}
}

CASE(supplementary_groups_count)
{
	need_root();
	make_owned("file", 0040);
	OK(chown("file", OWNER, EXTRA));
	AS(MATE, OTHER, EQUAL(tried_access("file"), 4));
	AS(OTHER, OTHER, EQUAL(tried_access("file"), 0));
}

CASE(root_reads_and_writes_all_but_executes_only_what_someone_may)
{
	need_root();
	make_owned("file", 0000);
	EQUAL(tried_access("file"), 6);
	make_owned("file", 0001);
	EQUAL(tried_access("file"), 7);
}

CASE(directory_needs_search)
{
	struct stat info;

	need_root();
	OK(mkdir("folder", 0755));
	make_file("folder/file", "", 0);
	OK(chmod("folder/file", 0666));
	OK(chmod("folder", 0666));
	AS(OTHER, OTHER, FAILS(stat("folder/file", &info), EACCES));
	AS(OTHER, OTHER, FAILS(open("folder/file", O_RDONLY), EACCES));
	AS(OTHER, OTHER, FAILS(chdir("folder"), EACCES));
	AS(OTHER, OTHER, FAILS(stat("folder/missing", &info), EACCES));
	AS(OTHER, OTHER, OPENS(open("folder", O_RDONLY)));
	OK(chmod("folder", 0111));
	AS(OTHER, OTHER, OPENS(open("folder/file", O_RDWR)));
	AS(OTHER, OTHER, FAILS(open("folder", O_RDONLY), EACCES));
	AS(OTHER, OTHER, OK(chdir("folder")));
}

CASE(directory_needs_write_for_names)
{
	need_root();
	OK(mkdir("folder", 0755));
	make_file("folder/file", "", 0);
	OK(chmod("folder/file", 0666));
	AS(OTHER, OTHER, FAILS(open("folder/new", O_WRONLY | O_CREAT, 0644), EACCES));
	AS(OTHER, OTHER, FAILS(mkdir("folder/new", 0755), EACCES));
	AS(OTHER, OTHER, FAILS(unlink("folder/file"), EACCES));
	AS(OTHER, OTHER, FAILS(rename("folder/file", "folder/other"), EACCES));
	AS(OTHER, OTHER, FAILS(link("folder/file", "folder/other"), EACCES));
	AS(OTHER, OTHER, FAILS(symlink("x", "folder/other"), EACCES));
	AS(OTHER, OTHER, OPENS(open("folder/file", O_WRONLY | O_CREAT | O_TRUNC, 0644)));
	OK(chmod("folder", 0777));
	AS(OTHER, OTHER, OK(unlink("folder/file")));
}

CASE(sticky_directory)
{
	need_root();
	OK(mkdir("folder", 0755));
	OK(chmod("folder", 01777));
	make_owned("folder/file", 0666);
	AS(OTHER, GROUP, FAILS(unlink("folder/file"), EPERM));
	AS(OTHER, GROUP, FAILS(rename("folder/file", "folder/x"), EPERM));
	AS(OTHER, GROUP, make_file("folder/mine", "", 0);
		FAILS(rename("folder/mine", "folder/file"), EPERM));
	AS(OWNER, GROUP, OK(unlink("folder/file")));
	AS(OTHER, OTHER, OK(unlink("folder/mine")));
}

CASE(new_files_belong_to_the_creator)
{
	struct stat info;

	need_root();
	AS(OWNER, GROUP, make_file("file", "", 0); OK(mkdir("folder", 0755));
		OK(symlink("x", "link")));
	OK(stat("file", &info));
	EQUAL(info.st_uid, OWNER);
	EQUAL(info.st_gid, GROUP);
	OK(stat("folder", &info));
	EQUAL(info.st_uid, OWNER);
	OK(lstat("link", &info));
	EQUAL(info.st_uid, OWNER);
}

CASE(setgid_directory_hands_down_its_group)
{
	struct stat info;

	need_root();
	OK(mkdir("folder", 0755));
	OK(chown("folder", 0, GROUP));
	OK(chmod("folder", 02777));
	AS(OTHER, OTHER, make_file("folder/file", "", 0); OK(mkdir("folder/inner", 0755)));
	OK(stat("folder/file", &info));
	EQUAL(info.st_gid, GROUP);
	OK(stat("folder/inner", &info));
	EQUAL(info.st_gid, GROUP);
	EQUAL(info.st_mode & S_ISGID, S_ISGID);
}

CASE(only_the_owner_changes_modes_and_times)
{
	struct timespec times[2] = { { 1, 0 }, { 1, 0 } };

	need_root();
	make_owned("file", 0666);
	AS(OTHER, GROUP, FAILS(chmod("file", 0600), EPERM));
	AS(OTHER, GROUP, FAILS(utimensat(AT_FDCWD, "file", times, 0), EPERM));
	AS(OTHER, GROUP, OK(utimensat(AT_FDCWD, "file", NULL, 0)));
	OK(chmod("file", 0644));
	AS(OTHER, OTHER, FAILS(utimensat(AT_FDCWD, "file", NULL, 0), EACCES));
	AS(OWNER, OTHER, OK(chmod("file", 0600)));
	AS(OWNER, OTHER, OK(utimensat(AT_FDCWD, "file", times, 0)));
}

CASE(changing_owners)
{
	struct stat info;

	need_root();
	make_owned("file", 0644);
	AS(OWNER, GROUP, FAILS(chown("file", OTHER, (gid_t)-1), EPERM));
	AS(OWNER, GROUP, FAILS(chown("file", (uid_t)-1, EXTRA), EPERM));
	AS(OTHER, GROUP, FAILS(chown("file", OTHER, (gid_t)-1), EPERM));
	AS(OWNER, GROUP, OK(chown("file", OWNER, GROUP)));
	OK(chown("file", MATE, (gid_t)-1));
	AS(MATE, GROUP, OK(chown("file", (uid_t)-1, EXTRA)));
	OK(stat("file", &info));
	EQUAL(info.st_uid, MATE);
	EQUAL(info.st_gid, EXTRA);
	OK(symlink("file", "link"));
	OK(lchown("link", OWNER, GROUP));
	OK(stat("file", &info));
	EQUAL(info.st_uid, MATE);
	OK(chown("link", OWNER, GROUP));
	OK(stat("file", &info));
	EQUAL(info.st_uid, OWNER);
}

CASE(set_id_bits_are_cleared)
{
	struct stat info;

	need_root();
	make_owned("file", 06755);
	OK(chown("file", MATE, GROUP));
	OK(stat("file", &info));
	EQUAL(info.st_mode & 07777, 0755);
	/* Writing by another than root does so too. */
	make_owned("file", 06777);
	AS(OTHER, OTHER, int fd = OK(open("file", O_WRONLY)); EQUAL(write(fd, "x", 1), 1));
	OK(stat("file", &info));
	EQUAL(info.st_mode & 07777, 0777);
	/* One that is not in the group cannot give its bit. */
	make_owned("file", 0755);
	AS(OWNER, OTHER, OK(chmod("file", 02755)));
	OK(stat("file", &info));
	EQUAL(info.st_mode & 07777, 0755);
}

CASE(open_descriptor_keeps_its_right)
{
	int fd;

	need_root();
	make_owned("file", 0600);
	fd = OK(open("file", O_RDWR));
	AS(OTHER, OTHER, FAILS(open("file", O_RDONLY), EACCES); EQUAL(pwrite(fd, "x", 1, 0), 1));
	AS(OWNER, OTHER, int own = OK(open("file", O_RDWR)); OK(chmod("file", 0));
		EQUAL(write(own, "y", 1), 1));
}

CASE(access_asks_for_the_real_user)
{
	need_root();
	make_owned("file", 0600);
	AS(OTHER, OTHER, FAILS(access("file", R_OK), EACCES));
	AS(OTHER, OTHER, OK(access("file", F_OK)));
	AS(OWNER, OTHER, OK(access("file", R_OK | W_OK)));
	OK(setresuid(OTHER, 0, 0));
	FAILS(access("file", R_OK), EACCES);
	OK(faccessat(AT_FDCWD, "file", R_OK, AT_EACCESS));
	OPENS(open("file", O_RDONLY));
	OK(setresuid(0, OTHER, 0));
	FAILS(open("file", O_RDONLY), EACCES);
	OK(access("file", R_OK));
}

static void expect_ids(uid_t real, uid_t effective, uid_t saved)
{
	uid_t r, e, s;

	OK(getresuid(&r, &e, &s));
	EQUAL(r, real);
	EQUAL(e, effective);
	EQUAL(s, saved);
	EQUAL(getuid(), real);
	EQUAL(geteuid(), effective);
}

CASE(identity_calls)
{
	need_root();
	OK(setresuid(1, 2, 3));
	expect_ids(1, 2, 3);
	FAILS(setuid(0), EPERM);
	FAILS(setresuid(0, (uid_t)-1, (uid_t)-1), EPERM);
	OK(setuid(3));
	expect_ids(1, 3, 3);
	OK(seteuid(1));
	expect_ids(1, 1, 3);
	FAILS(setreuid(3, 1), EPERM);
	OK(setreuid(1, 3));
	expect_ids(1, 3, 3);
	FAILS(seteuid(2), EPERM);
	FAILS(setgid(5), EPERM);
	FAILS(setgroups(0, NULL), EPERM);
}

CASE(dropping_root_and_coming_back)
{
	need_root();
	OK(seteuid(OTHER));
	expect_ids(0, OTHER, 0);
	FAILS(open("/etc/masix-test", O_WRONLY | O_CREAT, 0600), EACCES);
	OK(seteuid(0));
	expect_ids(0, 0, 0);
	OK(setuid(OTHER));
	expect_ids(OTHER, OTHER, OTHER);
	FAILS(seteuid(0), EPERM);
}

CASE(group_calls)
{
	gid_t groups[3] = { 5, 6, 7 }, got[8], r, e, s;

	need_root();
	OK(setgroups(3, groups));
	EQUAL(getgroups(0, NULL), 3);
	EQUAL(getgroups(8, got), 3);
	CHECK(!memcmp(groups, got, sizeof groups));
	FAILS(getgroups(2, got), EINVAL);
	FAILS(setgroups(70000, groups), EINVAL);
	OK(setresgid(1, 2, 3));
	OK(getresgid(&r, &e, &s));
	CHECK(r == 1 && e == 2 && s == 3 && getgid() == 1 && getegid() == 2);
	OK(setregid(2, 1));
	OK(getresgid(&r, &e, &s));
	CHECK(r == 2 && e == 1 && s == 1);
}

CASE(identity_is_inherited)
{
	need_root();
	OK(setresgid(4, 5, 6));
	OK(setresuid(1, 2, 3));
	pid_t child = OK(fork());
	if (child == 0) {
		expect_ids(1, 2, 3);
		EQUAL(getegid(), 5);
		_exit(0);
	}
	EXITS(child, 0);
}

ROLE(check_set_id)
{
	uid_t r, e, s;

	OK(getresuid(&r, &e, &s));
	EQUAL(r, atoi(argv[2]));
	EQUAL(e, atoi(argv[3]));
	EQUAL(s, e);
	EQUAL(getegid(), atoi(argv[4]));
	EQUAL(getauxval(AT_SECURE), r != e || getgid() != getegid());
	EQUAL(getauxval(AT_EUID), e);
	return 0;
}

static void copy_self(const char *path)
{
	static char area[1 << 16];
	int from = OK(open(check_self, O_RDONLY)), to = OK(open(path, O_WRONLY | O_CREAT, 0755));
	ssize_t got;

	while ((got = OK(read(from, area, sizeof area))) > 0)
		EQUAL(write(to, area, (size_t)got), got);
	OK(close(from));
	OK(close(to));
}

/* As somebody else, the program finds these effective ids. */
static void runs_with(const char *euid, const char *egid)
{
	AS(OTHER, OTHER, execl("./program", "./program", "+check_set_id", "1003", euid, egid, NULL);
		_exit(1));
}

CASE(set_id_programs)
{
	struct statvfs info;
	int gives_ids;

	need_root();
	OK(statvfs(".", &info));
	gives_ids = !(info.f_flag & ST_NOSUID);
	copy_self("program");
	OK(chown("program", OWNER, GROUP));
	OK(chmod("program", 04755));
	runs_with(gives_ids ? "1001" : "1003", "1003");
	OK(chmod("program", 06755));
	runs_with(gives_ids ? "1001" : "1003", gives_ids ? "2001" : "1003");
	OK(chmod("program", 0755));
	runs_with("1003", "1003");
}

CASE(program_that_cannot_be_read_runs)
{
	need_root();
	copy_self("program");
	OK(chown("program", OWNER, GROUP));
	OK(chmod("program", 0111));
	AS(OTHER, OTHER, FAILS(open("program", O_RDONLY), EACCES);
		execl("./program", "./program", "+check_set_id", "1003", "1003", "1003", NULL);
		_exit(1));
}

CASE(set_id_is_not_for_scripts)
{
	char text[PATH_MAX + 64];

	need_root();
	make_file("script", text,
		(size_t)snprintf(text, sizeof text, "#!%s +show_ids\n", check_self));
	OK(chown("script", OWNER, GROUP));
	OK(chmod("script", 06755));
	AS(OTHER, OTHER, execl("./script", "./script", NULL); _exit(1));
}

ROLE(show_ids)
{
	EQUAL(geteuid(), OTHER);
	EQUAL(getegid(), OTHER);
	return 0;
}

CASE(signals_between_users)
{
	struct gate ready = gate_new();
	pid_t victim;

	need_root();
	victim = OK(fork());
	if (victim == 0) {
		become(OWNER, GROUP);
		gate_open(ready);
		for (;;)
			pause();
	}
	gate_pass(ready);
	AS(OTHER, GROUP, FAILS(kill(victim, SIGTERM), EPERM));
	AS(OTHER, GROUP, FAILS(kill(victim, 0), EPERM));
	AS(OWNER, OTHER, OK(kill(victim, 0)));
	AS(OTHER, OTHER, FAILS(kill(1, SIGTERM), EPERM));
	AS(OWNER, OTHER, OK(kill(victim, SIGTERM)));
	DIES(victim, SIGTERM);
}

CASE(set_group_id_is_for_members)
{
	struct stat info;

	need_root();
	OK(mkdir("shared", 0755));
	OK(chown("shared", 0, GROUP));
	OK(chmod("shared", 02777));
	umask(0);
	AS(OTHER, OTHER, OPENS(open("shared/a", O_CREAT | O_WRONLY, 02755)));
	AS(OWNER, GROUP, OPENS(open("shared/b", O_CREAT | O_WRONLY, 02755)));
	AS(OTHER, OTHER, OK(mkdir("shared/d", 0755)));
	OK(stat("shared/a", &info));
	EQUAL(info.st_mode & 07777, 0755);
	EQUAL(info.st_gid, GROUP);
	OK(stat("shared/b", &info));
	EQUAL(info.st_mode & 07777, 02755);
	OK(stat("shared/d", &info));
	EQUAL(info.st_mode & 07777, 02755);
}

CASE(terminals_of_others)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), unlocked = 0;
	char path[32];
	unsigned number;

	need_root();
	OK(master);
	OK(ioctl(master, TIOCSPTLCK, &unlocked));
	OK(ioctl(master, TIOCGPTN, &number));
	snprintf(path, sizeof path, "/dev/pts/%u", number);
	AS(OTHER, OTHER, FAILS(open(path, O_RDWR | O_NOCTTY), EACCES));
	AS(OTHER, OTHER, FAILS(open(path, O_RDONLY | O_NOCTTY), EACCES));
	AS(OTHER, OTHER, FAILS(open(path, O_WRONLY | O_NOCTTY), EACCES));
	OPENS(open(path, O_RDWR | O_NOCTTY));
	OK(close(master));
}

CASE(fifos_of_others)
{
	need_root();
	OK(mkfifo("fifo", 0600));
	OK(chown("fifo", OWNER, GROUP));
	AS(OTHER, OTHER, FAILS(open("fifo", O_RDONLY | O_NONBLOCK), EACCES));
	AS(OWNER, OTHER, OPENS(open("fifo", O_RDONLY | O_NONBLOCK)));
	OK(chmod("fifo", 0640));
	AS(OTHER, GROUP, OPENS(open("fifo", O_RDONLY | O_NONBLOCK)));
	AS(OTHER, GROUP, FAILS(open("fifo", O_RDWR | O_NONBLOCK), EACCES));
}

CASE(only_root_makes_devices_and_changes_the_root)
{
	need_root();
	AS(OTHER, OTHER, FAILS(mknod("device", S_IFCHR | 0600, 0x103), EPERM));
	AS(OTHER, OTHER, OK(mknod("fifo", S_IFIFO | 0600, 0)));
	AS(OTHER, OTHER, FAILS(chroot("."), EPERM));
	OK(mknod("device", S_IFCHR | 0666, 0x103));
	OK(mkdir("jail", 0755));
	make_file("jail/inside", "", 0);
	OK(chroot("jail"));
	OK(chdir("/"));
	OPENS(open("/inside", O_RDONLY));
	OPENS(open("/../../inside", O_RDONLY));
	FAILS(open("/etc/passwd", O_RDONLY), ENOENT);
}

CASE(without_root)
{
	struct stat info;

	if (geteuid() == 0)
		become(OTHER, OTHER);
	FAILS(setuid(0), EPERM);
	FAILS(chown("/", getuid(), getgid()), EPERM);
	FAILS(chmod("/", 0777), EPERM);
	FAILS(mkdir("/masix-test", 0755), EACCES);
	FAILS(open("/etc/passwd", O_WRONLY), EACCES);
	FAILS(unlink("/etc/passwd"), EACCES);
	OK(stat("/etc/passwd", &info));
	FAILS(kill(1, SIGKILL), EPERM);
	FAILS(sethostname("x", 1), EPERM);
}

/* The working directory stays, though its path is closed to the new ids. */
CASE(directory_after_a_change_of_ids)
{
	char before[PATH_MAX], after[PATH_MAX];

	need_root();
	OK(mkdir("closed", 0700));
	OK(mkdir("closed/open", 0755));
	make_file("closed/open/file", "x", 1);
	OK(chdir("closed/open"));
	CHECK(getcwd(before, sizeof before) != NULL);
	AS(OTHER, OTHER, CHECK(getcwd(after, sizeof after) != NULL); SAME_TEXT(after, before);
		OPENS(open("file", O_RDONLY)); FAILS(open("file", O_WRONLY), EACCES);
		FAILS(open("new", O_WRONLY | O_CREAT, 0600), EACCES); FAILS(chdir(before), EACCES);
		FAILS(open("../x", O_RDONLY), EACCES); OK(chdir("/"));
		FAILS(chdir(before), EACCES));
	OK(chdir("/"));
}

/* So does one held by a descriptor, which leads no further than the new ids may go. */
CASE(directory_descriptor_after_a_change_of_ids)
{
	char entries[1000];
	int fd, copy, path;

	need_root();
	OK(mkdir("closed", 0700));
	make_file("closed/file", "x", 1);
	fd = OK(open("closed", O_RDONLY | O_DIRECTORY));
	copy = OK(dup(fd));
	path = OK(open("closed", O_PATH | O_DIRECTORY));
	AS(OTHER, OTHER, FAILS(openat(fd, "file", O_RDONLY), EACCES);
		FAILS(openat(copy, "file", O_RDONLY), EACCES);
		FAILS(openat(path, "file", O_RDONLY), EACCES);
		FAILS(unlinkat(fd, "file", 0), EACCES); FAILS(fchdir(fd), EACCES);
		CHECK(syscall(SYS_getdents64, copy, entries, sizeof entries) > 0);
		EQUAL(syscall(SYS_getdents64, fd, entries, sizeof entries), 0));
	OPENS(openat(fd, "file", O_RDONLY));
}

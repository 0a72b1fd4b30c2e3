/* What /proc tells of processes and of the system. */
#include "thread.h"

#include <sys/mman.h>
#include <sys/sysinfo.h>

static char text[200000];

/* The whole file, in text. */
static const char *content_of(const char *format, int pid)
{
	char path[64];
	size_t length = 0;
	ssize_t got;
	int fd;

	/* cppcheck-suppress wrongPrintfScanfArgNum; it takes the parameter for an empty text */
	snprintf(path, sizeof path, format, pid);
	fd = open(path, O_RDONLY);
	if (fd == -1)
		check_fail(__LINE__, "%s: %s", path, strerror(errno));
	while ((got = OK(read(fd, text + length, sizeof text - 1 - length))) > 0)
		length += (size_t)got;
	text[length] = 0;
	OK(close(fd));
	return text;
}

/* The number behind that word in text. */
static long number_after(const char *word)
{
	const char *at = strstr(text, word);

	if (!at)
		check_fail(__LINE__, "no \"%s\" in \"%.100s\"", word, text);
	return strtol(at + strlen(word), NULL, 10);
}

static void end(pid_t child)
{
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
}

CASE(self_is_the_reader)
{
	char target[32];
	ssize_t length = OK(readlink("/proc/self", target, sizeof target - 1));
	pid_t child;

	target[length] = 0;
	EQUAL(atoi(target), getpid());
	child = OK(fork());
	if (child == 0) {
		length = OK(readlink("/proc/self", target, sizeof target - 1));
		target[length] = 0;
		EQUAL(atoi(target), getpid());
		_exit(0);
	}
	EXITS(child, 0);
}

CASE(exe_and_cwd)
{
	char target[PATH_MAX], place[PATH_MAX];
	struct stat one, two;
	ssize_t length = OK(readlink("/proc/self/exe", target, sizeof target - 1));

	target[length] = 0;
	SAME_TEXT(basename(target), check_program);
	OK(stat("/proc/self/exe", &one));
	OK(stat(check_self, &two));
	EQUAL(one.st_ino, two.st_ino);
	length = OK(readlink("/proc/self/cwd", target, sizeof target - 1));
	target[length] = 0;
	CHECK(getcwd(place, sizeof place));
	SAME_TEXT(target, place);
	length = OK(readlink("/proc/self/root", target, sizeof target - 1));
	target[length] = 0;
	SAME_TEXT(target, "/");
}

CASE(exe_can_be_executed)
{
	pid_t child = OK(fork());

	if (child == 0) {
		execl("/proc/self/exe", check_self, "+nothing", NULL);
		_exit(1);
	}
	EXITS(child, 0);
}

ROLE(nothing)
{
	return 0;
}

CASE(descriptors)
{
	char path[64], target[PATH_MAX], place[PATH_MAX];
	int ends[2], fd, seen = 0;
	struct dirent *entry;
	ssize_t length;
	DIR *folder;

	make_file("file", "12345", 5);
	fd = OK(open("file", O_RDONLY));
	OK(dup2(fd, 77));
	OK(pipe(ends));
	length = OK(readlink("/proc/self/fd/77", target, sizeof target - 1));
	target[length] = 0;
	CHECK(getcwd(place, sizeof place - 8));
	strcat(place, "/file");
	SAME_TEXT(target, place);
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
	length = OK(readlink(path, target, sizeof target - 1));
	CHECK(!strncmp(target, "pipe:[", 6));
	FAILS(readlink("/proc/self/fd/78", target, sizeof target), ENOENT);
	folder = opendir("/proc/self/fd");
	CHECK(folder);
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.') {
			EQUAL(fcntl(atoi(entry->d_name), F_GETFD) != -1, 1);
			seen++;
		}
	CHECK(seen >= 6);
}

CASE(descriptors_can_be_opened_again)
{
	char path[64], place[8];
	int ends[2], fd, again;

	make_file("file", "12345", 5);
	fd = OK(open("file", O_RDWR));
	OK(lseek(fd, 3, SEEK_SET));
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	/* A new open file with an offset of its own. */
	again = OK(open(path, O_RDONLY));
	EQUAL(read(again, place, 8), 5);
	OK(pipe(ends));
	snprintf(path, sizeof path, "/proc/self/fd/%d", ends[1]);
	again = OK(open(path, O_WRONLY));
	EQUAL(write(again, "x", 1), 1);
	EQUAL(read(ends[0], place, 8), 1);
}

CASE(command_line_and_environment)
{
	const char *line = content_of("/proc/self/cmdline", 0);

	CHECK(strstr(line, check_program) != NULL);
	/* Each argument ends with a NUL. */
	CHECK(!strchr(line, '\n'));
	(void)content_of("/proc/self/environ", 0);
	CHECK(!getenv("PATH") || strlen(text) > 0);
}

ROLE(with_environment)
{
	struct stat file;

	content_of("/proc/self/cmdline", 0);
	CHECK(!memcmp(text, "zeroth\0+with_environment\0", 26));
	content_of("/proc/self/environ", 0);
	CHECK(!memcmp(text, "MARK=one two\0EMPTY=\0", 21));
	OK(stat("/proc/self/environ", &file));
	EQUAL(file.st_mode & 0777, 0400);
	return 0;
}

CASE(environment_at_exec)
{
	char *argv[] = { (char *)"zeroth", (char *)"+with_environment", NULL };
	char *environment[] = { (char *)"MARK=one two", (char *)"EMPTY=", NULL };
	pid_t child = OK(fork());

	if (child == 0) {
		execve(check_self, argv, environment);
		_exit(1);
	}
	EXITS(child, 0);
}

ROLE(named)
{
	content_of("/proc/self/comm", 0);
	SAME_TEXT(text, "some-name\n");
	content_of("/proc/self/cmdline", 0);
	CHECK(!memcmp(text, "zeroth\0+named\0with space\0", 25));
	return 0;
}

CASE(name_is_that_of_the_file)
{
	pid_t child;

	OK(symlink(check_self, "some-name"));
	child = OK(fork());
	if (child == 0) {
		execl("./some-name", "zeroth", "+named", "with space", NULL);
		_exit(1);
	}
	EXITS(child, 0);
}

/* Field n (1: pid) of /proc/PID/stat behind the name, which may hold anything. */
static long stat_field(int pid, int field)
{
	const char *at = strrchr(content_of("/proc/%d/stat", pid), ')');

	CHECK(at);
	for (int i = 2; i < field; i++) {
		at = strchr(at + 1, ' ');
		CHECK(at);
	}
	return field == 3 ? at[1] : strtol(at + 1, NULL, 10);
}

CASE(stat_of_a_process)
{
	pid_t child = start_sleeper();

	OK(setpgid(child, child));
	EQUAL(stat_field(child, 4), getpid());
	EQUAL(atoi(text), child);
	EQUAL(stat_field(child, 5), child);
	EQUAL(stat_field(child, 6), getsid(0));
	EQUAL(stat_field(child, 20), 1);       /* threads */
	CHECK(stat_field(child, 22) > 0);      /* start, in ticks since boot */
	CHECK(stat_field(child, 23) > 100000); /* size */
	CHECK(stat_field(child, 24) >= 0);     /* resident pages, which Linux counts late */
	end(child);
}

CASE(states)
{
	pid_t child = start_sleeper();
	int status;

	EVENTUALLY(stat_field(child, 3) == 'S');
	EQUAL(stat_field(getpid(), 3), 'R');
	OK(kill(child, SIGSTOP));
	EQUAL(waitpid(child, &status, WUNTRACED), child);
	EVENTUALLY(stat_field(child, 3) == 'T');
	OK(kill(child, SIGKILL));
	EVENTUALLY(stat_field(child, 3) == 'Z');
	DIES(child, SIGKILL);
	snprintf(text, sizeof text, "/proc/%d", child);
	FAILS(access(text, F_OK), ENOENT);
}

CASE(status_of_a_process)
{
	char name[64];

	content_of("/proc/self/status", 0);
	snprintf(name, sizeof name, "Name:\t%.15s\n", check_program);
	CHECK(strstr(text, name));
	EQUAL(number_after("\nPid:"), getpid());
	EQUAL(number_after("\nTgid:"), getpid());
	EQUAL(number_after("\nPPid:"), getppid());
	EQUAL(number_after("\nUid:"), getuid());
	EQUAL(number_after("\nGid:"), getgid());
	EQUAL(number_after("\nThreads:"), 1);
	CHECK(number_after("\nVmSize:") > 100);
	CHECK(number_after("\nVmRSS:") > 50);
	CHECK(strstr(text, "\nState:\tR"));
}

CASE(memory_map)
{
	uintptr_t code = (uintptr_t)&stat_field, stack = (uintptr_t)&code, low, high, last = 0;
	char *area = OK(mmap(NULL, 3 * 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	int found = 0;

	content_of("/proc/self/maps", 0);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char rights[5];

		EQUAL(sscanf(line, "%lx-%lx %4s", (unsigned long *)&low, (unsigned long *)&high,
			      rights),
			3);
		CHECK(low < high && low >= last);
		last = high;
		if (code >= low && code < high) {
			CHECK(rights[0] == 'r' && rights[1] == '-' && rights[2] == 'x' &&
				strstr(line, check_program));
			found |= 1;
		}
		if (stack >= low && stack < high) {
			CHECK(rights[0] == 'r' && rights[1] == 'w' && strstr(line, "[stack]"));
			found |= 2;
		}
		if ((uintptr_t)area >= low && (uintptr_t)area < high) {
			CHECK(rights[0] == 'r' && rights[1] == '-' && rights[3] == 'p');
			found |= 4;
		}
	}
	EQUAL(found, 7);
}

CASE(processes_are_listed)
{
	pid_t child = start_sleeper();
	struct dirent *entry;
	int found = 0;
	DIR *folder = opendir("/proc");

	CHECK(folder);
	while ((entry = readdir(folder))) {
		found |= atoi(entry->d_name) == child;
		found |= (atoi(entry->d_name) == getpid()) << 1;
		found |= (atoi(entry->d_name) == 1) << 2;
		found |= !strcmp(entry->d_name, "meminfo") << 3;
	}
	EQUAL(found, 15);
	end(child);
}

CASE(no_such_process)
{
	FAILS(open("/proc/999999/stat", O_RDONLY), ENOENT);
	FAILS(open("/proc/nonsense", O_RDONLY), ENOENT);
	FAILS(open("/proc/self/nonsense", O_RDONLY), ENOENT);
	FAILS(open("/proc/x", O_WRONLY | O_CREAT, 0644), ENOENT);
}

CASE(memory)
{
	long total, free_now;
	struct sysinfo info;

	content_of("/proc/meminfo", 0);
	total = number_after("MemTotal:");
	free_now = number_after("MemFree:");
	CHECK(total > 10000 && free_now > 0 && free_now < total);
	CHECK(number_after("MemAvailable:") <= total);
	(void)number_after("Buffers:");
	(void)number_after("Cached:");
	(void)number_after("SwapTotal:");
	OK(sysinfo(&info));
	CHECK(llabs((long long)info.totalram * info.mem_unit / 1024 - total) < total / 10);
}

CASE(time_since_boot)
{
	struct timespec now;
	double up, idle;
	long ticks;

	OK(clock_gettime(CLOCK_BOOTTIME, &now));
	EQUAL(sscanf(content_of("/proc/uptime", 0), "%lf %lf", &up, &idle), 2);
	CHECK(up > 0 && up < (double)now.tv_sec + 3 && up > (double)now.tv_sec - 3);
	content_of("/proc/stat", 0);
	CHECK(!strncmp(text, "cpu ", 4));
	CHECK(labs(number_after("\nbtime") + (long)up - (long)time(NULL)) < 5);
	/* A process starts now. */
	ticks = stat_field(getpid(), 22);
	CHECK(llabs(ticks - (long long)(up * 100)) < 1000);
}

CASE(mounts)
{
	FILE *stream = fopen("/proc/mounts", "r");
	char device[256], place[256], type[64];
	int root = 0, proc = 0;

	CHECK(stream);
	while (fscanf(stream, "%255s %255s %63s%*[^\n]", device, place, type) == 3) {
		root |= !strcmp(place, "/");
		proc |= !strcmp(place, "/proc") && !strcmp(type, "proc");
	}
	CHECK(root && proc);
	(void)content_of("/proc/self/mountinfo", 0);
	CHECK(strstr(content_of("/proc/filesystems", 0), "proc"));
}

CASE(other_files)
{
	CHECK(strlen(content_of("/proc/version", 0)) > 5);
	CHECK(strstr(content_of("/proc/cpuinfo", 0), "processor"));
	CHECK(strchr(content_of("/proc/loadavg", 0), '.'));
}

CASE(reading_in_pieces)
{
	char pieces[8192], byte = 0;
	size_t length = 0;
	int fd = OK(open("/proc/self/stat", O_RDONLY));

	while (OK(read(fd, &byte, 1)) == 1)
		pieces[length++] = byte;
	CHECK(length > 50 && pieces[length - 1] == '\n');
	EQUAL(lseek(fd, 0, SEEK_SET), 0);
	EQUAL(read(fd, &byte, 1), 1);
	EQUAL(byte, pieces[0]);
}

CASE(memory_map_names_files)
{
	int fd = open("/etc/passwd", O_RDONLY);

	OK(fd);
	OK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
	content_of("/proc/self/maps", 0);
	CHECK(strstr(text, "/etc/passwd\n"));
}

CASE(the_working_directory_shows_each_process_itself)
{
	char want[32], got[64] = { 0 };
	int folder, ends[2];
	pid_t child;

	OK(chdir("/proc"));
	folder = OK(open("/proc", O_RDONLY));
	child = OK(fork());
	if (child == 0) {
		snprintf(want, sizeof want, "%d", getpid());
		OK(readlink("self", got, sizeof got - 1));
		SAME_TEXT(got, want);
		memset(got, 0, sizeof got);
		OK(readlinkat(folder, "self", got, sizeof got - 1));
		SAME_TEXT(got, want);
		content_of("self/stat", 0);
		EQUAL(atoi(text), getpid());
		OK(pipe(ends));
		snprintf(want, sizeof want, "self/fd/%d", ends[0]);
		OK(readlink(want, got, sizeof got - 1));
		CHECK(!strncmp(got, "pipe:[", 6));
		FAILS(access("self/nothing", F_OK), ENOENT);
		OK(chdir(".."));
		OK(access("proc", F_OK));
		_exit(0);
	}
	EXITS(child, 0);
}

CASE(threads_are_listed)
{
	char path[64];
	struct dirent *entry;
	DIR *folder = opendir("/proc/self/task");
	int found = 0;

	CHECK(folder);
	while ((entry = readdir(folder)))
		found += atoi(entry->d_name) == getpid();
	EQUAL(found, 1);
	snprintf(path, sizeof path, "/proc/self/task/%d/stat", getpid());
	EQUAL(access(path, R_OK), 0);
}

static void *tell_and_wait(void *told)
{
	*(volatile pid_t *)told = thread_id();
	for (;;)
		pause();
	return NULL;
}

CASE(each_thread_has_its_files)
{
	char path[64], want[64];
	volatile pid_t id = 0;
	struct dirent *entry;
	int count = 0;

	start(tell_and_wait, (void *)&id);
	EVENTUALLY(id != 0);
	DIR *folder = opendir("/proc/self/task");

	CHECK(folder);
	while ((entry = readdir(folder)))
		count += atoi(entry->d_name) == id || atoi(entry->d_name) == getpid();
	EQUAL(count, 2);
	snprintf(path, sizeof path, "/proc/%d/task/%d/status", getpid(), id);
	content_of(path, 0);
	snprintf(want, sizeof want, "\nPid:\t%d\n", id);
	CHECK(strstr(text, want));
	snprintf(want, sizeof want, "\nTgid:\t%d\n", getpid());
	CHECK(strstr(text, want));
	snprintf(path, sizeof path, "/proc/self/task/%d", getpid() + 7777);
	FAILS(access(path, R_OK), ENOENT);
	snprintf(path, sizeof path, "/proc/1/task/%d", id);
	FAILS(access(path, R_OK), ENOENT);
}

CASE(memory_map_of_a_child_names_files)
{
	int fd = OK(open("/etc/passwd", O_RDONLY));
	char *memory = OK(mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0)), path[64], want[64];
	struct stat info;
	pid_t child;

	OK(fstat(fd, &info));
	OK(munmap(memory, 4096));
	child = OK(fork());
	if (child == 0)
		for (;;)
			pause();
	snprintf(path, sizeof path, "/proc/%d/maps", child);
	content_of(path, 0);
	snprintf(want, sizeof want, "%08lx-", (unsigned long)memory + 4096);
	char *line = strstr(text, want);

	CHECK(line);
	*strchr(line, '\n') = 0;
	CHECK(strstr(line, " r--p 00001000 "));
	snprintf(want, sizeof want, " %llu ", (unsigned long long)info.st_ino);
	CHECK(strstr(line, want));
	CHECK(strstr(line, "/etc/passwd"));
	OK(kill(child, SIGKILL));
	DIES(child, SIGKILL);
}

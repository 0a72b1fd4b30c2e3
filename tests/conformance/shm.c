/* Memory that processes share by name: shm_open, sem_open; and without one: memfd_create. */
#include "check.h"

#include <semaphore.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#define SIZE 8192
#define TMPFS 0x01021994

static void name_of(char *to, size_t room)
{
	snprintf(to, room, "/check-%d", (int)getpid());
}

CASE(shared_memory_by_name)
{
	char name[64];
	struct stat info;
	int fd, other;
	char *memory;
	pid_t child;

	name_of(name, sizeof name);
	fd = OK(shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600));
	FAILS(shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600), EEXIST);
	OK(ftruncate(fd, SIZE));
	memory = OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	child = OK(fork());
	if (child == 0) {
		/* Not inherited, but found. */
		other = OK(shm_open(name, O_RDWR, 0));
		OK(fstat(other, &info));
		EQUAL(info.st_size, SIZE);
		memory = OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, other, 0));
		memory[SIZE - 1] = 'c';
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(memory[SIZE - 1], 'c');
	OK(shm_unlink(name));
	FAILS(shm_unlink(name), ENOENT);
	FAILS(shm_open(name, O_RDWR, 0), ENOENT);
	memory[0] = 'x';
	EQUAL(pread(fd, name, 1, 0), 1);
	EQUAL(name[0], 'x');
}

CASE(semaphores_by_name)
{
	char name[64];
	sem_t *semaphore, *other;
	pid_t child;

	name_of(name, sizeof name);
	semaphore = sem_open(name, O_CREAT | O_EXCL, 0600, 0);
	CHECK(semaphore != SEM_FAILED);
	child = OK(fork());
	if (child == 0) {
		other = sem_open(name, 0);
		CHECK(other != SEM_FAILED);
		OK(sem_post(other));
		_exit(0);
	}
	OK(sem_wait(semaphore));
	EXITS(child, 0);
	FAILS(sem_trywait(semaphore), EAGAIN);
	OK(sem_unlink(name));
	CHECK(sem_open(name, 0) == SEM_FAILED && errno == ENOENT);
}

CASE(the_place_is_memory)
{
	struct statfs info;
	struct stat place;

	OK(stat("/dev/shm", &place));
	EQUAL(place.st_mode, S_IFDIR | 01777);
	OK(statfs("/dev/shm", &info));
	EQUAL(info.f_type, TMPFS);
}

CASE(memory_without_a_name)
{
	int fd = OK(memfd_create("check", MFD_CLOEXEC)), other = OK(memfd_create("check", 0));
	struct stat info;
	char *memory, byte;
	pid_t child;

	EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EQUAL(fcntl(other, F_GETFD), 0);
	EQUAL(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	OK(fstat(fd, &info));
	EQUAL(info.st_mode, S_IFREG | 0777);
	EQUAL(info.st_size, 0);
	EQUAL(info.st_nlink, 0);
	EQUAL(info.st_uid, getuid());
	OK(ftruncate(fd, SIZE));
	memory = OK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	child = OK(fork());
	if (child == 0) {
		EQUAL(pwrite(fd, "y", 1, 100), 1);
		_exit(0);
	}
	EXITS(child, 0);
	EQUAL(memory[100], 'y');
	EQUAL(pread(other, &byte, 1, 0), 0);
}

CASE(memfd_errors)
{
	char name[300];

	memset(name, 'n', sizeof name);
	name[249] = 0;
	OPENS(memfd_create(name, 0));
	name[249] = 'n';
	name[250] = 0;
	FAILS(memfd_create(name, 0), EINVAL);
	FAILS(memfd_create("x", 0x4000), EINVAL);
	FAILS(memfd_create((char *)8, 0), EFAULT);
}

/* A program of its own can be made and run. */
CASE(a_program_in_memory)
{
	static char area[65536];
	int fd = OK(memfd_create("program", 0)), from = OK(open(check_self, O_RDONLY));
	char path[64], *arguments[] = { "program", "+seven", NULL };
	ssize_t got;
	pid_t child;

	while ((got = OK(read(from, area, sizeof area))) > 0)
		EQUAL(write(fd, area, (size_t)got), got);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	child = OK(fork());
	if (child == 0) {
		execv(path, arguments);
		_exit(1);
	}
	EXITS(child, 7);
	child = OK(fork());
	if (child == 0) {
		fexecve(fd, arguments, environ);
		_exit(1);
	}
	EXITS(child, 7);
}

ROLE(seven)
{
	return 7;
}

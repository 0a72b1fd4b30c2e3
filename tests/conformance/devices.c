/* The devices that every Unix has: null, zero, full, random. */
#include "check.h"

#include <poll.h>
#include <sys/mman.h>

CASE(null)
{
	static char area[100000];
	struct stat info;
	int fd = OK(open("/dev/null", O_RDWR));

	EQUAL(write(fd, area, sizeof area), sizeof area);
	EQUAL(read(fd, area, 10), 0);
	EQUAL(lseek(fd, 1000, SEEK_SET), 0);
	OK(fstat(fd, &info));
	EQUAL(info.st_size, 0);
	OPENS(open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0644));
	OPENS(open("/dev/null", O_WRONLY | O_APPEND));
	FAILS(ftruncate(fd, 0), EINVAL);
}

CASE(zero)
{
	static char area[100000], zeros[sizeof area];
	int fd = OK(open("/dev/zero", O_RDWR));

	memset(area, 'x', sizeof area);
	EQUAL(read(fd, area, sizeof area), sizeof area);
	CHECK(!memcmp(area, zeros, sizeof area));
	EQUAL(write(fd, area, 7), 7);
	EQUAL(pread(fd, area, 10, 123456789), 10);
}

CASE(zero_mapped)
{
	int fd = OK(open("/dev/zero", O_RDWR));
	char *area = OK(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));

	EQUAL(area[0], 0);
	EQUAL(area[8191], 0);
	area[4096] = 1;
	EQUAL(area[4096], 1);
	OK(munmap(area, 8192));
}

CASE(full)
{
	char byte = 'x';
	int fd = OK(open("/dev/full", O_RDWR));

	FAILS(write(fd, &byte, 1), ENOSPC);
	EQUAL(read(fd, &byte, 1), 1);
	EQUAL(byte, 0);
}

static void expect_random(const char *path)
{
	unsigned char one[256], two[256];
	int counts[256] = { 0 }, different = 0, fd = OK(open(path, O_RDONLY));

	EQUAL(read(fd, one, sizeof one), sizeof one);
	EQUAL(read(fd, two, sizeof two), sizeof two);
	CHECK(memcmp(one, two, sizeof one) != 0);
	for (int i = 0; i < 256; i++)
		different += counts[one[i]]++ == 0;
	/* 256 random bytes have about 162 different values. */
	CHECK(different > 100 && different < 220);
}

CASE(random)
{
	expect_random("/dev/urandom");
	expect_random("/dev/random");
}

CASE(random_call)
{
	unsigned char one[64] = { 0 }, two[64] = { 0 };

	EQUAL(syscall(SYS_getrandom, one, sizeof one, 0), sizeof one);
	EQUAL(syscall(SYS_getrandom, two, sizeof two, 1), sizeof two);
	CHECK(memcmp(one, two, sizeof one) != 0);
	FAILS(syscall(SYS_getrandom, one, sizeof one, 0x80), EINVAL);
}

CASE(always_ready)
{
	int null = OK(open("/dev/null", O_RDWR)), zero = OK(open("/dev/zero", O_RDWR));
	struct pollfd items[2] = { { null, POLLIN | POLLOUT, 0 }, { zero, POLLIN | POLLOUT, 0 } };

	EQUAL(poll(items, 2, 0), 2);
	EQUAL(items[0].revents, POLLIN | POLLOUT);
	EQUAL(items[1].revents, POLLIN | POLLOUT);
}

CASE(own_descriptors)
{
	char text[8];
	int fd;

	make_file("file", "12345", 5);
	fd = OK(open("file", O_RDONLY));
	OK(dup2(fd, 77));
	fd = OK(open("/dev/fd/77", O_RDONLY));
	EQUAL(read(fd, text, 8), 5);
	FAILS(open("/dev/fd/78", O_RDONLY), ENOENT);
}

CASE(no_terminal)
{
	pid_t child = OK(fork());

	if (child == 0) {
		OK(setsid());
		FAILS(open("/dev/tty", O_RDWR), ENXIO);
		_exit(0);
	}
	EXITS(child, 0);
}

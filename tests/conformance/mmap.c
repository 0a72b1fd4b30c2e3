/* Mapped memory: anonymous, at chosen places, moved and advised on. Files: mapped_files.c. */
#include "pages.h"

CASE(anonymous_memory_is_zero_and_writable)
{
	char *area = map_private(64 * PAGE);

	for (int i = 0; i < 64 * PAGE; i++)
		EQUAL(area[i], 0);
	memset(area, 1, 64 * PAGE);
	EQUAL((uintptr_t)area % PAGE, 0);
	OK(munmap(area, 64 * PAGE));
	EQUAL(touch(area, 0), SIGSEGV);
	EQUAL(fault_code, SEGV_MAPERR);
}

CASE(sizes_are_rounded_up)
{
	char *area = map_private(1);

	area[PAGE - 1] = 1;
	EQUAL(touch(area, 1), 0);
	OK(munmap(area, 1));
	EQUAL(touch(area + PAGE - 1, 0), SIGSEGV);
}

CASE(bad_arguments)
{
	int reading, writing;

	FAILS(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), EINVAL);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0), EINVAL);
	FAILS(mmap((void *)1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		EINVAL);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 999, 0), EBADF);
	reading = open_pages(1, O_RDONLY);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, reading, 100), EINVAL);
	FAILS(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reading, 0), EACCES);
	OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, reading, 0));
	writing = OK(open("file", O_WRONLY));
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writing, 0), EACCES);
	FAILS(munmap((void *)1, PAGE), EINVAL);
	FAILS(munmap((void *)PAGE, 0), EINVAL);
	FAILS(mmap(NULL, 0xf0000000, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM);
}

CASE(what_cannot_be_mapped)
{
	int ends[2], folder = OK(open(".", O_RDONLY));

	OK(pipe(ends));
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ends[0], 0), ENODEV);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, folder, 0), ENODEV);
}

CASE(fixed_replaces_what_was_there)
{
	char *area = map_private(4 * PAGE), *got;
	int fd = open_pages(1, O_RDONLY);

	memset(area, 'x', 4 * PAGE);
	got = OK(mmap(area + PAGE, PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	CHECK(got == area + PAGE);
	EQUAL(area[PAGE - 1], 'x');
	EQUAL(area[PAGE], 0);
	EQUAL(area[2 * PAGE], 'x');
	got = OK(mmap(area + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0));
	EQUAL(area[2 * PAGE], 'a');
	EQUAL(area[3 * PAGE], 'x');
}

CASE(fixed_without_replacing)
{
	char *area = map_private(PAGE), *got;

	FAILS(mmap(area, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
		EEXIST);
	OK(munmap(area, PAGE));
	got = OK(mmap(
		area, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
	CHECK(got == area);
}

CASE(hint_is_used_when_free)
{
	char *area = map_private(16 * PAGE), *got;

	OK(munmap(area, 16 * PAGE));
	got = OK(mmap(area + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CHECK(got == area + 4 * PAGE);
	got = OK(mmap(area + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	CHECK(got != area + 4 * PAGE);
}

CASE(unmapping_the_middle)
{
	char *area = map_private(5 * PAGE);

	memset(area, 'x', 5 * PAGE);
	OK(munmap(area + 2 * PAGE, PAGE));
	EQUAL(touch(area + 2 * PAGE - 1, 0), 0);
	EQUAL(touch(area + 2 * PAGE, 0), SIGSEGV);
	EQUAL(touch(area + 3 * PAGE - 1, 0), SIGSEGV);
	EQUAL(touch(area + 3 * PAGE, 0), 0);
	/* What is not mapped may be unmapped. */
	OK(munmap(area, 5 * PAGE));
	OK(munmap(area, 5 * PAGE));
}

CASE(many_small_ones)
{
	static char *areas[500];

	for (int i = 0; i < 500; i++) {
		areas[i] = map_anonymous(PAGE * (1 + (size_t)i % 3),
			i % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE);
		for (int j = 0; j < i; j += 37)
			CHECK(areas[i] != areas[j]);
	}
	for (int i = 0; i < 500; i++)
		OK(munmap(areas[i], PAGE * (1 + (size_t)i % 3)));
}

CASE(repeated_mapping_does_not_use_up_memory)
{
	for (int i = 0; i < 200; i++) {
		char *area = map_private(8 << 20);

		memset(area, 1, 256 * 1024);
		area[(8 << 20) - 1] = 1;
		OK(munmap(area, 8 << 20));
	}
}

/* --- Moving and growing --------------------------------------------------------------------------- */

CASE(mremap_grows_and_shrinks)
{
	char *area = map_private(4 * PAGE), *moved;

	for (int i = 0; i < 4; i++)
		area[i * PAGE] = (char)('a' + i);
	moved = OK(mremap(area, 4 * PAGE, 2 * PAGE, 0));
	CHECK(moved == area);
	EQUAL(touch(area + 2 * PAGE, 0), SIGSEGV);
	moved = OK(mremap(area, 2 * PAGE, 512 * PAGE, MREMAP_MAYMOVE));
	EQUAL(moved[0], 'a');
	EQUAL(moved[PAGE], 'b');
	EQUAL(moved[2 * PAGE], 0);
	EQUAL(moved[512 * PAGE - 1], 0);
	moved[512 * PAGE - 1] = 1;
	if (moved != area)
		EQUAL(touch(area, 0), SIGSEGV);
}

CASE(mremap_that_must_move)
{
	char *area = map_private(3 * PAGE), *moved;

	area[0] = 'a';
	/* The page behind is taken. */
	FAILS(mremap(area, PAGE, 2 * PAGE, 0), ENOMEM);
	moved = OK(mremap(area, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	CHECK(moved != area);
	EQUAL(moved[0], 'a');
	EQUAL(moved[PAGE], 0);
	EQUAL(touch(area, 0), SIGSEGV);
	EQUAL(touch(area + PAGE, 0), 0);
}

CASE(mremap_to_a_place)
{
	char *area = map_private(2 * PAGE), *place = map_private(4 * PAGE), *moved;

	area[0] = 'a';
	place[3 * PAGE] = 'p';
	moved = OK(mremap(area, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + PAGE));
	CHECK(moved == place + PAGE);
	EQUAL(place[PAGE], 'a');
	EQUAL(place[3 * PAGE], 'p');
	EQUAL(touch(area, 0), SIGSEGV);
	FAILS(mremap(place, PAGE, PAGE, MREMAP_FIXED, area), EINVAL);
	FAILS(mremap(place + 1, PAGE, PAGE, 0), EINVAL);
	FAILS(mremap(area, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
}

CASE(mremap_of_a_file)
{
	int fd = open_pages(4, O_RDWR);
	char *area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE)), byte;

	area = OK(mremap(area, PAGE, 3 * PAGE, MREMAP_MAYMOVE));
	EQUAL(area[0], 'b');
	EQUAL(area[2 * PAGE], 'd');
	area[2 * PAGE] = 'D';
	EQUAL(pread(fd, &byte, 1, 3 * PAGE), 1);
	EQUAL(byte, 'D');
}

/* Private changes move along, in place or not; what was cut out does not come back. */
CASE(mremap_of_a_private_file)
{
	int fd = open_pages(4, O_RDONLY);
	char *area = OK(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, PAGE));
	char *place = map_private(4 * PAGE);

	area[0] = 'X';
	OK(munmap(area + PAGE, 2 * PAGE));
	area = OK(mremap(area, PAGE, 2 * PAGE, 0));
	EQUAL(area[0], 'X');
	EQUAL(area[PAGE], 'c');
	area[PAGE] = 'Y';
	OK(mprotect(area, 2 * PAGE, PROT_READ));
	CHECK(mremap(area, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
	EQUAL(place[0], 'X');
	EQUAL(place[PAGE], 'Y');
	EQUAL(place[2 * PAGE], 'd');
	EQUAL(touch(place, 1), SIGSEGV);
	EQUAL(touch(area, 0), SIGSEGV);
	FAILS(mremap(place, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place + PAGE),
		EINVAL);
	/* Anonymous memory lies where the file was. */
	OK(mmap(place, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		0));
	place[0] = 'Z';
	OK(madvise(place, 2 * PAGE, MADV_DONTNEED));
	EQUAL(place[0], 0);
	EQUAL(place[PAGE], 'c');
	EQUAL(touch(place + PAGE, 1), SIGSEGV);
}

CASE(dontneed_of_an_inherited_private_file)
{
	int fd = open_pages(1, O_RDONLY);
	char *area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	pid_t child;

	area[0] = 'X';
	child = OK(fork());
	if (child == 0) {
		OK(madvise(area, PAGE, MADV_DONTNEED));
		EQUAL(area[0], 'a');
		_exit(0);
	}
	EXITS(child, 0);
}

CASE(advice)
{
	char *area = map_private(4 * PAGE);

	memset(area, 'x', 4 * PAGE);
	OK(madvise(area, 4 * PAGE, MADV_NORMAL));
	OK(madvise(area, 4 * PAGE, MADV_WILLNEED));
	OK(madvise(area + PAGE, PAGE, MADV_DONTNEED));
	EQUAL(area[0], 'x');
	EQUAL(area[PAGE], 0);
	EQUAL(area[2 * PAGE], 'x');
	FAILS(madvise(area + 1, PAGE, MADV_NORMAL), EINVAL);
	FAILS(madvise(area, PAGE, 12345), EINVAL);
	OK(munmap(area, PAGE));
	FAILS(madvise(area, 4 * PAGE, MADV_WILLNEED), ENOMEM);
}

CASE(dontneed_of_a_private_file)
{
	int fd = open_pages(1, O_RDONLY);
	char *area = OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));

	area[0] = 'X';
	OK(madvise(area, PAGE, MADV_DONTNEED));
	EQUAL(area[0], 'a');
}

CASE(dontneed_of_what_lies_between_files)
{
	int fd = open_pages(1, O_RDONLY);
	char *area = map_private(6 * PAGE);

	for (int i = 1; i < 6; i += 3)
		OK(mmap(area + i * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd,
			0));
	memset(area, 'X', 6 * PAGE);
	OK(madvise(area, 6 * PAGE, MADV_DONTNEED));
	for (int i = 0; i < 6; i++)
		EQUAL(area[i * PAGE], i % 3 == 1 ? 'a' : 0);
}

CASE(locking_and_residency)
{
	unsigned char resident[2];
	char *area = map_private(2 * PAGE);

	area[0] = 1;
	OK(mlock(area, PAGE));
	OK(mincore(area, PAGE, resident));
	EQUAL(resident[0] & 1, 1);
	OK(munlock(area, PAGE));
	FAILS(mincore(area + 1, PAGE, resident), EINVAL);
}

CASE(residency_of_what_was_touched)
{
	unsigned char resident[600];
	char *area = map_private(600 * PAGE), *file;
	int fd = open_pages(2, O_RDONLY), count = 0;

	memset(resident, 0x55, sizeof resident);
	area[3 * PAGE] = area[300 * PAGE] = area[599 * PAGE] = 1;
	OK(mincore(area, 600 * PAGE, resident));
	EQUAL(resident[3] & resident[300] & resident[599] & 1, 1);
	/* A system may have brought some more. */
	for (int i = 0; i < 600; i++)
		count += resident[i] & 1;
	CHECK(count < 20);
	file = OK(mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0));
	file[PAGE] = 'x';
	CHECK(file[0] == 'a');
	OK(mincore(file, 2 * PAGE, resident));
	EQUAL(resident[0] & resident[1] & 1, 1);
	OK(munmap(area + 10 * PAGE, PAGE));
	FAILS(mincore(area, 20 * PAGE, resident), ENOMEM);
	FAILS(mincore(area, PAGE, NULL), EFAULT);
}
